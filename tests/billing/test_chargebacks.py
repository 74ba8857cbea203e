"""What banks take back, and give back: what was held is awaited anew, what was gone is lost, and the books agree."""

import pytest

from billing import chargebacks, ledger, ledger_checks, provider_calls, reconciliations, refunds
from billing.lifecycle import ChargebackState, RefundState
from billing.models.chargebacks import Chargeback
from billing.models.escrows import Refund
from billing.models.ledger import LedgerKind
from billing.models.sandbox import SandboxTransaction
from billing.postings import Name
from billing.providers import sandbox, sandbox_chargebacks
from billing.providers.interface import CHARGEBACK
from foundation import audits
from foundation.database import Database
from foundation.errors import Conflict
from tests.billing.money import AT, DUE, Money, make, sums

LOSSES = Name(LedgerKind.CHARGEBACKS, "", "EUR")


@pytest.fixture
def money(database: Database) -> Money:
    found = make(database)
    found.open()
    found.deliver()
    return found


def take(money: Money, card: str, cents: int | None = None) -> str:
    with money.database.writing() as session:
        return sandbox_chargebacks.take(session, card, at=AT, cents=cents)


def decide(money: Money, name: str, *, is_won: bool) -> None:
    money.database.write(lambda session: sandbox_chargebacks.decide(session, name, is_won=is_won))


def only(money: Money) -> Chargeback:
    [found] = money.rows(Chargeback)
    return found


def lost(money: Money) -> int:
    with money.database.reading() as session:
        return ledger.balance(session, LOSSES)


def books_agree(money: Money) -> None:
    with money.database.reading() as session:
        assert ledger_checks.check(session) == []
    assert reconciliations.reconcile(money.database, money.provider, at=AT).differences == []


def test_what_was_held_is_awaited_anew_and_nothing_is_released(money: Money) -> None:
    card = money.card()
    take(money, card)
    money.deliver()
    assert sums(money.escrow()) == ("awaiting", DUE, 0, 0, 0)
    assert (only(money).held_cents, lost(money)) == (DUE, 0)
    with pytest.raises(Conflict):
        money.release()
    assert [kind for kind, _ in money.told()] == ["held", "back"]
    money.card()
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)
    money.release()
    books_agree(money)


def test_what_was_released_is_the_operators_loss(money: Money) -> None:
    card = money.card()
    money.release()
    take(money, card)
    money.deliver()
    assert sums(money.escrow()) == ("released", DUE, DUE, 0, DUE)
    assert (only(money).held_cents, lost(money)) == (0, DUE)
    books_agree(money)


def test_a_part_may_be_held_and_the_rest_lost(money: Money) -> None:
    money.wire(DUE - 1_000)
    card = money.card()
    with money.database.writing() as session:
        refund = refunds.ask(session, money.payer, "m1", 400, "Because.", at=AT)
    with money.database.writing() as session:
        refunds.consent(session, money.payee, refund.id, "::1", at=AT)
    # Before the refund is sent, the bank takes the whole payment.
    take(money, card)
    money.deliver()
    assert (only(money).held_cents, lost(money)) == (600, 400)
    assert money.escrow().amounts.held == DUE - 1_000
    [failed] = [row for row in money.rows(Refund) if row.id == refund.id]
    assert failed.state == RefundState.FAILED, "what is disputed is not refunded as well"
    books_agree(money)


@pytest.mark.parametrize("is_won", [True, False])
def test_what_the_bank_gives_back_is_held_again(money: Money, is_won: bool) -> None:
    name = take(money, money.card())
    money.deliver()
    decide(money, name, is_won=is_won)
    money.deliver()
    money.hear(name, CHARGEBACK)
    money.hear(name, CHARGEBACK)
    assert only(money).state == (ChargebackState.WON if is_won else ChargebackState.LOST)
    assert sums(money.escrow()) == (("held", DUE, DUE, 0, 0) if is_won else ("awaiting", DUE, 0, 0, 0))
    books_agree(money)


def test_what_was_paid_anew_meanwhile_goes_back(money: Money) -> None:
    name = take(money, money.card())
    money.deliver()
    money.wire(DUE)
    decide(money, name, is_won=True)
    money.deliver()
    assert sums(money.escrow()) == ("held", DUE, 2 * DUE, DUE, 0)
    assert [row.state for row in money.rows(Refund)] == [RefundState.DONE]
    books_agree(money)


def test_what_comes_back_once_all_is_over_goes_to_whoever_paid(money: Money) -> None:
    name = take(money, money.card())
    money.deliver()
    money.wire(DUE)
    money.release()
    decide(money, name, is_won=True)
    money.deliver()
    [refund] = money.rows(Refund)
    assert (refund.cents, refund.state, only(money).refund_id) == (DUE, RefundState.DONE, refund.id)
    assert lost(money) == 0
    books_agree(money)


def test_what_was_lost_comes_back_to_the_operator(money: Money) -> None:
    card = money.card()
    money.release()
    name = take(money, card, cents=5_000)
    decide(money, name, is_won=True)
    money.deliver()
    assert (only(money).back_cents, only(money).restored_cents, lost(money)) == (5_000, 0, 0)
    books_agree(money)


def test_a_chargeback_that_is_heard_of_before_its_payment_is_none_the_less(money: Money) -> None:
    card = begun(money)
    with money.database.writing() as session:
        sandbox.pay_by_card(session, card, "4970100000000014")
    name = take(money, card)
    money.hear(name, CHARGEBACK)
    assert sums(money.escrow()) == ("awaiting", DUE, 0, 0, 0)
    money.deliver()
    books_agree(money)


def test_what_counts_for_nothing_is_gone_from_the_queue(money: Money) -> None:
    card = begun(money)
    money.wire(DUE)
    money.release()
    with money.database.writing() as session:
        sandbox.pay_by_card(session, card, "4970100000000014")
    money.deliver()
    name = take(money, card)
    money.deliver()
    assert (only(money).held_cents, only(money).escrow_id) == (DUE, None)
    books_agree(money)
    decide(money, name, is_won=True)
    money.deliver()
    assert [(row.cents, row.state) for row in money.rows(Refund)] == [(DUE, RefundState.DONE)]
    books_agree(money)


def test_a_refund_in_question_is_agreed_on_for_what_is_left(money: Money) -> None:
    money.wire(DUE - 1_000)
    card = money.card()
    with money.database.writing() as session:
        refund = refunds.ask(session, money.payer, "m1", DUE, "Because.", at=AT)
    take(money, card)
    money.deliver()
    assert money.escrow().state == "disputed"
    with money.database.writing() as session:
        refunds.consent(session, money.payee, refund.id, "::1", at=AT)
    money.deliver()
    assert sums(money.escrow()) == ("refunded", 0, DUE - 1_000, DUE - 1_000, 0)
    books_agree(money)


def test_nothing_is_agreed_on_where_the_bank_took_all(money: Money) -> None:
    card = money.card()
    with money.database.writing() as session:
        refund = refunds.ask(session, money.payer, "m1", DUE, "Because.", at=AT)
    take(money, card)
    money.deliver()
    with pytest.raises(Conflict), money.database.writing() as session:
        refunds.consent(session, money.payee, refund.id, "::1", at=AT)
    with money.database.writing() as session:
        refunds.withdraw(session, money.payer, refund.id, at=AT)
    assert money.escrow().state == "awaiting"


def test_open_ones_are_the_operators_queue(money: Money) -> None:
    name = take(money, money.card())
    money.deliver()
    assert queue(money) == ["m1"]
    decide(money, name, is_won=False)
    money.deliver()
    assert queue(money) == []


def test_the_refund_of_a_wire_that_a_bank_returns_is_owed_again(money: Money) -> None:
    money.wire(DUE + 700)
    [refund] = money.rows(Refund)
    [sent] = [row for row in money.rows(SandboxTransaction) if row.kind == "refund"]
    with money.database.writing() as session:
        sandbox.return_refund(session, sent.id)
    money.deliver()
    money.hear(sent.id, "refund")
    [refund] = money.rows(Refund)
    assert (refund.state, refund.done_at) == (RefundState.FAILED, None)
    books_agree(money)
    with money.database.writing() as session:
        refunds.retry(session, refund.id, audits.account("o"), at=AT)
    money.deliver()
    [refund] = money.rows(Refund)
    assert refund.state == RefundState.DONE
    books_agree(money)


def queue(money: Money) -> list[str]:
    with money.database.reading() as session:
        return [escrow.reference for _, escrow in chargebacks.queue(session) if escrow]


def begun(money: Money) -> str:
    url = provider_calls.begin_card(money.database, money.provider, money.payer, "m1", "/back", "en", at=AT)
    return url.rpartition("/")[2]
