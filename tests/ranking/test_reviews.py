import math
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking import reviews, scoring
from ranking.profiles import FIRST
from ranking.reviews import SkillTotals

Given = tuple[str, int, date]
TODAY = date(2026, 11, 25)
SKILLS = ("customs", "logistics", "~vin bio")
given_reviews = st.lists(
    st.tuples(st.sampled_from(SKILLS), st.integers(1, 5), st.dates(date(1990, 1, 1), date(2040, 1, 1))), max_size=60
)
one_review = st.tuples(st.sampled_from(SKILLS), st.integers(1, 5), st.dates(date(1990, 1, 1), date(2040, 1, 1)))
asked_skills = st.frozensets(st.sampled_from(SKILLS))
priors = st.floats(1.0, 5.0)
days = st.dates(date(2026, 1, 1), date(2035, 1, 1))


def means(
    each: Sequence[Sequence[Given]],
    asked: frozenset[str] = frozenset(),
    prior: float = reviews.PRIOR_MEAN,
    today: date = TODAY,
) -> list[float]:
    """Return the value of each expert's reviews, as the engines compute it."""
    rows: list[tuple[float, float, float, SkillTotals]] = []
    for found in each:
        by_skill = {
            skill: reviews.totals([(rating, day) for other, rating, day in found if other == skill])
            for skill in sorted({skill for skill, _, _ in found})
        }
        total, weight = reviews.totals([(rating, day) for _, rating, day in found])
        sums, weights = (np.array([pair[at] for pair in by_skill.values()], dtype=np.float64) for at in (0, 1))
        rows.append((prior, total, weight, SkillTotals(tuple(by_skill), sums, weights)))
    return reviews.mean_for(asked, reviews.join(rows), reviews.fading(today)).tolist()


def scores(each: Sequence[Sequence[Given]], asked: frozenset[str] = frozenset()) -> list[float]:
    """Return base scores of experts who are equal but for their reviews."""
    counts = np.array([float(len(found)) for found in each])
    raw = {"text": np.full(len(each), 0.5), "review_mean": np.array(means(each, asked)), "review_count": counts}
    return scoring.score(FIRST, raw, frozenset({"text"}), len(each)).base.tolist()  # pyright: ignore[reportArgumentType]


def several(rating: int, count: int, skill: str = "customs", age_days: int = 90) -> list[Given]:
    return [(skill, rating, TODAY - timedelta(days=age_days))] * count


@given(given_reviews, one_review, asked_skills, priors, days)
def test_a_review_better_than_the_present_value_never_lowers_it_and_a_worse_one_never_raises_it(
    before: list[Given], added: Given, asked: frozenset[str], prior: float, today: date
) -> None:
    (old,), (new,) = (means([found], asked, prior, today) for found in (before, [*before, added]))
    if added[1] >= old:
        assert new >= old - 1e-9
    else:
        assert new <= old + 1e-9


@given(given_reviews, one_review, asked_skills)
def test_a_review_better_than_the_present_value_never_lowers_the_score(
    before: list[Given], added: Given, asked: frozenset[str]
) -> None:
    if added[1] >= means([before], asked)[0]:
        old, new = scores([before, [*before, added]], asked)
        assert new >= old - 1e-9


@given(given_reviews, asked_skills, priors, days)
def test_the_value_lies_between_the_prior_and_the_ratings(
    found: list[Given], asked: frozenset[str], prior: float, today: date
) -> None:
    ratings = [prior, *(float(rating) for _, rating, _ in found)]
    assert min(ratings) - 1e-9 <= means([found], asked, prior, today)[0] <= max(ratings) + 1e-9


@given(given_reviews, asked_skills, priors)
def test_reviews_are_weighed_as_the_formula_says(found: list[Given], asked: frozenset[str], prior: float) -> None:
    first = TODAY.replace(day=1)
    weights = [
        0.5 ** ((first - day).days / 548) * (1.0 if not asked or skill in asked else 0.3) for skill, _, day in found
    ]
    weighed = math.fsum(weight * rating for weight, (_, rating, _) in zip(weights, found, strict=True))
    expected = (4 * prior + weighed) / (4 + math.fsum(weights))
    assert means([found], asked, prior)[0] == pytest.approx(expected, abs=1e-6)


def test_reviews_of_the_skill_asked_for_count_more_than_others() -> None:
    good_at_customs = [*several(5, 4, "customs"), *several(3, 4, "logistics")]
    good_at_logistics = [*several(3, 4, "customs"), *several(5, 4, "logistics")]
    alike = means([good_at_customs, good_at_logistics])
    assert alike[0] == pytest.approx(alike[1])
    for_customs = means([good_at_customs, good_at_logistics], frozenset({"customs"}))
    assert for_customs[0] > alike[0] + 0.1
    assert for_customs[1] < alike[0] - 0.1


def test_reviews_of_another_skill_still_tell_something() -> None:
    asked = frozenset({"customs"})
    nothing, others, own = means([[], several(5, 4, "logistics"), several(5, 4, "customs")], asked)
    assert nothing < others < own


def test_an_old_review_counts_less_and_half_after_eighteen_months() -> None:
    fresh, old = means([several(5, 4, age_days=0), several(5, 4, age_days=1_500)])
    assert fresh > old > reviews.PRIOR_MEAN
    assert reviews.weight_on(date(2026, 1, 1)) == pytest.approx(
        2 * reviews.weight_on(date(2026, 1, 1) - timedelta(days=548))
    )


@given(st.lists(given_reviews, min_size=2, max_size=6), asked_skills)
def test_nobody_passes_anybody_within_a_month_for_growing_older(each: list[list[Given]], asked: frozenset[str]) -> None:
    month = [date(2026, 11, 1) + timedelta(days=day) for day in range(30)]
    assert len({tuple(means(each, asked, today=day)) for day in month}) == 1


@given(given_reviews, asked_skills, priors)
def test_a_month_moves_a_value_by_very_little(found: list[Given], asked: frozenset[str], prior: float) -> None:
    (before,), (after,) = (means([found], asked, prior, day) for day in (date(2026, 11, 1), date(2026, 12, 1)))
    assert abs(after - before) <= 0.04
    # The weights of all shrink alike, so that only the prior gains.
    assert abs(after - prior) <= abs(before - prior) + 1e-9


def test_a_newcomer_stands_between_badly_and_well_reviewed_experts() -> None:
    newcomer, *others = scores([[], *(several(rating, count) for rating in (3, 4, 5) for count in (1, 5, 50))])
    of_three, of_four, of_five = others[:3], others[3:6], others[6:]
    assert max(of_three) < newcomer
    # A usual review says what is believed anyway: only its number counts, and little.
    assert 0 < of_four[0] - newcomer < of_four[2] - newcomer < 0.025
    assert newcomer < of_five[0] < of_five[1] < of_five[2]
    # All that 50 reviews of 5 can bring against an equal text.
    assert of_five[2] - newcomer < 0.06


def test_what_is_believed_of_a_newcomer_depends_on_the_sector() -> None:
    means_of_sectors = {"wine": reviews.sector_mean(45.0, 10), "mining": reviews.sector_mean(20.0, 10)}
    assert means_of_sectors["wine"] == pytest.approx(125 / 30)
    assert reviews.prior([], means_of_sectors) == reviews.PRIOR_MEAN
    assert reviews.prior(["unheard-of"], means_of_sectors) == reviews.PRIOR_MEAN
    low, high = (reviews.prior([sector], means_of_sectors) for sector in ("mining", "wine"))
    assert low < reviews.PRIOR_MEAN < high
    assert reviews.prior(["mining", "wine"], means_of_sectors) == pytest.approx((low + high) / 2)


@given(st.lists(st.integers(1, 5), max_size=300))
def test_the_mean_of_a_sector_lies_between_the_prior_and_its_ratings(ratings: list[int]) -> None:
    found = reviews.sector_mean(float(sum(ratings)), len(ratings))
    assert min([4, *ratings]) - 1e-9 <= found <= max([4, *ratings]) + 1e-9
