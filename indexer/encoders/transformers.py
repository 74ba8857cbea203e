"""Any model that sentence-transformers can load: the extra `sentence-transformers`."""

import hashlib
import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from indexer.encoders.courtesy import Courtesy
from indexer.engines.interface import Vector

QUERY_CACHE = 5_000
BATCH_ON_PROCESSOR = 8
"""Small, since who searches waits for the batch under way."""
BATCH_ON_DEVICE = 64
E5_PROMPTS = {"query": "query: ", "document": "passage: "}
"""What the models of the family E5 were trained with (Wang et al., 2022, arXiv 2212.03533)."""
READ_BYTES = 1 << 20
REVISION_LENGTH = 12


class TransformersEncoder:
    """A model by its name on the hub (`NAME` or `NAME@REVISION`), or in a folder; `device` empty is the best there is.

    Its name carries the revision, for a folder a hash of what is in it: another model never passes for the one that
    made the vectors. Raises ImportError with what to install where the extra is missing.
    """

    def __init__(self, model: str, device: str = "", *, background: bool) -> None:
        try:
            library: Any = import_module("sentence_transformers")  # an extra of some gigabytes: only who needs it tries
        except ImportError as error:
            raise ImportError(f"install portulan[sentence-transformers] to use this encoder ({error})") from error

        source, _, revision = model.partition("@")
        is_e5 = "e5" in Path(source).name.lower().replace("_", "-").split("-")
        self._model: Any = library.SentenceTransformer(
            source, device=device or None, revision=revision or None, prompts=E5_PROMPTS if is_e5 else None
        )
        self.name = f"sentence-transformers/{_identity(source, revision)}"
        self.dimension = int(self._model.get_embedding_dimension())
        self._batch = BATCH_ON_PROCESSOR if self._model.device.type == "cpu" else BATCH_ON_DEVICE
        self._background = background
        # Tokenizers of this library can't be used by two threads at once.
        self._lock = threading.Lock()
        self._courtesy = Courtesy()
        self._cached = lru_cache(maxsize=QUERY_CACHE)(self._encode_query)

    def encode_query(self, text: str) -> Vector:
        """Return a query's vector; the latest thousands are remembered."""
        self._courtesy.note_query()
        return self._cached(text)

    def encode_passages(self, passages: Sequence[str]) -> list[Vector]:
        """Return vectors, made in batches that suit the device."""
        found: list[Vector] = []
        for start in range(0, len(passages), self._batch):
            if self._background:
                self._courtesy.wait_for_quiet()
            found.extend(self._encode(self._model.encode_document, list(passages[start : start + self._batch])))
        return found

    def _encode_query(self, text: str) -> Vector:
        return self._encode(self._model.encode_query, [text])[0]

    def _encode(self, encode: Any, texts: list[str]) -> list[Vector]:
        with self._lock:
            vectors = encode(
                texts,
                batch_size=self._batch,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return list(np.asarray(vectors, dtype=np.float32))


def _identity(source: str, revision: str) -> str:
    """Return a model's name with the revision that was loaded: the hub keeps each one in a folder of that name."""
    folder = Path(source)
    if folder.is_dir():
        return f"{folder.resolve().name}@{_digest(folder)}"
    hub: Any = import_module("huggingface_hub")
    loaded = Path(str(hub.try_to_load_from_cache(source, "config.json", revision=revision or None))).parent
    if loaded.parent.name != "snapshots":
        raise ValueError(f"{source} does not tell which revision was loaded; download it and name the folder")
    return f"{source}@{loaded.name[:REVISION_LENGTH]}"


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as content:
            while block := content.read(READ_BYTES):
                digest.update(block)
    return digest.hexdigest()[:REVISION_LENGTH]
