"""Who may make offers, and to whom: rows S9 to S12."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, shortlists
from accounts.models.accounts import Account, Client, Membership
from accounts.models.profiles import LegalIdentity
from accounts.sign_ins import SignedIn
from booking import offer_rules
from booking.offer_rules import Marks
from foundation.errors import Fault, Invalid, NotFound


def check_account(session: Session, who: SignedIn) -> None:
    """Raise Invalid for an account without what contact needs."""
    account = accounts.get(session, who.account_id)
    if not account.email_confirmed_at or not account.phone:
        raise Invalid([Fault("account", "no_phone" if account.email_confirmed_at else "email_unconfirmed", "")])


def check(session: Session, client_id: str, expert_ids: Collection[str]) -> set[str]:
    """Return who is to be made an offer; raise Invalid for nobody and for oneself, NotFound for who is hidden."""
    wanted = set(expert_ids)
    if not wanted:
        raise Invalid([Fault("experts", "missing", "")])
    shown = shortlists.shown_profiles(session, sorted(wanted))
    if wanted - shown.keys():
        raise NotFound("one of these profiles does not exist or is not shown")
    for expert_id in sorted(wanted):
        if is_same(session, client_id, expert_id):
            raise Invalid([Fault("experts", "oneself", shown[expert_id].expert.name)])
    return wanted


def is_same(session: Session, client_id: str, expert_id: str) -> bool:
    """Tell whether an expert is one of those who act for a client, or the client itself."""
    owner, identity = accounts.owner_of(session, expert_id), session.get(LegalIdentity, expert_id)
    client = session.get_one(Client, client_id)
    phones = (
        select(col(Account.phone))
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(col(Membership.client_id) == client_id)
    )
    theirs = Marks(_given(*session.execute(phones).scalars()), _given(client.registration_number, client.vat_number))
    numbers = (identity.registration_number, identity.vat_number) if identity else ()
    return offer_rules.are_same(theirs, Marks(_given(owner.phone if owner else None), _given(*numbers)))


def _given(*values: str | None) -> list[str]:
    return [value for value in values if value]
