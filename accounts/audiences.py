"""The audience: whom results showed, and whose page was opened (mission row S5).

Every showing counts, but one that repeats what the same visitor saw within half an hour is kept apart. A visitor is
a key made of a day's secret, address and browser: it says "the same as before" for a day and nothing afterwards, and
no address is kept. Bots and the expert's own visits are left out before anything comes here.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from accounts.models.audiences import AudienceDay, Impression, ResultPage, View, VisitorKind, VisitorSalt
from accounts.models.experts import Expert
from foundation.database import Database, insert

REPEATED_WITHIN = timedelta(minutes=30)
KEPT_FOR = timedelta(days=90)
"""For how long single impressions and views are kept: afterwards there are only sums of each day."""
SALTS_KEPT_FOR = timedelta(days=1)
LONGEST_QUERY = 200
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
        asdict(shown)
        | {
            "query_id": showing.query_id,
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


def fold(database: Database, at: datetime) -> None:
    """Turn what is older than `KEPT_FOR` into sums by day, a transaction a day, and drop it."""
    last = (at - KEPT_FOR).date()
    while (day := _oldest_day(database)) is not None and day < last:
        database.write(partial(_fold_day, day=day))


def forget(session: Session, expert_ids: Collection[str]) -> None:
    """Drop all that is kept of some experts' audience."""
    for table in (Impression, View, AudienceDay):
        session.execute(delete(table).where(col(table.expert_id).in_(list(expert_ids))))


def by_day(session: Session, expert_id: str, first: date, last: date) -> list[AudienceDay]:
    """Return an expert's audience on each day from `first` to `last` that had one, by kind of visitor."""
    summed = select(AudienceDay).where(
        col(AudienceDay.expert_id) == expert_id, col(AudienceDay.day) >= first, col(AudienceDay.day) <= last
    )
    found = list(session.execute(summed).scalars())
    begin, end = _instants(first, last)
    found.extend(_summed(session, begin, end, expert_id))
    return sorted(found, key=lambda item: (item.day, item.visitor_kind))


def _fold_day(session: Session, *, day: date) -> None:
    begin, end = _instants(day, day)
    _insert(session, AudienceDay, [row.model_dump() for row in _summed(session, begin, end)])
    pages = select(col(ResultPage.id)).where(_within(col(ResultPage.shown_at), begin, end))
    session.execute(delete(Impression).where(col(Impression.query_id).in_(pages)))
    session.execute(delete(ResultPage).where(_within(col(ResultPage.shown_at), begin, end)))
    session.execute(delete(View).where(_within(col(View.viewed_at), begin, end)))


def _oldest_day(database: Database) -> date | None:
    with database.reading() as session:
        oldest: list[datetime | None] = [
            session.execute(select(func.min(column))).scalar_one()
            for column in (col(ResultPage.shown_at), col(View.viewed_at))
        ]
    return min((at.date() for at in oldest if at is not None), default=None)


def _summed(session: Session, begin: datetime, end: datetime, expert_id: str | None = None) -> list[AudienceDay]:
    """Return sums of single impressions and views in a span of time, by expert, day and kind of visitor."""
    shown = (
        select(*_group(session, Impression, ResultPage, col(ResultPage.shown_at)))
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(_within(col(ResultPage.shown_at), begin, end))
    )
    viewed = select(*_group(session, View, View, col(View.viewed_at))).where(_within(col(View.viewed_at), begin, end))
    found: dict[tuple[str, date, str], AudienceDay] = {}
    for statement, table, name in ((shown, Impression, "impressions"), (viewed, View, "views")):
        if expert_id is not None:
            statement = statement.where(col(table.expert_id) == expert_id)  # noqa: PLW2901
        rows: Any = session.execute(statement.group_by("expert", "day", "kind"))
        for expert, said_day, kind, count, repeated in rows:
            day = date.fromisoformat(str(said_day))
            row = found.setdefault((expert, day, kind), AudienceDay(expert_id=expert, day=day, visitor_kind=kind))
            setattr(row, name, count - repeated)
            setattr(row, f"repeated_{name}", repeated)
    return list(found.values())


def _group(session: Session, table: Any, visited: Any, at: Any) -> list[Any]:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    return [
        col(table.expert_id).label("expert"),
        func.date(func.timezone("UTC", at) if is_postgresql else at).label("day"),
        col(visited.visitor_kind).label("kind"),
        func.count(),
        func.sum(case((col(table.is_repeated), 1), else_=0)),
    ]


def _known(session: Session, audience: Audience) -> set[str]:
    """Return which experts exist: one may have been removed since it was seen."""
    ids = {shown.expert_id for showing in audience.showings for shown in showing.experts}
    ids |= {viewing.expert_id for viewing in audience.viewings}
    found: set[str] = set()
    for chunk in _chunks(sorted(ids)):
        found |= set(session.execute(select(col(Expert.id)).where(col(Expert.id).in_(chunk))).scalars())
    return found


def _shown_before(session: Session, showings: Sequence[Showing]) -> Seen:
    seen: Seen = {}
    for chunk in _chunks(sorted({showing.visitor_key for showing in showings})):
        statement = (
            select(col(ResultPage.visitor_key), col(Impression.expert_id), col(ResultPage.shown_at))
            .join(Impression, col(Impression.query_id) == col(ResultPage.id))
            .where(
                col(ResultPage.visitor_key).in_(chunk),
                col(ResultPage.shown_at) >= showings[0].shown_at - REPEATED_WITHIN,
            )
        )
        for key, expert_id, at in session.execute(statement):
            seen.setdefault((key, expert_id), []).append(at)
    return seen


def _viewed_before(session: Session, viewings: Sequence[Viewing]) -> Seen:
    seen: Seen = {}
    for chunk in _chunks(sorted({viewing.visitor_key for viewing in viewings})):
        statement = select(col(View.visitor_key), col(View.expert_id), col(View.viewed_at)).where(
            col(View.visitor_key).in_(chunk), col(View.viewed_at) >= viewings[0].viewed_at - REPEATED_WITHIN
        )
        for key, expert_id, at in session.execute(statement):
            seen.setdefault((key, expert_id), []).append(at)
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
        session.execute(insert(session, table).on_conflict_do_nothing(), list(chunk))


def _within(column: Any, begin: datetime, end: datetime) -> Any:
    return (column >= begin) & (column < end)


def _instants(first: date, last: date) -> tuple[datetime, datetime]:
    """Return the span of some days in UTC; its end is outside."""
    begin = datetime.combine(first, time(), UTC)
    return begin, datetime.combine(last, time(), UTC) + timedelta(days=1)


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
