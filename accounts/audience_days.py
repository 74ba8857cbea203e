"""The audience by day: single impressions and views while they are kept, sums of each day afterwards.

An impression or a view is in exactly one of the two: whoever folds a day adds its rows to the sums and drops them in
one transaction. Days are those of `ZONE`.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.audiences import KEPT_FOR
from accounts.models.audiences import AudienceDay, Impression, ResultPage, View
from foundation.database import Database, insert

ZONE = ZoneInfo("Europe/Paris")
"""Whose days are counted: sums can't be cut at another midnight any more."""
COUNTS = ("impressions", "repeated_impressions", "views", "repeated_views")


def fold(database: Database, at: datetime) -> None:
    """Turn what is older than `KEPT_FOR` into sums by day, a transaction a day, and drop it."""
    last = (at - KEPT_FOR).astimezone(ZONE).date()
    while (day := _oldest_day(database)) is not None and day < last:
        database.write(partial(_fold_day, day=day))


def by_day(session: Session, expert_id: str, first: date, last: date, zone: tzinfo = ZONE) -> list[AudienceDay]:
    """Return an expert's audience on each day from `first` to `last` that had one, by kind of visitor.

    `zone` is whole hours from UTC, and says whose days; those that are sums already stay the days of `ZONE`.
    """
    summed = select(AudienceDay).where(
        col(AudienceDay.expert_id) == expert_id, col(AudienceDay.day) >= first, col(AudienceDay.day) <= last
    )
    found: dict[tuple[date, str], AudienceDay] = {}
    begin, end = span(first, last, zone)
    for row in (*session.execute(summed).scalars(), *_summed(session, begin, end, zone, expert_id)):
        total = found.setdefault(
            (row.day, row.visitor_kind),
            AudienceDay(expert_id=expert_id, day=row.day, visitor_kind=row.visitor_kind),
        )
        for name in COUNTS:
            setattr(total, name, getattr(total, name) + getattr(row, name))
    return [found[key] for key in sorted(found)]


def span(first: date, last: date, zone: tzinfo = ZONE) -> tuple[datetime, datetime]:
    """Return when some days begin and end, in UTC; the end is outside."""
    begin, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)


def within(column: Any, begin: datetime, end: datetime) -> Any:
    """Return the condition that an instant lies in a span."""
    return (column >= begin) & (column < end)


def _fold_day(session: Session, *, day: date) -> None:
    begin, end = span(day, day)
    rows = [row.model_dump() for row in _summed(session, begin, end, ZONE)]
    if rows:
        # What came late, after its day was folded, is added.
        statement = insert(session, AudienceDay)
        added = {name: col(getattr(AudienceDay, name)) + statement.excluded[name] for name in COUNTS}
        keys = ["expert_id", "day", "visitor_kind"]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=added), rows)
    pages = select(col(ResultPage.id)).where(within(col(ResultPage.shown_at), begin, end))
    session.execute(delete(Impression).where(col(Impression.query_id).in_(pages)))
    session.execute(delete(ResultPage).where(within(col(ResultPage.shown_at), begin, end)))
    session.execute(delete(View).where(within(col(View.viewed_at), begin, end)))


def _oldest_day(database: Database) -> date | None:
    with database.reading() as session:
        oldest: list[datetime | None] = [
            session.execute(select(func.min(column))).scalar_one()
            for column in (col(ResultPage.shown_at), col(View.viewed_at))
        ]
    return min((at.astimezone(ZONE).date() for at in oldest if at is not None), default=None)


def _summed(
    session: Session, begin: datetime, end: datetime, zone: tzinfo, expert_id: str | None = None
) -> list[AudienceDay]:
    """Return sums of single impressions and views in a span of time, by expert, day and kind of visitor."""
    shown = (
        select(*_group(session, Impression, ResultPage, col(ResultPage.shown_at)))
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(within(col(ResultPage.shown_at), begin, end))
    )
    viewed = select(*_group(session, View, View, col(View.viewed_at))).where(within(col(View.viewed_at), begin, end))
    found: dict[tuple[str, date, str], AudienceDay] = {}
    for statement, table, name in ((shown, Impression, "impressions"), (viewed, View, "views")):
        if expert_id is not None:
            statement = statement.where(col(table.expert_id) == expert_id)  # noqa: PLW2901
        rows: Any = session.execute(statement.group_by("expert", "hour", "kind"))
        for expert, hour, kind, count, repeated in rows:
            day = datetime.strptime(f"{hour} +0000", "%Y-%m-%d %H %z").astimezone(zone).date()
            row = found.setdefault((expert, day, kind), AudienceDay(expert_id=expert, day=day, visitor_kind=kind))
            setattr(row, name, getattr(row, name) + count - repeated)
            setattr(row, f"repeated_{name}", getattr(row, f"repeated_{name}") + repeated)
    return list(found.values())


def _group(session: Session, table: Any, visited: Any, at: Any) -> list[Any]:
    """Return columns to group by hour: SQLite knows no time zones, and days begin on an hour."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    hour = func.to_char(func.timezone("UTC", at), "YYYY-MM-DD HH24") if is_postgresql else func.substr(at, 1, 13)
    return [
        col(table.expert_id).label("expert"),
        hour.label("hour"),
        col(visited.visitor_kind).label("kind"),
        func.count(),
        func.sum(case((col(table.is_repeated), 1), else_=0)),
    ]
