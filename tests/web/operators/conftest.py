from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import Account, AccountKind
from foundation.database import Database
from tests import signed_in
from tests.builders import full_record, record, site


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """Give a client of a site with two experts, one of them reviewed twice."""
    review = {"skill": "Douane", "rating": 5, "on": "2026-03-14", "comment": "Très bien."}
    bad = {"skill": "Douane", "rating": 1, "on": "2026-02-01", "comment": "Faux."}
    shown = full_record("H001", visible=True, available=True, reviews=[review, bad])
    with site(tmp_path, [shown, record("H002", skills=["Dressage de licornes"])]) as found:
        found.headers["Accept-Language"] = "en"
        yield found


@pytest.fixture
def database(client: TestClient) -> Database:
    return client.app.state.database  # pyright: ignore[reportAttributeAccessIssue, reportFunctionMemberAccess]


@pytest.fixture
def operator(client: TestClient) -> Account:
    """Sign an operator in."""
    return signed_in.as_new(client, AccountKind.OPERATOR, "Olga")
