"""Stopping a series from a month on, in one step: what waits is taken back, what is unpaid is cancelled (S18, S25).

A month that has begun goes to its end. One that is paid for and has not begun goes on as any mission does: its money
goes back when the expert agrees; it doesn't begin by itself.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from accounts.sign_ins import SignedIn
from billing import reductions
from booking import missions, series_news, series_rows
from booking.lifecycle import QUOTES, SERIES, MissionState, Party, QuoteEvent, QuoteState, SeriesEvent
from booking.models.missions import Series
from booking.models.quotes import Quote
from booking.news import BUYERS
from booking.series_plans import DAY
from booking.series_rows import Month
from foundation import audits, lifecycles
from foundation.errors import Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate

UNSTARTED = (MissionState.AWAITING_FUNDS, MissionState.FUNDED)


def stoppable(series: Series, months: Sequence[Month]) -> list[Month]:
    """Return the months from which on a series may be stopped: those that wait for an answer or have not begun. Pure.

    One that was stopped already can only be stopped earlier.
    """
    last = series.stops_after
    return [month for month in months if _is_ahead(month) and (last is None or (month.first or last) <= last)]


def stop(
    session: Session,
    who: SignedIn,
    series_id: str,
    first_quote_id: str,
    reason: str,
    language: Language,
    *,
    at: datetime,
) -> None:
    """Stop a series from a month on, for either side; raise Invalid for a month that has begun, Refused once over."""
    _, party = series_rows.seen_by(session, who, series_id)
    if party is Party.OPERATOR or (party is Party.CLIENT and who.role not in BUYERS):
        raise NotFound("the two sides stop a series; of a client's people, owners and buyers")
    found = series_rows.hold(session, series_id)
    SERIES.after(SERIES.state(found.state), SeriesEvent.STOP, party)
    ahead = stoppable(found, series_rows.months(session, series_id))
    first = next((month for month in ahead if month.quote.id == first_quote_id), None)
    if first is None or first.first is None:
        said = message("Please choose a month that has not begun yet.")
        raise Invalid([Fault("from", "refused", translate(language, said))])
    for month in ahead:
        if month.first and month.first >= first.first:
            _drop(session, who, month, party, reason, at)
    last = first.first - DAY
    lifecycles.move(
        session, SERIES, found, SeriesEvent.STOP, party, actor=who.actor, at=at, reason=reason, stops_after=last
    )
    audits.record(session, who.actor, "stopped_series", "series", found.id, at=at)
    series_news.stopped(session, found, party, last, reason, at=at)


def _is_ahead(month: Month) -> bool:
    if month.first is None:
        return False
    if month.mission:
        return month.mission.state in UNSTARTED and month.mission.started_at is None
    return month.state is QuoteState.SENT


def _drop(session: Session, who: SignedIn, month: Month, party: Party, reason: str, at: datetime) -> None:
    """Take one month back, as far as it may be without the other side."""
    if month.mission:
        mission = missions.take_any(session, month.mission.id)
        if mission.state == MissionState.AWAITING_FUNDS:
            missions.call_off(session, mission, party, actor=who.actor, at=at, reason=reason)
        return
    quote = session.get_one(Quote, month.quote.id, with_for_update=True, populate_existing=True)
    if party is Party.CLIENT:
        event, said = QuoteEvent.DECLINE, {"decline_reason": reason}
    else:
        event, said = QuoteEvent.WITHDRAW, {}
    lifecycles.move(
        session, QUOTES, quote, event, party, actor=who.actor, at=at, reason=reason,
        decided_at=at, changed_at=at, **said,
    )  # fmt: skip
    reductions.give_back(session, quote.id, at)
