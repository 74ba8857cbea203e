"""Signing up, and confirming the address. Nothing here tells a stranger whether an address has an account."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import acceptances, accounts, contacts, experts, links, passwords, personal_data
from accounts.models.accounts import Account, AccountKind, Client, Membership, Purpose, Role
from accounts.models.experts import Expert
from foundation import audits, i18n, mails
from foundation.database import Database, hold
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from foundation.mails import Mail

OPEN_KINDS = (AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT, AccountKind.EXPERT)
"""As what one may sign up; operators are made by operators."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A sign-up that is in order."""

    kind: AccountKind
    name: str
    organisation: str
    """The company's name; a person's own where there is none."""
    email: str
    phone: str
    language: Language
    password: str


def check(form: dict[str, str], language: Language, *, email: str | None = None) -> Registration:
    """Return a posted form as a registration, or raise Invalid with every fault.

    `email` is the address of somebody who was invited: it is not theirs to choose.
    """
    kind = next((kind for kind in OPEN_KINDS if kind == form.get("kind")), None)
    name, phone = contacts.read_name(form.get("name", "")), contacts.read_phone(form.get("phone", ""))
    address = email or contacts.read_email(form.get("email", ""))
    organisation = contacts.read_name(form.get("organisation", "")) if kind is AccountKind.COMPANY else name
    faults = [
        _kind_fault(language) if kind is None else None,
        contacts.name_fault(language) if name is None else None,
        contacts.name_fault(language, "organisation") if name and organisation is None else None,
        contacts.email_fault(language) if address is None else None,
        contacts.phone_fault(language) if phone is None else None,
        passwords.check(form.get("password", ""), [name or "", address or "", organisation or ""], language),
        None if form.get("terms") == "accepted" else _terms_fault(language),
    ]
    if not (kind and name and organisation and address and phone) or any(faults):
        raise Invalid([fault for fault in faults if fault])
    return Registration(kind, name, organisation, address, phone, language, form["password"])


def register(session: Session, registration: Registration, password_hash: str, *, at: datetime) -> None:
    """Make an account that waits for its address to be confirmed, and mail the link.

    Where the address has an account already, its owner is told instead. An account that was never confirmed belongs
    to nobody yet: whoever signs up last and reads the mailbox has it.
    """
    hold(session, f"email {registration.email}")
    account = accounts.find_by_email(session, registration.email)
    if account and account.email_confirmed_at:
        mail = Mail(registration.email, i18n.known(account.language), "email_taken", {"name": account.name})
        mails.write(session, mail, key=f"email_taken {account.id} {at:%Y-%m-%d}", at=at)
        return
    clear_unconfirmed(session, registration.email)
    account = create_bare(session, registration, password_hash, at=at)
    if registration.kind is AccountKind.EXPERT:
        account.expert_id = experts.draft(session, name=registration.name, at=at).id
    else:
        add_client(session, account, registration, at=at)
    audits.record(
        session, audits.account(account.id), "registered", accounts.KIND, account.id, at=at, kind=account.kind
    )
    ask_to_confirm(session, account, at=at)


UNCONFIRMED_KEPT_FOR = timedelta(days=30)


def sweep(database: Database, at: datetime) -> None:
    """Delete accounts whose address nobody has confirmed for a month, and what was mailed there."""
    waiting = select(col(Account.email)).where(is_forsaken(at))
    with database.reading() as session:
        found = list(session.execute(waiting).scalars())
    for email in found:
        database.write(partial(_drop_forsaken, email=str(email), at=at))


def is_forsaken(at: datetime) -> ColumnElement[bool]:
    """Return the condition that an account has waited for too long to be confirmed."""
    is_waiting = col(Account.email_confirmed_at).is_(None) & col(Account.email).is_not(None)
    return is_waiting & (col(Account.created_at) < at - UNCONFIRMED_KEPT_FOR)


def _drop_forsaken(session: Session, *, email: str, at: datetime) -> None:
    hold(session, f"email {email}")
    # Somebody may have signed up anew with the address meanwhile.
    if session.execute(select(Account).where(is_forsaken(at), col(Account.email) == email)).first():
        clear_unconfirmed(session, email)
        mails.forget(session, email)


def clear_unconfirmed(session: Session, email: str) -> None:
    """Delete the account of an address that was never confirmed, with its hidden profile and whom it acts for."""
    hold(session, f"email {email}")
    account = accounts.find_by_email(session, email)
    if account is None or account.email_confirmed_at:
        return
    expert = session.get(Expert, account.expert_id) if account.expert_id else None
    clients = personal_data.clients_that_go(session, account.id)
    session.delete(account)
    session.flush()
    session.execute(delete(Client).where(col(Client.id).in_(clients)))
    if expert:
        experts.remove(session, [expert.ref])


def create_bare(session: Session, registration: Registration, password_hash: str, *, at: datetime) -> Account:
    """Make an account that accepts the terms in force, and owns nothing yet."""
    account = Account(
        kind=registration.kind.value,
        email=registration.email,
        name=registration.name,
        phone=registration.phone or None,
        language=registration.language,
        password_hash=password_hash,
        created_at=at,
    )
    session.add(account)
    session.flush()
    acceptances.accept(session, account.id, at=at)
    return account


def ask_to_confirm(session: Session, account: Account, *, at: datetime) -> None:
    """Mail the link that confirms an address."""
    token = links.make(session, Purpose.CONFIRM_EMAIL, account_id=account.id, at=at)
    values = {"token": token, "lasts_minutes": links.lasts_minutes(Purpose.CONFIRM_EMAIL)}
    mail = Mail(account.email or "", i18n.known(account.language), "confirm_email", values)
    mails.write(session, mail, key=f"confirm_email {account.id} {at.isoformat()}", at=at)


def confirm(session: Session, token: str, *, at: datetime) -> Account:
    """Use a link up: its address is its account's; raise LinkEnded."""
    link = links.use(session, Purpose.CONFIRM_EMAIL, token, at=at)
    account = accounts.take(session, link.account_id or "")
    account.email_confirmed_at = at
    session.add(account)
    audits.record(session, audits.account(account.id), "email_confirmed", accounts.KIND, account.id, at=at)
    return account


def add_client(session: Session, account: Account, registration: Registration, *, at: datetime) -> None:
    """Make the client that a new account owns and acts for."""
    is_person = registration.kind is AccountKind.PRIVATE_CLIENT
    client = Client(is_person=is_person, name=registration.organisation, created_at=at)
    session.add(client)
    session.flush()
    session.add(Membership(account_id=account.id, client_id=client.id, role=Role.OWNER.value, joined_at=at))


def _kind_fault(language: Language) -> Fault:
    return Fault("kind", "unknown_kind", translate(language, message("Please say what you want to use Portulan as.")))


def _terms_fault(language: Language) -> Fault:
    reason = message("Please read the terms and accept them: without, there is no account.")
    return Fault("terms", "not_accepted", translate(language, reason))
