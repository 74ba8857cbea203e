import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ranking import reviews


def mean_of(total: float, count: int) -> float:
    return float(reviews.shrunken_mean(np.array([float(total)]), np.array([float(count)]))[0])


RATINGS = st.lists(st.integers(1, 5), min_size=1, max_size=200)


def test_who_has_no_review_has_no_mean() -> None:
    assert np.isnan(mean_of(0, 0))


@given(RATINGS)
def test_the_mean_stays_between_the_plain_mean_and_the_prior(ratings: list[int]) -> None:
    plain = sum(ratings) / len(ratings)
    low, high = sorted((plain, reviews.PRIOR_MEAN))
    assert low - 1e-9 <= mean_of(sum(ratings), len(ratings)) <= high + 1e-9


@given(RATINGS, st.integers(1, 5))
def test_one_more_review_moves_the_mean_towards_it(ratings: list[int], rating: int) -> None:
    before = mean_of(sum(ratings), len(ratings))
    after = mean_of(sum(ratings) + rating, len(ratings) + 1)
    assert (after > before) == (rating > before) or after == before == rating


def test_many_reviews_outweigh_the_prior() -> None:
    assert mean_of(1_000, 1_000) < 1.05
    assert mean_of(5, 1) < 4.5
