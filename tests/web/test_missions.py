"""Missions as both sides see them, over HTTP."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import Account
from accounts.sign_ins import SignedIn
from foundation import clock
from foundation.database import Database
from tests import signed_in
from tests.booking.carried_out import REPORT, Stage
from tests.builders import eventually, site


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("missions")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


def database_of(client: TestClient) -> Database:
    return client.app.state.database  # pyright: ignore[reportFunctionMemberAccess]


def be(client: TestClient, who: SignedIn) -> None:
    """Sign somebody in in the browser."""
    with database_of(client).reading() as session:
        account = session.get_one(Account, who.account_id)
    signed_in.sign_in(client, account)


@pytest.fixture
def stage(client: TestClient) -> Stage:
    found = Stage(database_of(client))
    found.at = clock.now()
    return found


def state_of(page: str) -> str:
    return page.partition('data-testid="next" data-state="')[2].partition('"')[0]


def test_the_two_sides_carry_a_mission_through(client: TestClient, stage: Stage) -> None:
    stage.accept()
    path = f"/missions/{stage.id}"
    be(client, stage.client)
    page = client.get(path).text
    assert state_of(page) == "awaiting_funds"
    assert f"{path}/pay" in page
    stage.pay()
    be(client, stage.expert)
    assert "Start the work" in client.get("/missions").text
    assert state_of(client.post(f"{path}/start").text) == "in_progress"
    assert "Know the duties" in client.get(path).text
    assert state_of(client.post(f"{path}/report", data=REPORT).text) == "reported"
    be(client, stage.client)
    page = client.get(path).text
    assert "No broker yet" in page
    assert "Partly reached" in page
    form = {"rating-0": "5", "review-0": "Quick and sure", "place": "Lyon", "sector": "wholesale"}
    page = client.post(f"{path}/report/validate", data=form).text
    assert "Thank you. The report is validated." in page
    assert "Quick and sure" in page
    eventually(lambda: stage.mission.state == "closed")
    be(client, stage.expert)
    assert "Quick and sure" in client.get(path).text
