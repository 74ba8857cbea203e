"""A series as its rows hold it: who sees it, and its months in their order (mission row S18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from booking import series_plans
from booking.lifecycle import Party, QuoteState, SeriesState
from booking.models.missions import Mission, Series
from booking.models.quotes import Quote, QuoteVersion
from booking.series_plans import Span
from foundation.errors import NotFound

LIVE = (QuoteState.SENT, QuoteState.ACCEPTED, QuoteState.AMENDED)
"""States in which a month takes its days: nothing else of the series may lie in them."""
SIGNED = (QuoteState.ACCEPTED, QuoteState.AMENDED)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a series: its quote, with what was sent last and signed last, and the mission that came of it."""

    quote: Quote
    latest: QuoteVersion | None
    signed: QuoteVersion | None
    mission: Mission | None

    @property
    def state(self) -> QuoteState:
        """Return the state of its quote."""
        return QuoteState(self.quote.state)

    @property
    def version(self) -> QuoteVersion | None:
        """Return what holds: what was signed last, else what was sent last."""
        return self.signed or self.latest

    @property
    def first(self) -> date | None:
        """Return its first day, as it was sent or else typed."""
        if self.version:
            return self.version.starts_on
        return series_plans.day_of(self.quote.draft, "starts_on")

    @property
    def last(self) -> date | None:
        """Return its last day, likewise."""
        return self.version.ends_on if self.version else series_plans.day_of(self.quote.draft, "ends_on")

    @property
    def taken(self) -> tuple[Span, ...]:
        """Return the days that it takes: of what is signed, and of what may be."""
        if self.state not in LIVE:
            return ()
        versions = [version for version in (self.signed, self.latest) if version]
        return tuple(Span(one.starts_on, one.ends_on) for one in versions if one.starts_on and one.ends_on)


def seen_by(session: Session, who: SignedIn, series_id: str) -> tuple[Series, Party]:
    """Return a series and whose side it is looked at from: nobody but the expert before it is sent; raise NotFound."""
    found = None if "\0" in series_id else session.get(Series, series_id)
    party = _party_of(found, who) if found else None
    if found is None or party is None:
        raise NotFound("there is no such series")
    return found, party


def hold(session: Session, series_id: str) -> Series:
    """Return a series that nobody else changes, nor any of its months, before this transaction ends.

    Whoever changes a month takes its series first: two who change several never wait for each other.
    """
    return session.get_one(Series, series_id, with_for_update=True, populate_existing=True)


def months(session: Session, series_id: str) -> list[Month]:
    """Return the months of a series in the order of their days."""
    statement = select(Quote).where(col(Quote.series_id) == series_id).order_by(col(Quote.number))
    quotes = session.execute(statement.execution_options(populate_existing=True)).scalars().all()
    ids = [quote.id for quote in quotes]
    sent = select(QuoteVersion).where(col(QuoteVersion.quote_id).in_(ids))
    versions = {(version.quote_id, version.number): version for version in session.execute(sent).scalars()}
    carried_out = select(Mission).where(col(Mission.quote_id).in_(ids))
    missions = {mission.quote_id: mission for mission in session.execute(carried_out).scalars()}
    found = [
        Month(
            quote,
            versions.get((quote.id, quote.latest_version)),
            versions.get((quote.id, quote.accepted_version or 0)),
            missions.get(quote.id),
        )
        for quote in quotes
    ]
    return sorted(found, key=lambda month: (month.first or date.max, month.quote.number))


def shown(found: Sequence[Month], party: Party) -> list[Month]:
    """Return the months that a side sees: drafts are the expert's own."""
    return [month for month in found if party is Party.EXPERT or month.state is not QuoteState.DRAFT]


def drop_if_empty(session: Session, series_id: str) -> None:
    """Forget a series that was never sent, once its last draft is gone."""
    session.flush()
    found = session.get_one(Series, series_id)
    has_months = session.execute(select(col(Quote.id)).where(col(Quote.series_id) == series_id).limit(1)).first()
    if found.state == SeriesState.DRAFT and not has_months:
        session.delete(found)


def _party_of(found: Series, who: SignedIn) -> Party | None:
    if who.kind is AccountKind.EXPERT:
        return Party.EXPERT if who.expert_id == found.expert_id else None
    if found.state == SeriesState.DRAFT:
        return None
    if who.kind is AccountKind.OPERATOR:
        return Party.OPERATOR
    return Party.CLIENT if who.client_id is not None and who.client_id == found.client_id else None
