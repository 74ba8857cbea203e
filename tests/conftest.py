from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from foundation.database import Database
from migrations import upgrades
from taxonomy import wordlists as lists
from taxonomy.wordlists import Wordlists
from tests import builders, live

# How long an example takes says more about the machine than about the code.
settings.register_profile("portulan", deadline=None)
settings.load_profile("portulan")


@pytest.fixture(scope="session")
def wordlists() -> Wordlists:
    """Return the reviewed word lists of the repository."""
    return lists.read()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return an empty database at the newest revision."""
    found = Database(builders.settings_in(tmp_path).database_address)
    upgrades.run(found)
    yield found
    found.close()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.Site]:
    """Return a real server that holds the sample directory; nobody may change what it holds."""
    with live.sample_site(tmp_path_factory.mktemp("sample")) as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a browser; a module's, since its event loop stands in the way of others in this thread."""
    with live.chromium() as browser:
        yield browser
