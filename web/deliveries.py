"""Delivering the outbox, and owing what is due by the clock: lanes that wait for each other and for no other."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from foundation import clock, outbox, schedules
from foundation.database import Database
from foundation.outbox import Reaction
from foundation.schedules import Schedule

IDLE_SECONDS = 0.2
"""How long a change may wait before its delivery begins."""
SCHEDULE_SECONDS = 1.0
"""How late what is due by the clock may be owed."""
AFTER_ERROR_SECONDS = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lane:
    """Deliveries that wait for each other and for no other lane: one slow task never delays the quick ones."""

    topic: str
    reaction: Reaction
    batch: int


class Deliveries:
    """Delivers the outbox in this process, each lane by one thread at a time, until stopped.

    One thread looks for all lanes and wakes those whose topic has something due: as many looks as lanes would keep
    the database busy while nothing happens.
    """

    def __init__(
        self,
        database: Database,
        lanes: Iterable[Lane],
        due_by_the_clock: Sequence[Schedule],
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._database = database
        self._lanes = {lane.topic: lane for lane in lanes}
        self._turns = {topic: _Turn() for topic in self._lanes}
        self._wanted = {topic: threading.Event() for topic in self._lanes}
        self._schedules = due_by_the_clock
        self._stopping = threading.Event()
        looks = {
            "outbox": (self._wake_due, idle_seconds),
            "schedules": (self._look_at_schedules, max(idle_seconds, SCHEDULE_SECONDS)),
        }
        self._threads = [
            *(self._thread(f"outbox {topic}", partial(self._deliver_when_woken, topic)) for topic in self._lanes),
            *(self._thread(name, partial(self._look_again, *look)) for name, look in looks.items()),
        ]

    def start(self) -> None:
        """Look again and again, in threads of this process."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the batches under way and stop."""
        self._stopping.set()
        for wanted in self._wanted.values():
            wanted.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=30)

    def is_alive(self) -> bool:
        """Tell whether every lane runs, and whoever looks for them."""
        return all(thread.is_alive() for thread in self._threads)

    def deliver(self, topic: str) -> None:
        """Deliver all that is due on a topic; if another thread is at it, that one looks once more."""
        lane, turn = self._lanes[topic], self._turns[topic]
        if not turn.take():
            return
        try:
            while True:
                while not self._stopping.is_set() and _drain(self._database, lane):
                    pass
                if turn.end():
                    return
        except BaseException:
            turn.drop()
            raise

    def sweep(self) -> None:
        """Owe what is due by the clock, and deliver whatever is due."""
        self._look_at_schedules()
        for topic in outbox.due(self._database, self._lanes):
            self.deliver(topic)

    def _look_at_schedules(self) -> None:
        schedules.owe_due(self._database, self._schedules, clock.now())

    def _wake_due(self) -> None:
        for topic in outbox.due(self._database, self._lanes):
            self._wanted[topic].set()

    def _deliver_when_woken(self, topic: str) -> None:
        wanted = self._wanted[topic]
        while wanted.wait() and not self._stopping.is_set():
            wanted.clear()
            if not self._goes_well(partial(self.deliver, topic)):
                # What failed may not be due at the next look, and looks may be far apart.
                wanted.set()

    def _look_again(self, look: Callable[[], None], seconds: float) -> None:
        while not self._stopping.is_set():
            if self._goes_well(look):
                self._stopping.wait(seconds)

    def _goes_well(self, work: Callable[[], None]) -> bool:
        """Tell whether work was done; if it failed, some time has passed."""
        try:
            work()
        except Exception:
            log.exception("delivering failed", thread=threading.current_thread().name)
            self._stopping.wait(AFTER_ERROR_SECONDS)
            return False
        return True

    @staticmethod
    def _thread(name: str, run: Callable[[], None]) -> threading.Thread:
        return threading.Thread(target=run, name=name, daemon=True)


class _Turn:
    """Whose turn it is on a lane; who comes in vain is not forgotten."""

    def __init__(self) -> None:
        self._deciding = threading.Lock()
        self._is_taken = self._is_wanted = False

    def take(self) -> bool:
        """Take the turn, or have its holder look once more."""
        with self._deciding:
            if self._is_taken:
                self._is_wanted = True
                return False
            self._is_taken = True
            return True

    def end(self) -> bool:
        """Give the turn back, unless somebody came in vain: then the holder goes on."""
        with self._deciding:
            if self._is_wanted:
                self._is_wanted = False
                return False
            self._is_taken = False
            return True

    def drop(self) -> None:
        """Give the turn back whatever happened."""
        with self._deciding:
            self._is_taken = self._is_wanted = False


def drain(database: Database, lanes: Iterable[Lane], progress: Callable[[str, int], None]) -> None:
    """Deliver everything that is due, in this thread and in the order of the lanes, until nothing is left."""
    by_topic = {lane.topic: lane for lane in lanes}
    while due := outbox.due(database, by_topic):
        for topic in due:
            while count := _drain(database, by_topic[topic]):
                progress(topic, count)


def _drain(database: Database, lane: Lane) -> int:
    return outbox.drain(database, lane.topic, lane.reaction, batch=lane.batch)
