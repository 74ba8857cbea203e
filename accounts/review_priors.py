"""What is believed of an expert before any review: the mean rating of each sector, taken now and then.

It stands still in between: if every review moved the mean of its sector, a good review of one expert could raise
others of that sector above them.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.experts import Expert, Review, SectorRating
from accounts.models.notices import HiddenReview
from ranking import reviews
from taxonomy.wordlists import Wordlists

STEP = 0.1
"""A mean that would move by less stays, so that the index need not be rebuilt for it."""
READ_CHUNK = 1_000


def read(session: Session) -> dict[str, float]:
    """Return the mean rating of each sector, by its key."""
    return {row.sector: row.mean for row in session.execute(select(SectorRating)).scalars()}


def means(session: Session, wordlists: Wordlists) -> dict[str, float]:
    """Return what the mean rating of each sector is at present, shrunk, by the sector's key."""
    found: dict[str, tuple[int, int]] = {}
    rated = (
        select(col(Expert.sectors), func.sum(col(Review.rating)), func.count())
        .join(Review, col(Review.expert_id) == col(Expert.id))
        .where(col(Review.id).not_in(select(col(HiddenReview.review_id)).where(col(HiddenReview.is_whole).is_(True))))
        .group_by(col(Expert.id))
        .execution_options(yield_per=READ_CHUNK)
    )
    for labels, rating_sum, count in session.execute(rated):
        for key in set(map(wordlists.sector_key, labels)):
            total, number = found.get(key, (0, 0))
            found[key] = (total + rating_sum, number + count)
    return {key: reviews.sector_mean(total, number) for key, (total, number) in found.items()}


def keep(session: Session, present: Mapping[str, float], *, at: datetime) -> bool:
    """Keep those means that have moved by a step; tell whether one has."""
    known = read(session)
    moved = {key: mean for key, mean in present.items() if abs(mean - known.get(key, reviews.PRIOR_MEAN)) >= STEP}
    gone = [key for key in known if key not in present]
    session.execute(delete(SectorRating).where(col(SectorRating.sector).in_([*moved, *gone])))
    session.add_all(SectorRating(sector=key, mean=mean, taken_at=at) for key, mean in sorted(moved.items()))
    return bool(moved or gone)
