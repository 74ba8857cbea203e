"""Clauses for matching: what groups of words, places and filters come to in OpenSearch's query language.

A text score is put together as the embedded engine does it: how often a term stands in a document, saturated, 0 to
1; how rare each word is as a boost; the best alternative of a group. OpenSearch's own BM25 saturates, and weighs each
term by how rare it is as well: boosts are divided by that, so that only the saturated frequency is left.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from indexer.documents import sector_term, skill_term
from indexer.engines.interface import Alternative, FacetName, Filters, Group, Plan, Word, held_words, needed_halves
from indexer.engines.opensearch.mapping import FACET_FIELDS, LIVE
from ranking.profiles import Source

Clause = dict[str, Any]
TermField = Literal["terms", "concepts"]
FieldTerm = tuple[TermField, str]
EVERYBODY: Clause = {"term": {"status": LIVE}}
WORKS_THERE, SHARE_COVERED, LIVES_THERE, MOST_COVERED = 0.8, 0.2, 0.6, 4


@dataclass(frozen=True, slots=True)
class Frequency:
    """In how many of the documents that have a field a term stands; replaced documents count until merged away."""

    count: int
    holders: int


@dataclass(frozen=True)
class Statistics:
    """What was counted of a query's terms just before the search."""

    frequencies: Mapping[FieldTerm, Frequency]

    @cached_property
    def most(self) -> float:
        """Return how rare a word is that one document holds."""
        return _rarity(Frequency(max((each.count for each in self.frequencies.values()), default=0), 1))

    def word_rarity(self, word: Word) -> float:
        """Return how rare a word is: as rare as its most frequent stem."""
        return min(_rarity(self.frequencies[("terms", stem)]) for stem in word)

    def term(self, field: TermField, value: str, boost: float) -> Clause:
        """Score who holds a term by its saturated frequency, 0 to 1, times the boost."""
        return {"term": {field: {"value": value, "boost": boost / _rarity(self.frequencies[(field, value)])}}}


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
    """Count half words, a clause for each: OpenSearch counts clauses many times faster than it adds scores."""
    halves = [_covering(group, half) for group in required for half in range(1, 2 * group.words + 1)]
    return some(halves, max(needed_halves(needed), 1))


def _covering(group: Group, halves: int) -> Clause:
    """Return who holds so many half words of a group: that share of one of its alternatives."""
    enough: dict[str, None] = {}
    found: list[Clause] = []
    for terms in dict.fromkeys(item.terms for item in group.alternatives):
        held = held_words(len(terms), group.words, halves)
        if held == 1:
            enough.update(dict.fromkeys(stem for stems in terms for stem in stems))
        elif held == len(terms):
            found.append(every(map(holding, terms)))
        else:
            found.append(some(map(holding, terms), held))
    if enough:
        found.insert(0, holding(enough))
    return found[0] if len(found) == 1 else some(found)


# How well


def text(groups: Sequence[Group], statistics: Statistics) -> Clause | None:
    """Score text from 0 to 1: rare words weigh more, the best alternative of each group counts."""
    shares = _shares(groups, statistics)
    if not shares:
        return None
    return some(
        best([_phrase(item, statistics) for item in group.alternatives], share)
        for group, share in zip(groups, shares, strict=True)
    )


def loose_text(groups: Sequence[Group], statistics: Statistics, boost: float) -> list[Clause]:
    """Return a clause for each stem, which together score about what `text` does: all alternatives count.

    Lucene skips most documents of a flat list of terms, and few where lists stand within lists.
    """
    boosts: dict[str, float] = {}
    for group, share in zip(groups, _shares(groups, statistics), strict=False):
        own: dict[str, float] = {}
        for item in group.alternatives:
            total = sum(map(statistics.word_rarity, item.terms))
            for stems in item.terms:
                worth = item.weight * statistics.word_rarity(stems) / total
                own.update({stem: max(own.get(stem, 0.0), worth) for stem in stems})
        for stem, worth in own.items():
            boosts[stem] = boosts.get(stem, 0.0) + boost * share * worth
    return [statistics.term("terms", stem, worth) for stem, worth in boosts.items()]


def _shares(groups: Sequence[Group], statistics: Statistics) -> list[float]:
    """Return which share of the text score each group has, by how rare it is; none where nothing can score."""

    def typed_rarity(item: Alternative, words: int) -> float:
        return sum(map(statistics.word_rarity, item.terms)) / len(item.terms) * words

    def group_rarity(group: Group) -> float:
        typed = [item for item in group.alternatives if item.weight >= 1.0] or group.alternatives
        return min(max(typed_rarity(item, group.words) for item in typed), statistics.most * group.words)

    rarities = [group_rarity(group) for group in groups]
    ideal = sum(rarities)
    return [own / ideal for own in rarities] if ideal else []


def _phrase(item: Alternative, statistics: Statistics) -> Clause:
    size = len(item.terms)
    if size == 1:
        return _word(item.terms[0], item.weight, statistics)
    total = sum(map(statistics.word_rarity, item.terms))
    words = [_word(stems, statistics.word_rarity(stems) / total, statistics) for stems in item.terms]
    # A part of a phrase says much less than all of it. Who holds more fulfils several of these: the best one counts.
    return best([some(words, held, item.weight * (held / size) ** 2) for held in range(size, 0, -1)])


def _word(stems: Word, boost: float, statistics: Statistics) -> Clause:
    found = [statistics.term("terms", stem, boost) for stem in stems]
    return found[0] if len(found) == 1 else best(found)


def _rarity(found: Frequency) -> float:
    """Return BM25's inverse document frequency (Robertson and Zaragoza 2009, with one inside the logarithm)."""
    return math.log(1.0 + (found.count - found.holders + 0.5) / (found.holders + 0.5))


def asked_concepts(plan: Plan) -> dict[Source, dict[str, float]]:
    """Return which concepts a plan asks for, as terms, with what each weighs, by the feature that looks at them."""
    return {
        "skill": {skill_term(key): weight for key, weight in plan.skills.items()},
        "related": dict(plan.related),
        "sector": dict.fromkeys(map(sector_term, plan.sectors), 1.0),
    }


def concepts(wanted: Mapping[str, float], statistics: Statistics, boost: float = 1.0) -> list[Clause]:
    """Return a clause for each of some concepts; together they score the weighted share that a document names."""
    total = sum(wanted.values())
    return [statistics.term("concepts", term, boost * weight / total) for term, weight in wanted.items() if total]


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
