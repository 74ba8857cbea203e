"""The database and its transactions. Only this module commits.

A request or a task is one transaction. On SQLite a writing transaction opens with BEGIN IMMEDIATE, because
turning a read transaction into a write one fails at once, whatever the busy timeout says: writers take turns there.
On PostgreSQL writers go on side by side (READ COMMITTED). Whoever decides by what was read takes it with
`with_for_update()`, in the order of ids, or holds a named lock; both say nothing on SQLite.
"""

import random
import time
import zlib
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from foundation import deadlines, postgresql
from foundation.circuits import Circuit
from foundation.errors import Unreachable

BUSY_TIMEOUT_MS = 15_000
TRIES = 5
FIRST_PAUSE_S = 0.02
_POOL = {"pool_size": 10, "max_overflow": 30, "pool_timeout": 0.4, "connect_args": postgresql.CONNECTING}
"""For PostgreSQL: a web process answers 40 requests at once. A wait for a connection may exceed a request's time."""
LONGEST_WAIT_S = 30.0
"""How long whoever delivers in the background waits for the answer to one statement."""
_TRIAL_S = 2.0
_TRY_AGAIN = {"40001", "40P01"}
"""PostgreSQL's codes for a transaction that lost to others: serialization_failure, deadlock_detected."""

Committed = Callable[[set[str]], None]
Result = TypeVar("Result")
Row = TypeVar("Row", bound=SQLModel)


class Database:
    """One database: `reading()` and `writing()` give sessions that live for one transaction.

    `longest_wait_s` bounds the wait for PostgreSQL's answer to each statement; None suits commands and migrations.
    Requests wait no longer than their time (`deadlines`), and not at all while the server does not answer.
    """

    def __init__(self, address: str, *, longest_wait_s: float | None = None) -> None:
        url = make_url(address)
        is_sqlite = url.get_backend_name() == "sqlite"
        if is_sqlite and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        # A file doesn't go away between two questions.
        # What a failing statement was given is people's: it is not to stand in logs.
        self.engine = create_engine(
            url, pool_pre_ping=not is_sqlite, hide_parameters=True, **({} if is_sqlite else _POOL)
        )
        if is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
            event.listen(self.engine, "reset", _end_sqlite)
        else:
            postgresql.prepare(self.engine, longest_wait_s)
        self._circuit = Circuit("the database", _TRIAL_S)
        self._may_be_away = not is_sqlite
        self._writer = self.engine.execution_options(portulan_writes=True)
        self.announce: Committed = lambda _: None
        """Hears, after each commit, the topics that were owed in it; must neither wait nor fail."""

    @contextmanager
    def reading(self) -> Generator[Session]:
        """Give a session for reads; nothing it does is kept."""
        with self.said(), Session(self.engine) as session:
            yield session

    @contextmanager
    def asking(self) -> Generator[Connection]:
        """Give a connection for one question; it costs half as much as a session."""
        with self.said(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Session]:
        """Give a session whose work is committed when the block ends, and undone when it raises."""
        with self.said(), Session(self._writer, expire_on_commit=False) as session:
            yield session
            session.commit()
        if topics := announced(session):
            self.announce(topics)

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Do work in a writing transaction; do all of it again if PostgreSQL ended it in favour of others."""
        for tries_left in reversed(range(TRIES)):
            try:
                with self.writing() as session:
                    return work(session)
            except DBAPIError as error:
                if not tries_left or getattr(error.orig, "sqlstate", None) not in _TRY_AGAIN:
                    raise
                time.sleep(FIRST_PAUSE_S * (TRIES - tries_left) * random.random())  # noqa: S311 - no secret
        raise AssertionError  # the last try returns or raises

    @contextmanager
    def said(self) -> Generator[None]:
        """Raise Unreachable where the server is away, cut the connection, or does not answer in time.

        A file on this machine is never away: where the processor is all that is slow, a late page beats none.
        """
        is_awaited = self._may_be_away and deadlines.left() is not None
        if is_awaited:
            deadlines.check()
            self._circuit.check()
        try:
            yield
        except (NoConnectionLeft, DBAPIError) as error:
            if isinstance(error, DBAPIError) and not _is_cut(error):
                self._circuit.close()
                raise
            if is_awaited:
                self._circuit.count_failure()
            raise Unreachable(f"the database does not answer: {_reason(error)}") from error
        except Exception:
            self._circuit.close()
            raise
        self._circuit.close()

    def purge(self) -> None:
        """Take what was deleted out of SQLite's write-ahead log. PostgreSQL's own vacuum sees to its files."""
        if self.engine.dialect.name == "sqlite":
            with closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _is_cut(error: DBAPIError) -> bool:
    """Tell a lost connection, or one that was refused, from a statement that failed: those have a code."""
    if error.connection_invalidated:
        return True
    is_refused = isinstance(error.orig, psycopg.OperationalError) and error.orig.sqlstate is None
    return is_refused or str(getattr(error.orig, "sqlstate", "")).startswith(("08", "57P"))


def _reason(error: NoConnectionLeft | DBAPIError) -> str:
    """Return the last line of what the driver says: addresses and users are in it, passwords never."""
    said = str(error.orig).strip() if isinstance(error, DBAPIError) else ""
    return said.splitlines()[-1] if said else "no connection is left"


def insert(session: Session, table: type[SQLModel]) -> postgresql_dialect.Insert | sqlite_dialect.Insert:
    """Return an INSERT of whichever database it is, that can say what to do where a row is there already."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql_dialect.insert(table) if is_postgresql else sqlite_dialect.insert(table)


def taken(session: Session, table: type[Row], row_id: str) -> Row:
    """Return a row that nobody else changes until this transaction ends, as it stands now; it has to be there."""
    return session.get_one(table, row_id, populate_existing=True, with_for_update=True)


def hold(connection: Session | Connection, name: str) -> None:
    """Make whoever holds the same name wait until this transaction ends. On SQLite writers wait anyway."""
    if isinstance(connection, Session):
        connection = connection.connection()
    if connection.dialect.name == "postgresql":
        key = zlib.crc32(name.encode())
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%(key)s)", {"key": key})


def announced(session: Session) -> set[str]:
    """Return the topics owed in a session's transaction, for adding to."""
    topics: set[str] = session.info.setdefault("topics", set())
    return topics


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: `_begin_sqlite` does, in the right mode.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "temp_store=MEMORY",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _end_sqlite(connection: Any, _record: object, _state: object) -> None:
    # A COMMIT that is refused, for a deferred key, leaves SQLite's transaction open: whoever comes next can't begin.
    if connection.in_transaction:
        connection.rollback()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("portulan_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
