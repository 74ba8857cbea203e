"""Who reacts to what: the one table from event to task, what is due by the clock, and delivering both."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from accounts import audience_days, availabilities, imports, shortlists, vat_numbers
from accounts.events import (
    AUDIENCE_FOLD_DUE,
    AVAILABILITY_DUE,
    EXPERT_CHANGED,
    PRIORS_DUE,
    RETENTION_DUE,
    SHORTLIST_SWEEP_DUE,
    STATUS_CHANGED,
    SUSPENSIONS_DUE,
    SWEEP_DUE,
    VAT_NUMBER_GIVEN,
)
from booking import message_mails, reply_tokens
from booking.events import MESSAGE_WRITTEN
from foundation import clock, keys, outbox, schedules
from foundation.database import Database
from foundation.mails import CLEARING_DUE, MAIL_WRITTEN
from foundation.outbox import Reaction
from foundation.schedules import Schedule
from foundation.settings import Settings
from indexer.events import PURGE_DUE, REBUILD_REQUESTED, VECTOR_MISSING
from indexer.indexes import Index
from search_api.events import ALERT_DUE, DAILY_ALERTS_DUE, SAVED_SEARCH_SWEEP_DUE, WEEKLY_ALERTS_DUE
from search_api.models import Frequency
from taxonomy.events import SKILLS_CHANGED
from web import retention, terminations
from web.alerts import Alerter
from web.mails import Mailer

IDLE_SECONDS = 0.2
"""How long a change made by another process may wait before its delivery begins."""
AFTER_ERROR_SECONDS = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lane:
    """Deliveries that wait for each other and for no other lane: one slow task never delays the quick ones."""

    topic: str
    reaction: Reaction
    batch: int


def table(index: Index) -> list[Lane]:
    """Return the table event → task."""
    return [
        Lane(EXPERT_CHANGED, index.refresh, batch=1_000),
        # Nothing that depends on a status is kept yet; what comes to be kept is brought up to date here.
        Lane(STATUS_CHANGED, lambda _: None, batch=100),
        Lane(VECTOR_MISSING, index.embed, batch=16),
        Lane(REBUILD_REQUESTED, lambda _: index.rebuild(), batch=100),
        Lane(SKILLS_CHANGED, lambda _: index.follow_words(), batch=100),
        Lane(PURGE_DUE, lambda _: index.purge(), batch=100),
        Lane(PRIORS_DUE, lambda _: index.renew_priors(clock.now()), batch=100),
        Lane(SWEEP_DUE, lambda _: imports.sweep(index.database, clock.now()), batch=100),
        Lane(AUDIENCE_FOLD_DUE, lambda _: audience_days.fold(index.database, clock.now()), batch=100),
        Lane(SHORTLIST_SWEEP_DUE, lambda _: _sweep_shortlists(index.database), batch=100),
        Lane(SUSPENSIONS_DUE, lambda _: terminations.run(index.database, clock.now()), batch=100),
    ]


def mail_table(mailer: Mailer) -> list[Lane]:
    """Return the same for mails, which commands about the index leave to whoever serves."""
    return [
        Lane(MAIL_WRITTEN, mailer.deliver, batch=20),
        Lane(CLEARING_DUE, lambda _: mailer.clear(clock.now()), batch=100),
    ]


def alert_table(alerter: Alerter) -> list[Lane]:
    """Return the same for alerts, which need an index that searches can be made in."""
    return [
        Lane(DAILY_ALERTS_DUE, partial(alerter.owe, Frequency.DAILY), batch=100),
        Lane(WEEKLY_ALERTS_DUE, partial(alerter.owe, Frequency.WEEKLY), batch=100),
        Lane(ALERT_DUE, alerter.deliver, batch=20),
        Lane(SAVED_SEARCH_SWEEP_DUE, lambda _: alerter.sweep(clock.now()), batch=100),
    ]


def whole_table(settings: Settings, index: Index) -> list[Lane]:
    """Return everything that whoever delivers reacts to."""
    ask = vat_numbers.vies(settings)
    secret = keys.derived(settings, reply_tokens.PURPOSE)
    return [
        *table(index),
        *mail_table(Mailer(settings, index.database)),
        *alert_table(Alerter(settings, index)),
        Lane(AVAILABILITY_DUE, lambda _: availabilities.look_after(index.database, clock.now()), batch=100),
        Lane(RETENTION_DUE, lambda _: retention.sweep(index.database, clock.now()), batch=100),
        Lane(MESSAGE_WRITTEN, lambda ids: message_mails.tell(index.database, secret, ids, at=clock.now()), batch=20),
        Lane(VAT_NUMBER_GIVEN, lambda ids: vat_numbers.check(index.database, ask, ids), batch=1),
    ]


ALERTS_AT = timedelta(hours=5)
"""Time of day, in UTC, of alerts: in Europe they are there before work begins."""
MONDAY = timedelta(days=4)
"""Weeks are counted from a Thursday."""
SCHEDULES = [
    Schedule("imports.sweep", every=timedelta(days=1), topic=SWEEP_DUE),
    Schedule("reviews.priors", every=timedelta(days=7), topic=PRIORS_DUE),
    Schedule("audience.fold", every=timedelta(days=1), topic=AUDIENCE_FOLD_DUE),
    Schedule("availability", every=timedelta(days=1), topic=AVAILABILITY_DUE),
    Schedule("index.purge", every=retention.PURGED_EVERY, topic=PURGE_DUE),
    Schedule("retention", every=timedelta(days=1), topic=RETENTION_DUE),
    Schedule("suspensions.end", every=timedelta(days=1), topic=SUSPENSIONS_DUE),
    Schedule("mails.clear", every=timedelta(days=1), topic=CLEARING_DUE),
    Schedule("shortlists.sweep", every=timedelta(days=1), topic=SHORTLIST_SWEEP_DUE),
    Schedule("saved_searches.sweep", every=timedelta(days=1), topic=SAVED_SEARCH_SWEEP_DUE),
    Schedule("alerts.daily", every=timedelta(days=1), topic=DAILY_ALERTS_DUE, offset=ALERTS_AT),
    Schedule("alerts.weekly", every=timedelta(days=7), topic=WEEKLY_ALERTS_DUE, offset=MONDAY + ALERTS_AT),
]


def _sweep_shortlists(database: Database) -> None:
    database.write(lambda session: shortlists.sweep(session, at=clock.now()))


class Deliveries:
    """Delivers the outbox in this process, each lane by one thread at a time, until stopped."""

    def __init__(self, database: Database, lanes: Sequence[Lane], *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._database = database
        self._lanes = {lane.topic: lane for lane in lanes}
        self._turns = {topic: _Turn() for topic in self._lanes}
        self._idle_seconds = idle_seconds
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(look,), name=name, daemon=True)
            for name, look in (
                *((f"outbox {topic}", partial(self.deliver, topic)) for topic in self._lanes),
                ("schedules", self.look_at_schedules),
            )
        ]

    def start(self) -> None:
        """Look again and again, in threads of this process."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the batches under way and stop."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=30)

    def is_alive(self) -> bool:
        """Tell whether every lane runs."""
        return all(thread.is_alive() for thread in self._threads)

    def deliver(self, topic: str) -> None:
        """Deliver all that is due on a topic; if another thread is at it, that one looks once more."""
        lane, turn = self._lanes[topic], self._turns[topic]
        if not turn.take():
            return
        try:
            while True:
                while not self._stopping.is_set() and self._drain(lane):
                    pass
                if turn.end():
                    return
        except BaseException:
            turn.drop()
            raise

    def look_at_schedules(self) -> None:
        """Owe what is due by the clock."""
        schedules.owe_due(self._database, SCHEDULES, clock.now())

    def sweep(self) -> None:
        """Owe what is due by the clock, and deliver whatever is due."""
        self.look_at_schedules()
        for topic in self._lanes:
            self.deliver(topic)

    def _drain(self, lane: Lane) -> int:
        return outbox.drain(self._database, lane.topic, lane.reaction, batch=lane.batch)

    def _run(self, look: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                look()
            except Exception:
                log.exception("delivering failed", thread=threading.current_thread().name)
                self._stopping.wait(AFTER_ERROR_SECONDS)
            else:
                self._stopping.wait(self._idle_seconds)


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


def drain(database: Database, lanes: list[Lane], progress: Callable[[str, int], None]) -> None:
    """Deliver everything that is due, in this thread, until nothing is left."""
    while True:
        delivered = 0
        for lane in lanes:
            while count := outbox.drain(database, lane.topic, lane.reaction, batch=lane.batch):
                delivered += count
                progress(lane.topic, count)
        if not delivered:
            return
