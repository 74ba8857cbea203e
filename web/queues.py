"""Celery on Redis: wakes whoever delivers the outbox. A message names a topic and nothing else.

What is owed are rows, so a message may be lost, late, doubled or refused without harm: beat has everything looked at
every few seconds, and workers look by themselves now and then should Redis be away.
"""

import threading
from typing import Any

import structlog
from celery import Celery
from celery.beat import Scheduler
from celery.signals import worker_shutting_down

from foundation.settings import Settings
from web.deliveries import Deliveries

DRAIN = "portulan.drain"
SWEEP = "portulan.sweep"
SWEEP_SECONDS = 2.0
EXPIRES_SECONDS = 30
QUEUE = "portulan"
MOST_WAITING = 500
"""Longer queues get no more messages: nobody seems to listen, and Redis has no room without end."""
SOCKET_SECONDS = 1.0
PAUSE_SECONDS = 5.0
"""For how long nothing is sent after Redis could not be reached."""

log = structlog.get_logger(__name__)


def connect(settings: Settings) -> Celery:
    """Return the Celery application of an installation."""
    app = Celery("portulan", broker=settings.redis_address, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        beat_schedule={"sweep": {"task": SWEEP, "schedule": SWEEP_SECONDS, "options": {"expires": EXPIRES_SECONDS}}},
        beat_scheduler=BoundedScheduler,
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "socket_connect_timeout": SOCKET_SECONDS,
            "socket_timeout": SOCKET_SECONDS,
            "socket_keepalive": True,
            "visibility_timeout": 3600,
            "max_retries": 0,
        },
        task_acks_late=True,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_reject_on_worker_lost=True,
        task_serializer="json",
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
    )
    return app


def react(app: Celery, deliveries: Deliveries) -> None:
    """Have this worker's tasks deliver."""
    app.task(deliveries.deliver, name=DRAIN)
    app.task(deliveries.sweep, name=SWEEP)

    # Kept by the receiver's strong reference: Celery drops what nothing else holds.
    def stop(**_: object) -> None:
        threading.Thread(target=deliveries.stop, name="stopping", daemon=True).start()

    worker_shutting_down.connect(stop, weak=False)


class Waker:
    """Tells workers about topics, from a thread of its own: whoever commits never waits for Redis."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._topics: set[str] = set()
        self._changed = threading.Condition()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Tell no more."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        self._thread.join(timeout=5)

    def is_alive(self) -> bool:
        """Tell whether workers are told."""
        return self._thread.is_alive()

    def wake(self, topics: set[str]) -> None:
        """Have workers look at topics soon."""
        with self._changed:
            self._topics |= topics
            self._changed.notify()

    def _run(self) -> None:
        pause: float | None = None
        while True:
            with self._changed:
                if pause:
                    self._changed.wait_for(lambda: self._is_stopping, timeout=pause)
                self._changed.wait_for(lambda: self._is_stopping or self._topics)
                if self._is_stopping:
                    return
                topics, self._topics = self._topics, set()
            try:
                self._send(topics)
                pause = None
            except Exception as error:  # noqa: BLE001 - whatever is wrong with Redis, beat will see to it
                log.warning("workers could not be woken", error=repr(error))
                pause = PAUSE_SECONDS

    def _send(self, topics: set[str]) -> None:
        with self._app.connection_for_write() as connection:
            if is_full(connection):
                return
            for topic in sorted(topics):
                self._app.send_task(
                    DRAIN, [topic], connection=connection, expires=EXPIRES_SECONDS, retry=False, ignore_result=True
                )


class BoundedScheduler(Scheduler):
    """Keeps no file, since truth is in rows, and sends nothing where nobody listens."""

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **options: Any) -> Any:
        """Send a due message unless too many wait already."""
        if is_full(self.connection):
            log.warning("no worker seems to listen", queue=QUEUE)
            return None
        return super().apply_async(entry, producer=producer, advance=advance, **options)


def is_full(connection: Any) -> bool:
    """Tell whether too many messages wait already."""
    return connection.default_channel.client.llen(QUEUE) >= MOST_WAITING
