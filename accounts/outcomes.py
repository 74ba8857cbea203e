"""What came of results that were shown, read for those who judge the ranking: repeats are left out everywhere."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.audience_days import ZONE
from accounts.models.audiences import Impression, ResultPage, View
from accounts.models.experts import Expert
from accounts.models.findings import Approach
from ranking.interleaving import Day, Team
from ranking.lifts import Draw
from ranking.propensities import Traffic

FIRST_PLACES = 10
"""Places whose impressions a boost is measured by."""
INTERLEAVED = "interleaved"


def boost_draws(session: Session, since: datetime, expert_id: str | None = None) -> list[Draw]:
    """Return what came of each draw of a boost, of one expert or of all.

    Where nobody could be held out (a holdout of 0 %), there is nothing to compare with: those are left out.
    """
    columns = (
        col(ResultPage.draw_key),
        col(Impression.expert_id),
        col(Impression.treatment),
        col(ResultPage.holdout_percent),
    )
    firsts = (
        select(*columns, func.count())
        .select_from(Impression)
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(col(Impression.position) <= FIRST_PLACES, col(Impression.is_repeated).is_(False))
        .group_by(*columns)
    )
    views = opened(*columns, func.count()).group_by(*columns)
    counts: dict[tuple[Any, ...], list[int]] = {}
    for place, statement in enumerate((firsts, views)):
        drawn = statement.where(
            col(ResultPage.shown_at) >= since,
            col(Impression.treatment).is_not(None),
            col(ResultPage.holdout_percent).between(1, 99),
        )
        if expert_id is not None:
            drawn = drawn.where(col(Impression.expert_id) == expert_id)
        for *draw, count in session.execute(drawn):
            counts.setdefault(tuple(draw), [0, 0])[place] = count
    return [
        Draw(treatment == "held_out", percent / 100, first_count, view_count)
        for (_, _, treatment, percent), (first_count, view_count) in counts.items()
    ]


def count_firsts(session: Session, expert_id: str, since: datetime) -> int:
    """Count how often results showed an expert among the first places."""
    statement = (
        select(func.count())
        .select_from(Impression)
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(col(Impression.expert_id) == expert_id, col(ResultPage.shown_at) >= since)
        .where(col(Impression.position) <= FIRST_PLACES, col(Impression.is_repeated).is_(False))
    )
    return session.execute(statement).scalar_one()


def interleaved_days(session: Session, live_id: str, canary_id: str) -> list[Day]:
    """Return each visitor's day of searches in which two rankings were interleaved."""
    is_meant = (
        (col(ResultPage.arm) == INTERLEAVED)
        & (col(ResultPage.profile_id) == live_id)
        & (col(ResultPage.canary_id) == canary_id)
    )
    key = col(ResultPage.visitor_key)
    searches = select(key, func.count()).where(is_meant).group_by(key)
    points = opened(key, col(Impression.team), func.count()).where(is_meant).group_by(key, col(Impression.team))
    rows: Any = session.execute(points)
    won: dict[tuple[str, Team], int] = {(visitor, team): count for visitor, team, count in rows}
    return [
        Day(count, won.get((visitor, "live"), 0), won.get((visitor, "canary"), 0))
        for visitor, count in session.execute(searches)
    ]


def interleaved_pairs(session: Session) -> list[tuple[str, str]]:
    """Return the pairs of ranking profiles that were interleaved, live first, the latest pair first."""
    pair = (col(ResultPage.profile_id), col(ResultPage.canary_id))
    statement = (
        select(*pair)
        .where(col(ResultPage.arm) == INTERLEAVED, col(ResultPage.canary_id).is_not(None))
        .group_by(*pair)
        .order_by(func.max(col(ResultPage.shown_at)).desc())
    )
    return [(live, canary or "") for live, canary in session.execute(statement)]


def traffic(session: Session, since: datetime) -> Iterator[Traffic]:
    """Yield how often experts, named by ref, were shown for typed queries, opened and approached, by position."""
    columns = (col(ResultPage.query), col(Expert.ref), col(Impression.position))
    shown = (
        select(*columns, func.count())
        .select_from(Impression)
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(col(Impression.is_repeated).is_(False))
    )
    counts: dict[tuple[str, str, int], list[int]] = {}
    for place, statement in enumerate((shown, opened(*columns, func.count()))):
        typed = (
            statement.join(Expert, col(Expert.id) == col(Impression.expert_id))
            .where(col(ResultPage.shown_at) >= since, col(ResultPage.query).is_not(None))
            .group_by(*columns)
        )
        for query, ref, position, count in session.execute(typed):
            alike = (" ".join(str(query).casefold().split()), ref, position)
            counts.setdefault(alike, [0, 0, 0])[place] += count
    rows: Any = session.execute(_approached(since))
    for query, ref, position, count in rows:
        counts.setdefault((query, ref, position), [0, 0, 0])[2] += count
    for (query, ref, position), (impressions, views, approaches) in counts.items():
        yield Traffic(query, ref, position, impressions, min(views, impressions), min(approaches, impressions))


def _approached(since: datetime) -> Any:
    """Select how many clients went on to propose a mission or to write."""
    columns = (col(Approach.query), col(Expert.ref), col(Approach.position))
    return (
        select(*columns, func.count())
        .select_from(Approach)
        .join(Expert, col(Expert.id) == col(Approach.expert_id))
        .where(col(Approach.found_on) >= since.astimezone(ZONE).date())
        .group_by(*columns)
    )


def opened(*columns: Any) -> Any:
    """Select pages opened from results, with the impression that each came from."""
    return (
        select(*columns)
        .select_from(View)
        .join(
            Impression,
            (col(Impression.query_id) == col(View.query_id)) & (col(Impression.expert_id) == col(View.expert_id)),
        )
        .join(ResultPage, col(ResultPage.id) == col(Impression.query_id))
        .where(col(View.is_repeated).is_(False))
    )
