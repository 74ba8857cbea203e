"""The database that a command works on."""

from foundation.database import Database
from foundation.settings import Settings
from migrations import upgrades


def opened(settings: Settings | None = None) -> Database:
    """Return the installation's database at the newest revision."""
    database = Database((settings or Settings()).database_address)
    upgrades.run(database)
    return database
