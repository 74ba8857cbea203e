"""What only PostgreSQL does to us: cut connections, and an order of texts that is not the bytes'."""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from accounts import experts, exports
from foundation import deadlines, outbox
from foundation.database import Database
from foundation.errors import Unreachable
from tests import databases, proxies
from tests.builders import eventually, import_all, record

CONNECTIONS = 40
"""How many a process takes."""
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(name)s AND pid <> pg_backend_pid()"


class Server:
    """The real server, as its administrator sees it."""

    def __init__(self, address: str) -> None:
        self.url = make_url(address)
        self._engine = create_engine(self.url, isolation_level="AUTOCOMMIT")

    def run(self, statement: str, **values: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement, values)

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
def server(postgres_address: str) -> Iterator[Server]:
    found = Server(postgres_address)
    yield found
    found.close()


@pytest.fixture
def french(server: Server) -> Iterator[Database]:
    """Return a database that orders texts as French readers do: accents and punctuation weigh little."""
    name = f"french_{uuid4().hex[:12]}"
    server.run(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'fr-FR' LOCALE 'C.UTF-8'")
    address = server.url.set(database=name).render_as_string(hide_password=False)
    databases.bring_up(address)
    database = Database(address)
    yield database
    database.close()
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


def cut(server: Server, database: Database) -> None:
    server.run(CUT, name=str(database.engine.url.database))


def test_after_a_cut_the_next_transaction_has_a_new_connection(french: Database, server: Server) -> None:
    with french.writing() as session:
        outbox.record(session, "topic", ["a"])
    cut(server, french)
    with french.reading() as session:
        assert outbox.count(session, "topic") == 1


def test_a_transaction_that_is_cut_has_done_nothing(french: Database, server: Server) -> None:
    def write() -> None:
        with french.writing() as session:
            outbox.record(session, "topic", ["a"])
            session.flush()
            cut(server, french)

    with pytest.raises(Unreachable):
        write()
    with french.reading() as session:
        assert outbox.count(session, "topic") == 0


def test_a_delivery_whose_database_is_cut_meanwhile_ends_well(french: Database, server: Server) -> None:
    delivered: list[str] = []

    def react(keys: Sequence[str]) -> None:
        cut(server, french)
        delivered.extend(keys)

    with french.writing() as session:
        outbox.record(session, "topic", ["a", "b"])
    outbox.drain(french, "topic", react)
    with french.reading() as session:
        assert outbox.count(session, "topic") == 0
    assert delivered == ["a", "b"]


def test_everybody_is_walked_through_once_whatever_the_order_of_texts(french: Database) -> None:
    refs = [f"{letter}{mark}{number}" for letter in "aAbBzZ" for mark in ("", "-", "_") for number in range(40)]
    import_all(french, (record(ref, name=f"Éloïse {ref}") for ref in refs))
    found: list[str] = []
    with french.reading() as session:
        while ids := experts.ids_after(session, found[-1] if found else "", 7):
            found.extend(ids)
        lines = list(exports.lines(session))
    assert len(found) == len(set(found)) == len(lines) == len(refs)


@pytest.mark.alone
def test_a_request_waits_no_longer_than_its_time_and_the_server_does_not_go_on(postgres_address: str) -> None:
    database = Database(postgres_address)
    with database.reading() as session:
        session.connection()
    started_at = time.monotonic()
    with pytest.raises(Unreachable), deadlines.within(0.5), database.reading() as session:
        session.execute(text("SELECT pg_sleep(60) /* given up */"))
    assert time.monotonic() - started_at < 1.0
    sleeping = "query LIKE '%pg_sleep(60) /* given up%' AND pid <> pg_backend_pid()"

    def is_over() -> bool:
        with database.reading() as session:
            return session.execute(text(f"SELECT count(*) FROM pg_stat_activity WHERE {sleeping}")).scalar_one() == 0

    eventually(is_over)
    database.close()


@pytest.mark.alone
def test_what_no_request_waits_for_takes_the_time_it_takes_unless_bounded(postgres_address: str) -> None:
    database, bounded = Database(postgres_address), Database(postgres_address, longest_wait_s=0.5)
    with database.reading() as session:
        session.execute(text("SELECT pg_sleep(2)"))
    with pytest.raises(Unreachable, match="no answer within"), bounded.reading() as session:
        session.execute(text("SELECT pg_sleep(2)"))
    with bounded.reading() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1
    database.close()
    bounded.close()


@pytest.mark.alone
def test_an_answer_that_never_ends_is_given_up_in_time(postgres_address: str, toxiproxy_address: str) -> None:
    with proxies.to(toxiproxy_address, postgres_address) as way:
        database = Database(way.address)
        with database.reading() as session:
            session.connection()
        with way.trickle():
            started_at = time.monotonic()
            with pytest.raises(Unreachable), deadlines.within(0.5), database.reading() as session:
                session.execute(text("SELECT repeat('x', 10000)"))
            assert time.monotonic() - started_at < 1.0
        database.close()


@pytest.mark.alone
def test_a_request_does_not_wait_for_a_connection_beyond_its_time(postgres_address: str) -> None:
    database = Database(postgres_address)
    with ExitStack() as busy:
        for _ in range(CONNECTIONS):
            busy.enter_context(database.reading()).connection()
        started_at = time.monotonic()
        with deadlines.within(0.5):
            for _ in range(3):
                with pytest.raises(Unreachable), database.reading() as session:
                    session.connection()
        assert time.monotonic() - started_at < 1.3
    with database.reading() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1
    database.close()


@pytest.mark.alone
def test_a_server_that_takes_connections_and_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql+psycopg://portulan@127.0.0.1:{silent.getsockname()[1]}/portulan")
        started_at = time.monotonic()
        with pytest.raises(Unreachable), deadlines.within(0.5), database.reading() as session:
            session.connection()
        assert time.monotonic() - started_at < 1.0
        database.close()
