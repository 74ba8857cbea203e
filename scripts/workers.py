"""The entry points of a worker and of beat: delivering the outbox without serving pages."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager

import structlog
from celery.beat import Service

from foundation import logs, outbox
from foundation.database import LONGEST_WAIT_S, Database
from foundation.errors import Fault, Invalid
from foundation.settings import Settings
from foundation.shared import SharedMemory
from indexer import encoders
from indexer.indexes import Index
from migrations import upgrades
from taxonomy.wordlists import LiveWordlists
from web import queues, reactions
from web.audience_buffers import AudienceBuffer, AudienceDrain
from web.deliveries import Deliveries, Lane
from web.openings import Opening

LOOK_SECONDS = 10.0
"""How often a worker looks by itself, should nobody wake it."""

log = structlog.get_logger(__name__)


def work() -> None:
    """Deliver the outbox until stopped: woken through Redis where there is one, else by looking."""
    settings = Settings()
    logs.configure(settings)
    database = Database(settings.database_address, longest_wait_s=LONGEST_WAIT_S)
    index = Index(settings, database, LiveWordlists(database=database), encoders.load(settings, background=True))

    def begin() -> None:
        upgrades.run_at(settings.database_address)
        index.open()
        index.renew_if_outdated()
        if not settings.shares_index:
            outbox.reclaim(database)

    Opening(begin).insist()
    lanes = reactions.whole_table(settings, index)
    if settings.redis_url:
        with _audience_drained(settings, database):
            _wait_for_messages(settings, database, lanes)
    else:
        _look_until_stopped(Deliveries(database, lanes, reactions.SCHEDULES))
    index.close()


def beat() -> None:
    """Have workers look at the outbox and the schedules every few seconds, until stopped."""
    settings = Settings()
    logs.configure(settings)
    if not settings.redis_url:
        raise Invalid(
            [Fault("PORTULAN_REDIS_URL", "missing", "beat needs Redis; without it workers look by themselves")]
        )
    app = queues.connect(settings)
    service = Service(app, max_interval=queues.SWEEP_SECONDS, scheduler_cls=queues.BoundedScheduler)

    def stop(*_: object) -> None:
        service.stop()
        # While Redis is away, Celery tries to reach it without end and without looking whether it is to stop.
        raise SystemExit

    signal.signal(signal.SIGTERM, stop)
    log.info("beating", every_seconds=queues.SWEEP_SECONDS)
    service.start()


@contextmanager
def _audience_drained(settings: Settings, database: Database) -> Generator[None]:
    """Bring impressions and views from Redis into the database meanwhile."""
    shared = SharedMemory(settings.redis_address)
    drain = AudienceDrain(database, AudienceBuffer(shared))
    drain.start()
    try:
        yield
    finally:
        drain.stop()
        shared.close()


def _look_until_stopped(deliveries: Deliveries) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    deliveries.start()
    log.info("delivering")
    stop.wait()
    deliveries.stop()


def _wait_for_messages(settings: Settings, database: Database, lanes: list[Lane]) -> None:
    """Run Celery's worker: threads, since all of them share one index; as many as there are lanes, and one to spare."""
    app = queues.connect(settings)
    deliveries = Deliveries(database, lanes, reactions.SCHEDULES, idle_seconds=LOOK_SECONDS)
    waker = queues.Waker(app)
    database.announce = waker.wake
    queues.react(app, deliveries)
    waker.start()
    deliveries.start()
    log.info("delivering", woken_through="Redis")
    worker = app.Worker(
        pool="threads", concurrency=len(lanes) + 1, without_gossip=True, without_mingle=True, quiet=True
    )
    worker.start()
    deliveries.stop()
    waker.stop()
