"""Two rankings of one search in one list, so that visitors tell which is better: policy holds on the mix.

Each ranking orders its own window with its half of the boost cap, whoever picks first with the larger one and with
the newcomer's seat. What both have to keep alike is the live profile's: pages, and who is held out, since a lift is
weighed by one chance. Whole windows are ordered, whatever the page; where the first phases differ, the engine is asked
twice as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from indexer.engines.interface import Candidates, Plan
from ranking import interleaving
from ranking.interleaving import Drafted, Team
from ranking.profiles import Policy
from search_api import orders
from search_api.orders import Arranged, Row
from search_api.requests import SearchRequest


@dataclass(frozen=True)
class Window:
    """What one of the rankings was asked, and whom it looks at."""

    plan: Plan
    candidates: Candidates


@dataclass(frozen=True)
class Mixed:
    """Everybody of both windows in one order, the same on every page."""

    drafted: Drafted[str]
    windows: Mapping[Team, Arranged]

    def __len__(self) -> int:
        return len(self.drafted.order)

    def rows(self, first: int, last: int) -> list[Row]:
        """Return the rows from `first` to before `last`, each as the ranking of its team scored it."""
        numbers = {
            team: {one: at for at, one in enumerate(ranked.candidates.ids)} for team, ranked in self.windows.items()
        }
        return [
            replace(self.windows[team].row(numbers[team][one]), team=team, moved=self.drafted.moves.get(one))
            for one, team in zip(self.drafted.order[first:last], self.drafted.teams[first:last], strict=True)
        ]


def mix(live: Window, canary: Window, request: SearchRequest) -> Mixed:
    """Draft one order of two windows."""
    key = orders.draw_key(request, live.plan.today)
    policies = live.plan.profile.policy, canary.plan.profile.policy
    boosted = interleaving.shares(min(policy.boosted_at_top for policy in policies), key)
    first = interleaving.leader(key)
    windows: dict[Team, Window] = {"live": live, "canary": canary}
    arranged: dict[Team, Arranged] = {
        team: _arranged(window, policies[0], boosted[team], request, has_seat=team == first)
        for team, window in windows.items()
    }
    drafted = interleaving.draft(
        arranged["live"].picks(),
        arranged["canary"].picks(),
        key,
        top=policies[0].top,
        boosted=boosted,
    )
    return Mixed(drafted, arranged)


def followers(rest: Sequence[str], live: Window, mixed: Mixed, first: int, last: int) -> list[str]:
    """Return who follows the mix by the live ranking, from place `first` to before `last` behind it.

    `rest` follows the live window; whom only the canary looked at may be in it and has a place in the mix already.
    """
    added = len(mixed) - len(live.candidates.ids)
    if not added:
        return list(rest[first:last])
    placed = set(mixed.drafted.order)
    return [expert_id for expert_id in rest[: last + added] if expert_id not in placed][first:last]


def _arranged(window: Window, live: Policy, boosted: int, request: SearchRequest, *, has_seat: bool) -> Arranged:
    profile = window.plan.profile
    policy = replace(profile.policy, top=live.top, boosted_at_top=boosted, holdout_percent=live.holdout_percent)
    plan = replace(window.plan, profile=replace(profile, policy=policy))
    candidates = orders.likened(window.candidates, orders.learn(plan, window.candidates))
    return orders.arrange(plan, candidates, request, has_seat=has_seat)
