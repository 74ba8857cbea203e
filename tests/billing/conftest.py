from collections.abc import Iterator

import pytest

from accounts.sign_ins import SignedIn
from foundation.database import Database
from tests.billing import identified, providing
from tests.billing.providing import Played, PlayedMangopay


@pytest.fixture(params=["sandbox", "mangopay"])
def played(request: pytest.FixtureRequest, database: Database) -> Iterator[Played]:
    """Return each payment provider, played."""
    with providing.playing(database, request.param) as found:
        yield found


@pytest.fixture
def mangopay(database: Database) -> Iterator[PlayedMangopay]:
    """Return the stand-in for Mangopay."""
    with providing.playing(database, "mangopay") as found:
        assert isinstance(found, PlayedMangopay)
        yield found


@pytest.fixture
def anne(database: Database) -> SignedIn:
    """Return an expert with a legal identity."""
    return identified.expert(database)
