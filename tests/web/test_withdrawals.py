"""A private client withdraws on the mission’s page, and the expert states the share; insurance stands there too."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import Account, AccountKind
from accounts.sign_ins import SignedIn
from foundation import clock
from foundation.database import Database
from tests import signed_in
from tests.booking import quoted
from tests.booking.carried_out import Stage
from tests.builders import site


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("withdrawals")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


def database_of(client: TestClient) -> Database:
    return client.app.state.database  # pyright: ignore[reportFunctionMemberAccess]


def be(client: TestClient, who: SignedIn) -> None:
    """Sign somebody in in the browser."""
    with database_of(client).reading() as session:
        account = session.get_one(Account, who.account_id)
    signed_in.sign_in(client, account)


def stage(client: TestClient, kind: AccountKind = AccountKind.PRIVATE_CLIENT, **columns: object) -> Stage:
    database = database_of(client)
    found = Stage(database, client=quoted.client(database, kind), **columns)
    found.at = clock.now()
    return found


def test_a_private_client_withdraws_in_two_clicks_and_is_told_until_when(client: TestClient) -> None:
    on = clock.today() + timedelta(days=60)
    mission = stage(client, starts_on=on, valid_until=on, ends_on=on).accept().pay(480_000)
    path = f"/missions/{mission.id}"
    be(client, mission.expert)
    assert 'data-testid="withdraw"' not in client.get(path).text
    be(client, mission.client)
    page = client.get(path).text
    assert "You may withdraw until" in page
    assert "All that you have paid goes back to you." in page
    assert "covered by the marketplace’s policy" in page
    done = client.post(f"{path}/withdraw")
    assert "Your withdrawal is received" in done.text
    assert 'data-state="cancelled"' in done.text
    assert 'data-testid="withdraw"' not in done.text
    assert client.post(f"{path}/withdraw").status_code == 200


def test_a_company_is_refused_in_words(client: TestClient) -> None:
    mission = stage(client, AccountKind.COMPANY, valid_until=clock.today()).accept()
    be(client, mission.client)
    assert 'data-testid="withdraw"' not in client.get(f"/missions/{mission.id}").text
    answer = client.post(f"/missions/{mission.id}/withdraw")
    assert (answer.status_code, "The days in which you may withdraw are over" in answer.text) == (409, True)
    refused = client.post(f"/missions/{mission.id}/report/validate")
    assert (refused.status_code, "#cancel" in refused.text, "#withdraw" in refused.text) == (409, True, False)


@pytest.mark.parametrize(("language", "said"), [("en", "work can start from"), ("fr", "peut commencer à partir du")])
def test_the_expert_is_told_from_when_on_and_what_allows_it_earlier(
    client: TestClient, language: str, said: str
) -> None:
    on = clock.today() + timedelta(days=60)
    mission = stage(client, starts_on=on, valid_until=on, ends_on=on).accept().pay(480_000)
    path, headers = f"/missions/{mission.id}", {"Accept-Language": language}
    be(client, mission.expert)
    page = client.get(path, headers=headers).text
    assert (said in page, 'id="start"' in page) == (True, False)
    answer = client.post(f"{path}/start", headers=headers)
    assert (answer.status_code, said in answer.text) == (409, True)
    assert 'data-state="funded"' in client.get(path).text


def test_the_expert_states_the_share_and_what_is_wrong_is_said_beside_it(client: TestClient) -> None:
    early = {"starts_on": None, "valid_until": clock.today()}
    begun = stage(client, **early).accept().pay(480_000).start()
    path = f"/missions/{begun.id}"
    be(client, begun.client)
    assert "what is done by now is owed" in client.get(path).text
    assert 'data-state="refund_in_question"' in client.post(f"{path}/withdraw").text
    assert 'data-testid="share"' not in client.get(path).text
    be(client, begun.expert)
    assert 'data-testid="share"' in client.get(path).text
    wrong = client.post(f"{path}/share", data={"done_percent": "lots"})
    assert (wrong.status_code, 'data-testid="fault-done_percent"' in wrong.text, 'value="lots"' in wrong.text) == (
        422,
        True,
        True,
    )
    stated = client.post(f"{path}/share", data={"done_percent": "25"})
    assert "The rest goes back to the client." in stated.text
    assert 'data-testid="share"' not in stated.text
    assert client.post(f"{path}/share", data={"done_percent": "25"}).status_code == 409
