"""Which database the tests run on: SQLite, or with `pytest --database postgres` one of the real PostgreSQL.

Each folder of an installation has a database of its own, whichever it is, which `bring_up` makes. Migrating one takes
longer than many a test, and ever longer with each revision: one is migrated, and its files are copied.
"""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url

from foundation.database import Database
from migrations import upgrades

_server: Engine | None = None
_named: dict[str, tuple[Engine, Path]] = {}
"""Databases of PostgreSQL by their names: on which server, and for which folder."""
_made: set[str] = set()


def use_postgres(address: str) -> None:
    """From now on take databases of this PostgreSQL server."""
    global _server  # noqa: PLW0603 - one choice for the whole test run
    _server = server_at(address)


def server_at(address: str) -> Engine:
    """Return a PostgreSQL server to make databases on."""
    return create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)


def address_in(folder: Path) -> str:
    """Return the address of the database of an installation in a folder; empty means SQLite in it."""
    return own_of(_server, folder) if _server else ""


def own_of(server: Engine, folder: Path) -> str:
    """Return the address of a folder's own PostgreSQL database, which is still to be made."""
    path = folder.resolve()
    name = f"t_{hashlib.sha256(str(path).encode()).hexdigest()[:20]}"
    _named.setdefault(name, (server, path))
    return server.url.set(database=name).render_as_string(hide_password=False)


def bring_up(address: str) -> None:
    """Bring a database to the newest revision, in no time where none was made yet."""
    if not provide(address):
        _migrate(address)


def provide(address: str) -> bool:
    """Make a database at the newest revision where none is; tell whether that was so."""
    url = make_url(address)
    return _copy(Path(str(url.database))) if url.get_backend_name() == "sqlite" else _create(url)


def make_empty(address: str) -> None:
    """Make a database without tables, where one has to be made."""
    name = str(make_url(address).database)
    if name in _named and name not in _made:
        _run(_named[name][0], f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
        _made.add(name)


def drop_in(folder: Path) -> None:
    """Drop the PostgreSQL databases of what is in a folder: thousands would fill the memory."""
    _drop(name for name, (_, path) in _named.items() if path.is_relative_to(folder.resolve()))


def drop_on(address: str) -> None:
    """Drop whatever was made on a PostgreSQL server, migrated copies too."""
    place = _place(make_url(address))
    _drop(name for name, (server, _) in _named.items() if _place(server.url) == place)


def _drop(names: Iterable[str]) -> None:
    for name in list(names):
        server, _ = _named.pop(name)
        if name in _made:
            _run(server, f"DROP DATABASE {name} WITH (FORCE)")
            _made.remove(name)


def _place(url: URL) -> tuple[str | None, int | None]:
    return url.host, url.port


def _copy(path: Path) -> bool:
    """Put a migrated file where there is none; tell whether there was none."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_migrated_file())
    return True


@lru_cache(maxsize=1)
def _migrated_file() -> bytes:
    """Return the SQLite file of a database that holds no row."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "migrated.db"
        _migrate(f"sqlite:///{path}")
        return path.read_bytes()


def _create(url: URL) -> bool:
    """Make one of ours as a copy of a migrated one; tell whether it had to be made."""
    name = str(url.database)
    if name not in _named or name in _made:
        return False
    server, _ = _named[name]
    _run(server, f"CREATE DATABASE {name} TEMPLATE {_migrated_database(server.url)} STRATEGY file_copy")
    _made.add(name)
    return True


@lru_cache(maxsize=2)
def _migrated_database(url: URL) -> str:
    """Return the name of a database without rows: each process has its own, since one at a time may copy it."""
    name = f"migrated_{uuid4().hex}"
    server = server_at(url.render_as_string(hide_password=False))
    address = url.set(database=name).render_as_string(hide_password=False)
    _named[name] = (server, Path("/"))
    make_empty(address)
    _migrate(address)
    return name


def _migrate(address: str) -> None:
    database = Database(address)
    upgrades.run(database)
    database.close()


def _run(server: Engine, command: str) -> None:
    with server.connect() as connection:
        connection.exec_driver_sql(command)
