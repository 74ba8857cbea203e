"""The audience: whom results showed, and whose page was opened (mission row S5).

Every showing counts, but one that repeats what the same visitor saw within half an hour is kept apart. A visitor is
a key made of a day's secret, address and browser: it says "the same as before" for a day and nothing afterwards, and
no address is kept. Bots and the expert's own visits are left out before anything comes here.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from accounts.models.audiences import AudienceDay, Impression, ResultPage, View, VisitorKind, VisitorSalt
from accounts.models.experts import Expert
from accounts.models.findings import Approach
from foundation.database import insert

REPEATED_WITHIN = timedelta(minutes=30)
KEPT_FOR = timedelta(days=90)
"""For how long single impressions and views are kept: afterwards there are only sums of each day."""
SALTS_KEPT_FOR = timedelta(days=1)
LONGEST_QUERY = 200
MOST_PLACES = 10
CHUNK = 500

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Shown:
    """An expert on a page of results; fields as in `Impression`."""

    expert_id: str
    position: int
    base: float
    score: float
    treatment: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Showing:
    """A page of results that somebody saw; fields as in `ResultPage`."""

    query_id: str
    shown_at: datetime
    query: str
    draw_key: str
    profile_id: str
    arm: str
    holdout_percent: int
    visitor_kind: VisitorKind
    visitor_key: str
    experts: tuple[Shown, ...]
    canary_id: str | None = None
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Viewing:
    """An expert's page that somebody opened; fields as in `View`."""

    id: str
    expert_id: str
    viewed_at: datetime
    query_id: str | None
    visitor_kind: VisitorKind
    visitor_key: str


@dataclass(frozen=True, slots=True)
class Audience:
    """What was seen since the last time, in the order in which it was."""

    showings: tuple[Showing, ...] = ()
    viewings: tuple[Viewing, ...] = ()


Seen = dict[tuple[str, str], list[datetime]]
"""When a visitor saw an expert, by key and id."""


def query_id(given: str) -> str | None:
    """Return a query id as it was given out; None for anything else that an address may say."""
    try:
        return str(UUID(given)) if len(given) == 36 else None
    except ValueError:
        return None


def visitor_key(salt: str, address: str, agent: str) -> str:
    """Return the same key for the same visitor on one day."""
    return hashlib.blake2b(f"{address}\n{agent}".encode(), digest_size=16, key=bytes.fromhex(salt)).hexdigest()


def salt_of(session: Session, day: date) -> str:
    """Return a day's secret, made by whoever asks first; those of days gone by are dropped."""
    statement = select(col(VisitorSalt.salt)).where(col(VisitorSalt.used_on) == day)
    sweep_salts(session, day)
    _insert(session, VisitorSalt, [{"used_on": day, "salt": secrets.token_hex(32)}])
    return session.execute(statement).scalar_one()


def sweep_salts(session: Session, day: date) -> None:
    """Drop the secrets of days before yesterday: no visitor of theirs can be told from another any more."""
    session.execute(delete(VisitorSalt).where(col(VisitorSalt.used_on) < day - SALTS_KEPT_FOR))


def record(session: Session, audience: Audience) -> None:
    """Keep what was seen; what is kept already changes nothing, so that a buffer may hand it over twice."""
    known = _known(session, audience)
    showings = sorted(audience.showings, key=lambda showing: showing.shown_at)
    viewings = sorted(audience.viewings, key=lambda viewing: viewing.viewed_at)
    seen = _shown_before(session, showings)
    impressions = [
        {
            "query_id": showing.query_id,
            "expert_id": shown.expert_id,
            "position": shown.position,
            "base": shown.base,
            "score": shown.score,
            "treatment": shown.treatment,
            "team": shown.team,
            "is_repeated": _is_repeated(seen, showing.visitor_key, shown.expert_id, showing.shown_at),
        }
        for showing in showings
        for shown in showing.experts
        if shown.expert_id in known
    ]
    seen = _viewed_before(session, viewings)
    views = [
        asdict(viewing)
        | {
            "visitor_kind": viewing.visitor_kind.value,
            "is_repeated": _is_repeated(seen, viewing.visitor_key, viewing.expert_id, viewing.viewed_at),
        }
        for viewing in viewings
        if viewing.expert_id in known
    ]
    _insert(session, ResultPage, [_page_row(showing) for showing in showings])
    _insert(session, Impression, impressions)
    _insert(session, View, views)


def forget(session: Session, expert_ids: Collection[str]) -> None:
    """Drop all that is kept of some experts' audience."""
    for table in (Impression, View, AudienceDay, Approach):
        session.execute(delete(table).where(col(table.expert_id).in_(list(expert_ids))))


def _known(session: Session, audience: Audience) -> set[str]:
    """Return which experts exist: one may have been removed since it was seen."""
    ids = {shown.expert_id for showing in audience.showings for shown in showing.experts}
    ids |= {viewing.expert_id for viewing in audience.viewings}
    found: set[str] = set()
    for chunk in _chunks(sorted(ids)):
        found |= set(session.execute(select(col(Expert.id)).where(col(Expert.id).in_(chunk))).scalars())
    return found


def _shown_before(session: Session, showings: Sequence[Showing]) -> Seen:
    if not showings:
        return {}
    keys = {showing.visitor_key for showing in showings}
    pairs = (
        select(col(ResultPage.visitor_key), col(Impression.expert_id))
        .select_from(ResultPage)
        .join(Impression, col(Impression.query_id) == col(ResultPage.id))
    )
    return _seen(session, pairs, col(ResultPage.visitor_key), col(ResultPage.shown_at), keys, showings[0].shown_at)


def _viewed_before(session: Session, viewings: Sequence[Viewing]) -> Seen:
    if not viewings:
        return {}
    keys = {viewing.visitor_key for viewing in viewings}
    pairs = select(col(View.visitor_key), col(View.expert_id))
    return _seen(session, pairs, col(View.visitor_key), col(View.viewed_at), keys, viewings[0].viewed_at)


def _seen(session: Session, pairs: Any, key: Any, at: Any, keys: Collection[str], since: datetime) -> Seen:
    """Return when visitors saw whom: of all that came before `since`, when a batch begins, only the last time counts.

    An office behind one address may have seen thousands within half an hour.
    """
    seen: Seen = {}
    for chunk in _chunks(sorted(keys)):
        before = (
            pairs.add_columns(func.max(at))
            .where(at < since, at >= since - REPEATED_WITHIN)
            .group_by(*pairs.selected_columns)
        )
        meanwhile = pairs.add_columns(at).where(at >= since)
        for statement in (before, meanwhile):
            rows: Any = session.execute(statement.where(key.in_(chunk)))
            for visitor, expert_id, seen_at in rows:
                seen.setdefault((visitor, expert_id), []).append(seen_at)
    return seen


def _is_repeated(seen: Seen, key: str, expert_id: str, at: datetime) -> bool:
    """Tell whether the visitor saw the expert within the last half hour, and remember that it does now."""
    times = seen.setdefault((key, expert_id), [])
    is_repeated = any(at - REPEATED_WITHIN <= earlier < at for earlier in times)
    times.append(at)
    return is_repeated


def _page_row(showing: Showing) -> dict[str, Any]:
    return {
        "id": showing.query_id,
        "shown_at": showing.shown_at,
        "query": showing.query[:LONGEST_QUERY].replace("\0", "") or None,
        "places": ",".join(showing.places[:MOST_PLACES]) or None,
        "draw_key": showing.draw_key,
        "profile_id": showing.profile_id,
        "arm": showing.arm,
        "canary_id": showing.canary_id,
        "holdout_percent": showing.holdout_percent,
        "visitor_kind": showing.visitor_kind.value,
        "visitor_key": showing.visitor_key,
    }


def _insert(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Add rows; those that are there already stay as they are."""
    for chunk in _chunks(rows):
        # With its nulls, all rows are one statement: the ORM makes one of each run of rows that lack the same columns.
        statement = insert(session, table).on_conflict_do_nothing().execution_options(render_nulls=True)
        session.execute(statement, list(chunk))


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
