"""Whatever clients, experts, operators, the provider and the clock do in whatever order, the rules of missions hold."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.any_order.machine import AnyOrder
from tests.any_order.world import World

REACHED = (
    *("accept", "quote amended", "mission funded", "mission in_progress", "mission closed", "overtaken"),
    *("escrow held", "escrow released", "accept: Refused", "draft for client"),
)
"""What has to have happened for a run to say anything."""


@pytest.fixture
def counted() -> Iterator[None]:
    """Count from zero, and show what was tried: `pytest -s`."""
    World.counts.clear()
    yield
    print(f"\n{World.counts['steps']} steps")  # noqa: T201
    for what, times in sorted(World.counts.items()):
        print(f"  {times:6} {what}")  # noqa: T201


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("examples", "commands", "least_steps"),
    [(10, 50, 500), pytest.param(600, 80, 40_000, marks=(pytest.mark.long, pytest.mark.timeout(7_200)))],
)
def test_no_order_of_commands_breaks_a_rule(counted: None, examples: int, commands: int, least_steps: int) -> None:
    del counted
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=examples,
            stateful_step_count=commands,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        ),
    )
    assert World.counts["steps"] >= least_steps
    assert [what for what in REACHED if not World.counts[what]] == []
