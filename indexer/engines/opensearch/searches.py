"""The bodies of a search: one request brings matches, neighbours and raw values, another one facets and the total.

What is counted over all matches is asked for apart, since OpenSearch then need not score whom nobody will see, and
remembers the counts of a search until the index changes.

OpenSearch chooses the window by an estimate of the first phase's score, in which Lucene skips most documents; a page
beyond the window, and browsing, go by the score itself. Neighbours come first by `NEAR`, which their score gains, so
that a page long enough for both holds all of them and the best of the others. Raw values are named queries in a place
where nothing is scored until a hit is returned. A hit is a key and a version; the rest of what ranking needs is in its
record.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from indexer.engines.interface import ENOUGH, FACETS, FacetName, Plan, Vector
from indexer.engines.opensearch import clauses, formulas, records
from indexer.engines.opensearch.clauses import Clause, Statistics
from indexer.engines.opensearch.mapping import FACET_FIELDS
from ranking.profiles import Source

FACET_VALUES = 50
NEAR = 10.0
LEXICAL = "lexical"
BEST_FIRST = [{"_score": "desc"}, {"tie": "asc"}]


@dataclass(frozen=True)
class Question:
    """A plan with what had to be counted first: how many words a match needs, how rare each is."""

    plan: Plan
    needed: float
    statistics: Statistics

    @cached_property
    def matched(self) -> Clause:
        """Return who is a lexical match."""
        return clauses.matching(self.plan, self.needed)

    def raw_values(self) -> dict[Source, Clause | None]:
        """Return the query of each raw value."""
        return formulas.raw_values(self.plan, self.statistics)


def window(question: Question) -> dict[str, Any]:
    """Ask for the window with its neighbours."""
    plan = question.plan
    policy = plan.profile.policy
    raw = question.raw_values()
    if plan.is_browsing:
        query = {"filter": [*_allowed(plan), _told(question, raw)], "must": [_scored(question, raw)]}
        return {**_shape(policy.window), "sort": BEST_FIRST, "query": {"bool": query}}
    found = formulas.estimate(plan, question.statistics)
    wanted = [clauses.every([question.matched, *_allowed(plan)])]
    beside = 0
    if plan.vector is not None:
        nearest = _neighbours(plan, plan.vector)
        found.append(nearest)
        wanted.append(nearest)
        beside = policy.neighbours
    return {
        **_shape(policy.window + beside),
        "query": clauses.some(found),
        # Lucene first finds who scores best and looks only then who is wanted: the other way round, it scores all.
        "post_filter": clauses.every([clauses.some(wanted), _told(question, raw)]),
    }


def facets(question: Question) -> dict[str, Any]:
    """Ask for the total and for the counts of values among lexical matches.

    A facet's own filter doesn't narrow its counts.
    """
    filters = question.plan.filters
    passing = clauses.passing(filters)
    plain = clauses.plainly_passing(filters)
    kept = {name: clauses.passing(filters, without=name) for name in FACETS}
    counts = {name: values(name, FACET_VALUES) for name in FACETS}
    narrowed = {name: counts[name] for name in FACETS if kept[name] == passing}
    widened = {
        name: {"filter": clauses.every([*plain, *kept[name]]), "aggs": {name: counts[name]}}
        for name in FACETS
        if kept[name] != passing
    }
    return {
        "size": 0,
        # Tells whether so many words leave a page at all.
        "track_total_hits": ENOUGH,
        # Filters within the query would keep Lucene from counting words in bulk.
        "query": question.matched,
        "aggs": {LEXICAL: {"filter": clauses.every([*plain, *passing]), "aggs": narrowed}, **widened},
    }


def beyond(question: Question, first: int, size: int, shown: Iterable[int] = ()) -> dict[str, Any]:
    """Ask for the ids of lexical matches but those shown, by key, from some place on in the first phase's order."""
    return {
        **_shape(size),
        "sort": BEST_FIRST,
        "docvalue_fields": ["id"],
        "from": first,
        "query": {
            "bool": {
                "filter": _allowed(question.plan),
                "must_not": [{"terms": {"tie": list(shown)}}],
                "must": [_scored(question, question.raw_values())],
            }
        },
    }


def described(question: Question, ids: Iterable[str]) -> dict[str, Any]:
    """Ask for the raw values of given experts."""
    wanted = list(ids)
    told = _told(question, question.raw_values())
    return {
        **_shape(len(wanted)),
        "query": clauses.every([clauses.EVERYBODY, {"ids": {"values": wanted}}, told]),
    }


def stored(ties: Sequence[int]) -> dict[str, Any]:
    """Ask for the records of given keys."""
    return {
        "size": len(ties),
        "track_total_hits": False,
        "stored_fields": "_none_",
        "docvalue_fields": records.FIELDS,
        "query": clauses.every([clauses.EVERYBODY, {"terms": {"tie": list(ties)}}]),
    }


def _shape(size: int) -> dict[str, Any]:
    """Ask for hits by column alone: where `_id` is stored, every hit's whole document would be unpacked for it."""
    return {
        "size": size,
        "track_total_hits": False,
        "stored_fields": "_none_",
        "docvalue_fields": ["version", "tie"],
    }


def _allowed(plan: Plan) -> list[Clause]:
    return [*clauses.plainly_passing(plan.filters), *clauses.passing(plan.filters)]


def _scored(question: Question, raw: Mapping[Source, Clause | None]) -> Clause:
    """Return lexical matches with the first phase's score."""
    parts = formulas.first_phase(question.plan, raw)
    return {"bool": {"filter": [question.matched], "should": parts}}


def _told(question: Question, raw: Mapping[Source, Clause | None]) -> Clause:
    """Pass everybody; returned hits say which named queries they fulfil, with the score."""
    named = [_named(clause, source) for source, clause in raw.items() if clause is not None]
    named.append(_named(question.matched, LEXICAL))
    vector = question.plan.vector
    if "semantic" in question.plan.asked and vector is not None:
        script = {
            "lang": "knn",
            "source": "knn_score",
            "params": {"field": "vector", "query_value": _short(vector), "space_type": "cosinesimil"},
        }
        named.append(
            {"script_score": {"query": {"exists": {"field": "vector"}}, "script": script, "_name": "semantic"}}
        )
    return {"bool": {"filter": [{"match_all": {}}], "should": named, "minimum_should_match": 0}}


def _named(clause: Clause, name: str) -> Clause:
    return {"bool": {"must": [clause], "_name": name}}


def _neighbours(plan: Plan, vector: Vector) -> Clause:
    nearest: dict[str, Any] = {"vector": _short(vector), "k": plan.profile.policy.neighbours}
    if not plan.filters.is_empty:  # who is gone has no vector
        nearest["filter"] = clauses.every(_allowed(plan))
    weighed = [{"weight": NEAR}]
    return {"function_score": {"query": {"knn": {"vector": nearest}}, "functions": weighed, "boost_mode": "replace"}}


def _short(vector: Vector) -> Vector:
    """Return a vector that is written in half as many letters, and no less near to anything by 1e-5."""
    return np.round(vector, 5)


def values(name: FacetName, size: int) -> dict[str, Any]:
    """Count the values of a facet, most frequent first."""
    return {"terms": {"field": FACET_FIELDS[name], "size": size, "order": [{"_count": "desc"}, {"_key": "asc"}]}}
