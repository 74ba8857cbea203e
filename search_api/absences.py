"""Why an expert is not found by a search: every reason, as far as the database, the index and the words tell."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

import numpy as np

from accounts import experts
from accounts.models.experts import Expert
from indexer import documents
from indexer.documents import Document
from indexer.engines.interface import Filters, Group, Plan, held_words
from search_api.requests import SearchRequest
from search_api.searches import Found, Searcher


@dataclass(frozen=True, slots=True)
class Absence:
    """One reason: a stable code, and a sentence; `wanting` are words of the query that the profile lacks."""

    code: str
    message: str
    wanting: tuple[str, ...] = ()


def reasons(searcher: Searcher, request: SearchRequest, expert: Expert) -> list[Absence]:
    """Return why a search does not find an expert, the reasons that no search can help against first."""
    found = list(_hidden(expert))
    document = searcher.engine.documents([expert.id]).get(expert.id)
    if document is None:
        if experts.is_findable(expert):
            found.append(Absence("not_indexed", "the index does not hold the expert yet: see `portulan index status`"))
        return found
    if document.version < expert.version:
        message = f"the index holds version {document.version}, the database version {expert.version}"
        found.append(Absence("index_behind", f"{message}: what follows is told of the older one"))
    found.extend(_filtered(document, request.filters))
    answer = searcher.find(request)
    if not answer.plan.is_browsing:
        found.extend(_unmatched(searcher, answer, document))
    return found


def _hidden(expert: Expert) -> Iterator[Absence]:
    if not expert.is_visible:
        yield Absence("not_visible", "the expert does not wish to be shown: `portulan experts show REF`")
    if not expert.is_available:
        yield Absence("not_available", "the expert is unavailable: `portulan experts available REF`")
    if expert.is_withheld:
        yield Absence("withheld", "an operator keeps the profile back: see the account, or the notices about it")


def _filtered(document: Document, filters: Filters) -> Iterator[Absence]:
    """Tell which filters a document does not pass."""
    held = {
        "country": (filters.country, document.countries),
        "zone": (filters.zone_countries, document.countries),
        "skill": (filters.skill, document.skill_keys),
        "sector": (filters.sector, document.sector_keys),
        "language": (filters.language, document.languages),
    }
    for name, (wanted, own) in held.items():
        if wanted and wanted.isdisjoint(own):
            yield Absence(f"filter_{name}", f"the filter {name} leaves out who has {', '.join(own) or 'none'}")
    limit, rate = filters.max_day_rate_eur_cents, document.day_rate_eur_cents
    if limit is not None and (rate is None or rate > limit):
        own = "no day rate" if rate is None else f"a day rate of {rate / 100:.2f} EUR"
        yield Absence("filter_max_day_rate", f"the filter max_day_rate of {limit / 100:.2f} EUR leaves out {own}")
    if filters.available_by is not None and (document.available_from or date.min) > filters.available_by:
        yield Absence(
            "filter_available_by", f"the filter available_by leaves out who is available from {document.available_from}"
        )


def _unmatched(searcher: Searcher, answer: Found, document: Document) -> Iterator[Absence]:
    """Tell why a document matches neither by words nor by meaning; either would do."""
    plan = answer.plan
    terms = documents.term_weights(document).keys()
    required = [group for group in plan.groups if group.is_required]
    halves = {group.label: _held_halves(group, terms) for group in required}
    held = sum(halves.values()) / 2
    if required and held < plan.minimum_words:
        wanting = [group.label for group in required if halves[group.label] < 2 * group.words]
        yield Absence(
            "words",
            f"the profile holds {held:g} of {sum(group.words for group in required)} words, {plan.minimum_words:g} are "
            f"needed ({plan.fewest_words:g} where hardly anybody holds more); wanting: {', '.join(wanting)}",
            tuple(wanting),
        )
    if plan.vector is not None:
        yield from _distant(searcher, answer, plan, document.id)


def _held_halves(group: Group, terms: AbstractSet[str]) -> int:
    """Count the half words of a group that some terms hold, as both engines do."""
    best = 0
    for alternative in group.alternatives:
        own = sum(1 for stems in alternative.terms if any(stem in terms for stem in stems))
        size = len(alternative.terms)
        halves = [half for half in range(1, 2 * group.words + 1) if held_words(size, group.words, half) <= own]
        best = max([best, *halves])
    return best


def _distant(searcher: Searcher, answer: Found, plan: Plan, expert_id: str) -> Iterator[Absence]:
    raw = searcher.engine.describe(plan, [expert_id]).raw.get("semantic")
    policy = plan.profile.policy
    if raw is None or not len(raw) or np.isnan(raw[0]):
        yield Absence("no_vector", "the profile has no vector yet: it can't be found by meaning")
    elif raw[0] < policy.similarity_floor:
        yield Absence("distant", f"by meaning it is {raw[0]:.3f} near, below the floor of {policy.similarity_floor:g}")
    elif not answer.total:
        yield Absence("lone", f"nobody matches by words, and none is {policy.lone_floor:g} near by meaning")
    else:
        message = f"by meaning it is {raw[0]:.3f} near, and {policy.neighbours} others who pass the filters are nearer"
        yield Absence("outnumbered", message)
