"""Searches that found nobody: counted by what was searched and by day, never by who searched.

What looks like an address or a number of somebody is taken out, a brief is cut, and a day is forgotten after three
months.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation.database import insert
from search_api.models import EmptySearchRow
from search_api.requests import Parameters, SearchRequest
from search_api.searches import Found

KEPT_DAYS = 90
LONGEST_CHARACTERS = 120
_NARROWING = {
    "country", "zone", "skill", "sector", "language", "max_day_rate", "currency", "available_by",
}  # fmt: skip
_TELLING = re.compile(r"\S*@\S+|https?://\S+|\+?\d[\d\s./-]{5,}\d")
"""E-mail addresses, web addresses, and runs of digits as long as telephone and account numbers."""


@dataclass(frozen=True, slots=True)
class EmptySearch:
    """What was searched: the query as it is kept, and the parameters that narrow, as `requests.parse` reads them."""

    query: str
    filters: str

    @property
    def key(self) -> str:
        """Return the hash that the counts are kept under."""
        return hashlib.sha256(f"{self.query}\n{self.filters}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Emptied:
    """A search that found nobody, how often, and when last."""

    search: EmptySearch
    count: int
    last_on: date


def noted(request: SearchRequest, found: Found) -> EmptySearch | None:
    """Return what to count of an answered search; None where it found somebody, or asked for nothing."""
    filters = _filters(request.parameters)
    if found.total or not (request.q or filters):
        return None
    query = " ".join(_TELLING.sub("…", request.q).casefold().split())
    if len(query) > LONGEST_CHARACTERS:
        query = query[:LONGEST_CHARACTERS].rsplit(" ", 1)[0] + " …"
    return EmptySearch(query, filters)


def add(session: Session, searches: Iterable[EmptySearch], on: date) -> None:
    """Count searches of a day, and forget the days that are long past."""
    # In one order, or two processes that add at once might block each other.
    for search, count in sorted(Counter(searches).items(), key=lambda item: item[0].key):
        values = {"searched_on": on, "key": search.key, "query": search.query, "filters": search.filters}
        statement = insert(session, EmptySearchRow).values(**values, count=count)
        changes = {"count": col(EmptySearchRow.count) + statement.excluded["count"]}
        session.execute(statement.on_conflict_do_update(index_elements=["searched_on", "key"], set_=changes))
    sweep(session, on)


def sweep(session: Session, on: date) -> None:
    """Forget the days that are long past."""
    session.execute(delete(EmptySearchRow).where(col(EmptySearchRow.searched_on) < on - timedelta(days=KEPT_DAYS)))


def most_frequent(session: Session, *, since: date, limit: int) -> list[Emptied]:
    """Return what found nobody since a day, most often first."""
    total = func.sum(col(EmptySearchRow.count))
    statement = (
        select(col(EmptySearchRow.query), col(EmptySearchRow.filters), total, func.max(col(EmptySearchRow.searched_on)))
        .where(col(EmptySearchRow.searched_on) >= since)
        .group_by(col(EmptySearchRow.query), col(EmptySearchRow.filters))
        .order_by(total.desc(), col(EmptySearchRow.query), col(EmptySearchRow.filters))
        .limit(limit)
    )
    return [
        Emptied(EmptySearch(query, filters), int(count), last_on)
        for query, filters, count, last_on in session.execute(statement)
    ]


def _filters(parameters: Parameters) -> str:
    given = parameters.model_dump(mode="json", include=_NARROWING, exclude_defaults=True)
    if "max_day_rate" not in given:
        given.pop("currency", None)
    pairs = [(name, value) for name in sorted(given) for value in _listed(given[name])]
    return urlencode(pairs)


def _listed(value: object) -> list[str]:
    return sorted(map(str, value)) if isinstance(value, list) else [str(value)]
