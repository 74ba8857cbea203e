"""Vectors of queries, shared between processes: what one has encoded, the others need not."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

import numpy as np

from foundation.shared import SharedMemory
from indexer.encoders import Encoder
from indexer.engines.interface import Vector

KEPT_HERE = 4_096
KEPT_FOR = timedelta(days=7)
_STORED = np.dtype("<f4")


class SharedQueries:
    """An encoder that looks for a query's vector here, then in Redis, and encodes it only then."""

    def __init__(self, encoder: Encoder, shared: SharedMemory) -> None:
        self._encoder = encoder
        self._shared = shared
        self.name = encoder.name
        self.dimension = encoder.dimension
        self._cached = lru_cache(maxsize=KEPT_HERE)(self._look_up)

    def encode_query(self, text: str) -> Vector:
        """Return the vector of what somebody searches for."""
        return self._cached(text)

    def encode_passages(self, passages: Sequence[str]) -> list[Vector]:
        """Return the vectors of profiles; these are rows, no cache."""
        return self._encoder.encode_passages(passages)

    def _look_up(self, text: str) -> Vector:
        # The key does not say what somebody searched for.
        key = f"query-vector/{self.name}/{hashlib.sha256(text.encode()).hexdigest()}"
        held = self._shared.attempt(lambda client: client.get(key))
        if isinstance(held, bytes) and len(held) == self.dimension * _STORED.itemsize:
            return np.frombuffer(held, dtype=_STORED).astype(np.float32)
        vector = self._encoder.encode_query(text)
        self._shared.attempt(lambda client: client.set(key, vector.astype(_STORED).tobytes(), ex=KEPT_FOR))
        return vector
