"""The file of one generation: documents with their analysis, durable and disposable."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from indexer import documents
from indexer.documents import Document
from indexer.engines.embedded.analysis import Analysis

_TABLES = """
CREATE TABLE IF NOT EXISTS documents (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, text_hash TEXT NOT NULL, body BLOB NOT NULL, hashes BLOB NOT NULL,
  frequencies BLOB NOT NULL, length REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS properties (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Storage:
    """Reads and writes the file; one writer, guarded by a lock."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        # A delivery is settled only after this file holds it, so this file must survive a power cut too.
        self._connection.execute("PRAGMA synchronous=FULL")
        # Whoever is erased is not to be read out of free pages of the file.
        self._connection.execute("PRAGMA secure_delete=ON")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def write(
        self,
        found: Sequence[tuple[Document, Analysis]],
        removed: Iterable[str],
        words: Mapping[str, int],
    ) -> None:
        """Store and drop documents in one transaction; `words` says how much oftener, or seldomer, each is written."""
        rows = [
            (
                document.id,
                document.version,
                document.text_hash,
                document.dump(),
                analysis.hashes.tobytes(),
                analysis.frequencies.tobytes(),
                analysis.length,
            )
            for document, analysis in found
        ]
        with self._lock:
            run = self._connection
            run.execute("BEGIN IMMEDIATE")
            run.executemany("DELETE FROM documents WHERE id = ?", [(item,) for item in removed])
            run.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            run.executemany(
                "INSERT INTO words VALUES (?, ?) ON CONFLICT (word) DO UPDATE SET count = count + excluded.count",
                words.items(),
            )
            run.executemany(
                "DELETE FROM words WHERE word = ? AND count <= 0", [(word,) for word, more in words.items() if more < 0]
            )
            run.execute("COMMIT")

    def read_all(self) -> Iterator[tuple[Document, Analysis]]:
        """Yield everything stored."""
        with self._lock:
            rows = self._connection.execute("SELECT body, hashes, frequencies, length FROM documents")
            for body, hashes, frequencies, length in rows:
                yield (
                    documents.load(body),
                    Analysis(
                        np.frombuffer(hashes, dtype=np.uint64),
                        np.frombuffer(frequencies, dtype=np.float32),
                        length,
                    ),
                )

    def read(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return the documents of `ids`."""
        marks = ",".join("?" * len(ids))
        with self._lock:
            rows = self._connection.execute(
                f"SELECT id, body FROM documents WHERE id IN ({marks})", list(ids)
            ).fetchall()
        return {row[0]: documents.load(row[1]) for row in rows}

    def words(self) -> dict[str, int]:
        """Return every word of the documents that are stored, with how often."""
        with self._lock:
            return dict(self._connection.execute("SELECT word, count FROM words"))

    def versions(self) -> dict[str, int]:
        """Return every stored id with its version."""
        with self._lock:
            return dict(self._connection.execute("SELECT id, version FROM documents"))

    def text_hashes(self) -> list[str]:
        """Return the hash of every text that stands for a document."""
        with self._lock:
            return [row[0] for row in self._connection.execute("SELECT DISTINCT text_hash FROM documents")]

    def purge(self) -> None:
        """Take what was deleted out of the write-ahead log too, where it stays for a while."""
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def property(self, name: str) -> str | None:
        """Return a property of the generation."""
        with self._lock:
            row = self._connection.execute("SELECT value FROM properties WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_property(self, name: str, value: str) -> None:
        """Set a property of the generation."""
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO properties VALUES (?, ?)", (name, value))
