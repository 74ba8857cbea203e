from collections.abc import Sequence

from foundation.backlogs import Backlog
from tests.builders import eventually


def test_what_is_added_is_worked_off_in_order() -> None:
    done: list[int] = []
    backlog = Backlog[int]("numbers", done.extend, size=10, every_seconds=0.01)
    backlog.start()
    assert all(backlog.add(number) for number in range(5))
    eventually(lambda: done == [0, 1, 2, 3, 4])
    backlog.stop()


def test_what_comes_while_it_is_full_is_dropped_and_counted() -> None:
    done: list[int] = []
    backlog = Backlog[int]("numbers", done.extend, size=2)
    assert [backlog.add(number) for number in range(4)] == [True, True, False, False]
    backlog.start()
    backlog.stop()
    assert (done, backlog.dropped) == ([0, 1], 2)


def test_stopping_works_off_what_is_left() -> None:
    done: list[int] = []
    backlog = Backlog[int]("numbers", done.extend, size=10, every_seconds=60)
    backlog.start()
    backlog.add(7)
    backlog.stop()
    assert done == [7]


def test_work_that_fails_does_not_end_it() -> None:
    done: list[int] = []

    def take(batch: Sequence[int]) -> None:
        if 0 in batch:
            raise RuntimeError("no")
        done.extend(batch)

    backlog = Backlog[int]("numbers", take, size=10, every_seconds=0.01)
    backlog.start()
    backlog.add(0)
    eventually(lambda: backlog.add(1) and done[:1] == [1])
    backlog.stop()
