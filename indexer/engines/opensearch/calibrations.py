"""What a generation takes for average: fixed when it is made, since documents are stored relative to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer.documents import Document, term_weights
from indexer.engines.embedded.vectors import PRIOR_COUNT, Centre
from indexer.engines.interface import Vector
from taxonomy.concepts import LANGUAGES

SAMPLED = 2_000
"""How many documents are enough to take averages of."""
TYPICAL_LENGTH = 100.0
"""The weighted length of a profile where nobody has been seen yet."""
Sample = Iterable[tuple[Document, Vector | None]]


@dataclass(frozen=True)
class Calibration:
    """The mean weighted length of documents, the mean vector of each language, and of how many both were taken."""

    mean_length: float
    means: Vector
    taken_of: int

    def unit(self, document: Document, vector: Vector) -> Vector:
        """Return a document's vector centred for its language, at length one."""
        centred = vector - self.means[LANGUAGES.index(document.language)]
        return (centred / max(float(np.linalg.norm(centred)), 1e-9)).astype(np.float32)

    def dump(self) -> dict[str, Any]:
        """Return the calibration as JSON values."""
        return {"mean_length": self.mean_length, "means": self.means.tolist(), "taken_of": self.taken_of}


def load(values: Mapping[str, Any]) -> Calibration:
    """Read back what `dump` wrote."""
    return Calibration(values["mean_length"], np.array(values["means"], dtype=np.float32), values["taken_of"])


def calibrate(prior: Centre, sample: Sample) -> Calibration:
    """Take the averages of a sample; few vectors don't move the centre far from the prior one."""
    lengths: list[float] = []
    totals = PRIOR_COUNT * prior.passage.astype(np.float64)
    counts = np.full(len(LANGUAGES), float(PRIOR_COUNT))
    for document, vector in sample:
        lengths.append(float(sum(term_weights(document).values())))
        if vector is not None:
            totals[LANGUAGES.index(document.language)] += vector
            counts[LANGUAGES.index(document.language)] += 1
    means = (totals / counts[:, None]).astype(np.float32)
    return Calibration(float(np.mean(lengths)) if lengths else TYPICAL_LENGTH, means, len(lengths))
