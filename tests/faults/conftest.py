from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.installations import SLOWEST_START_SECONDS, Installation, installation, serving

PEOPLE = 40
NOTHING_AWAY = {"test_builders", "test_deliveries"}
"""In these, processes work on backends that are well: nothing has to end in time."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have nothing else run while something is away: every answer has to come in time."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.path.stem not in NOTHING_AWAY:
            item.add_marker(pytest.mark.alone)


@pytest.fixture
def empty(
    tmp_path: Path, postgres_address: str, opensearch_address: str, toxiproxy_address: str
) -> Iterator[Installation]:
    """Return an installation that holds nobody, served by nobody yet."""
    with installation(tmp_path, postgres_address, opensearch_address, toxiproxy_address) as found:
        yield found


@pytest.fixture(scope="module")
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_address: str,
    opensearch_address: str,
    toxiproxy_address: str,
) -> Iterator[Installation]:
    """Return a served site that holds people whose headline is “Apiculture”; it delivers by itself."""
    folder = tmp_path_factory.mktemp("site")
    with (
        installation(folder, postgres_address, opensearch_address, toxiproxy_address) as found,
        serving(found),
    ):
        if request.path.stem in NOTHING_AWAY:
            found.answers_within_s = SLOWEST_START_SECONDS
        found.fill(PEOPLE)
        yield found
