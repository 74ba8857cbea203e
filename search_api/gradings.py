"""What to grade next: experts whom the live profile or one on trial puts first, in an order that says nothing.

A query has enough judgments when `ENOUGH` experts are graded for it: as many as nDCG@10 looks at. Which pair comes
next is drawn by a hash of author, query and expert, so that neither rank nor profile can be guessed from the order.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from search_api import requests
from search_api.judgment_records import Source
from search_api.models import JudgedQuery, Judgment
from search_api.requests import Parameters
from search_api.searches import Found, Ranked, Searcher

ENOUGH = 10
TOP = 10
REMEMBERED = 500
SEARCHED_AT_ONCE = 12
"""Queries that one page may search for: a page has to come in time."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A query with the experts that somebody has graded for it."""

    id: str
    text: str
    kind: str
    graded: frozenset[str]

    @property
    def is_done(self) -> bool:
        """Tell whether it has enough judgments."""
        return len(self.graded) >= ENOUGH


@dataclass(frozen=True, slots=True)
class Pair:
    """An expert to be graded for a query; `key` is its place in the author's order."""

    query: Waiting
    item: Ranked
    found: Found
    key: str


@dataclass(frozen=True, slots=True)
class Next:
    """The pair to grade, if one was found; else `start` says where to look on, None when everything was looked at."""

    pair: Pair | None
    start: str | None = None


class Pools:
    """Who is worth grading for each query, remembered for a while: searching again for each page would take long."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, ...], list[tuple[Ranked, Found]]] = OrderedDict()

    def of(self, query: str, searchers: Sequence[Searcher]) -> tuple[list[tuple[Ranked, Found]], bool]:
        """Return the first results of each searcher together, once each, and whether that took a search."""
        key = (query, *(searcher.profile.id for searcher in searchers))
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key], False
        pool: dict[str, tuple[Ranked, Found]] = {}
        for searcher in searchers:
            found = searcher.find(requests.resolve(Parameters(q=query, size=TOP), searcher.wordlists))
            for item in found.results:
                pool.setdefault(item.document.ref, (item, found))
        self._known[key] = list(pool.values())
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return self._known[key], True


def waiting(session: Session) -> list[Waiting]:
    """Return every query with whom people have graded for it."""
    graded: dict[str, set[str]] = {}
    statement = select(col(Judgment.query_id), col(Judgment.expert_ref)).where(
        col(Judgment.source) == Source.GRADED.value
    )
    for query_id, ref in session.execute(statement):
        graded.setdefault(query_id, set()).add(ref)
    rows = session.execute(select(JudgedQuery)).scalars()
    return [Waiting(row.id, row.text, row.kind, frozenset(graded.get(row.id, ()))) for row in rows]


def find_next(
    pools: Pools, searchers: Sequence[Searcher], queries: Iterable[Waiting], author: str, *, start: str = ""
) -> Next:
    """Return the first pair from `start` on that nobody has graded, of a query without enough judgments."""
    searched = 0
    for query in sorted(queries, key=lambda item: order_of(author, item.id)):
        place = order_of(author, query.id)
        if query.is_done or f"{place}~" < start:
            continue
        if searched >= SEARCHED_AT_ONCE:
            return Next(None, place)
        pool, was_searched = pools.of(query.text, searchers)
        searched += was_searched
        pairs = [
            Pair(query, item, found, key_of(author, query.id, item.document.ref))
            for item, found in pool
            if item.document.ref not in query.graded
        ]
        ahead = [pair for pair in pairs if pair.key >= start]
        if ahead:
            return Next(min(ahead, key=lambda pair: pair.key))
    return Next(None)


def done_percent(queries: Sequence[Waiting]) -> int:
    """Return how much of what is enough for every query is graded."""
    graded = sum(min(len(query.graded), ENOUGH) for query in queries)
    return 100 * graded // (ENOUGH * len(queries)) if queries else 0


def latest(session: Session, author: str) -> tuple[JudgedQuery, Judgment] | None:
    """Return what an author graded last."""
    statement = (
        select(JudgedQuery, Judgment)
        .join(Judgment, col(Judgment.query_id) == col(JudgedQuery.id))
        .where(col(Judgment.author) == author, col(Judgment.source) == Source.GRADED.value)
        .order_by(col(Judgment.judged_at).desc(), col(Judgment.expert_ref))
        .limit(1)
    )
    row = session.execute(statement).first()
    return (row[0], row[1]) if row else None


def key_of(author: str, query_id: str, ref: str) -> str:
    """Return the place of a pair in an author's order."""
    return f"{order_of(author, query_id)}.{_draw(author, query_id, ref)}"


def order_of(author: str, query_id: str) -> str:
    """Return the place of a query in an author's order."""
    return _draw(author, query_id)


def _draw(*parts: str) -> str:
    return hashlib.blake2b("|".join(parts).encode(), digest_size=6).hexdigest()
