"""Operators' pages of money: what waits and what it might be for, a second look, a mission's money on one page."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import AccountKind
from billing import escrows, refunds
from billing.models.escrows import Escrow
from billing.providers import sandbox_chargebacks
from foundation import clock, outbox
from foundation.i18n import Language
from tests import signed_in
from tests.billing import money as builders
from tests.billing.money import AT, DUE, PRICE, Money
from tests.builders import eventually, site
from web.pages import mission_money

ABOVE = DUE + 50_000


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("desk"), refund_four_eyes_cents=DUE) as found:
        found.headers["Accept-Language"] = "en"
        yield found


@pytest.fixture
def money(client: TestClient) -> Money:
    """Return a client with an expert; an operator is signed in."""
    client.cookies.clear()
    found = builders.make(signed_in.database_of(client), f"Anna {uuid4().hex[:6]}")
    signed_in.as_new(client, AccountKind.OPERATOR, "Olga")
    return found


def opened(money: Money) -> Escrow:
    reference = str(uuid4())
    return money.open(reference, number=f"M-{reference[:8]}")


def settle(money: Money) -> None:
    """Wait until all that the provider told has been delivered: the site does so as well."""

    def owed() -> int:
        with money.database.reading() as session:
            topics = ("billing.wire_wanted", "billing.provider_event", "billing.refund_agreed")
            return sum(outbox.count(session, topic) for topic in topics)

    eventually(lambda: not owed())


def waiting(money: Money, cents: int, text: str) -> str:
    money.wire(cents, text)
    settle(money)
    [payment] = [one for one in money.payments() if one.wire_text == text]
    return payment.id


def test_a_wire_says_what_it_might_be_for_and_one_click_counts_it(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    payment_id = waiting(money, DUE, f"merci {uuid4().hex[:8]}")
    page = client.get("/operator/wires").text
    item = next(part for part in page.split('data-testid="wire"') if payment_id in part)
    assert escrow.number in item
    assert "the same amount, the same sender" in item
    done = client.post(f"/operator/wires/{payment_id}/assign", data={"number": escrow.number})
    assert "done=assigned" in str(done.url)
    assert "payment_assigned" in done.text
    assert money.escrow(escrow.reference).state == "held"


def test_wires_are_found_by_what_is_written_on_them(client: TestClient, money: Money) -> None:
    word = uuid4().hex[:8]
    waiting(money, 1_111, f"<b>{word}</b>")
    page = client.get(f"/operator/wires?q={word.upper()}").text
    assert f"&lt;b&gt;{word}&lt;/b&gt;" in page
    assert word not in client.get("/operator/wires?q=nothing-like-it").text.replace(f'value="{word}"', "")
    for odd in ("%00", "x" * 5_000, "%25", "1e9"):
        assert client.get(f"/operator/wires?q={odd}&after={odd}").status_code == 200


def test_what_is_paid_in_part_stands_below_and_leads_to_its_money(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    money.wire(120_000, escrow.number)
    settle(money)
    page = client.get("/operator/wires").text
    item = next(part for part in page.split('data-testid="partly-paid"')[1:] if escrow.number in part)
    assert "€1,200 are held, €3,600 are missing." in item
    assert 'data-testid="card-partly-paid"' in client.get("/operator").text
    assert f"/operator/money/{escrow.reference}" in item


def test_what_a_bank_takes_back_is_in_the_queue_and_on_the_page_of_the_money(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    card = money.card(reference=escrow.reference)
    with money.database.writing() as session:
        name = sandbox_chargebacks.take(session, card, at=clock.now())
    settle(money)
    item = next(part for part in client.get("/operator/refunds").text.split('data-testid="chargeback"') if name in part)
    assert "of this €4,800 were held; €0 were gone already, and are our loss" in item
    page = client.get(f"/operator/money/{escrow.reference}").text
    assert 'data-testid="does-not-add-up"' not in page
    assert "The payer’s bank took a card payment back" in page
    with money.database.writing() as session:
        sandbox_chargebacks.decide(session, name, is_won=False)
    settle(money)
    assert name not in client.get("/operator/refunds").text
    assert "taken back for good" in client.get(f"/operator/money/{escrow.reference}").text


def test_above_the_limit_a_second_operator_looks(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    payment_id = waiting(money, ABOVE, f"merci {uuid4().hex[:8]}")
    answer = client.post(f"/operator/wires/{payment_id}/assign", data={"number": escrow.number})
    assert "done=proposed" in str(answer.url)
    assert 'data-testid="is-proposed"' in answer.text
    assert "done=waits" in str(client.post(f"/operator/wires/{payment_id}/return").url)
    own = client.get("/operator/proposals").text
    assert 'data-testid="own"' in own
    proposal_id = re.findall(r"/operator/proposals/([^/]+)/withdraw", own)[-1]
    assert "done=own" in str(client.post(f"/operator/proposals/{proposal_id}/confirm").url)
    assert 'data-testid="card-proposals"' not in client.get("/operator").text
    signed_in.as_new(client, AccountKind.OPERATOR, "Oscar <b>")
    assert 'data-testid="card-proposals"' in client.get("/operator").text
    refused = client.post(f"/operator/proposals/{proposal_id}/decline", data={"reason": " "})
    assert (refused.status_code, 'data-testid="fault-reason"' in refused.text) == (422, True)
    assert money.escrow(escrow.reference).paid_cents == 0
    done = client.post(f"/operator/proposals/{proposal_id}/confirm")
    assert "done=confirmed" in str(done.url)
    assert "Oscar &lt;b&gt;" in done.text
    assert money.escrow(escrow.reference).state == "held"
    assert "done=overtaken" in str(client.post(f"/operator/proposals/{proposal_id}/confirm").url)
    for odd in ("nothing", "a%00b", "x" * 5_000):
        for act in ("confirm", "decline", "withdraw"):
            assert client.post(f"/operator/proposals/{odd}/{act}").status_code == 404


def test_a_proposal_is_declined_with_its_reason_or_taken_back(client: TestClient, money: Money) -> None:
    payment_id = waiting(money, ABOVE, f"merci {uuid4().hex[:8]}")
    client.post(f"/operator/wires/{payment_id}/return")
    own = client.get("/operator/proposals").text
    proposal_id = re.findall(r"/operator/proposals/([^/]+)/withdraw", own)[-1]
    assert "done=undone" in str(client.post(f"/operator/proposals/{proposal_id}/withdraw").url)
    client.post(f"/operator/wires/{payment_id}/return")
    signed_in.as_new(client, AccountKind.OPERATOR, "Oscar")
    proposal_id = re.findall(r"/operator/proposals/([^/]+)/confirm", client.get("/operator/proposals").text)[-1]
    declined = client.post(f"/operator/proposals/{proposal_id}/decline", data={"reason": "It is <theirs>."})
    assert "done=declined" in str(declined.url)
    assert "It is &lt;theirs&gt;." in declined.text
    assert payment_id in client.get("/operator/wires").text


def test_a_missions_money_is_told_from_first_to_last_and_adds_up(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    money.wire(100_000, f"{escrow.number} first")
    settle(money)
    money.card(reference=escrow.reference)
    settle(money)
    money.wire(5_000, escrow.number)
    settle(money)
    with money.database.writing() as session:
        refund = refunds.ask(session, money.payer, escrow.reference, 80_000, "It was <interrupted>.", at=AT)
        refunds.consent(session, money.payee, refund.id, "::1", at=AT)
    with money.database.writing() as session:
        escrows.release(session, escrow.reference, PRICE, clock.now())
    settle(money)
    page = client.get(f"/operator/money/{escrow.reference}").text
    sums = re.sub(r"<[^>]+>|\s+", " ", re.findall(r'data-testid="sums">(.*?)</dl>', page, re.DOTALL)[0]).split()
    assert sums == "Due €4,000 Came €4,850 Went back €850 Released €4,000 Held €0 Still to come €0".split()
    assert 'data-testid="does-not-add-up"' not in page
    assert "It was &lt;interrupted&gt;." in page
    assert "Released to the expert" in page
    with money.database.reading() as session:
        found = mission_money.read(session, escrows.of(session, escrow.reference))
        told = mission_money.timeline(session, found, "en")
    assert [line.held_cents for line in told if line.moved_cents][-1] == 0
    assert sum(line.moved_cents for line in told) == 0
    assert [line.at for line in told] == sorted(line.at for line in told)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_held_after_each_line_is_what_was_there(client: TestClient, money: Money, language: Language) -> None:
    escrow = opened(money)
    money.wire(100_000, escrow.number)
    settle(money)
    money.wire(480_000, escrow.number)
    settle(money)
    with money.database.reading() as session:
        now = escrows.of(session, escrow.reference)
        found = mission_money.read(session, now)
        told = mission_money.timeline(session, found, language)
    moved = [(line.moved_cents, line.held_cents) for line in told if line.moved_cents]
    assert moved[-1][1] == now.amounts.held == DUE
    assert sorted(cents for cents, _ in moved) == [-100_000, 100_000, 480_000]
    assert mission_money.adds_up(found)
    found.payments[0].cents += 1
    assert not mission_money.adds_up(found)
    assert client.get(f"/operator/money/{escrow.reference}?lang={language}").status_code == 200
    client.cookies.delete("lang")


def test_money_of_nothing_is_not_found(client: TestClient, money: Money) -> None:
    del money
    for odd in ("nothing", "a%00b", "x" * 5_000):
        assert client.get(f"/operator/money/{odd}").status_code == 404
