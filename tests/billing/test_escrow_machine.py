"""Whatever payer, expert, operator, banks and provider do in whatever order, whoever dies over it: the sums hold."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.billing.money_machine import Escrows

REACHED = ("crashes", "lost", "taken back", "returned", "paid")
"""What has to have happened for a long run to say anything; of a short one, chance may leave something out."""
LONG = 100


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("examples", "commands", "least_steps"),
    [(10, 40, 200), pytest.param(2_500, 40, 90_000, marks=(pytest.mark.long, pytest.mark.timeout(14_400)))],
)
def test_no_order_of_what_happens_breaks_a_sum(examples: int, commands: int, least_steps: int) -> None:
    Escrows.counts.clear()
    run_state_machine_as_test(
        Escrows,
        settings=settings(
            max_examples=examples,
            stateful_step_count=commands,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        ),
    )
    assert Escrows.counts["steps"] >= least_steps
    assert examples < LONG or [what for what in REACHED if not Escrows.counts[what]] == []
