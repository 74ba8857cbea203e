"""Cards that are kept and accounts that are confirmed at the simulated provider's pages."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from billing import provider_parties
from billing.lifecycle import PaymentState
from billing.provider_states import Period, RecipientState
from billing.providers import sandbox_payouts
from billing.providers.interface import Browser, CardFormRequest, ChargeRequest, RecipientRequest, SubscriptionRequest
from billing.providers.sandbox import Sandbox
from tests import signed_in
from tests.billing import money as builders
from tests.billing.money import Money
from tests.builders import site

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("owners")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


@pytest.fixture
def money(client: TestClient) -> Money:
    """Return a client and an expert, of whom the expert is signed in."""
    client.cookies.clear()
    found = builders.make(client.app.state.database)  # pyright: ignore[reportAttributeAccessIssue]
    signed_in.sign_in(client, found.expert)
    return found


def test_an_expert_keeps_a_card_confirms_the_first_charge_and_is_charged_again(
    client: TestClient, money: Money
) -> None:
    provider = Sandbox(money.database)
    place = provider_parties.payer(money.database, provider, str(money.expert.expert_id), "EUR", at=AT)
    assert provider_parties.payer(money.database, provider, str(money.expert.expert_id), "EUR", at=AT) == place
    form = provider.begin_card(CardFormRequest(str(uuid4()), place.user_id, "EUR", "/my/papers"))
    assert "4970" in client.get(form.url).text
    refused = client.post(form.url, data={"number": "4111 1111 1111 1111"})
    assert (refused.status_code, "none of the sandbox" in refused.text) == (422, True)
    kept = client.post(form.url, data={"number": "4970 1000 0000 0022"}, follow_redirects=False)
    assert kept.headers["location"] == "/my/papers"
    assert "answered already" in client.get(form.url).text
    subscription = provider.subscribe(
        SubscriptionRequest(
            str(uuid4()),
            place.user_id,
            place.wallet_id,
            provider.keep_card(form.provider_id, ""),
            2_900,
            "EUR",
            Period.MONTH,
        )
    )
    browser = Browser("192.0.2.1", "Mozilla/5.0")
    charge = provider.charge(
        ChargeRequest(str(uuid4()), subscription.provider_id, 2_900, 2_900, "EUR", browser, "/my/papers")
    )
    assert charge.action_url is not None
    assert "is it you who pays" in client.get(charge.action_url).text
    assert client.post(charge.action_url, data={"answer": "yes"}).status_code == 200
    paid = provider.fetch_payin(charge.provider_id)
    assert paid is not None
    assert paid.state is PaymentState.SUCCEEDED
    later = ChargeRequest(str(uuid4()), subscription.provider_id, 2_900, 2_900, "EUR")
    assert provider.charge(later).state is PaymentState.SUCCEEDED
    signed_in.sign_in(client, money.client)
    assert client.get(form.url).status_code == client.get(charge.action_url).status_code == 404


@pytest.mark.parametrize(("answer", "state"), [("yes", RecipientState.ACTIVE), ("no", RecipientState.CLOSED)])
def test_a_bank_account_is_paid_to_once_its_owner_says_so(
    client: TestClient, money: Money, answer: str, state: RecipientState
) -> None:
    provider = Sandbox(money.database)
    place = provider_parties.payer(money.database, provider, str(money.expert.expert_id), "EUR", at=AT)
    number = next(number for number, outcome in sandbox_payouts.ACCOUNTS.items() if outcome == sandbox_payouts.ASKS)
    recipient = provider.add_recipient(
        RecipientRequest(
            str(uuid4()),
            place.user_id,
            is_business=False,
            holder="Ada Lovelace",
            account_number=number,
            currency="EUR",
            country="FR",
            return_path="/my/papers",
        )
    )
    url = str(recipient.action_url)
    assert "Is this your bank account?" in client.get(url).text
    for _ in range(2):
        assert client.post(url, data={"answer": answer}, follow_redirects=False).headers["location"] == "/my/papers"
    found = provider.fetch_recipient(recipient.provider_id)
    assert found is not None
    assert found.state is state
