"""Bringing a database to the newest revision."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from foundation.database import Database, hold
from foundation.settings import ROOT


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    return config


def run(database: Database, revision: str = "head") -> None:
    """Apply what is missing; nothing when the database is up to date. Processes that start at once take turns."""
    with database.said(), database.engine.execution_options(portulan_writes=True).begin() as connection:
        hold(connection, "migrations")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def run_at(address: str) -> None:
    """Apply what is missing on connections of its own, on which statements take as long as they take."""
    database = Database(address)
    try:
        run(database)
    finally:
        database.close()


def is_current(database: Database) -> bool:
    """Tell whether the database is at the newest revision."""
    with database.said(), database.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present == ScriptDirectory.from_config(_config()).get_current_head()
