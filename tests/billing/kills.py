"""Work that a process of its own does, and does not live to finish."""

import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from foundation.database import Database
from tests.billing.money import Money

NOTHING_CHANGES = ("SELECT", "PRAGMA", "BEGIN")


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
            if len(said) > 1 and str(said[2]).lstrip().upper().startswith(NOTHING_CHANGES):
                return
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
