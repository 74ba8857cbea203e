"""The page on which experts see how they are paid, and operators' queue of what waits or failed."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from accounts import passwords
from accounts.models.accounts import Account, AccountKind
from billing.providers import sandbox_payouts
from foundation.database import Database
from tests import signed_in
from tests.billing import money as builders
from tests.billing.paying import Paying
from tests.billing.providing import PlayedSandbox
from tests.builders import eventually, site
from tests.signed_in import PASSWORD

AT_ONCE, FAILS, RETURNS, ASKS = list(sandbox_payouts.ACCOUNTS)
ACCOUNT = "/my/payouts/account"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("payouts")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


@pytest.fixture
def money(client: TestClient) -> Paying:
    """Return an expert, who is signed in, to whom something was released."""
    client.cookies.clear()
    database: Database = signed_in.database_of(client)
    made = builders.make(database, f"Ada {uuid4().hex[:6]}")
    found = Paying(database, made.client, made.expert, made.client_id, PlayedSandbox(database))
    with database.writing() as session:
        session.get_one(Account, made.expert.id).password_hash = passwords.hashed(PASSWORD)
    reference = str(uuid4())
    found.open(reference, number=f"M-{reference[:8]}")
    found.pay(reference)
    eventually(lambda: found.escrow(reference).state == "held")
    found.release(reference)
    signed_in.sign_in(client, made.expert)
    return found


def given(number: str, **form: str) -> dict[str, str]:
    return {"holder": "Ada Lovelace", "number": number, "password": PASSWORD, **form}


def shown(client: TestClient, state: str) -> str:
    """Wait until the page shows a payout in a state; return the page."""

    def is_there() -> bool:
        return f'data-testid="payout" data-state="{state}"' in client.get("/my/payouts").text

    eventually(is_there)
    return client.get("/my/payouts").text


def test_an_expert_sees_what_is_missing_gives_it_and_is_paid(client: TestClient, money: Paying) -> None:
    page = client.get("/my/payouts").text
    assert [name in page for name in ("wait-identity", "wait-bank_details", "wait-papers")] == [True, True, False]
    assert 'name="number"' not in page
    assert "done=unknown" in str(client.post(ACCOUNT, data=given(AT_ONCE)).url)
    money.enrol()
    page = client.get("/my/payouts").text
    assert [name in page for name in ("wait-identity", "wait-bank_details", "wait-papers")] == [False, True, True]
    done = client.post(ACCOUNT, data=given(ASKS))
    assert "done=given" in str(done.url)
    assert ("0467" in done.text, ASKS in done.text.partition("play a part")[0]) == (True, False)
    [path] = re.findall(r"/my/payouts/confirm/[^\"]+", done.text)
    asked = client.get(path)
    assert asked.url.path.startswith("/sandbox/recipient/")
    assert client.post(asked.url.path, data={"answer": "yes"}).url.path == "/my/payouts"
    eventually(lambda: 'data-state="active"' in client.get("/my/payouts").text)
    assert client.get(path).status_code == 404
    money.verify()
    page = shown(client, "created")
    assert ("nothing-missing" in page, "on your account by" in page) == (True, True)


def test_what_comes_back_says_why_and_goes_to_another_account(client: TestClient, money: Paying) -> None:
    money.enrol()
    money.verify()
    client.post(ACCOUNT, data=given(RETURNS))
    shown(client, "succeeded")
    money.settle()
    page = shown(client, "returned")
    assert "the account is closed" in page
    assert "wait-new_bank_details" in page
    client.post(ACCOUNT, data=given(AT_ONCE))
    shown(client, "succeeded")


def test_an_operator_sees_why_and_has_it_tried_again(client: TestClient, money: Paying) -> None:
    money.enrol()
    money.verify()
    client.post(ACCOUNT, data=given(FAILS))
    shown(client, "failed")
    signed_in.as_new(client, AccountKind.OPERATOR, "Olga")
    [transfer] = [one for one in money.transfers() if one.payee_expert_id == money.expert_id]
    assert 'data-testid="card-payouts"' in client.get("/operator").text
    page = client.get("/operator/payouts").text
    item = next(part for part in page.split('data-testid="payout"') if transfer.id in part)
    assert ("account_closed" in item, 'data-testid="retry"' in item, "waits for other bank details" in item) == (
        True,
    ) * 3
    path = f"/operator/payouts/{transfer.id}/retry"
    assert "done=payout-retried" in str(client.post(path).url)

    def tried_twice() -> bool:
        return len([one for one in money.payouts() if one.transfer_id == transfer.id]) == 2

    eventually(tried_twice)
    reference = re.findall(r"/operator/money/([^\"]+)", item)[0]
    shown_money = client.get(f"/operator/money/{reference}").text
    assert (shown_money.count('data-testid="transfer"'), shown_money.count('data-testid="paid-out"')) == (1, 2)
    assert "A payout failed" in shown_money
    eventually(lambda: "done=payout-retried" in str(client.post(path).url))
    for odd in ("nothing", "a%00b", "x" * 5_000):
        assert client.post(f"/operator/payouts/{odd}/retry").status_code == 404


def test_bank_details_are_refused_with_what_is_wrong(client: TestClient, money: Paying) -> None:
    money.enrol()
    for form, field in (
        (given("FR14 2004 1010 0505 0001 3M02 607"), "number"),
        (given(AT_ONCE, holder=""), "holder"),
        (given(AT_ONCE, password="wrong"), "password"),
        (given(AT_ONCE, currency="\0"), "currency"),
    ):
        answer = client.post(ACCOUNT, data=form)
        assert (answer.status_code, f'data-testid="fault-{field}"' in answer.text or field == "currency") == (422, True)
    assert 'data-testid="account"' not in client.get("/my/payouts").text
    for odd in ("nothing", "a%00b", "x" * 5_000):
        assert client.get(f"/my/payouts/confirm/{odd}").status_code == 404


def test_nobody_confirms_another_ones_account(client: TestClient, money: Paying) -> None:
    money.enrol()
    [path] = re.findall(r"/my/payouts/confirm/[^\"]+", client.post(ACCOUNT, data=given(ASKS)).text)
    signed_in.as_new(client, AccountKind.EXPERT, "Eve")
    assert client.get(path).status_code == 404
