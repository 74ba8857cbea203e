from datetime import date, timedelta

import pytest

from foundation.database import Database
from search_api import empties, requests
from search_api.empties import EmptySearch
from tests.builders import Directory

TODAY = date(2026, 11, 25)


def noted(few: Directory, **parameters: object) -> EmptySearch | None:
    request = few.request(**parameters)
    return empties.noted(request, few.searcher().find(request))


def test_a_search_that_finds_somebody_is_not_noted(few: Directory) -> None:
    assert noted(few, q="douane") is None
    assert noted(few, q="douane", page=9) is None
    assert noted(few) is None


def test_a_search_that_finds_nobody_is_noted_as_it_is_read(few: Directory) -> None:
    assert noted(few, q="  Zzyzx   QWERTZ ") == EmptySearch("zzyzx qwertz", "")


def test_the_filters_that_emptied_it_are_noted_in_one_order(few: Directory) -> None:
    both = [noted(few, q="douane", country=codes, language=["zu"], size=50) for codes in (["PE", "CL"], ["CL", "PE"])]
    assert both == [EmptySearch("douane", "country=CL&country=PE&language=zu")] * 2


def test_a_currency_counts_only_beside_a_rate(few: Directory) -> None:
    assert noted(few, country=["PE"], currency="USD") == EmptySearch("", "country=PE")
    assert noted(few, country=["PE"], currency="USD", max_day_rate=9) == EmptySearch(
        "", "country=PE&currency=USD&max_day_rate=9.0"
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("qwertz jean.dupont@example.org zzyzx", "qwertz … zzyzx"),
        ("zzyzx +33 6 12 34 56 78", "zzyzx …"),
        ("zzyzx 0612345678 qwertz", "zzyzx … qwertz"),
        ("zzyzx https://example.org/me", "zzyzx …"),
        ("zzyzx iso 9001", "zzyzx iso 9001"),
    ],
)
def test_what_tells_who_somebody_is_is_taken_out(few: Directory, typed: str, kept: str) -> None:
    assert noted(few, q=typed, country=["PE"]) == EmptySearch(kept, "country=PE")


def test_a_brief_is_cut(few: Directory) -> None:
    found = noted(few, q="zzyzx " * 100, country=["PE"])
    assert found is not None
    assert len(found.query) <= empties.LONGEST_CHARACTERS + 2
    assert found.query.endswith("zzyzx …")


def test_what_is_kept_can_be_searched_again(few: Directory) -> None:
    kept = noted(few, q="douane", country=["PE"], max_day_rate=500, available_by="2027-01-01", currency="USD")
    assert kept is not None
    again = few.request(q=kept.query, **requests.parse(kept.filters))
    wanted = few.request(q="douane", country=["PE"], max_day_rate=500, available_by="2027-01-01", currency="USD")
    assert (again.q, again.filters) == (wanted.q, wanted.filters)


def add(database: Database, on: date, *searches: EmptySearch) -> None:
    database.write(lambda session: empties.add(session, searches, on))


def test_searches_are_counted_over_days_most_frequent_first(database: Database) -> None:
    one, other = EmptySearch("one", ""), EmptySearch("other", "country=PE")
    add(database, TODAY - timedelta(days=1), one, other, one)
    add(database, TODAY, other, other)
    with database.reading() as session:
        found = empties.most_frequent(session, since=TODAY - timedelta(days=7), limit=10)
        lately = empties.most_frequent(session, since=TODAY, limit=10)
        first = empties.most_frequent(session, since=TODAY - timedelta(days=7), limit=1)
    assert [(item.search, item.count, item.last_on) for item in found] == [
        (other, 3, TODAY),
        (one, 2, TODAY - timedelta(days=1)),
    ]
    assert [(item.search, item.count) for item in lately] == [(other, 2)]
    assert [item.search for item in first] == [other]


def test_days_long_past_are_forgotten(database: Database) -> None:
    add(database, TODAY - timedelta(days=empties.KEPT_DAYS + 1), EmptySearch("old", ""))
    add(database, TODAY, EmptySearch("new", ""))
    with database.reading() as session:
        found = empties.most_frequent(session, since=date(2020, 1, 1), limit=10)
    assert [item.search.query for item in found] == ["new"]
