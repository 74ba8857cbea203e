"""Colleagues of a company: who acts for it, as what, and up to which amount alone (mission row B10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, contacts, links
from accounts.models.accounts import Account, AccountKind, Client, MailedLink, Membership, Purpose, Role
from accounts.sign_ins import SignedIn, hashed
from foundation import audits, mails
from foundation.database import hold
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate
from foundation.mails import Mail

KIND = "membership"
LARGEST_LIMIT = Decimal(10_000_000)
MOST = 200
"""Colleagues of one company, invited ones included."""


@dataclass(frozen=True, slots=True)
class Position:
    """What a colleague may do: a role, and the largest amount to be approved alone; None is any."""

    role: Role
    approval_limit_cents: int | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A colleague who has been invited and did not answer yet."""

    email: str
    position: Position
    ends_at: datetime
    client_id: str


def may_approve(position: Position, amount_cents: int) -> bool:
    """Tell whether somebody may commit a client to an amount alone."""
    if position.role not in {Role.OWNER, Role.BUYER}:
        return False
    return position.approval_limit_cents is None or amount_cents <= position.approval_limit_cents


def position_of(membership: Membership) -> Position:
    """Return what a member may do."""
    return Position(Role(membership.role), membership.approval_limit_cents)


def read_position(form: dict[str, str], language: Language) -> Position:
    """Return a posted role and limit, or raise Invalid."""
    role = next((role for role in Role if role == form.get("role")), None)
    faults: list[Fault] = []
    if role is None:
        faults.append(Fault("role", "unknown_role", translate(language, message("Please choose a role."))))
    given = "".join(form.get("limit", "").split()).replace(",", ".")
    try:
        limit = Decimal(given) if given else None
    except InvalidOperation:
        limit = Decimal(-1)
    if limit is not None and not (limit.is_finite() and 0 <= limit <= LARGEST_LIMIT and limit == round(limit, 2)):
        reason = message("An amount in euros is expected, such as 5000, or nothing for no limit.")
        faults.append(Fault("limit", "bad_amount", translate(language, reason)))
    if faults or role is None:
        raise Invalid(faults)
    return Position(role, None if limit is None or role is Role.OWNER else int(limit * 100))


def members(session: Session, client_id: str) -> Sequence[tuple[Account, Membership]]:
    """Return who acts for a client, in the order of joining."""
    statement = (
        select(Account, Membership)
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(col(Membership.client_id) == client_id, col(Account.erased_at).is_(None))
        .order_by(col(Membership.joined_at), col(Account.id))
    )
    return [(account, membership) for account, membership in session.execute(statement)]


def invitations(session: Session, client_id: str, *, at: datetime) -> list[Invitation]:
    """Return who was invited and may still accept."""
    statement = select(MailedLink).where(
        col(MailedLink.purpose) == Purpose.INVITE_COLLEAGUE.value,
        col(MailedLink.used_at).is_(None),
        col(MailedLink.ends_at) > at,
        col(MailedLink.subject).like(f"{client_id} %"),
    )
    return [read_invitation(link) for link in session.execute(statement).scalars()]


def invite(session: Session, host: SignedIn, form: dict[str, str], language: Language, *, at: datetime) -> None:
    """Mail an invitation to act for the host's company; raise Invalid."""
    client = _client(session, host)
    email = contacts.read_email(form.get("email", ""))
    position = read_position(form, language)
    if email is None:
        raise Invalid([contacts.email_fault(language)])
    found = accounts.find_by_email(session, email)
    is_free = found is None or (found.kind == AccountKind.COMPANY and session.get(Membership, found.id) is None)
    if found and found.email_confirmed_at and not is_free:
        reason = message("Somebody with this address can’t be invited: one address has one account.")
        raise Invalid([Fault("email", "taken", translate(language, reason))])
    if len(members(session, client.id)) + len(invitations(session, client.id, at=at)) >= MOST:
        raise Conflict("a company has no more than 200 colleagues here")
    limit = "" if position.approval_limit_cents is None else str(position.approval_limit_cents)
    subject = f"{client.id} {email} {position.role} {limit}".rstrip()
    token = links.make(session, Purpose.INVITE_COLLEAGUE, subject=subject, at=at)
    values = {
        "invited_by": host.name,
        "company": client.name,
        "role": position.role.value,
        "token": token,
        "lasts_minutes": links.lasts_minutes(Purpose.INVITE_COLLEAGUE),
    }
    mail = Mail(email, language, "colleague_invitation", values)
    mails.write(session, mail, key=f"colleague_invitation {hashed(token)}", at=at)
    audits.record(session, host.actor, "invited", "client", client.id, at=at, role=position.role.value)


def read_invitation(link: MailedLink) -> Invitation:
    """Return what a link of an invitation says."""
    client_id, email, role, *limit = link.subject.split(" ")
    position = Position(Role(role), int(limit[0]) if limit else None)
    return Invitation(email, position, link.ends_at, client_id)


def withdraw(session: Session, host: SignedIn, email: str, *, at: datetime) -> None:
    """Take an invitation back."""
    statement = select(MailedLink).where(
        col(MailedLink.purpose) == Purpose.INVITE_COLLEAGUE.value,
        col(MailedLink.used_at).is_(None),
        col(MailedLink.subject).startswith(f"{_client(session, host).id} {email} ", autoescape=True),
    )
    for link in session.execute(statement).scalars():
        link.used_at = at
        session.add(link)


def join(session: Session, account: Account, invitation: Invitation, *, at: datetime) -> None:
    """Let an account act for the client that invited its address."""
    position = invitation.position
    session.add(
        Membership(
            account_id=account.id,
            client_id=invitation.client_id,
            role=position.role.value,
            approval_limit_cents=position.approval_limit_cents,
            joined_at=at,
        )
    )


def change_position(session: Session, host: SignedIn, account_id: str, position: Position, *, at: datetime) -> None:
    """Give a colleague another role or limit; raise Conflict where nobody would own the company any more."""
    membership = _colleague(session, host, account_id)
    if membership.role == Role.OWNER and position.role is not Role.OWNER:
        _keep_an_owner(session, membership)
    membership.role, membership.approval_limit_cents = position.role.value, position.approval_limit_cents
    session.add(membership)
    audits.record(session, host.actor, "position_changed", KIND, account_id, at=at, role=position.role.value)


def remove(session: Session, host: SignedIn, account_id: str, *, at: datetime) -> Membership:
    """End a colleague's membership; raise Conflict for the last owner. The caller ends the account's sign-ins."""
    membership = _colleague(session, host, account_id)
    if membership.role == Role.OWNER:
        _keep_an_owner(session, membership)
    session.delete(membership)
    audits.record(session, host.actor, "removed", KIND, account_id, at=at)
    return membership


def _keep_an_owner(session: Session, leaving: Membership) -> None:
    owners = select(func.count()).where(
        col(Membership.client_id) == leaving.client_id, col(Membership.role) == Role.OWNER.value
    )
    if session.execute(owners).scalar_one() < 2:
        raise Conflict("a company needs an owner: make somebody else one first")


def _colleague(session: Session, host: SignedIn, account_id: str) -> Membership:
    """Return a colleague's membership, with nobody else's of the company changing meanwhile."""
    client = _client(session, host)
    hold(session, f"client {client.id}")
    found = session.get(Membership, account_id, with_for_update=True)
    if found is None or found.client_id != client.id:
        raise NotFound("this is no colleague of yours")
    return found


def _client(session: Session, host: SignedIn) -> Client:
    """Return the company that somebody owns; raise NotFound for everybody else."""
    found = session.get(Client, host.client_id) if host.client_id and host.role is Role.OWNER else None
    if found is None or found.is_person:
        raise NotFound("this is for the owners of a company")
    return found
