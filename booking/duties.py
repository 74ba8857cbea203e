"""What French law asks of the two around one contract, loaded for a page or a mail (mission rows S27, S28, B11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import legal_identities
from accounts.audience_days import ZONE
from accounts.models.accounts import Client
from accounts.models.experts import LegalStatus
from accounts.sign_ins import SignedIn
from booking import agreements, cover, dependency, papers, vigilance
from booking.cover import Cover, Policy
from booking.dependency import Dependency, Span
from booking.lifecycle import MissionState, QuoteState
from booking.models.missions import Mission, Portage
from booking.models.papers import OtherClients, PaperKind
from booking.models.quotes import Quote, QuoteVersion
from booking.vigilance import Buyer, Seller, Standing, State
from foundation import audits
from foundation.errors import NotFound

OVER = frozenset({MissionState.VALIDATED, MissionState.CLOSED, MissionState.CANCELLED})
"""States in which nothing is carried out any more."""
_COUNTED = frozenset({QuoteState.SENT, QuoteState.ACCEPTED, QuoteState.AMENDED})


@dataclass(frozen=True, slots=True)
class Duties:
    """All of it for one contract, on one day."""

    papers: tuple[Standing, ...]
    cover: Cover
    dependency: Dependency | None
    is_portage: bool

    @property
    def lacking(self) -> tuple[PaperKind, ...]:
        """Return the papers that a company lacks."""
        return tuple(standing.kind for standing in self.papers if standing.state is not State.THERE)


def of(session: Session, quote: Quote, version: QuoteVersion, policy: Policy, *, on: date) -> Duties:
    """Return the duties around a version of a quote, signed or about to be."""
    client = session.get(Client, quote.client_id) if quote.client_id else None
    is_portage = agreements.portage(version)[0] is not Portage.NONE
    kept = papers.of(session, quote.expert_id)
    seller = _seller(session, quote.expert_id, is_portage=is_portage)
    kinds: tuple[PaperKind, ...] = ()
    if client and seller:
        buyer = Buyer(client.country, client.is_person)
        kinds = vigilance.wanted(buyer, seller, total_cents(session, quote, version), version.currency)
    return Duties(
        vigilance.standings(kinds, kept, on),
        cover.cover(kept.get(PaperKind.RC_PRO), policy, on),
        _dependency(session, client, quote, version, on) if client else None,
        is_portage,
    )


def total_cents(session: Session, quote: Quote, version: QuoteVersion) -> int:
    """Return the price before tax of the whole piece of work: for a series, of all months that are or may be signed."""
    if quote.series_id is None:
        return version.net_cents
    same = (
        col(Quote.series_id) == quote.series_id,
        col(Quote.id) != quote.id,
        col(Quote.state).in_([state.value for state in _COUNTED]),
    )
    total = version.net_cents
    for other in session.execute(select(Quote).where(*same)).scalars():
        number = other.accepted_version or other.latest_version
        total += session.get_one(QuoteVersion, (other.id, number)).net_cents
    return total


def of_mission(session: Session, mission: Mission, policy: Policy, *, on: date) -> Duties:
    """Return the duties around a mission, by what was signed last."""
    quote = session.get_one(Quote, mission.quote_id)
    return of(session, quote, session.get_one(QuoteVersion, (quote.id, quote.accepted_version)), policy, on=on)


def spans(session: Session, client_id: str, expert_id: str, *, on: date) -> list[Span]:
    """Return when a pair worked together, and when it is to; what has no end yet goes on."""
    pair = (col(Mission.client_id) == client_id, col(Mission.expert_id) == expert_id)
    is_counted = col(Mission.state) != MissionState.CANCELLED.value
    return [_span(mission, on) for mission in session.execute(select(Mission).where(*pair, is_counted)).scalars()]


def attest(session: Session, who: SignedIn, *, at: datetime) -> OtherClients:
    """Keep that an expert states to work for other clients too; raise NotFound for anybody else."""
    if who.expert_id is None:
        raise NotFound("experts state this")
    statement = OtherClients(expert_id=who.expert_id, account_id=who.account_id, attested_at=at)
    session.add(statement)
    audits.record(session, who.actor, "attested_other_clients", "expert", who.expert_id, at=at)
    return statement


def attested(session: Session, expert_id: str) -> Sequence[OtherClients]:
    """Return what an expert stated, the latest first."""
    statement = select(OtherClients).where(col(OtherClients.expert_id) == expert_id)
    return session.execute(statement.order_by(col(OtherClients.attested_at).desc())).scalars().all()


def day_of(at: datetime) -> date:
    """Return the day of an instant in France, whose law this is."""
    return at.astimezone(ZONE).date()


def _seller(session: Session, expert_id: str, *, is_portage: bool) -> Seller | None:
    identity = legal_identities.of(session, expert_id)
    if identity is None:
        return None
    status = LegalStatus(identity.status)
    asked = legal_identities.asked(status, identity.country)
    is_employed = is_portage or status is LegalStatus.PORTAGE_SALARIAL
    return Seller(identity.country, asked.is_registration_required, is_employed)


def _dependency(session: Session, client: Client, quote: Quote, version: QuoteVersion, on: date) -> Dependency | None:
    """Return the warning as it will be when what the quote proposes has been carried out; only companies employ."""
    if client.is_person:
        return None
    proposed = [Span(version.starts_on, version.ends_on)] if version.starts_on and version.ends_on else []
    last = max([on, *(span.last for span in proposed)])
    statements = attested(session, quote.expert_id)
    found = [*spans(session, client.id, quote.expert_id, on=on), *proposed]
    attested_on = day_of(statements[0].attested_at) if statements else None
    warning = dependency.warning(found, last)
    return dependency.quieted(warning, attested_on, on) if warning else None


def _span(mission: Mission, on: date) -> Span:
    first = day_of(mission.started_at) if mission.started_at else mission.starts_on or day_of(mission.made_at)
    if mission.ended_at:
        last = day_of(mission.ended_at)
    elif MissionState(mission.state) in OVER:
        last = mission.ends_on or day_of(mission.validated_at or mission.made_at)
    else:
        last = max(mission.ends_on or on, on)  # Late, and going on.
    return Span(first, max(first, last))
