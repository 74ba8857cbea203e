"""Clauses for matching: what groups of words, places and filters come to in OpenSearch's query language.

A text score is put together as the embedded engine does it: the stored similarity gives how often a term stands in
a document, saturated, 0 to 1; how rare each word is comes as a boost; the best alternative of a group counts.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from indexer.engines.interface import Alternative, FacetName, Filters, Group, Plan
from indexer.engines.opensearch.mapping import FACET_FIELDS, LIVE

Clause = dict[str, Any]
Holders = Callable[[tuple[str, ...]], int]
ROUNDING = 1e-4
EVERYBODY: Clause = {"term": {"status": LIVE}}
WORKS_THERE, SHARE_COVERED, LIVES_THERE, MOST_COVERED = 0.8, 0.2, 0.6, 4


def every(clauses: Iterable[Clause]) -> Clause:
    """Return who fulfils all clauses; scores nothing."""
    return {"bool": {"filter": list(clauses)}}


def some(clauses: Iterable[Clause], at_least: int = 1, boost: float = 1.0) -> Clause:
    """Return who fulfils so many of some clauses; their scores are added."""
    return {"bool": {"should": list(clauses), "minimum_should_match": at_least, "boost": boost}}


def best(clauses: Sequence[Clause], boost: float = 1.0) -> Clause:
    """Return who fulfils one of some clauses; the best score counts."""
    return {"dis_max": {"queries": list(clauses), "boost": boost}}


def flat(clause: Clause, score: float) -> Clause:
    """Return who fulfils a clause, all with one score."""
    return {"constant_score": {"filter": clause, "boost": score}}


def holding(stems: Iterable[str]) -> Clause:
    """Return who holds one of some interchangeable stems."""
    return {"terms": {"terms": list(stems)}}


# Who matches


def needed_words(plan: Plan) -> list[float]:
    """Return how many words a match needs, and the fewer that will do if those leave less than a page."""
    levels = [plan.minimum_words]
    while levels[-1] > plan.fewest_words:
        levels.append(max(levels[-1] - 1.0, plan.fewest_words))
    return levels


def matching(plan: Plan, needed: float) -> Clause:
    """Return who is a lexical match; filters have no say in it."""
    if plan.is_browsing:
        return EVERYBODY
    required = [group for group in plan.groups if group.is_required]
    if required:
        return _holding_enough(required, needed)
    placed = [holding(stems) for group in plan.groups for item in group.alternatives for stems in item.terms]
    for countries in plan.places:
        placed.append({"terms": {"countries": sorted(countries)}})
        placed.append({"terms": {"based_in": sorted(countries)}})
    return some(placed) if placed else {"match_none": {}}


def _holding_enough(required: Sequence[Group], needed: float) -> Clause:
    words = required[0].words
    if all(_is_of_words(group) and group.words == words for group in required):
        at_least = max(math.ceil((needed - ROUNDING) / words), 1)
        return some((_any_word(group) for group in required), at_least)
    covered = some(_cover(group) for group in required)
    return {"function_score": {"query": covered, "min_score": needed - ROUNDING}}


def _is_of_words(group: Group) -> bool:
    return all(len(item.terms) == 1 for item in group.alternatives)


def _any_word(group: Group) -> Clause:
    stems = dict.fromkeys(stem for item in group.alternatives if len(item.terms) == 1 for stem in item.terms[0])
    return holding(stems)


def _cover(group: Group) -> Clause:
    """Score by how many words' worth of a group are held: those of the alternative that is held most fully."""
    found: list[Clause] = []
    if any(len(item.terms) == 1 for item in group.alternatives):
        found.append(flat(_any_word(group), group.words))
    for terms in dict.fromkeys(item.terms for item in group.alternatives if len(item.terms) > 1):
        held = [flat(holding(stems), group.words / len(terms)) for stems in terms]
        found.append(some(held))
    return best(found)


# How well


def text(groups: Sequence[Group], holders: Holders, count: int) -> Clause | None:
    """Score text from 0 to 1: rare words weigh more, the best alternative of each group counts."""

    def word_rarity(stems: tuple[str, ...]) -> float:
        return _rarity(count, holders(stems))

    def typed_rarity(item: Alternative, words: int) -> float:
        return sum(map(word_rarity, item.terms)) / len(item.terms) * words

    def group_rarity(group: Group) -> float:
        typed = [item for item in group.alternatives if item.weight >= 1.0] or group.alternatives
        return min(max(typed_rarity(item, group.words) for item in typed), _rarity(count, 1) * group.words)

    rarities = [group_rarity(group) for group in groups]
    ideal = sum(rarities)
    if not ideal:
        return None
    return some(
        best([_phrase(item, word_rarity) for item in group.alternatives], rarity / ideal)
        for group, rarity in zip(groups, rarities, strict=True)
    )


def _phrase(item: Alternative, word_rarity: Callable[[tuple[str, ...]], float]) -> Clause:
    if len(item.terms) == 1:
        return _word(item.terms[0], item.weight)
    total = sum(map(word_rarity, item.terms))
    words = some(_word(stems, word_rarity(stems) / total) for stems in item.terms)
    size = len(item.terms)
    # A part of a phrase says much less than all of it.
    shares = [
        {"filter": some(map(holding, item.terms), held), "weight": item.weight * (held / size) ** 2}
        for held in range(size, 0, -1)
    ]
    return {"function_score": {"query": words, "functions": shares, "score_mode": "first", "boost_mode": "multiply"}}


def _word(stems: tuple[str, ...], boost: float) -> Clause:
    found: list[Clause] = [{"term": {"terms": {"value": stem, "boost": boost}}} for stem in stems]
    return found[0] if len(found) == 1 else best(found)


def _rarity(count: int, holders: int) -> float:
    """Return BM25's inverse document frequency (Robertson and Zaragoza 2009, with one inside the logarithm)."""
    # Counts may be some seconds apart.
    return math.log(1.0 + (max(count - holders, 0) + 0.5) / (holders + 0.5))


def concepts(wanted: Mapping[str, float]) -> Clause | None:
    """Score the weighted share of some concepts that a document names."""
    total = sum(wanted.values())
    if not total:
        return None
    return some({"term": {"concepts": {"value": term, "boost": weight / total}}} for term, weight in wanted.items())


def places(asked: Sequence[frozenset[str]]) -> Clause | None:
    """Score the mean of how well places are covered: by countries worked in, or at least a home there."""
    return some(_coverage(sorted(countries), 1 / len(asked)) for countries in asked) if asked else None


def _coverage(countries: list[str], boost: float) -> Clause:
    full = min(max(len(countries), 1), MOST_COVERED)
    levels: list[Clause] = [flat({"terms": {"based_in": countries}}, LIVES_THERE)]
    for covered in range(1, full + 1):
        clause = (
            {"terms": {"countries": countries}}
            if covered == 1
            else some(({"term": {"countries": code}} for code in countries), covered)
        )
        levels.append(flat(clause, WORKS_THERE + SHARE_COVERED * covered / full))
    return best(levels, boost)


def bearing(name: FacetName, values: Iterable[str]) -> Clause:
    """Return who bears one of some values of a facet."""
    return {"terms": {FACET_FIELDS[name]: sorted(values)}}


# Who passes


def passing(filters: Filters, *, without: FacetName | None = None) -> list[Clause]:
    """Return what to fulfil of the filters that have a facet, one facet's own left out if asked."""
    wanted: list[tuple[FacetName, frozenset[str]]] = [
        ("country", filters.country),
        ("country", filters.zone_countries),
        ("skill", filters.skill),
        ("sector", filters.sector),
        ("language", filters.language),
    ]
    return [bearing(name, values) for name, values in wanted if values and name != without]


def plainly_passing(filters: Filters) -> list[Clause]:
    """Return what to fulfil of the filters without a facet, and to be there at all."""
    found: list[Clause] = [EVERYBODY]
    if filters.max_day_rate_eur_cents is not None:
        found.append({"range": {"rate_eur_cents": {"lte": filters.max_day_rate_eur_cents}}})
    if filters.available_by is not None:
        by = {"range": {"available_on": {"lte": filters.available_by.toordinal()}}}
        found.append(some([by, {"bool": {"must_not": [{"exists": {"field": "available_on"}}]}}]))
    return found
