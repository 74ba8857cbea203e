"""Some weeks of plausible visits to the sample directory, so that experts' figures have something to show.

Invented, and marked: every id, visitor key and ranking profile of it begins with `demo`. A day's visits hang on its
date and the experts alone, so that repeating the demonstration adds the days that have passed since and doubles none.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import approaches, audience_sources, audiences, outcomes
from accounts.audience_days import ZONE
from accounts.audiences import Audience, Showing, Shown, Viewing
from accounts.models.accounts import Account, Membership
from accounts.models.audiences import Impression, ResultPage, VisitorKind
from accounts.models.experts import Expert
from accounts.models.findings import Approach, Finding
from taxonomy import zones

MARK = "demo"
DAYS = 75
"""Fewer than single visits are kept for: what is sums already must not come once more."""
A_DAY = 34
"""Searches on an ordinary working day."""
SIZE = 10
MOST_FOUND = 25
HOLDOUT_PERCENT = 4
APPROACHES = 5
"""Of each client."""
KINDS = {VisitorKind.ANONYMOUS: 11, VisitorKind.COMPANY: 7, VisitorKind.EXPERT: 2}


Ranked = tuple[Expert, float, str | None]
"""An expert, the base score, and what became of a boost."""


@dataclass(frozen=True)
class Directory:
    """Whom a search for a skill finds, those who list it first; `shares` says how often each skill is asked for."""

    found: dict[str, list[Expert]]
    skills: list[str]
    shares: list[int]


def add(session: Session, refs: Sequence[str], today: date) -> int:
    """Record visits of the last weeks up to yesterday where they are missing; return how many pages that is."""
    directory = _directory(session, refs)
    if not directory.skills:
        return 0
    last = session.execute(
        select(func.max(col(ResultPage.shown_at))).where(col(ResultPage.profile_id) == MARK)
    ).scalar()
    count = 0
    for ago in range(DAYS, 0, -1):
        day = today - timedelta(days=ago)
        if last is None or day > last.astimezone(ZONE).date():
            seen = _day(directory, day, growth=1.35 - 0.7 * ago / DAYS)
            audiences.record(session, seen)
            count += len(seen.showings)
    return count


def add_approaches(session: Session, emails: Sequence[str]) -> None:
    """Have the demonstration's clients, who have none yet, approach some of those whom invented visitors opened."""
    clients = (
        select(col(Membership.client_id))
        .join(Account, col(Account.id) == col(Membership.account_id))
        .where(col(Account.email).in_(emails), col(Membership.client_id).not_in(select(col(Approach.client_id))))
        .order_by(col(Account.email))
    )
    columns = (col(ResultPage.query), col(ResultPage.shown_at), col(Impression.expert_id), col(Impression.position))
    visits = (
        outcomes.opened(*columns)
        .where(col(ResultPage.profile_id) == MARK, col(ResultPage.visitor_kind) == VisitorKind.COMPANY.value)
        .order_by(col(ResultPage.shown_at).desc(), col(ResultPage.id), col(Impression.position))
        .limit(APPROACHES)
    )
    for client_id in session.execute(clients).scalars().all():
        rows: Any = session.execute(visits)
        for query, shown_at, expert_id, position in rows.all():
            finding = Finding(audience_sources.alike(query), position, shown_at.astimezone(ZONE).date())
            approaches.note(session, client_id, expert_id, finding)


def _directory(session: Session, refs: Sequence[str]) -> Directory:
    statement = (
        select(Expert)
        .where(col(Expert.ref).in_(refs), col(Expert.is_visible), col(Expert.is_available))
        .order_by(col(Expert.ref))
    )
    experts = list(session.execute(statement).scalars())
    listing: dict[str, list[Expert]] = defaultdict(list)
    for expert in experts:
        for skill in expert.skills:
            listing[skill].append(expert)
    found: dict[str, list[Expert]] = {}
    for skill, listed in listing.items():
        sectors = {sector for expert in listed for sector in expert.sectors}
        near = [expert for expert in experts if sectors & set(expert.sectors) and expert not in listed]
        found[skill] = [*listed, *near][:MOST_FOUND]
    skills = sorted(found)
    return Directory(found, skills, [len(listing[skill]) ** 2 for skill in skills])


def _day(directory: Directory, day: date, growth: float) -> Audience:
    chance = random.Random(f"{MARK} {day}")  # noqa: S311 - no secret: the same day is the same visits
    busy = (1.0, 1.1, 1.05, 1.0, 0.8, 0.25, 0.2)[day.weekday()]
    number = round(A_DAY * busy * growth * chance.uniform(0.8, 1.2))
    showings: list[Showing] = []
    viewings: list[Viewing] = []
    for place in range(number):
        showing = _showing(directory, day, place, chance)
        showings.append(showing)
        viewings.extend(_viewings(showing, chance))
    return Audience(tuple(showings), tuple(viewings))


def _showing(directory: Directory, day: date, number: int, chance: random.Random) -> Showing:
    (skill,) = chance.choices(directory.skills, directory.shares)
    found = directory.found[skill]
    country = chance.choice([code for expert in found for code in expert.countries] or [""])
    is_placed = bool(country) and chance.random() < 0.45
    query = f"{skill} {zones.country_label(country, 'fr')}" if is_placed else skill
    (kind,) = chance.choices(list(KINDS), list(KINDS.values()))
    at = datetime.combine(day, time(8), ZONE) + timedelta(seconds=chance.triangular(0, 12 * 3600, 3 * 3600))
    draw_key = f"{MARK}-{query}-{day.toordinal() // 7}"
    return Showing(
        query_id=f"{MARK}-{day}-{number}",
        shown_at=at,
        query=query,
        draw_key=draw_key,
        profile_id=MARK,
        arm="live",
        holdout_percent=HOLDOUT_PERCENT,
        visitor_kind=kind,
        visitor_key=f"{MARK}-{day}-{chance.randrange(1 + number)}",
        experts=tuple(_shown(_ranked(found, skill, country if is_placed else "", draw_key, day))),
        places=(country,) if is_placed else (),
    )


def _ranked(found: Sequence[Expert], skill: str, country: str, draw_key: str, day: date) -> list[Ranked]:
    """Return who fits best; the order of a search stays for a week."""
    ranked: list[Ranked] = []
    for expert in found:
        draw = random.Random(f"{draw_key} {expert.ref}")  # noqa: S311 - no secret
        fit = 0.2 * (skill in expert.skills) + 0.15 * (country in expert.countries)
        base = draw.uniform(0.3, 0.6) + fit
        is_boosted = expert.boosted_until is not None and expert.boosted_until >= day
        treatment = ("held_out" if draw.random() * 100 < HOLDOUT_PERCENT else "boosted") if is_boosted else None
        ranked.append((expert, base, treatment))
    return sorted(ranked, key=lambda item: _score(*item[1:]), reverse=True)[:SIZE]


def _shown(ranked: Sequence[Ranked]) -> Iterator[Shown]:
    for position, (expert, base, treatment) in enumerate(ranked, start=1):
        yield Shown(expert.id, position, base, _score(base, treatment), treatment)


def _score(base: float, treatment: str | None) -> float:
    return base * 1.15 if treatment == "boosted" else base


def _viewings(showing: Showing, chance: random.Random) -> Iterator[Viewing]:
    """Yield which profiles a visitor opens: the first ones most often."""
    for shown in showing.experts:
        if chance.random() < 0.22 / shown.position**0.7:
            yield Viewing(
                id=f"{showing.query_id}-{shown.position}",
                expert_id=shown.expert_id,
                viewed_at=showing.shown_at + timedelta(seconds=chance.uniform(5, 300)),
                query_id=showing.query_id,
                visitor_kind=showing.visitor_kind,
                visitor_key=showing.visitor_key,
            )
