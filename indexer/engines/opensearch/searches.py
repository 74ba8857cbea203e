"""The body of a search: one request brings matches, neighbours, raw values and facets.

Neighbours come first by `NEAR`, which their score gains, so that a page long enough for both holds all of them and
the best of the others. Raw values are named queries in a place where nothing is scored until a hit is returned. A hit
is a key and a version; the rest of what ranking needs is in its record.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.engines.interface import FACETS, FacetName, Plan, Vector
from indexer.engines.opensearch import clauses, formulas, records
from indexer.engines.opensearch.clauses import Clause, Holders
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
    holders: Holders
    count: int

    @property
    def matched(self) -> Clause:
        """Return who is a lexical match."""
        return clauses.matching(self.plan, self.needed)

    def raw_values(self) -> dict[Source, Clause | None]:
        """Return the query of each raw value."""
        return formulas.raw_values(self.plan, self.holders, self.count)


def counts(plan: Plan | None, words: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Ask how many there are, how many hold each of some words, and how many match at each number of words."""
    held = {str(at): clauses.holding(stems) for at, stems in enumerate(words)}
    found: dict[str, Any] = {"everybody": {"filter": clauses.EVERYBODY}}
    if held:
        found["held"] = {"filters": {"filters": held}}
    if plan is not None:
        levels = enumerate(clauses.needed_words(plan))
        matched = {str(at): clauses.matching(plan, needed) for at, needed in levels}
        found["matched"] = {"filters": {"filters": matched}}
    return {"size": 0, "track_total_hits": False, "aggs": found}


def window(question: Question) -> dict[str, Any]:
    """Ask for the window with its neighbours, and for facets."""
    plan = question.plan
    raw = question.raw_values()
    found = [_scored(question, raw)]
    if plan.vector is not None:
        found.append(_neighbours(plan, plan.vector))
    policy = plan.profile.policy
    return {
        **_shape(policy.window + (policy.neighbours if plan.vector is not None else 0)),
        "query": {
            "bool": {
                "filter": [*clauses.plainly_passing(plan.filters), _told(question, raw)],
                "should": found,
                "minimum_should_match": 1,
            }
        },
        "post_filter": clauses.every(clauses.passing(plan.filters)),
        "aggs": {LEXICAL: _facets(question)},
    }


def beyond(question: Question, first: int, size: int) -> dict[str, Any]:
    """Ask for the ids of lexical matches from some place on, in the order of the first phase."""
    filters = question.plan.filters
    allowed = [*clauses.plainly_passing(filters), *clauses.passing(filters)]
    return {
        **_shape(size),
        "docvalue_fields": ["id"],
        "from": first,
        "query": {"bool": {"filter": allowed, "must": [_scored(question, question.raw_values())]}},
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
    """Ask for hits by column alone: where `_id` is stored, every hit's whole document would be unpacked for it.

    The sort values are the score and the key.
    """
    return {
        "size": size,
        "track_total_hits": False,
        "stored_fields": "_none_",
        "docvalue_fields": ["version"],
        "sort": BEST_FIRST,
    }


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
            "params": {"field": "vector", "query_value": vector, "space_type": "cosinesimil"},
        }
        named.append(
            {"script_score": {"query": {"exists": {"field": "vector"}}, "script": script, "_name": "semantic"}}
        )
    return {"bool": {"filter": [{"match_all": {}}], "should": named, "minimum_should_match": 0}}


def _named(clause: Clause, name: str) -> Clause:
    return {"bool": {"must": [clause], "_name": name}}


def _neighbours(plan: Plan, vector: Vector) -> Clause:
    policy = plan.profile.policy
    allowed = clauses.every([*clauses.plainly_passing(plan.filters), *clauses.passing(plan.filters)])
    nearest = {"knn": {"vector": {"vector": vector, "k": policy.neighbours, "filter": allowed}}}
    return {"function_score": {"query": nearest, "functions": [{"weight": NEAR}], "boost_mode": "replace"}}


def _facets(question: Question) -> dict[str, Any]:
    """Count values over the lexical matches; a facet's own filter doesn't narrow its counts."""
    filters = question.plan.filters
    return {
        "filter": question.matched,
        "aggs": {
            LEXICAL: {"filter": clauses.every(clauses.passing(filters))},
            **{
                name: {
                    "filter": clauses.every(clauses.passing(filters, without=name)),
                    "aggs": {"values": values(name, FACET_VALUES)},
                }
                for name in FACETS
            },
        },
    }


def values(name: FacetName, size: int) -> dict[str, Any]:
    """Count the values of a facet, most frequent first."""
    return {"terms": {"field": FACET_FIELDS[name], "size": size, "order": [{"_count": "desc"}, {"_key": "asc"}]}}
