import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.requests import Parameters
from web.pages import addresses


@pytest.mark.parametrize(
    ("page", "last", "shown"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 9, [1, 2, 3, None, 9]),
        (5, 9, [1, None, 3, 4, 5, 6, 7, None, 9]),
        (9, 9, [1, None, 7, 8, 9]),
    ],
)
def test_pages_are_linked_around_the_present_one(page: int, last: int, shown: list[int | None]) -> None:
    assert addresses.page_numbers(page, last) == shown


@given(st.data())
def test_first_present_and_last_page_are_always_linked_in_order(data: st.DataObject) -> None:
    last = data.draw(st.integers(1, 500))
    page = data.draw(st.integers(1, last))
    numbers = [number for number in addresses.page_numbers(page, last) if number is not None]
    assert {1, page, last} <= set(numbers)
    assert numbers == sorted(set(numbers))


def test_a_link_leaves_out_what_is_at_its_default_and_the_language() -> None:
    parameters = Parameters(q="", page=1, lang="en", explain=True)
    assert addresses.pairs(parameters) == []


def test_a_link_carries_every_other_parameter() -> None:
    parameters = Parameters(
        q="vin", country=["FR", "IT"], max_day_rate=1_000_000, available_by="2026-12-01", boost=False, page=2
    )
    assert addresses.pairs(parameters) == [
        ("q", "vin"),
        ("country", "FR"),
        ("country", "IT"),
        ("max_day_rate", "1000000"),
        ("available_by", "2026-12-01"),
        ("boost", "false"),
        ("page", "2"),
    ]


@given(st.integers(1, 100_000_000))
def test_a_rate_survives_its_link(cents: int) -> None:
    carried = dict(addresses.pairs(Parameters(max_day_rate=cents / 100)))["max_day_rate"]
    assert float(carried) == cents / 100
