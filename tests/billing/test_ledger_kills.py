"""A process that is killed between any two steps leaves all of a fact, or nothing of it."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from billing import ledger_checks, ledger_statements, payments
from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.providers.interface import Payin
from foundation.database import Database
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


def dies_after(money: Money, steps: int, work: Callable[[Money], None]) -> bool:
    """Do work in a process of its own, which is killed before its next write after so many; tell whether it was."""
    child = os.fork()
    if child == 0:
        # Connections are the parent's: the child opens its own, and never comes back.
        address = money.database.engine.url.render_as_string(hide_password=False)
        mine = Database(address)
        left = steps

        def step(*said: Any) -> None:
            nonlocal left
            if len(said) > 1 and str(said[2]).lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN")):
                return  # nothing is different after it
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

        event.listen(mine.engine, "before_cursor_execute", step)
        event.listen(mine.engine, "commit", step)
        try:
            work(Money(mine, money.client, money.expert, money.client_id))
        except BaseException:  # noqa: BLE001 - the test's own process must not go on twice
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {0, -signal.SIGKILL}
    return os.WIFSIGNALED(status)


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
