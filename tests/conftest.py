import fcntl
import gc
import os
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect
from sqlalchemy import create_engine, make_url

from foundation.database import Database
from scripts.backends import runs
from scripts.backends.runs import Name
from taxonomy import wordlists as lists
from taxonomy.wordlists import Wordlists
from tests import builders, databases, live

# How long an example takes says more about the machine than about the code. The same code meets the same examples, so
# that a commit fails for what is in it; `--hypothesis-profile explore` meets others each time, as `--long` does.
settings.register_profile("portulan", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("portulan")
_WERE_RUNNING = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgres"],
        default="sqlite",
        help="What installations that tests make keep their rows in.",
    )


def pytest_configure(config: pytest.Config) -> None:
    # With pytest-xdist workers share the backends: whoever distributes the tests begins first and ends last.
    config.stash[_WERE_RUNNING] = hasattr(config, "workerinput") or runs.read() is not None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage, and never look through what was collected: it stays for the whole run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not config.stash.get(_WERE_RUNNING, True):
        runs.down()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Drop a test's own databases once everything that it used is closed."""
    done = yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if folder is not None:
        databases.drop_in(folder)
    return done


@pytest.fixture(scope="session", autouse=True)
def chosen_database(request: pytest.FixtureRequest) -> None:
    """Make installations on the database that the command line names."""
    if request.config.getoption("--database") == "postgres":
        databases.use_postgres(request.getfixturevalue("postgres_address"))


@pytest.fixture(scope="session")
def wordlists() -> Wordlists:
    """Return the reviewed word lists of the repository."""
    return lists.read()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return an empty database at the newest revision."""
    found = builders.database_of(builders.settings_in(tmp_path))
    yield found
    found.close()


@pytest.fixture
def east_asian_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have documents printed with the fonts of Debian's `fonts-noto-cjk` besides ours; `scripts/test` installs them."""
    monkeypatch.setenv("PORTULAN_FONTS_DIR", "/usr/share/fonts/opentype/noto")


@pytest.fixture(scope="session")
def started() -> Callable[[Name], str]:
    """Return what starts a real backend if it does not run yet, and gives its address.

    Those of `scripts/services up` are used, and left running; others are stopped when the whole run ends.
    """

    def start(name: Name) -> str:
        runs.FILE.parent.mkdir(exist_ok=True)
        # Workers take turns: `up` itself tells whoever comes second to come back later.
        with runs.FILE.with_name("tests.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            return runs.up([name]).backends[name].address

    return start


@pytest.fixture(scope="session")
def postgres_address(started: Callable[[Name], str]) -> Iterator[str]:
    """Return the address of an empty PostgreSQL database, this test run's own, or this worker's."""
    url = make_url(started(Name.POSTGRES))
    name = f"test_{uuid4().hex[:12]}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield url.set(database=name).render_as_string(hide_password=False)
    databases.drop_on(url.render_as_string(hide_password=False))
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture(scope="session")
def redis_address(started: Callable[[Name], str]) -> str:
    """Return the address of an empty Redis database, the tests' own: each worker has another."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    address = started(Name.REDIS).removesuffix("/0") + f"/{number}"
    subprocess.run(["redis-cli", "-u", address, "flushdb"], check=True, capture_output=True)
    return address


@pytest.fixture(scope="session")
def opensearch_address(started: Callable[[Name], str]) -> str:
    """Return the address of a real OpenSearch node with k-NN; tests name their indices apart."""
    return started(Name.OPENSEARCH)


@pytest.fixture(scope="session")
def toxiproxy_address(started: Callable[[Name], str]) -> str:
    """Return the address at which a real Toxiproxy takes orders."""
    return started(Name.TOXIPROXY)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.Site]:
    """Return a real server that holds the sample directory; nobody may change what it holds."""
    with live.sample_site(tmp_path_factory.mktemp("sample")) as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a browser; a module's, since its event loop stands in the way of others in this thread."""
    # What a page comes to show is waited for as long as a busy machine may take.
    expect.set_options(timeout=30_000)
    with live.chromium() as browser:
        yield browser
