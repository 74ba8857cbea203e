"""Which database the tests run on: SQLite, or with `pytest --database postgres` a schema of the real PostgreSQL.

Each folder of an installation has a database of its own, an empty one at first, whichever it is. Migrating it takes
longer than many a test, and ever longer with each revision: `bring_up` migrates one and copies that.
"""

import hashlib
import subprocess
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import URL, Engine, create_engine, make_url

from foundation.database import Database
from migrations import upgrades
from scripts.backends import postgresql

_server: Engine | None = None
_known: set[str] = set()


def use_postgres(address: str) -> None:
    """From now on take schemas of this PostgreSQL database."""
    global _server  # noqa: PLW0603 - one choice for the whole test run
    _server = server_at(address)


def server_at(address: str) -> Engine:
    """Return a PostgreSQL database to make schemas in."""
    return create_engine(address, isolation_level="AUTOCOMMIT")


def address_in(folder: Path) -> str:
    """Return the address of the database of an installation in a folder; empty means SQLite in it."""
    return schema_of(_server, folder) if _server else ""


def schema_of(server: Engine, folder: Path) -> str:
    """Return the address of a folder's own schema, which is made at once; `server` commits by itself."""
    schema = f"t_{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:20]}"
    if schema not in _known:
        _make_schema(server, schema)
        _known.add(schema)
    return _address_of(server.url, schema)


def bring_up(address: str) -> None:
    """Bring a database to the newest revision, in no time if it is still empty."""
    url = make_url(address)
    is_done = _copy(Path(str(url.database))) if url.get_backend_name() == "sqlite" else _fill(url)
    if not is_done:
        _migrate(address)


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


def _fill(url: URL) -> bool:
    """Make in an empty schema what migrations made elsewhere; tell whether it was empty."""
    schema = str(url.query.get("options", "")).rpartition("search_path=")[2] or "public"
    server = server_at(url.render_as_string(hide_password=False))
    with server.connect() as connection:
        is_empty = not connection.exec_driver_sql(
            "SELECT 1 FROM pg_tables WHERE schemaname = %(schema)s LIMIT 1", {"schema": schema}
        ).all()
        if is_empty:
            commands, name = _migrated_schema(url.set(query={}))
            # One round trip: the driver takes several commands at once where they have no values.
            connection.connection.cursor().execute(f"BEGIN; {commands.replace(name, schema)} COMMIT;")
    server.dispose()
    return is_empty


@lru_cache(maxsize=2)
def _migrated_schema(url: URL) -> tuple[str, str]:
    """Return the commands that make the schema of a database without rows, and what they call it."""
    name = f"migrated_{uuid4().hex}"
    server = server_at(url.render_as_string(hide_password=False))
    _make_schema(server, name)
    _migrate(_address_of(url, name))
    dumped = subprocess.run(
        [
            postgresql.program("pg_dump"),
            *("--dbname", url.set(drivername="postgresql").render_as_string(hide_password=False)),
            *("--schema", name, "--inserts", "--no-owner", "--no-privileges"),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    server.dispose()
    left_out = ("--", "\\", "SET ", "CREATE SCHEMA ", "SELECT pg_catalog.set_config(")
    return "\n".join(line for line in dumped.splitlines() if not line.startswith(left_out)), name


def _migrate(address: str) -> None:
    database = Database(address)
    upgrades.run(database)
    database.close()


def _make_schema(server: Engine, schema: str) -> None:
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")


def _address_of(url: URL, schema: str) -> str:
    own = url.update_query_dict({"options": f"-csearch_path={schema}"})
    return own.render_as_string(hide_password=False)
