"""What reviews say about an expert: a mean that few reviews can't throw far.

Ranking uses the posterior mean, not a lower bound: a bound would punish who is new (see whuber on
ranking by confidence limits, and the weighted rating that film directories use).
"""

import numpy as np
from numpy.typing import NDArray

PRIOR_MEAN = 4.0
PRIOR_REVIEWS = 4.0


def shrunken_mean(rating_sum: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (prior + sum of ratings) / (prior weight + count), from 1 to 5; NaN without any review.

    The prior is fixed, so that a review better than the present value always raises it (mission row S4).
    """
    mean = (PRIOR_MEAN * PRIOR_REVIEWS + rating_sum) / (PRIOR_REVIEWS + count)
    return np.where(count > 0, mean, np.nan)
