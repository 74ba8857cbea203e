from collections.abc import Iterator

import pytest

from foundation.pipelines import prefetch


def test_items_come_in_order_and_one_at_most_is_made_ahead() -> None:
    made: list[int] = []

    def making() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    for used in prefetch(making()):
        assert len(made) <= used + 2
    assert made == list(range(5))


def test_what_making_an_item_raises_is_raised_where_items_are_used() -> None:
    def making() -> Iterator[int]:
        yield 1
        raise ValueError("no second one")

    found: list[int] = []
    with pytest.raises(ValueError, match="no second one"):
        found.extend(prefetch(making()))
    assert found == [1]
