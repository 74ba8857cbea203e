import time

import pytest

from foundation.circuits import FAILURES, PAUSE_SECONDS, Circuit
from foundation.errors import Unreachable


def test_one_slow_search_is_no_outage() -> None:
    circuit = Circuit("it", 1.0)
    for _ in range(FAILURES):
        circuit.count_failure()
        circuit.close()
        circuit.check()


def test_after_failures_in_a_row_one_caller_at_a_time_tries() -> None:
    circuit = Circuit("it", 1.0)
    for _ in range(FAILURES):
        circuit.check()
        circuit.count_failure()
    with pytest.raises(Unreachable):
        circuit.check()
    time.sleep(PAUSE_SECONDS)
    circuit.check()
    with pytest.raises(Unreachable):
        circuit.check()
    circuit.close()
    circuit.check()
    circuit.check()
