"""Two rankings of one search in one list, so that visitors tell which is better: policy holds on the mix.

Each ranking orders its own window with its half of the boost cap, whoever picks first with the larger one and with
the newcomer's seat. What both have to keep alike is the live profile's: pages, and who is held out, since a lift is
weighed by one chance. Whole windows are ordered and explained, whatever the page: with two of 160 a search takes about
3 ms longer; where the first phases differ, the engine is asked twice as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.engines.interface import Candidates, Plan
from ranking import interleaving
from ranking.interleaving import Pick, Team
from ranking.profiles import Policy
from search_api import orders
from search_api.orders import Row
from search_api.requests import SearchRequest


@dataclass(frozen=True)
class Window:
    """What one of the rankings was asked, and whom it looks at."""

    plan: Plan
    candidates: Candidates


def mix(live: Window, canary: Window, request: SearchRequest) -> list[Row]:
    """Return everybody of both windows, each row as the ranking of its team scored it; the same on every page."""
    key = orders.draw_key(request, live.plan.today)
    policies = live.plan.profile.policy, canary.plan.profile.policy
    boosted = interleaving.shares(min(policy.boosted_at_top for policy in policies), key)
    first = interleaving.leader(key)
    windows: dict[Team, Window] = {"live": live, "canary": canary}
    rows = {
        team: _ranked(window, policies[0], boosted[team], request, has_seat=team == first)
        for team, window in windows.items()
    }
    drafted = interleaving.draft(
        [_pick(row) for row in rows["live"]],
        [_pick(row) for row in rows["canary"]],
        key,
        top=policies[0].top,
        boosted=boosted,
    )
    by_id = {team: {row.id: row for row in ranked} for team, ranked in rows.items()}
    return [
        replace(by_id[team][expert_id], team=team, moved=drafted.moves.get(expert_id))
        for expert_id, team in zip(drafted.order, drafted.teams, strict=True)
    ]


def followers(rest: Sequence[str], live: Window, mixed: Sequence[Row], first: int, last: int) -> list[str]:
    """Return who follows the mix by the live ranking, from place `first` to before `last` behind it.

    `rest` follows the live window; whom only the canary looked at may be in it and has a place in the mix already.
    """
    added = len(mixed) - len(live.candidates.ids)
    if not added:
        return list(rest[first:last])
    placed = {row.id for row in mixed}
    return [expert_id for expert_id in rest[: last + added] if expert_id not in placed][first:last]


def _ranked(window: Window, live: Policy, boosted: int, request: SearchRequest, *, has_seat: bool) -> list[Row]:
    profile = window.plan.profile
    policy = replace(profile.policy, top=live.top, boosted_at_top=boosted, holdout_percent=live.holdout_percent)
    plan = replace(window.plan, profile=replace(profile, policy=policy))
    size = len(window.candidates.ids)
    return orders.rank(plan, window.candidates, request, 0, size, has_seat=has_seat)


def _pick(row: Row) -> Pick[str]:
    decisive = row.base if row.moved == "boost_capped" else row.score
    return Pick(row.id, row.base, decisive, row.text, row.moved)
