"""How fast facts are posted, one transaction of the database each, and how long reading takes among many postings.

The ledger is filled in bulk, with every trigger at work; what is then measured goes the way that pages and events take.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, insert, make_url

from accounts.models.identities import new_id
from billing import ledger, ledger_checks, ledger_statements, postings
from billing.commissions import Commission
from billing.ledger_statements import statement
from billing.models.ledger import LedgerAccount, LedgerKind, LedgerTransaction, Posting
from billing.postings import Amount, External, Fact, Name
from foundation.database import Database
from migrations import upgrades
from scripts.backends import runs
from scripts.backends.runs import Name as Backend
from scripts.benchmarks import machines

AT = datetime(2026, 1, 1, tzinfo=UTC)
CLIENTS, EXPERTS = 500, 1_000
POSTED, READ = 500, 200
MISSIONS_AT_ONCE = 1_000
PAID = Amount(480_000, "EUR")
COMMISSION = Commission(1_000, 40_000, 8_000)
COLUMNS = {
    "postings": "postings",
    "filled_per_s": "filled, postings/s",
    "posted_per_s": "one by one, postings/s",
    "escrow_p50_ms": "an escrow, ms",
    "expert_p50_ms": "an expert, ms",
    "statement_p50_ms": "statement, ms",
    "balances_s": "all balances, s",
    "check_s": "check, s",
}


def run(wanted: int) -> dict[str, float]:
    """Measure on SQLite and PostgreSQL, each filled until it holds as many postings."""
    console = Console(width=160)
    console.print(machines.line())
    figures: dict[str, float] = {}
    table = Table("database", *COLUMNS.values(), title="ledger")
    with TemporaryDirectory() as folder:
        found = {"sqlite": _measured(f"sqlite:///{Path(folder) / 'ledger.db'}", wanted)}
    found["postgresql"] = _on_postgresql(wanted)
    for name, values in found.items():
        figures |= {f"ledger.{name}.{key}": value for key, value in values.items()}
        table.add_row(name, *(f"{values[key]:,.4g}" for key in COLUMNS))
    console.print(table)
    console.print(machines.line())
    return figures


def _on_postgresql(wanted: int) -> dict[str, float]:
    """Measure in a database of its own, which goes afterwards."""
    were_running = runs.read() is not None
    url = make_url(runs.up([Backend.POSTGRES]).backends[Backend.POSTGRES].address)
    name = f"bench_{uuid4().hex[:12]}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        return _measured(url.set(database=name).render_as_string(hide_password=False), wanted)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()
        if not were_running:
            runs.down()


def _measured(address: str, wanted: int) -> dict[str, float]:
    database = Database(address)
    try:
        upgrades.run(database)
        return _measure(database, wanted)
    finally:
        database.close()


def _measure(database: Database, wanted: int) -> dict[str, float]:
    filling = _Filling(database)
    began = time.perf_counter()
    while filling.postings < wanted:
        filling.add(MISSIONS_AT_ONCE)
    filled_s = time.perf_counter() - began
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    fresh = [_facts(filling.missions + number)[0] for number in range(POSTED)]
    posted = _times(lambda place: database.write(lambda session: ledger.post(session, fresh[place], at=AT)), POSTED)
    with database.reading() as session:
        return {
            "postings": float(filling.postings),
            "filled_per_s": filling.postings / filled_s,
            "posted_per_s": sum(len(fact.legs) for fact in fresh) / sum(posted) * 1e3,
            "posted_p50_ms": float(np.median(posted)),
            "escrow_p50_ms": _median(lambda n: ledger.balance(session, postings.escrow(f"m{n}", "EUR"))),
            "expert_p50_ms": _median(lambda n: ledger.balance(session, Name(LedgerKind.PAYABLE, f"e{n}", "EUR"))),
            "statement_p50_ms": _median(lambda n: statement(session, f"e{n}", since=AT + timedelta(days=20))),
            "balances_s": _times(lambda _: ledger_statements.balances(session), 1)[0] / 1e3,
            "check_s": _times(lambda _: ledger_checks.check(session), 1)[0] / 1e3,
        }


class _Filling:
    """Fills a ledger with missions that were paid, released and paid out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: dict[Name, str] = {}
        self.missions = 0
        self.postings = 0

    def add(self, missions: int) -> None:
        """Add the facts of so many missions in one transaction of the database."""
        facts = [fact for number in range(self.missions, self.missions + missions) for fact in _facts(number)]
        accounts = list(self._new_accounts(facts))
        legs: list[dict[str, Any]] = []
        transactions: list[dict[str, Any]] = []
        for place, fact in enumerate(facts):
            row = LedgerTransaction(
                kind=fact.kind.value,
                key=fact.key,
                fingerprint=fact.fingerprint,
                legs=len(fact.legs),
                provider=fact.external.provider if fact.external else None,
                external_kind=fact.external.kind if fact.external else None,
                external_id=fact.external.id if fact.external else None,
                effective_at=AT + timedelta(minutes=self.missions + place),
                recorded_at=AT,
            )
            transactions.append(row.model_dump())
            legs += [
                {"transaction_id": row.id, "account_id": self._ids[name], "cents": cents}
                for name, cents in fact.legs.items()
            ]
        with self._database.writing() as session:
            for table, rows in ((LedgerAccount, accounts), (Posting, legs), (LedgerTransaction, transactions)):
                if rows:
                    session.execute(insert(table), rows)
        self.missions += missions
        self.postings += len(legs)

    def _new_accounts(self, facts: Sequence[Fact]) -> Iterator[dict[str, Any]]:
        for name in sorted({name for fact in facts for name in fact.legs} - self._ids.keys()):
            self._ids[name] = new_id()
            yield LedgerAccount(
                id=self._ids[name],
                kind=name.kind.value,
                reference=name.reference,
                provider=name.provider,
                currency=name.currency,
                side=name.side,
                may_be_negative=name.may_be_negative,
            ).model_dump()


def _facts(number: int) -> list[Fact]:
    """Return what happened to the money of one mission: eleven postings."""
    client, expert, reference = f"c{number % CLIENTS}", f"e{number % EXPERTS}", f"m{number}"

    def told(kind: str) -> External:
        return External("bench", kind, str(number))

    left = Amount(PAID.cents - COMMISSION.total_cents, PAID.currency)
    return [
        postings.pay_in(f"p{number}", PAID, reference, client, told("payin")),
        postings.release(reference, expert, PAID, COMMISSION),
        postings.transfer(PAID, COMMISSION.total_cents, client, expert, told("transfer")),
        postings.payout(left, expert, told("payout")),
    ]


def _median(work: Callable[[int], object]) -> float:
    return float(np.median(_times(work, READ)))


def _times(work: Callable[[int], object], rounds: int) -> list[float]:
    """Return how many milliseconds each round took."""
    times: list[float] = []
    for number in range(rounds):
        began = time.perf_counter()
        work(number)
        times.append(1e3 * (time.perf_counter() - began))
    return times
