"""Doing two things at once: the next piece of work is made while somebody waits for the last one to be taken."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items in their order; each is made, in a thread, while the one before it is used.

    One at most is made ahead. What making one raises is raised here.
    """
    left = iter(items)
    with ThreadPoolExecutor(1, "prefetch") as maker:
        coming = maker.submit(_next, left)
        while found := coming.result():
            coming = maker.submit(_next, left)
            yield found[0]


def _next(left: Iterator[Item]) -> tuple[Item] | None:
    """Return the next item alone in a tuple, or None after the last."""
    for item in left:
        return (item,)
    return None
