"""The first phase that OpenSearch computes is the one that `ranking.scoring` does, for any profile and documents."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.documents import Document, skill_term
from indexer.engines.embedded.engine import EmbeddedEngine
from indexer.engines.embedded.features import SECOND_PHASE
from indexer.engines.interface import Alternative, Filters, Group, Plan
from indexer.engines.opensearch.engine import OpenSearchEngine
from ranking import scoring
from ranking.profiles import Feature, Policy, Profile, Source, Transform
from taxonomy import texts
from tests.indexer.engines.conftest import generations_at, origin
from tests.indexer.engines.embedded.test_engine import DIMENSION, ORIGIN, TODAY, WORDS, document

CLOSE = 2e-5
"""How far a score in single precision may be off."""
ROUNDED = 2e-3
"""How far it may be off from frequencies that were not rounded to thousandths, with transforms as steep as here."""
COUNTRIES = ("FR", "MA", "DE", "CN", "IT")
SKILLS = ("customs", "wine", "~déclaration en ligne")
QUERY_SOURCES: tuple[Source, ...] = ("text", "skill", "related", "zone", "sector", "language")
OWN_SOURCES: tuple[Source, ...] = ("review_mean", "review_count", "days_until_available")


def anybody(number: int) -> Document:
    drawn = random.Random(number)  # noqa: S311 - any people will do, always the same
    mentioned = {key: drawn.choice((0.5, 0.8, 1.0)) for key in drawn.sample(SKILLS, drawn.randint(0, 3))}
    reviews, weight = drawn.choice((0, 0, 1, 9)), drawn.uniform(0.1, 30.0)
    return document(
        f"e{number}",
        text=" ".join(drawn.choices(WORDS, k=drawn.randint(1, 12))),
        countries=drawn.sample(COUNTRIES, drawn.randint(0, 5)),
        based_in=drawn.choice((None, *COUNTRIES)),
        languages=drawn.sample(("fr", "en", "zh"), drawn.randint(0, 3)),
        skill_keys=[key for key, share in mentioned.items() if share == 1.0],
        mentioned_skills=mentioned,
        sector_keys=drawn.sample(("food", "~mode"), drawn.randint(0, 2)),
        rating_count=reviews,
        review_prior=drawn.choice((3.7, 4.0, 4.2)),
        review_sum=reviews * weight * drawn.randint(1, 5),
        review_weight=reviews * weight,
        available_from=drawn.choice((None, TODAY + timedelta(days=drawn.randint(-90, 200)))),
    )


PEOPLE = [anybody(number) for number in range(60)]


@pytest.fixture(scope="module")
def engines(
    opensearch_address: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[EmbeddedEngine, OpenSearchEngine]]:
    path: Path = tmp_path_factory.mktemp("formulas") / "generation.db"
    embedded = EmbeddedEngine(path, ORIGIN)
    embedded.put(PEOPLE)
    with generations_at(opensearch_address) as generations:
        built = generations.begin(origin(DIMENSION), {}, lambda: [(person, None) for person in PEOPLE]).engine
        assert isinstance(built, OpenSearchEngine)
        built.put(PEOPLE, {}, {})
        built.refresh()
        yield embedded, built
    embedded.close()


shares = st.floats(0.0, 1.0, width=32)
transforms = st.one_of(
    st.builds(lambda low, width: Transform("linear", low, low + width), st.floats(-1.0, 3.0), st.floats(0.25, 5.0)),
    st.builds(lambda pivot: Transform("saturation", pivot=pivot), st.floats(0.25, 50.0)),
    st.builds(lambda pivot: Transform("half_life", pivot=pivot), st.floats(0.25, 50.0)),
)


def features(sources: tuple[Source, ...], *, always: bool) -> st.SearchStrategy[list[Feature]]:
    one = st.builds(
        Feature,
        st.sampled_from(sources),
        st.floats(0.01, 1.0),
        transforms,
        missing=shares,
        is_always_on=st.just(always) if always else st.booleans(),
    )
    return st.lists(one, max_size=len(sources), unique_by=lambda item: item.source)


found_profiles = st.builds(
    lambda asked, own: Profile(
        (*asked, *own, Feature("review_count", 0.1, Transform("linear"), is_always_on=True)), Policy()
    ),
    features(QUERY_SOURCES, always=False),
    features(("review_mean", "days_until_available"), always=True),
)
terms = st.lists(st.sampled_from(WORDS).map(texts.stems), min_size=1, max_size=3).map(tuple)
alternatives = st.builds(Alternative, terms, st.sampled_from([1.0, 0.8, 0.5]))
groups = st.builds(
    lambda typed, others, is_required: Group("", len(typed), (Alternative(typed), *others), is_required),
    terms,
    st.lists(alternatives, max_size=2),
    st.booleans(),
)
weights = st.floats(0.1, 1.0)
plans = st.builds(
    lambda asked_groups, profile, asked, skills, places, least: Plan(
        groups=tuple(asked_groups),
        minimum_words=least,
        fewest_words=1.0,
        filters=Filters(),
        profile=profile,
        asked=frozenset(asked) | {"text"},
        today=TODAY,
        skills=skills,
        related={**{skill_term(key): weight for key, weight in skills.items()}, "sector:food": 0.3},
        places=tuple(places),
        sectors=frozenset({"food", "~mode"}),
        languages=frozenset({"en", "zh"}),
    ),
    st.lists(groups, min_size=1, max_size=3),
    found_profiles,
    st.sets(st.sampled_from(QUERY_SOURCES)),
    st.dictionaries(st.sampled_from(SKILLS), weights, min_size=1),
    st.lists(st.frozensets(st.sampled_from(COUNTRIES), min_size=1), min_size=1, max_size=2),
    st.sampled_from([1.0, 1.5, 2.0, 3.0]),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans)
def test_scores_are_what_the_formula_says(engines: tuple[EmbeddedEngine, OpenSearchEngine], plan: Plan) -> None:
    embedded, opensearch = engines
    told = opensearch.scores(plan)
    ours = embedded.retrieve(plan)
    assert told.keys() == set(ours.candidates.ids)
    ids = list(told)
    asked = plan.asked - SECOND_PHASE
    for engine, tolerance in ((opensearch, CLOSE), (embedded, ROUNDED)):
        described = engine.describe(plan, ids)
        # Reviews of the skills asked for count more in the second phase only.
        all_reviews = engine.describe(replace(plan, skills={}), ids).raw["review_mean"]
        raw = {**described.raw, "review_mean": all_reviews}
        by_id = dict(zip(described.ids, scoring.score(plan.profile, raw, asked, len(ids)).base, strict=True))
        np.testing.assert_allclose([told[key] for key in ids], [by_id[key] for key in ids], atol=tolerance)


def test_scores_depend_on_the_profile(engines: tuple[EmbeddedEngine, OpenSearchEngine]) -> None:
    _, opensearch = engines
    plan = Plan(
        groups=(Group("douane", 1, (Alternative((texts.stems("douane"),)),)),),
        minimum_words=1,
        fewest_words=1,
        filters=Filters(),
        profile=Profile((Feature("text", 1.0, Transform("linear")),), Policy()),
        asked=frozenset({"text"}),
        today=TODAY,
    )
    halved = Profile((Feature("text", 1.0, Transform("linear", 0.0, 2.0)),), Policy())
    full, half = opensearch.scores(plan), opensearch.scores(replace(plan, profile=halved))
    assert len(full) > 10
    np.testing.assert_allclose([half[key] for key in full], [value / 2 for value in full.values()], atol=CLOSE)
