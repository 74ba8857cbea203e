"""Whom providers know: clients as payers and experts as owners, with their wallets, each made before it is used.

Calls of the provider happen outside of transactions: a row with its key first, then the call, then what it answered.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, colleagues, legal_identities
from accounts.models.accounts import Client, Role
from accounts.models.identities import new_id
from billing import owner_rules
from billing.events import PAYEE_DUE
from billing.models.provider_parties import PAYER, ProviderUser, ProviderWallet
from billing.provider_states import UserState
from billing.providers.interface import (
    OwnerRequest,
    PayerRequest,
    Provider,
    Representative,
    User,
    WalletRequest,
)
from foundation import outbox
from foundation.database import Database, insert
from foundation.errors import NotFound


@dataclass(frozen=True, slots=True)
class Place:
    """A user of a provider and their wallet, as the provider names them."""

    user_id: str
    wallet_id: str


def payer(database: Database, provider: Provider, party_id: str, currency: str, *, at: datetime) -> Place:
    """Return as whom and from which wallet a client pays, or an expert for Boost; raises Unreachable and Declined.

    An expert who pays is another user than the one who is paid.
    """
    row = _keep_user(database, provider.name, PAYER, party_id, at)
    if row.provider_id is None:
        with database.reading() as session:
            request = _payer_request(session, row.id, party_id)
        row = _note_user(database, row.id, provider.register_payer(request))
    return place(database, provider, row, currency, at)


def owner(
    database: Database, provider: Provider, expert_id: str, currency: str, request: OwnerRequest, *, at: datetime
) -> tuple[Place, User]:
    """Return as whom and into which wallet an expert is paid, and how the provider has them.

    The request's key is chosen here. Another legal status makes another owner.
    """
    row = _keep_user(database, provider.name, request.kind.value, expert_id, at)
    if row.provider_id is None:
        user = provider.register_owner(replace(request, key=row.id))
        row = _note_user(database, row.id, user)
    else:
        user = provider.fetch_user(row.provider_id) or User(row.provider_id, UserState.CLOSED)
    return place(database, provider, row, currency, at), user


def find(session: Session, provider: str, role: str, party_id: str) -> ProviderUser | None:
    """Return how a provider knows a client (`payer`) or an expert (as what they are paid)."""
    is_it = (col(ProviderUser.provider) == provider, col(ProviderUser.role) == role)
    return session.execute(
        select(ProviderUser).where(*is_it, col(ProviderUser.party_id) == party_id)
    ).scalar_one_or_none()


def owner_of(session: Session, provider: str, expert_id: str) -> ProviderUser | None:
    """Return as whom a provider pays an expert: under the legal status of today, once it knows them as that.

    Who has no status, or is employed by a portage company by now, is paid what is still due as the latest owner.
    """
    identity = legal_identities.of(session, expert_id)
    if kind := owner_rules.kind_of(identity.status if identity else None):
        found = find(session, provider, kind.value, expert_id)
        return found if found and found.provider_id else None
    return latest_owner(session, provider, expert_id)


def latest_owner(session: Session, provider: str, expert_id: str) -> ProviderUser | None:
    """Return as whom a provider came to know an expert last, under whatever legal status."""
    is_it = (
        col(ProviderUser.provider) == provider,
        col(ProviderUser.party_id) == expert_id,
        col(ProviderUser.role) != PAYER,
        col(ProviderUser.provider_id).is_not(None),
    )
    latest_first = (col(ProviderUser.made_at).desc(), col(ProviderUser.id).desc())
    return session.execute(select(ProviderUser).where(*is_it).order_by(*latest_first)).scalars().first()


def take_in(session: Session, provider: str, user: User) -> ProviderUser | None:
    """Apply what a provider says of a user; may be repeated. Return the owner whom that verifies, if it does."""
    is_it = (col(ProviderUser.provider) == provider, col(ProviderUser.provider_id) == user.provider_id)
    found = session.execute(select(ProviderUser).where(*is_it).with_for_update()).scalar_one_or_none()
    if found is None:
        return None
    is_news = user.is_verified and not found.is_verified and found.role != PAYER
    _note(session, found, user)
    return found if is_news else None


def _keep_user(database: Database, provider: str, role: str, party_id: str, at: datetime) -> ProviderUser:
    with database.reading() as session:
        found = find(session, provider, role, party_id)
    if found is not None:
        return found

    def keep(session: Session) -> ProviderUser:
        fresh = ProviderUser(id=new_id(), provider=provider, role=role, party_id=party_id, made_at=at)
        session.execute(insert(session, ProviderUser).values(**fresh.model_dump()).on_conflict_do_nothing())
        kept = find(session, provider, role, party_id)
        if kept is None:
            raise NotFound("there is no such user")
        return kept

    return database.write(keep)


def _note_user(database: Database, row_id: str, user: User) -> ProviderUser:
    def note(session: Session) -> ProviderUser:
        found = session.get_one(ProviderUser, row_id, with_for_update=True)
        found.provider_id = found.provider_id or user.provider_id
        _note(session, found, user)
        return found

    return database.write(note)


def _note(session: Session, row: ProviderUser, user: User) -> None:
    """Note how a user stands; what an expert has coming may go on then."""
    row.state, row.is_verified = user.state.value, user.is_verified
    session.flush()
    if row.role != PAYER:
        outbox.record(session, PAYEE_DUE, [row.party_id])


def place(database: Database, provider: Provider, row: ProviderUser, currency: str, at: datetime) -> Place:
    """Return a user that the provider knows, with their wallet in a currency, which is opened where there is none."""
    wallet = _keep_wallet(database, row.id, currency, at)
    if wallet.provider_id is None:
        request = WalletRequest(wallet.id, str(row.provider_id), currency, f"{row.role} {row.party_id}")
        opened = provider.open_wallet(request)
        wallet = database.write(lambda session: _note_wallet(session, wallet.id, opened.provider_id))
    return Place(str(row.provider_id), str(wallet.provider_id))


def _keep_wallet(database: Database, row_id: str, currency: str, at: datetime) -> ProviderWallet:
    statement = select(ProviderWallet).where(
        col(ProviderWallet.user_id) == row_id, col(ProviderWallet.currency) == currency
    )
    with database.reading() as session:
        found = session.execute(statement).scalar_one_or_none()
    if found is not None:
        return found

    def keep(session: Session) -> ProviderWallet:
        fresh = ProviderWallet(id=new_id(), user_id=row_id, currency=currency, made_at=at)
        session.execute(insert(session, ProviderWallet).values(**fresh.model_dump()).on_conflict_do_nothing())
        return session.execute(statement).scalar_one()

    return database.write(keep)


def _note_wallet(session: Session, wallet_id: str, provider_id: str) -> ProviderWallet:
    found = session.get_one(ProviderWallet, wallet_id, with_for_update=True)
    found.provider_id = found.provider_id or provider_id
    session.flush()
    return found


def _payer_request(session: Session, key: str, party_id: str) -> PayerRequest:
    """Return how a client is made known: their name, and whoever owns the account. Experts pay as a person."""
    client = session.get(Client, party_id)
    if client is None:
        expert = accounts.owner_of(session, party_id)
        if expert is None or expert.email is None:
            raise NotFound("nobody acts for this expert")
        person = Representative(*names_of(expert.name), expert.email)
        return PayerRequest(key, expert.name, is_person=True, email=expert.email, representative=person)
    members = [(account, membership) for account, membership in colleagues.members(session, client.id) if account.email]
    owners = [account for account, membership in members if membership.role == Role.OWNER]
    account = next(iter([*owners, *(account for account, _ in members)]), None)
    if account is None or account.email is None:
        raise NotFound("nobody acts for this client")
    email = client.billing_email or account.email
    first, last = names_of(account.name)
    return PayerRequest(key, client.name, client.is_person, email, Representative(first, last, account.email))


def names_of(name: str) -> tuple[str, str]:
    """Return a first and last name as providers want them of a whole name. Pure."""
    first, _, last = " ".join(name.split()).partition(" ")
    return first, last or first
