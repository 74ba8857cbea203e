"""The tables, read raw: nothing that the code under test says of them is believed."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]
TABLES = (
    *("sheets", "offers", "quotes", "signatures", "missions", "reports", "mission_reviews", "reviews", "withdrawals"),
    *("escrows", "payments", "refunds", "refund_parts", "reductions", "reduction_uses", "referrals"),
    "sandbox_transactions",
)
GROWING = ("quote_versions", "state_changes", "mails", "accounting_documents")
"""Rows are only added to these: each is read once."""


@dataclass(frozen=True)
class Rows:
    """All tables at one moment."""

    tables: dict[str, list[Row]]
    grown: dict[str, list[Row]]
    """Of tables that only grow, what had been added by then."""
    fresh: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])
    """What was added since the moment before."""

    def __getattr__(self, name: str) -> list[Row]:
        return self.tables[name] if name in self.tables else self.grown[name]

    def by_id(self, table: str) -> dict[str, Row]:
        return {row["id"]: row for row in getattr(self, table)}

    def version(self, quote_id: str, number: int | None) -> Row:
        return next(
            row for row in self.grown["quote_versions"] if (row["quote_id"], row["number"]) == (quote_id, number)
        )


class Reader:
    """Reads the tables again and again."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._last = dict.fromkeys(GROWING, 0)
        self._grown: dict[str, list[Row]] = {table: [] for table in GROWING}

    def read(self) -> Rows:
        """Return the tables as they are now."""
        self._connection.execute("BEGIN")
        tables = {table: list(self._all(f"SELECT * FROM {table}")) for table in TABLES}
        fresh = {table: list(self._all(f"SELECT rowid AS place, * FROM {table} WHERE rowid > {last}"))
                 for table, last in self._last.items()}  # fmt: skip
        self._connection.execute("COMMIT")
        for table, rows in fresh.items():
            for row in rows:
                for column in ("content", "values"):
                    if row.get(column):
                        row[column] = json.loads(row[column])
            self._last[table] = max([self._last[table], *(row["place"] for row in rows)])
            self._grown[table] = [*self._grown[table], *rows]
        return Rows(tables, dict(self._grown), fresh)

    def owed(self) -> list[tuple[int, str, str]]:
        """Return what the outbox owes: row, topic and key."""
        return [tuple(row) for row in self._connection.execute("SELECT id, topic, key FROM outbox ORDER BY id")]

    def close(self) -> None:
        self._connection.close()

    def _all(self, statement: str) -> Iterator[Row]:
        return (dict(row) for row in self._connection.execute(statement))
