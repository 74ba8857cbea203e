from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from billing import escrows, payments, provider_calls, refund_parts, refunds
from billing.lifecycle import PaymentState
from billing.models.escrows import Payment, PaymentKind, RefundPart, WireDetails
from billing.models.sandbox import SandboxTransaction
from billing.providers import sandbox
from billing.providers.interface import REFUND, Declined, Payin, RefundRequest, Repaid, Resource
from foundation import audits
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from tests.billing.money import ASKS, AT, BAD, DUE, GOOD, PRICE, Money, make, sums

OPERATOR = audits.account("operator")


@pytest.fixture
def money(database: Database) -> Money:
    found = make(database)
    found.open()
    return found


def told(money: Money, **values: Any) -> None:
    payin = replace(Payin("p1", PaymentKind.WIRE, PaymentState.SUCCEEDED, DUE, "EUR"), **values)
    with money.database.writing() as session:
        payments.take_in(session, "sandbox", payin, at=AT)


def waiting(money: Money) -> list[Payment]:
    with money.database.reading() as session:
        return list(payments.unmatched(session))


@pytest.mark.parametrize(
    ("number", "state", "failure"),
    [(GOOD, "succeeded", None), (BAD, "failed", "declined"), ("4242 4242 4242 4242", "failed", "unknown_card")],
)
def test_cards_succeed_and_fail_by_their_number(money: Money, number: str, state: str, failure: str | None) -> None:
    money.card(f" {number[:4]} {number[4:]}")
    [payment] = money.payments()
    assert (payment.state, payment.failure, payment.cents, payment.begun_by) == (state, failure, DUE, money.client.id)
    assert money.escrow().state == ("held" if state == "succeeded" else "awaiting")


@pytest.mark.parametrize(("is_confirmed", "state"), [(True, "succeeded"), (False, "failed")])
def test_a_card_may_need_an_answer_to_the_bank(money: Money, is_confirmed: bool, state: str) -> None:
    card_id = money.card(ASKS)
    assert money.payments()[0].state == "challenge"
    with money.database.writing() as session:
        sandbox.answer_challenge(session, card_id, is_confirmed=is_confirmed)
    money.deliver()
    assert money.payments()[0].state == state
    with money.database.writing() as session, pytest.raises(Conflict):
        sandbox.answer_challenge(session, card_id, is_confirmed=True)
    with money.database.writing() as session, pytest.raises(Conflict):
        sandbox.pay_by_card(session, card_id, GOOD)


def test_a_card_pays_what_is_missing_and_nothing_when_nothing_is(money: Money) -> None:
    money.wire(DUE - 300)
    money.card()
    assert [payment.cents for payment in money.payments() if payment.kind == "card"] == [300]
    with pytest.raises(Conflict):
        money.card()


def test_what_is_told_twice_or_in_any_order_counts_once(money: Money) -> None:
    wire_id, card_id = money.wire(100), money.card()
    for provider_id in (wire_id, card_id, wire_id, card_id):
        money.hear(provider_id)
    told(money, provider_id=card_id, kind=PaymentKind.CARD, state=PaymentState.CHALLENGE)
    told(money, provider_id=card_id, kind=PaymentKind.CARD, state=PaymentState.FAILED)
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)
    assert [payment.state for payment in money.payments()] == ["succeeded"] * 2


def test_what_no_provider_has_or_another_one_says_changes_nothing(money: Money) -> None:
    money.hear("nothing")
    money.hear("nothing", REFUND)
    provider_calls.hear(money.database, money.provider, [Resource("elsewhere", "payin", "p").key], AT)
    assert money.payments() == []


def test_a_card_whose_page_was_lost_is_known_by_its_key(money: Money) -> None:
    with money.database.writing() as session:
        begun = payments.begin_card(session, money.payer, "m1", "sandbox", at=AT)
    told(money, provider_id="p9", key=begun.id, kind=PaymentKind.CARD)
    [payment] = money.payments()
    assert (payment.id, payment.provider_id, payment.state) == (begun.id, "p9", "succeeded")


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("M-2026-00042", True), ("virement m 2026 00042 merci", True), ("M202600042 1000 EUR", True),
        ("M-2026-000421", False), ("M-2026-0004", False), ("", False), ("M-2026-00043", False),
    ],
)  # fmt: skip
def test_a_wire_names_its_number_whatever_stands_around_it(text: str, is_named: bool) -> None:
    assert payments.names(text, "M202600042") is is_named
    assert not payments.names(text, "")


def test_a_wire_that_names_nothing_waits_for_an_operator(money: Money) -> None:
    money.open("m2", number="M-2026-00043")
    money.wire(DUE, "merci")
    money.wire(DUE, "M-2026-00042 et M-2026-00043")
    money.wire(DUE, "M-2026-00042", "USD")
    assert len(waiting(money)) == 3
    assert money.escrow().state == "awaiting"
    [dollars] = [payment for payment in waiting(money) if payment.currency == "USD"]
    with pytest.raises(Invalid):
        assign(money, dollars.id, "M-2026-00042")


def assign(money: Money, payment_id: str, number: str) -> None:
    with money.database.writing() as session:
        payments.assign(session, payment_id, number, "en", OPERATOR, at=AT)


def test_an_operator_assigns_it_once(money: Money) -> None:
    money.wire(DUE, "merci")
    [payment] = waiting(money)
    for number in ("", "M-2026-99999", "\0"):
        with pytest.raises(Invalid):
            assign(money, payment.id, number)
    assign(money, payment.id, "m-2026-00042 ")
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)
    with pytest.raises(Conflict):
        assign(money, payment.id, "M-2026-00042")
    with pytest.raises(NotFound):
        assign(money, "nothing", "M-2026-00042")
    money.hear(str(payment.provider_id))
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)


def test_what_comes_when_all_is_over_waits_and_is_returned(money: Money) -> None:
    money.card()
    with money.database.writing() as session:
        escrows.release(session, "m1", PRICE, AT)
    money.wire(500)
    [payment] = waiting(money)
    assert payment.escrow_id is None or payment.counted_at is None
    with pytest.raises(Invalid):
        assign(money, payment.id, "M-2026-00042")
    with money.database.writing() as session:
        payments.give_back(session, payment.id, OPERATOR, at=AT)
    money.deliver()
    assert [(refund.reason, refund.cents, refund.state) for refund in money.refunds()] == [("returned", 500, "done")]
    assert waiting(money) == []
    money.hear(str(payment.provider_id))
    assert sums(money.escrow()) == ("released", DUE, DUE, 0, DUE)
    with money.database.writing() as session, pytest.raises(Conflict):
        payments.give_back(session, payment.id, OPERATOR, at=AT)


def test_a_wire_that_was_sent_twice_goes_back_once(money: Money) -> None:
    money.wire(DUE)
    money.wire(DUE)
    assert sums(money.escrow()) == ("held", DUE, 2 * DUE, DUE, 0)
    assert [(refund.reason, refund.state, refund.cents) for refund in money.refunds()] == [("surplus", "done", DUE)]


def test_a_late_wire_arrives_on_its_day(money: Money) -> None:
    money.wire(DUE, is_late=True)
    assert money.payments() == []
    provider_calls.let_sandbox_wires_arrive(money.database, AT + timedelta(days=1, hours=23))
    money.deliver()
    assert money.payments() == []
    provider_calls.let_sandbox_wires_arrive(money.database, AT + timedelta(days=2))
    money.deliver()
    assert money.escrow().state == "held"


def test_where_to_wire_is_asked_once(money: Money) -> None:
    money.deliver()
    provider_calls.open_wires(money.database, money.provider, ["m1"], AT)
    [details] = money.rows(WireDetails)
    assert (details.reference, details.account_number) == ("M-2026-00042", sandbox.IBAN)


def test_a_refund_goes_back_against_the_latest_payments_first(money: Money) -> None:
    assert refund_parts.allocate([("a", 50), ("b", 0), ("c", 70)], 80) == [("a", 50), ("c", 30)]
    with pytest.raises(ValueError, match="more than was paid"):
        refund_parts.allocate([("a", 50)], 51)
    money.wire(DUE - 100)
    money.card()
    with money.database.writing() as session:
        refund = refunds.ask(session, money.payer, "m1", 250, "Because.", at=AT)
        refunds.consent(session, money.payee, refund.id, "::1", at=AT)
    money.deliver()
    kinds = {payment.id: payment.kind for payment in money.payments()}
    assert {(kinds[part.payment_id], part.cents) for part in money.rows(RefundPart)} == {("card", 100), ("wire", 150)}
    assert money.refunds()[0].state == "done"


def test_the_provider_is_asked_to_refund_once_however_often_it_is_owed(money: Money) -> None:
    money.wire(DUE + 100)
    [refund] = money.refunds()
    for _ in range(3):
        provider_calls.send_refunds(money.database, money.provider, [refund.id, "nothing"], AT)
    [part] = money.rows(RefundPart)
    request = RefundRequest(part.id, str(money.payments()[0].provider_id), PaymentKind.WIRE, 100, "EUR")
    assert money.provider.refund(request) == money.provider.refund(request)
    with money.database.reading() as session:
        made = select(func.count()).where(SandboxTransaction.kind == "refund")
        assert session.execute(made).scalar_one() == 1
    with pytest.raises(Declined):
        money.provider.refund(RefundRequest("k", "nothing", PaymentKind.CARD, 1, "EUR"))


def test_a_refund_that_fails_is_tried_again_by_an_operator(money: Money) -> None:
    with money.database.writing() as session:
        wire_id = sandbox.send_wire(session, money.client_id, "M-2026-00042", DUE + 100, "EUR", at=AT)
    money.hear(wire_id)
    [part] = money.rows(RefundPart)
    with money.database.writing() as session:
        refund_parts.take_in(session, part.id, Repaid("r1", part.id, PaymentState.FAILED, "closed"), at=AT)
        refund_parts.take_in(session, part.id, Repaid("r1", part.id, PaymentState.SUCCEEDED), at=AT)
    assert money.refunds()[0].state == "failed"
    with money.database.writing() as session:
        refunds.retry(session, money.refunds()[0].id, OPERATOR, at=AT)
    money.deliver()
    assert money.refunds()[0].state == "done"
    assert sorted((found.state, found.cents) for found in money.rows(RefundPart)) == [
        ("failed", 100),
        ("succeeded", 100),
    ]


def test_what_failed_stays_owed_while_the_rest_of_its_refund_is_under_way(money: Money) -> None:
    money.wire(DUE - 100)
    money.card()
    with money.database.writing() as session:
        escrows.adjust_due(session, "m1", DUE - 150, AT)
    [by_card] = [part for part in money.rows(RefundPart) if part.cents == 100]
    with money.database.writing() as session:
        refund_parts.take_in(session, by_card.id, Repaid("r1", by_card.id, PaymentState.FAILED, "closed"), at=AT)
        escrows.adjust_due(session, "m1", DUE - 250, AT)
    assert [refund.state for refund in money.refunds()] == ["agreed", "agreed"]
    of_card = [part.cents for part in money.rows(RefundPart) if part.payment_id == by_card.payment_id]
    assert of_card == [100], "a payment is given back once, by whoever tries again"
    money.deliver()
    [failed] = [refund for refund in money.refunds() if refund.state == "failed"]
    with money.database.writing() as session:
        refunds.retry(session, failed.id, OPERATOR, at=AT)
    money.deliver()
    assert [refund.state for refund in money.refunds()] == ["done", "done"]
    back = [part.cents for part in money.rows(RefundPart) if part.state == "succeeded"]
    assert sum(back) == 250
