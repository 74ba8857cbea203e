"""The first phase, compiled from a profile: the same formula that `ranking.scoring` computes, as OpenSearch runs it.

Each feature is a raw value, by a query with its source's name or by stored numbers, and an `expression` that
transforms and weighs it; the engine adds them up. Numbers go in as parameters, so that each kind of script is
compiled once. Scores are single-precision there: equal to within 1e-5.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from indexer.engines.embedded.features import SECOND_PHASE
from indexer.engines.interface import Plan
from indexer.engines.opensearch import clauses
from indexer.engines.opensearch.clauses import Clause, Statistics
from ranking import reviews, scoring
from ranking.profiles import Feature, Kind, Source, Transform

EVERY_ROW: Clause = {"match_all": {"boost": 0.0}}
_TRANSFORMS: dict[Kind, str] = {
    "linear": "min(max(({x} - low{suffix}) / (high{suffix} - low{suffix}), 0), 1)",
    "saturation": "max({x}, 0) / (max({x}, 0) + pivot{suffix})",
    "half_life": "pow(0.5, max({x}, 0) / pivot{suffix})",
}
SAME = Transform("linear", 0.0, 1.0)
_REPLACED = {"boost_mode": "replace"}
_REVIEW_SUM = "prior_reviews * doc['review_prior'].value + faded * doc['review_sum'].value"
_REVIEW_WEIGHT = "prior_reviews + faded * doc['review_weight'].value"
_NUMBERS: dict[Source, tuple[str, str]] = {
    "review_mean": (
        f"({_REVIEW_SUM}) / ({_REVIEW_WEIGHT})",
        "0 > 1",
    ),
    "review_count": ("doc['rating_count'].value", "0 > 1"),
    "days_until_available": ("(doc['available_on'].value - today)", "doc['available_on'].empty"),
}
"""How each stored number is computed, and where there is none."""


def raw_values(plan: Plan, statistics: Statistics) -> dict[Source, Clause | None]:
    """Return a query for each raw value that the search asks for; it scores the value, or misses where that is 0."""
    asked = plan.asked
    found: dict[Source, Clause | None] = {}
    if "text" in asked:
        found["text"] = clauses.text(plan.groups, statistics)
    for source, wanted in clauses.asked_concepts(plan).items():
        if source in asked:
            named = clauses.concepts(wanted, statistics)
            found[source] = clauses.some(named) if named else None
    if "zone" in asked:
        found["zone"] = clauses.places(plan.places)
    if "language" in asked:
        found["language"] = clauses.flat(clauses.bearing("language", plan.languages), 1.0)
    return found


def estimate(plan: Plan, statistics: Statistics) -> list[Clause]:
    """Return clauses whose scores add up to about the first phase's, 0 to 1, by which to choose whom to look at.

    Transforms are taken for straight lines and stored numbers left out, so that OpenSearch needs no script, and
    can tell from its postings who is not among the best.
    """
    told = {
        feature.source: feature.weight * _slope(feature.transform)
        for feature in plan.profile.active(plan.asked - SECOND_PHASE)
        if feature.source not in _NUMBERS
    }
    total = sum(told.values()) or 1.0
    boosts = {source: worth / total for source, worth in told.items() if worth > 0}
    found: list[Clause] = []
    if "text" in boosts:
        found += clauses.loose_text(plan.groups, statistics, boosts["text"])
    for source, wanted in clauses.asked_concepts(plan).items():
        if source in boosts:
            found += clauses.concepts(wanted, statistics, boosts[source])
    if "zone" in boosts and (placed := clauses.places(plan.places)):
        found.append(clauses.some([placed], boost=boosts["zone"]))
    if "language" in boosts:
        found.append(clauses.flat(clauses.bearing("language", plan.languages), boosts["language"]))
    return found


def _slope(transform: Transform) -> float:
    if transform.kind == "linear":
        return 1 / (transform.high - transform.low)
    return 1 / (1 + transform.pivot) if transform.kind == "saturation" else 0.0


def first_phase(plan: Plan, raw: Mapping[Source, Clause | None]) -> list[Clause]:
    """Return the clauses whose scores add up to the first phase's score."""
    active = plan.profile.active(plan.asked - SECOND_PHASE)
    total = sum(feature.weight for feature in active)
    found: list[Clause] = []
    numbers: list[tuple[Feature, float]] = []
    constant = 0.0
    for feature in active:
        weight = feature.weight / total
        if feature.source in _NUMBERS:
            numbers.append((feature, weight))
        elif feature.source not in raw:
            constant += weight * feature.missing
        else:
            at_zero = float(scoring.apply(feature.transform, np.zeros(1))[0])
            clause = raw[feature.source]
            if clause is None:
                constant += weight * at_zero
            else:
                found.append(_weighed(feature, weight, clause, is_zero_worth=at_zero > 0))
    if numbers or constant:
        script = _of_numbers(numbers, constant, plan)
        found.append({"function_score": {"query": EVERY_ROW, "script_score": {"script": script}, **_REPLACED}})
    return found


def _weighed(feature: Feature, weight: float, clause: Clause, *, is_zero_worth: bool) -> Clause:
    if feature.transform == SAME:  # no script where nothing is transformed: raw values are from 0 to 1
        return clauses.some([clause], boost=weight)
    query = {"bool": {"must": [EVERY_ROW], "should": [clause]}} if is_zero_worth else clause
    script = {
        "lang": "expression",
        "source": "weight * " + _TRANSFORMS[feature.transform.kind].format(x="_score", suffix=""),
        "params": {"weight": weight, **_constants(feature.transform)},
    }
    return {"function_score": {"query": query, "script_score": {"script": script}, **_REPLACED}}


def _of_numbers(features: Sequence[tuple[Feature, float]], constant: float, plan: Plan) -> dict[str, Any]:
    """Return one script for all stored numbers: starting a script costs more than what it computes."""
    parts = ["constant"]
    parameters: dict[str, float] = {"constant": constant}
    names = {
        "today": plan.today.toordinal(),
        "faded": reviews.fading(plan.today),
        "prior_reviews": reviews.PRIOR_REVIEWS,
    }
    for place, (feature, weight) in enumerate(features):
        number, is_missing = _NUMBERS[feature.source]
        transformed = _TRANSFORMS[feature.transform.kind].format(x=number, suffix=place)
        parts.append(f"weight{place} * ({is_missing} ? missing{place} : {transformed})")
        own = {"weight": weight, "missing": feature.missing, **_constants(feature.transform)}
        parameters |= {f"{name}{place}": value for name, value in own.items()}
        parameters |= {name: value for name, value in names.items() if name in number}
    return {"lang": "expression", "source": " + ".join(parts), "params": parameters}


def _constants(transform: Transform) -> dict[str, float]:
    if transform.kind == "linear":
        return {"low": transform.low, "high": transform.high}
    return {"pivot": transform.pivot}
