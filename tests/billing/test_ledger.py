"""The ledger through its use cases: each fact once, balanced, reversed once, and read as of any day."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import commissions, ledger, ledger_checks, ledger_statements, payments, postings, refunds
from billing.commissions import Commission, Price
from billing.ledger import Overdrawn
from billing.models.ledger import FactKind, LedgerKind
from billing.postings import Amount, External, Fact, Name
from foundation import audits
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from tests.billing.money import AT, DUE, PRICE, Money, make

DAY = timedelta(days=1)
EUR = "EUR"
OPERATOR = audits.account("o")


@pytest.fixture
def money(database: Database) -> Money:
    found = make(database)
    found.open()
    return found


def came(provider_id: str) -> External:
    return External("sandbox", "payin", provider_id)


def pay_in(number: int = 1, cents: int = 1_000, reference: str = "m1") -> Fact:
    return postings.pay_in(f"p{number}", Amount(cents, EUR), reference, "c1", came(f"s{number}"))


def post(database: Database, fact: Fact, days: int = 0) -> str:
    return database.write(lambda session: ledger.post(session, fact, at=AT + days * DAY)).id


def balance(
    database: Database, kind: LedgerKind, reference: str = "", provider: str = "", days: int | None = None
) -> int:
    before = None if days is None else AT + days * DAY
    with database.reading() as session:
        return ledger.balance(session, Name(kind, reference, EUR, provider), before=before)


def findings(database: Database) -> list[ledger_checks.Finding]:
    with database.reading() as session:
        return ledger_checks.check(session)


def test_the_worked_example_of_a_mission(money: Money) -> None:
    """4,000 and 20 % are paid; the commission is 400 and 80; 4,320 are the expert's."""
    money.card()
    money.release()
    expert, client, database = str(money.expert.expert_id), money.client_id, money.database
    assert balance(database, LedgerKind.ESCROW, "m1") == 0
    assert balance(database, LedgerKind.PAYABLE, expert) == 432_000
    assert balance(database, LedgerKind.COMMISSION) == 40_000
    assert balance(database, LedgerKind.VAT) == 8_000
    # Until the provider says that it moved the money, it lies where it was.
    assert balance(database, LedgerKind.PAYER_WALLET, client, "sandbox") == 480_000
    post(
        database, postings.transfer(Amount(480_000, EUR), 48_000, client, expert, External("sandbox", "transfer", "t"))
    )
    assert balance(database, LedgerKind.PAYER_WALLET, client, "sandbox") == 0
    assert balance(database, LedgerKind.PAYEE_WALLET, expert, "sandbox") == 432_000
    assert balance(database, LedgerKind.FEES_WALLET, provider="sandbox") == 48_000
    gone = postings.payout(Amount(432_000, EUR), expert, External("sandbox", "payout", "o"))
    post(database, gone)
    assert (
        balance(database, LedgerKind.PAYABLE, expert)
        == balance(database, LedgerKind.PAYEE_WALLET, expert, "sandbox")
        == 0
    )
    post(database, postings.payout_return(Amount(432_000, EUR), expert, External("sandbox", "payout_refund", "r")))
    assert balance(database, LedgerKind.PAYABLE, expert) == 432_000
    # No row of a transfer or a payout stands behind what was posted here by hand.
    assert {found.promise for found in findings(database)} == {
        ledger_checks.Promise.PAYEES,
        ledger_checks.Promise.PAYOUTS,
    }


def test_the_commission_is_taken_on_what_is_really_released(money: Money) -> None:
    money.card()
    with money.database.writing() as session:
        asked = refunds.ask(session, money.payer, "m1", 120_000, "Half of the work.", at=AT)
    with money.database.writing() as session:
        refunds.consent(session, money.payee, asked.id, "::1", at=AT)
    money.deliver()
    money.release()
    assert balance(money.database, LedgerKind.COMMISSION) == 30_000
    assert balance(money.database, LedgerKind.VAT) == 6_000
    assert balance(money.database, LedgerKind.PAYABLE, str(money.expert.expert_id)) == 324_000
    assert balance(money.database, LedgerKind.PAYER_WALLET, money.client_id, "sandbox") == 360_000
    assert findings(money.database) == []


@given(
    net=st.integers(0, 10**9),
    tax_bp=st.integers(0, 2_700),
    rate_bp=st.integers(0, 3_000),
    fee_bp=st.integers(0, 2_700),
    part=st.floats(0, 1),
)
def test_commission_and_rest_are_what_was_released(
    net: int, tax_bp: int, rate_bp: int, fee_bp: int, part: float
) -> None:
    gross = net + net * tax_bp // 10_000
    before_tax = (net * rate_bp + 5_000) // 10_000
    signed_cents = before_tax + (before_tax * fee_bp + 5_000) // 10_000
    price = Price.signed(net_cents=net, gross_cents=gross, rate_bp=rate_bp, commission_cents=signed_cents)
    assert price.commission == Commission(rate_bp, before_tax, signed_cents - before_tax)
    assert commissions.on_part(price, gross) == price.commission
    released = int(gross * part)
    taken = commissions.on_part(price, released)
    assert 0 <= taken.total_cents <= max(released, 1)
    assert taken.before_tax_cents <= before_tax
    if released > 1:
        fact = postings.release("m1", "e1", Amount(released, EUR), taken)
        assert sum(fact.legs.values()) == 0


def test_a_fact_that_is_told_again_is_posted_once(database: Database) -> None:
    assert post(database, pay_in()) == post(database, pay_in(), days=3)
    assert balance(database, LedgerKind.ESCROW, "m1") == 1_000


@pytest.mark.parametrize(
    "other",
    [
        postings.pay_in("p1", Amount(999, EUR), "m1", "c1", came("s1")),
        postings.pay_in("p1", Amount(1_000, EUR), "m2", "c1", came("s1")),
        postings.pay_in("p1", Amount(1_000, EUR), "m1", "c1", came("s2")),
        postings.pay_in("p2", Amount(1_000, EUR), "m1", "c1", came("s1")),
        postings.pay_in("p1", Amount(1_000, "USD"), "m1", "c1", came("s1")),
    ],
)
def test_a_key_or_a_provider_s_id_means_one_fact(database: Database, other: Fact) -> None:
    post(database, pay_in())
    with pytest.raises(Conflict):
        post(database, other)
    assert balance(database, LedgerKind.ESCROW, "m1") == 1_000


def test_more_than_is_held_goes_nowhere(database: Database) -> None:
    post(database, pay_in())
    with pytest.raises(Overdrawn) as refused:
        post(database, postings.refund("r1", Amount(1_001, EUR), "m1"))
    assert (refused.value.name.kind, refused.value.lacking_cents) == (LedgerKind.ESCROW, 1)
    assert findings(database) == [ledger_checks.Finding(ledger_checks.Promise.ESCROWS, "m1", 0, 1_000)]


def test_a_transaction_is_reversed_once_and_a_reversal_never(database: Database) -> None:
    first = post(database, pay_in())

    def reverse(transaction_id: str) -> str:
        return database.write(lambda session: ledger.reverse(session, transaction_id, "Wrong.", at=AT)).id

    turned = reverse(first)
    assert balance(database, LedgerKind.ESCROW, "m1") == 0
    assert reverse(first) == turned
    assert balance(database, LedgerKind.ESCROW, "m1") == 0
    with pytest.raises(Conflict):
        reverse(turned)
    with pytest.raises(NotFound):
        reverse("nothing")
    assert findings(database) == []


def test_what_was_passed_on_is_not_reversed(database: Database) -> None:
    first = post(database, pay_in())
    post(database, postings.refund("r1", Amount(400, EUR), "m1"))
    with pytest.raises(Overdrawn):
        database.write(lambda session: ledger.reverse(session, first, "Wrong.", at=AT))


def test_facts_balance_or_are_none() -> None:
    name = Name(LedgerKind.ESCROW, "m1", EUR)
    for legs in ([(name, 5)], [(name, 5), (name, -5)], [(name, 5), (Name(LedgerKind.VAT, "", "USD"), -5)], []):
        with pytest.raises(ValueError, match="does not balance"):
            postings.fact(FactKind.PAY_IN, "k", legs)
    with pytest.raises(ValueError, match="more than"):
        postings.release("m1", "e1", Amount(10, EUR), Commission(1_000, 10, 1))


def test_a_chargeback_takes_what_is_held_and_the_rest_is_lost(database: Database) -> None:
    post(database, pay_in())
    post(database, postings.chargeback(Amount(1_000, EUR), 500, "m1", "c1", External("sandbox", "dispute", "d1")))
    assert (
        balance(database, LedgerKind.ESCROW, "m1") == balance(database, LedgerKind.PAYER_WALLET, "c1", "sandbox") == 0
    )
    assert balance(database, LedgerKind.CHARGEBACKS) == 500
    assert balance(database, LedgerKind.FEES_WALLET, provider="sandbox") == -500


def test_a_boost_is_income_and_tax(database: Database) -> None:
    post(database, postings.boost(Amount(2_900, EUR), 580, came("b1")))
    assert balance(database, LedgerKind.BOOST) == 2_900
    assert balance(database, LedgerKind.VAT) == 580
    assert balance(database, LedgerKind.FEES_WALLET, provider="sandbox") == 3_480


def test_balances_and_statements_are_those_of_any_day(database: Database) -> None:
    post(database, pay_in(1, 1_000), days=0)
    post(database, pay_in(2, 500), days=2)
    post(database, postings.refund("r1", Amount(300, EUR), "m1"), days=4)
    assert [balance(database, LedgerKind.ESCROW, "m1", days=days) for days in (0, 1, 3, 5)] == [0, 1_000, 1_500, 1_200]
    with database.reading() as session:
        lines = ledger_statements.statement(session, "m1", since=AT + DAY, before=AT + 4 * DAY)
        whole = ledger_statements.statement(session, "m1")
        of_kind = ledger_statements.statement(session, "m1", kind="payable")
        sums = ledger_statements.balances(session, before=AT + 3 * DAY)
    assert [(line.cents, line.balance_cents) for line in lines] == [(500, 1_500)]
    assert [(line.kind, line.cents, line.balance_cents) for line in whole] == [
        ("pay_in", 1_000, 1_000),
        ("pay_in", 500, 1_500),
        ("refund", -300, 1_200),
    ]
    assert of_kind == []
    assert [(item.kind, item.accounts, item.cents) for item in sums] == [
        ("escrow", 1, 1_500),
        ("payer_wallet", 1, 1_500),
    ]


def test_a_payment_that_names_nothing_is_assigned_later(money: Money) -> None:
    money.wire(DUE, "merci")
    [payment] = money.payments()
    assert balance(money.database, LedgerKind.UNASSIGNED, payment.id) == DUE
    assert balance(money.database, LedgerKind.UNASSIGNED_WALLET, provider="sandbox") == DUE
    money.hear(str(payment.provider_id))
    with money.database.writing() as session:
        payments.assign(session, payment.id, "M-2026-00042", "en", OPERATOR, at=AT)
    assert balance(money.database, LedgerKind.UNASSIGNED, payment.id) == 0
    assert balance(money.database, LedgerKind.UNASSIGNED_WALLET, provider="sandbox") == 0
    assert balance(money.database, LedgerKind.ESCROW, "m1") == DUE
    assert balance(money.database, LedgerKind.PAYER_WALLET, money.client_id, "sandbox") == DUE
    assert findings(money.database) == []


def test_a_payment_that_is_for_nothing_is_returned(money: Money) -> None:
    money.wire(1_234, "merci")
    [payment] = money.payments()
    with money.database.writing() as session:
        refund = payments.give_back(session, payment.id, OPERATOR, at=AT)
    assert balance(money.database, LedgerKind.REFUND, refund.id) == 1_234
    assert findings(money.database) == []
    money.deliver()
    assert balance(money.database, LedgerKind.REFUND, refund.id) == 0
    assert balance(money.database, LedgerKind.UNASSIGNED_WALLET, provider="sandbox") == 0
    assert findings(money.database) == []


def test_what_is_too_much_goes_back_from_the_payer_s_wallet(money: Money) -> None:
    money.wire(DUE + 700)
    assert balance(money.database, LedgerKind.ESCROW, "m1") == DUE
    assert balance(money.database, LedgerKind.PAYER_WALLET, money.client_id, "sandbox") == DUE
    assert findings(money.database) == []


def test_the_price_is_that_of_the_fixture() -> None:
    signed = Price.signed(net_cents=400_000, gross_cents=DUE, rate_bp=1_000, commission_cents=48_000)
    assert signed == PRICE
