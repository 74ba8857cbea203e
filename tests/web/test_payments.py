"""Paying, asking for money back and agreeing to it, as browsers do; operators look after what is left."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import AccountKind, Membership, Role
from billing import working_days
from billing.models.escrows import Escrow
from foundation import clock, outbox
from foundation.database import Database
from tests import signed_in
from tests.billing import money as builders
from tests.billing.money import ASKS, BAD, DUE, GOOD, Money
from tests.builders import eventually, site
from web.rendering import PARIS, long_date


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("payments")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


@pytest.fixture
def money(client: TestClient) -> Money:
    """Return a client who is signed in, with an expert whom an escrow is to pay."""
    client.cookies.clear()
    found = builders.make(client.app.state.database)  # pyright: ignore[reportAttributeAccessIssue]
    signed_in.sign_in(client, found.client)
    return found


def opened(money: Money) -> Escrow:
    reference = str(uuid4())
    escrow = money.open(reference, number=f"M-{reference[:8]}")
    settle(money.database)
    return escrow


def settle(database: Database) -> None:
    """Wait until all that is owed about money has been delivered by the site."""

    def owed() -> int:
        with database.reading() as session:
            topics = ("billing.wire_wanted", "billing.provider_event", "billing.refund_agreed")
            return sum(outbox.count(session, topic) for topic in topics)

    eventually(lambda: not owed())


def marked(text: str, name: str) -> str:
    found = re.search(rf'data-testid="{name}"[^>]*>(.*?)</', text, re.DOTALL)
    assert found, name
    return " ".join(found[1].split())


def pay(client: TestClient, escrow: Escrow, number: str) -> str:
    """Pay by card; return the page that comes after."""
    page = client.post(f"/payments/{escrow.reference}/card")
    assert "No money moves here" in page.text
    return client.post(page.url.path, data={"number": number}).text


def test_a_page_says_what_is_due_how_to_pay_and_when_a_wire_is_seen(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    text = client.get(f"/payments/{escrow.reference}").text
    assert marked(text, "due") == "€4,800"
    assert marked(text, "wire-reference") == escrow.number
    seen_on = working_days.wire_seen_on(clock.now().astimezone(PARIS).date())
    assert long_date(seen_on, "en") in marked(text, "wire-date")
    french = client.get(f"/payments/{escrow.reference}?lang=fr").text
    assert long_date(seen_on, "fr") in french
    assert "Aucun argent ne circule ici" in french
    client.cookies.delete("lang")


def test_a_card_pays_at_once_and_one_that_fails_says_why(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    failed = pay(client, escrow, BAD)
    assert "The bank declined the card." in failed
    assert marked(failed, "escrow-state") == "Payment awaited"
    held = pay(client, escrow, GOOD)
    assert (marked(held, "escrow-state"), marked(held, "progress")) == ("All is held", "€4,800 are held.")
    assert "done=overtaken" in str(client.post(f"/payments/{escrow.reference}/card").url)


def test_a_bank_takes_a_card_payment_back_and_all_of_it_is_to_be_paid_again(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    pay(client, escrow, GOOD)
    [path] = re.findall(r'action="(/sandbox/card/[^"]+/take-back)"', client.get("/sandbox/bank").text)
    assert "The bank has taken it back." in client.post(path).text
    settle(money.database)
    text = client.get(f"/payments/{escrow.reference}").text
    assert (marked(text, "escrow-state"), marked(text, "due")) == ("Payment awaited", "€4,800")
    assert "€4,800 taken back by the bank" in text
    assert "done=overtaken" in str(client.post(path).url)
    decide = path.replace("take-back", "decide")
    signed_in.as_new(client, AccountKind.COMPANY, "Else")
    assert client.post(path).status_code == client.post(decide, data={"answer": "won"}).status_code == 404
    signed_in.sign_in(client, money.client)
    assert "The bank has decided." in client.post(decide, data={"answer": "won"}).text
    settle(money.database)
    assert marked(client.get(f"/payments/{escrow.reference}").text, "escrow-state") == "All is held"


def test_a_bank_may_ask_who_pays(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    asked = pay(client, escrow, ASKS)
    assert "Your bank asks" in asked
    path = re.findall(r'action="(/sandbox/card/[^"]+/challenge)"', asked)[0]
    assert marked(client.post(path, data={"answer": "yes"}).text, "escrow-state") == "All is held"
    assert client.post(path, data={"answer": "no"}).status_code == 200
    assert money.escrow(escrow.reference).state == "held"


def test_a_bank_sends_wires_short_late_and_twice(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    wire = {"amount": "1 200,00", "text": escrow.number, "how": "once"}
    assert client.post("/sandbox/bank", data=wire).status_code == 200
    settle(money.database)
    said = marked(client.get(f"/payments/{escrow.reference}").text, "progress")
    assert said == "€1,200 are held, €3,600 are missing."
    late = client.post("/sandbox/bank", data={**wire, "amount": "3600", "how": "late"})
    assert 'data-testid="under-way"' in late.text
    assert money.escrow(escrow.reference).state == "awaiting"
    client.post("/sandbox/bank/arrive")
    eventually(lambda: money.escrow(escrow.reference).state == "held")
    client.post("/sandbox/bank", data={**wire, "how": "twice"})
    eventually(lambda: money.escrow(escrow.reference).refunded_cents == 240_000)
    eventually(lambda: "sent back" in client.get(f"/payments/{escrow.reference}").text)


@pytest.mark.parametrize(
    ("change", "field"), [({"amount": "many"}, "amount"), ({"how": "never"}, "how"), ({"text": ""}, "text")]
)
@pytest.mark.usefixtures("money")
def test_what_is_wrong_with_a_wire_is_said_beside_it(client: TestClient, change: dict[str, str], field: str) -> None:
    given = {"amount": "12.34", "text": "for <you>", "how": "once", **change}
    answer = client.post("/sandbox/bank", data=given)
    assert answer.status_code == 422
    assert f'data-testid="fault-{field}"' in answer.text
    assert given["amount"] in answer.text


def ask(client: TestClient, escrow: Escrow, **form: str) -> tuple[int, str]:
    given = {"amount": "800", "explanation": "It was <interrupted>.", **form}
    answer = client.post(f"/payments/{escrow.reference}/refund", data=given)
    return answer.status_code, answer.text


def test_money_goes_back_once_the_expert_agrees(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    pay(client, escrow, GOOD)
    status, text = ask(client, escrow, amount="4800.01")
    assert (status, "It was &lt;interrupted&gt;." in text, 'data-testid="fault-amount"' in text) == (422, True, True)
    assert ask(client, escrow, explanation=" ")[0] == 422
    status, text = ask(client, escrow)
    assert (status, marked(text, "escrow-state")) == (200, "Refund in question")
    refund = next(found for found in money.refunds() if found.escrow_id == escrow.id)
    path = f"/refunds/{refund.id}"
    assert client.get(path).status_code == 403
    signed_in.sign_in(client, money.expert)
    assert "It was &lt;interrupted&gt;." in client.get(path).text
    for form, field in (({}, "answer"), ({"answer": "agree"}, "sure"), ({"answer": "refuse"}, "reason")):
        answer = client.post(path, data=form)
        assert (answer.status_code, f'data-testid="fault-{field}"' in answer.text) == (422, True)
    assert money.escrow(escrow.reference).state == "disputed"
    refused = client.post(path, data={"answer": "refuse", "reason": "I did all of it."})
    assert "You did not agree" in refused.text
    agreed = client.post(path, data={"answer": "agree", "sure": "yes"})
    assert 'data-testid="over"' in agreed.text
    settle(money.database)
    assert builders.sums(money.escrow(escrow.reference)) == ("held", DUE - 80_000, DUE, 80_000, 0)
    assert "done=overtaken" in str(client.post(path, data={"answer": "agree", "sure": "yes"}).url)


def test_who_asked_may_take_it_back(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    pay(client, escrow, GOOD)
    _, text = ask(client, escrow)
    path = re.findall(r'action="(/payments/[^"]+/withdraw)"', text)[0]
    assert marked(client.post(path).text, "escrow-state") == "All is held"
    assert "done=overtaken" in str(client.post(path).url)


def test_a_viewer_sees_and_moves_nothing_and_strangers_find_nothing(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    viewer = signed_in.make(money.database, AccountKind.COMPANY, "Viola")
    stranger = signed_in.make(money.database, AccountKind.COMPANY, "Otto")
    with money.database.writing() as session:
        membership = session.get_one(Membership, viewer.id)
        membership.client_id, membership.role = money.client_id, Role.VIEWER.value
    signed_in.sign_in(client, viewer)
    text = client.get(f"/payments/{escrow.reference}").text
    assert ('data-testid="may-not-pay"' in text, 'data-testid="pay-card"' in text) == (True, False)
    for path in (f"/payments/{escrow.reference}/card", f"/payments/{escrow.reference}/refund", "/sandbox/bank"):
        assert client.post(path).status_code == 404
    signed_in.sign_in(client, stranger)
    assert client.get(f"/payments/{escrow.reference}").status_code == 404


def test_operators_assign_wires_send_them_back_and_ask_experts_again(client: TestClient, money: Money) -> None:
    escrow, other = opened(money), opened(money)
    for amount in ("4800", "12.34"):
        client.post("/sandbox/bank", data={"amount": amount, "text": "", "how": "nameless"})
    pay(client, other, GOOD)
    ask(client, other)
    settle(money.database)
    signed_in.as_new(client, AccountKind.OPERATOR, "Olga")
    assert 'data-testid="card-wires"' in client.get("/operator").text
    whole, small = sorted(
        (p for p in money.payments() if not p.counted_at and p.kind == "wire"), key=lambda p: -p.cents
    )
    wrong = client.post(f"/operator/wires/{whole.id}/assign", data={"number": "M-nothing"})
    assert (wrong.status_code, "M-nothing" in wrong.text, 'data-testid="fault-number"' in wrong.text) == (
        422,
        True,
        True,
    )
    client.post(f"/operator/wires/{whole.id}/assign", data={"number": escrow.number.lower()})
    assert money.escrow(escrow.reference).state == "held"
    client.post(f"/operator/wires/{small.id}/return")
    assert "done=overtaken" in str(client.post(f"/operator/wires/{small.id}/return").url)
    assert "12.34" not in client.get("/operator/wires").text
    refund = next(found for found in money.refunds() if found.escrow_id == other.id)
    assert "no answer yet" in client.get("/operator/refunds").text
    assert "done=reminded" in str(client.post(f"/operator/refunds/{refund.id}/remind").url)
    assert "reminded 1 time" in client.get("/operator/refunds").text
    assert "done=overtaken" in str(client.post(f"/operator/refunds/{refund.id}/retry").url)
