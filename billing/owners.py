"""Experts as those whom a payment provider pays: what it is told of them, and how it knows them (rows S23, S26).

What is given is kept first, then the provider is asked: at once, and again by the outbox until it answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy.orm import Session

from accounts import accounts, experts, legal_identities
from accounts.sign_ins import SignedIn
from billing import identity_paper_mails as mails
from billing import owner_rules, provider_parties
from billing.events import OWNER_GIVEN
from billing.models.identity_papers import OwnerDetails
from billing.models.provider_parties import ProviderUser
from billing.provider_states import OwnerKind, UserState
from billing.providers.interface import Address, Declined, OwnerRequest, Provider, Representative, User
from foundation import audits, outbox
from foundation.database import Database
from foundation.errors import Conflict

CURRENCY = "EUR"
"""Of the first wallet; others are opened when something is paid in them."""
RETURN_PATH = "/my/verification/back"
"""Where whoever was at the provider's page comes back to."""

log = structlog.get_logger(__name__)


class Stage(StrEnum):
    """How far an expert is on the way to being paid."""

    UNKNOWN = "unknown"
    """There is no legal identity yet, which decides on all of it."""
    EMPLOYED = "employed"
    """A portage company is paid, and pays the expert."""
    ASKED = "asked"
    DECLINED = "declined"
    """The provider does not take what was given."""
    ON_ITS_WAY = "on_its_way"
    CONFIRMING = "confirming"
    """They have to do something at the provider's page."""
    PROVING = "proving"
    """Known; papers are missing, or being looked at."""
    VERIFIED = "verified"
    CLOSED = "closed"


GIVEN_AT = frozenset({Stage.ASKED, Stage.DECLINED, Stage.CONFIRMING, Stage.PROVING, Stage.VERIFIED})
"""When an expert may say who they are, or correct it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An expert under the legal status of today, as a provider has them."""

    stage: Stage
    kind: OwnerKind | None = None
    details: OwnerDetails | None = None
    """What was given last, under whatever status."""
    user: ProviderUser | None = None


def standing(session: Session, provider: str, expert_id: str) -> Standing:
    """Return how an expert stands with a provider. Money is paid out to `user`, once they are verified."""
    identity = legal_identities.of(session, expert_id)
    if identity is None:
        return Standing(Stage.UNKNOWN)
    kind = owner_rules.kind_of(identity.status)
    if kind is None:
        return Standing(Stage.EMPLOYED)
    details = session.get(OwnerDetails, expert_id)
    user = provider_parties.find(session, provider, kind.value, expert_id)
    return Standing(_stage(kind, details, user), kind, details, user)


def _stage(kind: OwnerKind, details: OwnerDetails | None, user: ProviderUser | None) -> Stage:
    if user is not None and user.provider_id is not None:
        if user.state == UserState.CLOSED:
            return Stage.CLOSED
        if user.state == UserState.PENDING:
            return Stage.CONFIRMING
        return Stage.VERIFIED if user.is_verified else Stage.PROVING
    if details is None or details.kind != kind:
        return Stage.ASKED
    return Stage.DECLINED if details.declined else Stage.ON_ITS_WAY


def give(session: Session, who: SignedIn, provider: str, values: dict[str, Any], *, at: datetime) -> None:
    """Keep who an expert is, checked (`owner_forms.check`), and have the provider told, or told anew.

    Raises Conflict where it is being told already, and where it pays somebody else or nobody.
    """
    expert_id = str(who.expert_id)
    experts.take(session, expert_id)
    found = standing(session, provider, expert_id)
    if found.stage not in GIVEN_AT or values["kind"] != found.kind:
        raise Conflict("the provider is being told already, or pays somebody else")
    details = found.details or OwnerDetails(expert_id=expert_id, given_at=at, **values)
    details.sqlmodel_update({**values, "given_at": at, "declined": None})
    session.add(details)
    outbox.record(session, OWNER_GIVEN, [expert_id])
    audits.record(session, who.actor, "gave_owner_details", "expert", expert_id, at=at, kind=values["kind"])


def make_known(database: Database, provider: Provider, expert_ids: Sequence[str], at: datetime) -> None:
    """Have a provider know experts by what they gave. May be repeated; raises Unreachable."""
    for expert_id in expert_ids:
        register(database, provider, expert_id, at)


def register(database: Database, provider: Provider, expert_id: str, at: datetime) -> User | None:
    """Do so for one, and return how the provider has them; None for one whom it does not take, or who gave nothing."""
    with database.reading() as session:
        telling = _telling(session, provider.name, expert_id)
    if telling is None:
        return None
    code = None
    try:
        user = _tell(database, provider, expert_id, telling, at)
    except Declined as error:
        user, code = None, str(error)
        log.warning("a provider does not take an expert", provider=provider.name, code=code)
    database.write(lambda session: _note_told(session, expert_id, telling, code))
    if user is not None:
        database.write(lambda session: follow(session, provider.name, user, at=at))
    return user


def _tell(database: Database, provider: Provider, expert_id: str, telling: "_Telling", at: datetime) -> User:
    """Make an expert known, or correct what is known."""
    if telling.known_id is not None and not telling.is_told:
        return provider.update_owner(telling.known_id, telling.request)
    _, user = provider_parties.owner(database, provider, expert_id, CURRENCY, telling.request, at=at)
    return user


def look_up(database: Database, provider: Provider, expert_id: str, at: datetime) -> User | None:
    """Ask a provider how it has an expert now, and apply it; None where it does not know them. Raises Unreachable."""
    with database.reading() as session:
        known = standing(session, provider.name, expert_id).user
    if known is None or known.provider_id is None:
        return None
    user = provider.fetch_user(known.provider_id)
    if user is not None:
        database.write(lambda session: follow(session, provider.name, user, at=at))
    return user


def follow(session: Session, provider: str, user: User, *, at: datetime) -> None:
    """Apply what a provider says of a payer or an owner; tell an expert who is verified now. May be repeated."""
    verified = provider_parties.take_in(session, provider, user)
    if verified is not None:
        key = f"{verified.id} {at:%Y-%m-%d}"
        mails.tell(session, verified.party_id, "identity_verified", key=key, at=at)


@dataclass(frozen=True, slots=True)
class _Telling:
    """What a provider is to be told of an expert."""

    request: OwnerRequest
    given_at: datetime
    is_told: bool
    known_id: str | None
    """By which the provider knows them already."""


def _telling(session: Session, provider: str, expert_id: str) -> _Telling | None:
    found, account = standing(session, provider, expert_id), accounts.owner_of(session, expert_id)
    details = found.details
    if details is None or details.kind != found.kind or details.declined or account is None or not account.email:
        return None
    person = Representative(
        details.first_name,
        details.last_name,
        account.email,
        details.born_on,
        details.nationality,
        details.residence,
    )
    address = Address(details.line, details.city, details.postal_code, details.country)
    # The key is chosen by `provider_parties`, which keeps it.
    request = OwnerRequest(
        "",
        OwnerKind(details.kind),
        details.name,
        account.email,
        person,
        address,
        company_number=details.company_number,
        return_path=RETURN_PATH,
    )
    known_id = found.user.provider_id if found.user else None
    return _Telling(request, details.given_at, details.is_told, known_id)


def _note_told(session: Session, expert_id: str, telling: _Telling, declined: str | None) -> None:
    details = session.get(OwnerDetails, expert_id, with_for_update=True)
    # What was given meanwhile is told next.
    if details is not None and details.given_at == telling.given_at:
        details.declined = declined
        details.told_at = details.told_at if declined else details.given_at
