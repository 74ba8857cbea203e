"""A process that is killed between any two steps leaves all of a fact, or nothing of it."""

import pytest

from billing import ledger_checks, ledger_statements, payments
from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.providers.interface import Payin
from foundation.database import Database
from tests.billing.kills import dies_after
from tests.billing.money import AT, DUE, Money, make

MOST_STEPS = 400
TOLD_AGAIN_EACH = 7


@pytest.fixture
def money(database: Database) -> Money:
    return make(database)


def story(money: Money, reference: str) -> None:
    """Pay too much, and have the work released: four facts in two transactions of the database."""
    text = f"N {reference}"
    payin = Payin(reference, PaymentKind.WIRE, PaymentState.SUCCEEDED, DUE + 500, "EUR", wire_text=text)
    money.database.write(lambda session: payments.take_in(session, "sandbox", payin, at=AT))
    money.release(reference)


def test_a_kill_between_any_two_steps_leaves_all_or_nothing(money: Money) -> None:
    kinds: set[tuple[str, ...]] = set()
    steps = 0
    for steps in range(MOST_STEPS):
        reference = f"m{steps}"
        money.open(reference, number=f"N {reference}")
        was_killed = dies_after(money, steps, lambda child, reference=reference: story(child, reference))
        with money.database.reading() as session:
            assert ledger_checks.check(session) == []
            lines = ledger_statements.statement(session, reference, kind="escrow")
        kinds.add(tuple(line.kind for line in lines))
        if not was_killed:
            break
        if steps % TOLD_AGAIN_EACH == 0:
            story(money, reference)  # all of it happens, and once
            assert money.escrow(reference).state == "released"
    assert 20 < steps < MOST_STEPS - 1
    assert {tuple(sorted(kind)) for kind in kinds} == {(), ("pay_in", "refund"), ("pay_in", "refund", "release")}
