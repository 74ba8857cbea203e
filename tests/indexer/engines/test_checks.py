from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from indexer.engines import checks
from indexer.engines.checks import FROM_QUERY, OWN
from indexer.engines.embedded.features import SECOND_PHASE
from indexer.engines.interface import Retrieved
from ranking.profiles import FIRST, Feature, Profile, Source, Transform
from tests.builders import Directory
from tests.indexer.engines.conftest import Pair
from tests.ranking.strategies import good_profiles


def codes(profile: Profile) -> set[tuple[str, str]]:
    return {(fault.field, fault.code) for fault in checks.check(profile)}


@given(good_profiles)
def test_engines_can_compute_what_rises_with_what_is_asked(profile: Profile) -> None:
    assert checks.check(profile) == []


def test_every_feature_is_known_to_some_phase() -> None:
    assert set(get_args(Source)) == FROM_QUERY | OWN | SECOND_PHASE


@pytest.mark.parametrize("source", sorted(FROM_QUERY))
def test_more_of_what_is_asked_can_not_be_worth_less(source: Source) -> None:
    falling = tuple(
        replace(feature, transform=Transform("half_life", pivot=1.0)) if feature.source == source else feature
        for feature in FIRST.features
    )
    assert codes(replace(FIRST, features=falling)) == {(f"{source.upper()}_TRANSFORM", "falls")}


@pytest.mark.parametrize("source", sorted(FROM_QUERY))
def test_what_a_query_gives_is_not_there_without_it(source: Source) -> None:
    always = tuple(
        replace(feature, is_always_on=True) if feature.source == source else feature for feature in FIRST.features
    )
    assert codes(replace(FIRST, features=always)) == {(source.upper(), "not_always")}


def test_a_source_that_no_engine_knows_is_refused() -> None:
    strange = Feature("wine", 0.1, Transform("linear"))  # pyright: ignore[reportArgumentType]
    assert ("WINE", "not_in_first_phase") in codes(replace(FIRST, features=(*FIRST.features, strange)))


def test_something_weighs_where_nothing_is_asked() -> None:
    near = Feature("semantic", 0.1, Transform("linear"), is_always_on=True)
    assert codes(replace(FIRST, features=(near,))) == {("WEIGHTS", "nothing_in_first_phase")}


def test_both_engines_compute_every_source_that_is_let_through(pair: Pair) -> None:
    def answered(directory: Directory) -> Retrieved:
        searcher = directory.searcher()
        found = searcher.find(directory.request(q="expert douane agroalimentaire anglophone au Maroc"))
        assert found.plan.asked >= FROM_QUERY
        return directory.index.engine.retrieve(found.plan)

    for directory in (pair.embedded, pair.opensearch):
        assert answered(directory).candidates.raw.keys() >= FROM_QUERY | OWN


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(good_profiles)
def test_both_engines_rank_by_any_profile_that_is_let_through(pair: Pair, profile: Profile) -> None:
    for directory in (pair.embedded, pair.opensearch):
        for query in ("expert douane agroalimentaire anglophone au Maroc", ""):
            found = directory.searcher(profile).find(directory.request(q=query))
            scores = [item.score for item in found.results]
            assert np.isfinite(scores).all()
            assert all(0 <= score <= 1 + profile.policy.boost + 1e-9 for score in scores)
