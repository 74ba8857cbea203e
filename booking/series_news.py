"""Telling the two sides of a series what happened to it: by mail, and in their thread (mission row S18)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.models.accounts import Client
from accounts.models.experts import Expert
from booking import news, threads
from booking.lifecycle import Party
from booking.models.missions import Series
from booking.models.quotes import Quote, QuoteVersion
from booking.thread_lines import Line


def sent(session: Session, series: Series, first: Quote, versions: Sequence[QuoteVersion], *, at: datetime) -> None:
    """Tell the client of months that were proposed, in one mail; somebody without account was mailed a link."""
    if first.client_id is None:
        return
    news.tell_client(
        session, first.client_id, "months_proposed", key=f"{series.id} {first.number}", at=at,
        counterpart=_expert(session, series), number=str(len(versions)), day=versions[0].valid_until,
        amount_cents=sum(version.gross_cents for version in versions), currency=versions[0].currency,
        **_about(series),
    )  # fmt: skip
    say(session, series, Line.MONTHS_PROPOSED, at=at)


def stopped(session: Session, series: Series, by: Party, last: date, reason: str, *, at: datetime) -> None:
    """Tell both sides that nothing goes on after a day; whoever stopped it has it confirmed."""
    told: dict[str, Any] = {"day": last, "note": reason, "key": f"{series.id} {last}", "at": at, **_about(series)}
    own, other = "series_stopped_own", "series_stopped"
    code = own if by is Party.EXPERT else other
    news.tell_expert(session, series.expert_id, code, counterpart=_client(session, series), **told)
    if series.client_id:
        code = own if by is Party.CLIENT else other
        news.tell_client(session, series.client_id, code, counterpart=_expert(session, series), **told)
    say(session, series, Line.SERIES_STOPPED, at=at)


def say(session: Session, series: Series, line: Line, *, at: datetime) -> None:
    """Have the thread of the two sides say what happened; there is none yet with somebody without account."""
    if series.client_id:
        thread = threads.between(session, series.client_id, series.expert_id, at=at)
        threads.say(session, thread.id, line, title=series.title, path=path_of(series), at=at)


def path_of(series: Series) -> str:
    """Return the address of a series' page."""
    return f"/series/{series.id}"


def _about(series: Series) -> dict[str, Any]:
    return {"title": series.title, "path": path_of(series)}


def _expert(session: Session, series: Series) -> str:
    expert = session.get(Expert, series.expert_id)
    return expert.name if expert else ""


def _client(session: Session, series: Series) -> str:
    client = session.get(Client, series.client_id) if series.client_id else None
    return client.name if client else ""
