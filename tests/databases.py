"""Which database the tests run on: SQLite, or with `pytest --database postgres` a schema of the real PostgreSQL.

Each folder of an installation has a database of its own, an empty one at first, whichever it is.
"""

import hashlib
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url

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
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        _known.add(schema)
    url = make_url(server.url).update_query_dict({"options": f"-csearch_path={schema}"})
    return url.render_as_string(hide_password=False)
