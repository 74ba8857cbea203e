"""What invited people accept: to act for a company, to own a profile that stands here, to book, to run the site."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import (
    acceptances,
    accounts,
    colleagues,
    contacts,
    experts,
    links,
    passwords,
    profiles,
    registrations,
    sign_ins,
)
from accounts.colleagues import Invitation
from accounts.links import LinkEnded
from accounts.models.accounts import Account, AccountKind, Client, MailedLink, Membership, Purpose
from accounts.registrations import Registration
from accounts.sign_ins import hashed
from foundation import audits, mails
from foundation.audits import Actor
from foundation.errors import Conflict, Fault, Invalid
from foundation.i18n import Language, message, translate
from foundation.mails import Mail

PURPOSES = (Purpose.INVITE_COLLEAGUE, Purpose.INVITE_EXPERT, Purpose.INVITE_OPERATOR, Purpose.INVITE_CLIENT)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a mailed invitation offers, and to whom."""

    kind: AccountKind
    email: str
    name: str = ""
    """As far as it is known."""
    company: str = ""
    colleague: Invitation | None = None
    ref: str = ""
    """The expert's, whose profile is to be owned."""
    subject: str = ""
    """What an own client is invited to look at: whoever sent the link knows."""


def read(session: Session, token: str, *, at: datetime) -> Offer:
    """Return what a link offers, without using it; raise LinkEnded."""
    return _offer(session, _find(session, token, at))


def check(offer: Offer, form: dict[str, str], language: Language) -> Registration:
    """Return what an invited person posted, or raise Invalid. Operators need not leave a phone number."""
    if offer.kind is AccountKind.OPERATOR:
        name = contacts.read_name(form.get("name", ""))
        fault = passwords.check(form.get("password", ""), [name or "", offer.email], language)
        faults = [item for item in (None if name else contacts.name_fault(language), fault) if item]
        if faults:
            raise Invalid(faults)
        return Registration(offer.kind, name or "", "", offer.email, "", language, form["password"])
    if offer.subject:
        is_person = form.get("kind") == AccountKind.PRIVATE_CLIENT
        whole = {**form, "kind": (AccountKind.PRIVATE_CLIENT if is_person else AccountKind.COMPANY).value}
    else:
        whole = {**form, "kind": offer.kind.value, "organisation": offer.company}
    return registrations.check(whole, language, email=offer.email)


def accept(session: Session, token: str, registration: Registration, password_hash: str, *, at: datetime) -> Account:
    """Make the account with its address confirmed, and give it what it was invited to; raise LinkEnded or Invalid."""
    link = _find(session, token, at)
    offer = _offer(session, link)
    links.use(session, Purpose(link.purpose), token, at=at)
    registrations.clear_unconfirmed(session, offer.email)
    found = accounts.find_by_email(session, offer.email)
    if found and not _may_return(session, found, offer):
        reason = message("This address has an account already: sign in with it.")
        raise Invalid([Fault("email", "taken", translate(registration.language, reason))])
    account = found or registrations.create_bare(session, registration, password_hash, at=at)
    if found:
        found.name, found.phone, found.password_hash = registration.name, registration.phone, password_hash
        sign_ins.end_all(session, found.id)
        acceptances.accept(session, found.id, at=at)
    account.email_confirmed_at = at
    if offer.colleague:
        colleagues.join(session, account, offer.colleague, at=at)
    if offer.ref:
        profiles.claim(session, account, offer.ref, at=at)
    if offer.subject:
        registrations.add_client(session, account, registration, at=at)
    actor = audits.account(account.id)
    audits.record(session, actor, "invitation_accepted", accounts.KIND, account.id, at=at, kind=account.kind)
    session.flush()
    return account


def invite_operator(session: Session, email: str, language: Language, actor: Actor, *, at: datetime) -> str:
    """Mail somebody an invitation to run the site; return its token, for where mail does not work yet."""
    address = contacts.read_email(email)
    if address is None:
        raise Invalid([contacts.email_fault(language)])
    found = accounts.find_by_email(session, address)
    if found and found.email_confirmed_at:
        raise Conflict(f"{address} has an account already, as {found.kind}")
    token = links.make(session, Purpose.INVITE_OPERATOR, subject=address, at=at)
    values = {
        "invited_by": actor.name or "Portulan",
        "token": token,
        "lasts_minutes": links.lasts_minutes(Purpose.INVITE_OPERATOR),
    }
    mail = Mail(address, language, "operator_invitation", values)
    mails.write(session, mail, key=f"operator_invitation {hashed(token)}", at=at)
    audits.record(session, actor, "operator_invited", "installation", "", at=at)
    return token


def invite_expert(session: Session, ref: str, email: str, language: Language, actor: Actor, *, at: datetime) -> str:
    """Mail an expert an invitation to own the profile that was imported; return its token."""
    address = contacts.read_email(email)
    if address is None:
        raise Invalid([contacts.email_fault(language)])
    expert = experts.get(session, ref)
    if accounts.owner_of(session, expert.id):
        raise Conflict(f"the profile {ref!r} has an owner already")
    found = accounts.find_by_email(session, address)
    if found and found.email_confirmed_at:
        raise Conflict(f"{address} has an account already, as {found.kind}")
    token = links.make(session, Purpose.INVITE_EXPERT, subject=f"{ref} {address}", at=at)
    values = {
        "name": expert.name,
        "token": token,
        "lasts_minutes": links.lasts_minutes(Purpose.INVITE_EXPERT),
        "slug": expert.slug if expert.is_shown else None,
    }
    mail = Mail(address, language, "expert_invitation", values)
    mails.write(session, mail, key=f"expert_invitation {ref} {at.isoformat()}", at=at)
    audits.record(session, actor, "invited", "expert", expert.id, at=at)
    return token


def to_profile(session: Session, ref: str, *, at: datetime) -> list[tuple[str, datetime]]:
    """Return who was invited to own a profile and may still accept: the address, and until when."""
    waiting = select(MailedLink).where(
        col(MailedLink.purpose) == Purpose.INVITE_EXPERT.value,
        col(MailedLink.subject).startswith(f"{ref} ", autoescape=True),
        col(MailedLink.used_at).is_(None),
        col(MailedLink.ends_at) > at,
    )
    return [(link.subject.rsplit(" ", 1)[1], link.ends_at) for link in session.execute(waiting).scalars()]


def _may_return(session: Session, account: Account, offer: Offer) -> bool:
    """Tell whether an account that acts for nobody any more may be its owner's way back to a company.

    The mailed link sets a new password, as one for a forgotten password would; a second factor is asked for afterwards.
    """
    is_free = account.kind == AccountKind.COMPANY and session.get(Membership, account.id) is None
    return bool(offer.colleague) and is_free and not account.suspended_at


def _find(session: Session, token: str, at: datetime) -> MailedLink:
    for purpose in PURPOSES:
        try:
            return links.get(session, purpose, token, at=at)
        except LinkEnded:
            continue
    raise LinkEnded("this invitation was accepted already, withdrawn, or is too old")


def _offer(session: Session, link: MailedLink) -> Offer:
    if link.purpose == Purpose.INVITE_OPERATOR:
        return Offer(AccountKind.OPERATOR, link.subject)
    if link.purpose == Purpose.INVITE_COLLEAGUE:
        invitation = colleagues.read_invitation(link)
        client = session.get(Client, invitation.client_id)
        if client is None or client.erased_at:
            raise LinkEnded("the company is gone")
        return Offer(AccountKind.COMPANY, invitation.email, company=client.name, colleague=invitation)
    if link.purpose == Purpose.INVITE_CLIENT:
        subject, email = link.subject.rsplit(" ", 1)
        return Offer(AccountKind.COMPANY, email, subject=subject)
    ref, email = link.subject.rsplit(" ", 1)
    expert = experts.find(session, ref)
    if expert is None or accounts.owner_of(session, expert.id):
        raise LinkEnded("the profile is gone, or has an owner")
    return Offer(AccountKind.EXPERT, email, name=expert.name, ref=ref)
