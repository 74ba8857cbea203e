"""What went before: two who have worked together already, and a sponsor who has spent what a referral earned.

Chance alone seldom comes to a second quote of a pair, or to a sponsor's next one.
"""

from functools import lru_cache

from tests.any_order import cast
from tests.any_order.cast import Cast
from tests.any_order.money import Money
from tests.any_order.proposals import Proposals
from tests.any_order.work import Work
from tests.any_order.world import World

PAIR = ("anne", "erin")
"""Erin came by a quote of Anne's, and their mission is closed: from now on their later reduction holds."""
SPONSOR = "otto"
"""He brought Anne here, and what her first mission earned him is kept for a quote that waits for its client."""


class _Past(Proposals, Money, Work):
    """A world, and what happened in it."""

    def __init__(self) -> None:
        self.world = World(cast.made())

    def play(self) -> Cast:
        world = self.world
        self.draft(PAIR[0], 0, "newcomer", "berta", 2, 600, "none", 0)
        self.issue(None, 0, "send", 0)
        self.sign_up()
        self.accept(None, 0, 0, is_forged=False)
        world.deliver_all()
        self.wire(None, 0, "missing", "number", is_late=False)
        world.deliver_all()
        mission = world.rows.missions[0]
        expert, client = self.expert_of(None, mission), self.client_of(None, mission)
        for who, act in ((expert, "start"), (expert, "report"), (client, "validate")):
            assert self.act(act, who, mission["id"]), act
        world.deliver_all()
        self.propose("berta", {SPONSOR}, None)
        self.draft(None, 0, "offer", "berta", 2, 600, "none", 0)
        self.issue(None, 0, "send", 0)
        world.deliver_all()
        assert sorted(row["kind"] for row in world.rows.reductions) == ["own_client", "referral"]
        assert len(world.rows.reduction_uses) == len(world.rows.reductions)
        return Cast(world.saved(), dict(world.people), world.at)


@lru_cache(maxsize=1)
def made() -> Cast:
    """Return everybody after all that, made once for all runs; what was done is not counted."""
    past, counts = _Past(), World.counts.copy()
    try:
        return past.play()
    finally:
        past.world.close()
        World.counts.clear()
        World.counts.update(counts)
