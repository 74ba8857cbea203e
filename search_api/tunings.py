"""Tuning the live directory's profile: judged queries become windows, and real searches tell what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ranking import tuning
from ranking.judged_windows import JudgedWindow
from ranking.metrics import Metric
from ranking.profiles import Profile
from ranking.tuning import Tuned
from search_api import evaluations, requests
from search_api.evaluations import Progress
from search_api.evidence import Basis
from search_api.judgments import Judged, JudgedSet
from search_api.models import Evaluation
from search_api.requests import Parameters
from search_api.searches import Searcher


@dataclass(frozen=True)
class HeldOut:
    """What was learned, and what searches found for each query with the profile of the fold that left it out."""

    tuned: Tuned
    ranked: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Ranking:
    """What searches found for judged queries, and how these figures come about."""

    by_query: Mapping[str, Sequence[str]]
    basis: Basis
    folds: Sequence[dict[str, Any]] = ()


def run(
    searcher: Searcher,
    judged: JudgedSet,
    metric: Metric,
    *,
    seed: int,
    progress: Progress = lambda _: None,
) -> HeldOut:
    """Tune the searcher's profile; raise ValueError where that can't be done.

    `progress` hears 1 for each query that is extracted, for each fit and for each query that is searched at the end.
    """
    windows = []
    for item in judged.queries:
        windows.append(window(searcher, item))
        progress(1)
    tuned = tuning.tune(searcher.profile, windows, metric, seed=seed, progress=progress)
    ranked: dict[str, list[str]] = {}
    for fold in tuned.folds:
        queries = [judged.queries[place].query for place in fold.held_out]
        ranked |= evaluations.rank(replace(searcher, profile=fold.profile), queries, progress)
    return HeldOut(tuned, ranked)


def steps(judged: JudgedSet) -> int:
    """Return how much `progress` will hear."""
    return 2 * len(judged.queries) + tuning.FOLDS + 1


def window(searcher: Searcher, judged: Judged) -> JudgedWindow:
    """Return a judged query's candidates with their raw values, as ranking gets them."""
    found = searcher.find(requests.resolve(Parameters(q=judged.query), searcher.wordlists))
    candidates = found.candidates
    documents = searcher.engine.documents(candidates.ids)
    refs = [documents[expert_id].ref if expert_id in documents else "" for expert_id in candidates.ids]
    return JudgedWindow(
        query=judged.query,
        raw=candidates.raw,
        held=candidates.held,
        asked=found.plan.asked,
        ties=candidates.ties,
        grades=[judged.grades.get(ref, 0) for ref in refs],
        judged=list(judged.grades.values()),
    )


def folds(found: HeldOut, judged: JudgedSet, metric: Metric) -> list[dict[str, Any]]:
    """Return what each fold reached, for keeping with the evaluation."""
    grades = {item.query: item.grades for item in judged.queries}

    def searched(places: Sequence[int]) -> float:
        queries = [judged.queries[place].query for place in places]
        return sum(metric.of(found.ranked[query], grades[query]) for query in queries) / len(queries)

    return [
        {
            "profile": fold.profile.id,
            "weights": weights(fold.profile),
            "held_out": [judged.queries[place].query for place in fold.held_out],
            "training": fold.training,
            "testing": fold.testing,
            "searched": searched(fold.held_out),
        }
        for fold in found.tuned.folds
    ]


def rank(
    searcher: Searcher, judged: JudgedSet, tuned: Evaluation | None, progress: Progress = lambda _: None
) -> Ranking:
    """Search every judged query; where the profile was `tuned` on them, with the weights of held-out folds."""
    if tuned is not None:
        return Ranking(rank_held_out(searcher, tuned.folds, progress), Basis.HELD_OUT, tuned.folds)
    ranked = evaluations.rank(searcher, [item.query for item in judged.queries], progress)
    return Ranking(ranked, Basis.SEARCHED)


def rank_held_out(
    searcher: Searcher, found: Sequence[Mapping[str, Any]], progress: Progress = lambda _: None
) -> dict[str, list[str]]:
    """Search each query with the weights of the fold that did not learn from it, by what `folds` returned."""
    ranked: dict[str, list[str]] = {}
    for fold in found:
        features = tuple(
            replace(feature, weight=fold["weights"][feature.source]) for feature in searcher.profile.features
        )
        profile = replace(searcher.profile, features=features)
        ranked |= evaluations.rank(replace(searcher, profile=profile), fold["held_out"], progress)
    return ranked


def weights(profile: Profile) -> dict[str, float]:
    """Return a profile's weights by source."""
    return {feature.source: feature.weight for feature in profile.features}
