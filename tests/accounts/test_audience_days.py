from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlmodel import SQLModel

from accounts import audience_days, audience_spans, audiences
from accounts.audience_days import ZONE
from accounts.audience_spans import Counts
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.audiences import AudienceDay, Impression, ResultPage, View, VisitorKind
from accounts.models.experts import Expert
from foundation.database import Database
from tests.builders import database_of, import_all, record, settings_in

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 1), date(2026, 11, 30)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, list[str]]]:
    """Return a database and the ids of two experts."""
    folder: Path = tmp_path_factory.mktemp("days")
    database = database_of(settings_in(folder))
    import_all(database, [record("A"), record("B")])
    with database.reading() as session:
        yield database, list(session.execute(select(Expert.id).order_by(Expert.ref)).scalars())
    database.close()


def empty(database: Database) -> None:
    with database.writing() as session:
        for table in (Impression, View, ResultPage, AudienceDay):
            session.execute(delete(table))


def showing(ids: list[str], at: datetime, kind: VisitorKind = VisitorKind.ANONYMOUS, visitor: str = "v") -> Showing:
    shown = tuple(Shown(expert_id, position, 0.5, 0.5) for position, expert_id in enumerate(ids, start=1))
    return Showing(str(uuid4()), at, "douane", "k", "rp", "live", 4, kind, visitor, shown)


def viewing(expert_id: str, at: datetime, kind: VisitorKind = VisitorKind.COMPANY, visitor: str = "v") -> Viewing:
    return Viewing(str(uuid4()), expert_id, at, None, kind, visitor)


def keep(database: Database, *seen: Showing | Viewing) -> None:
    showings = tuple(item for item in seen if isinstance(item, Showing))
    viewings = tuple(item for item in seen if isinstance(item, Viewing))
    database.write(lambda session: audiences.record(session, Audience(showings, viewings)))


def read(database: Database, expert_id: str, first: date = FIRST, last: date = LAST) -> list[AudienceDay]:
    with database.reading() as session:
        return audience_days.by_day(session, expert_id, first, last)


def count(database: Database, table: type[SQLModel]) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


Seen = tuple[str, int, VisitorKind, str]
"""A page of results or a view, how many minutes ago, by whom."""
SEEN: st.SearchStrategy[Seen] = st.tuples(
    st.sampled_from(["page", "view"]),
    st.builds(
        lambda days, minutes: days * 24 * 60 + minutes, st.sampled_from([0, 89, 90, 91, 120]), st.integers(0, 99)
    ),
    st.sampled_from(list(VisitorKind)),
    st.sampled_from(["v", "w"]),
)
BATCH = st.lists(SEEN, min_size=1, max_size=5)
STEPS = st.lists(st.one_of(BATCH, st.just("fold")), max_size=8)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_was_recorded_is_in_one_day_whenever_it_is_folded(
    kept: tuple[Database, list[str]], steps: list[list[Seen] | str]
) -> None:
    database, ids = kept
    empty(database)
    expected: Counter[tuple[str, date, str, str]] = Counter()
    for step in steps:
        if isinstance(step, str):
            audience_days.fold(database, NOW)
            continue
        batch: list[Showing | Viewing] = []
        for what, minutes, kind, visitor in step:
            at = NOW - timedelta(minutes=minutes)
            day = at.astimezone(ZONE).date()
            if what == "page":
                batch.append(showing(ids, at, kind, visitor))
                expected.update((expert_id, day, kind.value, "impressions") for expert_id in ids)
            else:
                batch.append(viewing(ids[0], at, kind, visitor))
                expected[ids[0], day, kind.value, "views"] += 1
        keep(database, *batch)
    found: Counter[tuple[str, date, str, str]] = Counter()
    for expert_id in ids:
        for row in read(database, expert_id):
            found[expert_id, row.day, row.visitor_kind, "impressions"] += row.impressions + row.repeated_impressions
            found[expert_id, row.day, row.visitor_kind, "views"] += row.views + row.repeated_views
    assert +found == +expected


def test_a_day_has_one_row_a_kind_though_part_of_it_is_folded(kept: tuple[Database, list[str]]) -> None:
    database, ids = kept
    empty(database)
    old = NOW - timedelta(days=120)
    keep(database, showing(ids, old))
    audience_days.fold(database, NOW)
    keep(database, showing(ids, old + timedelta(hours=1)))
    (row,) = read(database, ids[0])
    assert row.impressions == 2
    audience_days.fold(database, NOW)
    assert (count(database, Impression), [row.impressions for row in read(database, ids[0])]) == (0, [2])


@pytest.mark.parametrize("is_folded", [False, True])
def test_days_end_at_midnight_in_paris_in_summer_and_winter(kept: tuple[Database, list[str]], is_folded: bool) -> None:
    database, ids = kept
    empty(database)
    summer, winter = datetime(2026, 7, 14, 21, 59, tzinfo=UTC), datetime(2026, 3, 2, 22, 59, tzinfo=UTC)
    for last_minute in (summer, winter):
        keep(database, showing(ids, last_minute), showing(ids, last_minute + timedelta(minutes=1), visitor="w"))
    if is_folded:
        audience_days.fold(database, NOW)
    assert [row.day for row in read(database, ids[0])] == [
        date(2026, 3, 2), date(2026, 3, 3), date(2026, 7, 14), date(2026, 7, 15)
    ]  # fmt: skip
    assert [row.day for row in read(database, ids[0], date(2026, 7, 15), date(2026, 7, 15))] == [date(2026, 7, 15)]


def test_single_impressions_are_cut_by_another_zone_if_asked(kept: tuple[Database, list[str]]) -> None:
    database, ids = kept
    empty(database)
    keep(database, showing(ids, datetime(2026, 11, 20, 23, 30, tzinfo=UTC)))
    with database.reading() as session:
        tokyo = audience_days.by_day(session, ids[0], FIRST, LAST, timezone(timedelta(hours=9)))
        utc = audience_days.by_day(session, ids[0], FIRST, LAST, UTC)
    assert [row.day for row in (*tokyo, *utc)] == [date(2026, 11, 21), date(2026, 11, 20)]


def row(day: date, kind: VisitorKind, **counts: int) -> AudienceDay:
    return AudienceDay(expert_id="e", day=day, visitor_kind=kind.value, **counts)


def test_days_without_anybody_are_there_and_kinds_stay_apart() -> None:
    day = date(2026, 11, 2)
    rows = [row(day, VisitorKind.COMPANY, impressions=2, repeated_impressions=1), row(day, VisitorKind.EXPERT, views=3)]
    spans = audience_spans.days(rows, day - timedelta(days=1), day + timedelta(days=1))
    assert [span.first for span in spans] == [date(2026, 11, 1), day, date(2026, 11, 3)]
    assert spans[0].total == spans[2].total == Counts()
    assert spans[1].kinds[VisitorKind.COMPANY] == Counts(2, 1, 0, 0)
    assert spans[1].kinds[VisitorKind.EXPERT] == Counts(views=3)
    assert spans[1].total == Counts(2, 1, 3, 0)


@given(first=st.dates(date(2026, 1, 1), date(2026, 3, 1)), length=st.integers(1, 100), seen=st.sets(st.integers(0, 99)))
def test_weeks_hold_what_their_days_do_and_begin_on_mondays(first: date, length: int, seen: set[int]) -> None:
    last = first + timedelta(days=length - 1)
    rows = [
        row(first + timedelta(days=number), VisitorKind.ANONYMOUS, impressions=number, views=1) for number in seen
        if number < length
    ]  # fmt: skip
    spans = audience_spans.days(rows, first, last)
    weeks = audience_spans.weeks(spans)
    assert audience_spans.total(weeks) == audience_spans.total(spans)
    assert (weeks[0].first, weeks[-1].last) == (first, last)
    assert all(week.first.weekday() == 0 for week in weeks[1:])
    assert all(one.last + timedelta(days=1) == other.first for one, other in pairwise(weeks))


def test_folded_rows_know_nothing_of_visitors_and_queries() -> None:
    assert set(AudienceDay.model_fields) == {
        "expert_id", "day", "visitor_kind", "impressions", "repeated_impressions", "views", "repeated_views"
    }  # fmt: skip
