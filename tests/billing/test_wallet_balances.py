"""What is in each wallet against the ledger: what is on its way is named, what is wrong waits for somebody."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing import ledger_differences, payments, reconciliations, wallet_balances
from billing.ledger_differences import Difference
from billing.models.chargebacks import Chargeback
from billing.models.ledger import LedgerDifference
from billing.models.sandbox import SandboxMovement
from billing.postings import Amount
from billing.providers import sandbox
from billing.providers.interface import CHARGEBACK, PAYOUT, Wallet
from billing.providers.sandbox import Sandbox
from billing.wallet_balances import Balance, Between
from foundation import audits
from foundation.database import Database
from tests.billing import money as builders
from tests.billing import paying
from tests.billing.money import AT, DUE, Money
from tests.billing.paying import FEE, NET, Paying
from tests.billing.providing import PlayedMangopay, key
from tests.mangopay.state import Mangopay, euros


@pytest.fixture(params=["sandbox", "mangopay"])
def both(request: pytest.FixtureRequest, database: Database) -> Iterator[Paying]:
    with paying.playing(database, request.param) as found:
        yield found


@pytest.fixture
def mangopay(database: Database) -> Iterator[Paying]:
    with paying.playing(database, "mangopay") as found:
        yield found


def stand_in(money: Paying) -> Mangopay:
    assert isinstance(money.played, PlayedMangopay)
    return money.played.state


def balances(money: Money) -> dict[str, Balance]:
    found = reconciliations.reconcile(money.database, money.provider, at=AT).balances
    return {balance.name.kind.value: balance for balance in found}


def differences(money: Money) -> list[tuple[str, Amount | None, Amount | None]]:
    found: list[Difference] = list(reconciliations.reconcile(money.database, money.provider, at=AT).differences)
    return [(one.external.kind, one.here, one.there) for one in found]


def payable(money: Paying) -> Paying:
    """Have everything be there for a payout, and the payout be begun."""
    money.released()
    money.enrol()
    money.verify()
    money.give_account()
    return money


def test_every_wallet_holds_what_the_ledger_says(both: Paying) -> None:
    money = payable(both)
    found = balances(money)
    assert {kind: (one.ledger_cents, one.provider_cents) for kind, one in found.items()} == {
        "payer_wallet": (0, 0),
        "payee_wallet": (NET, 0),
        "fees_wallet": (FEE, FEE),
    }
    # The payout has left the wallet, and is not through: that is no difference, and it is named.
    [payout] = money.payouts()
    on_its_way = found["payee_wallet"]
    assert on_its_way.between == {Between.ON_THE_WAY: -NET}
    assert [(one.kind, one.id) for one in on_its_way.moving] == [(PAYOUT, payout.provider_id)]
    assert differences(money) == []
    money.settle()
    assert balances(money)["payee_wallet"].between == {}
    assert differences(money) == []


def test_what_is_missing_in_a_wallet_waits_until_it_is_there(mangopay: Paying) -> None:
    mangopay.open()
    mangopay.pay()
    wallet = stand_in(mangopay).items["wallets"][mangopay.wallet_of_payer()]
    wallet["Balance"]["Amount"] -= 250
    assert differences(mangopay) == [("payer_wallet", Amount(DUE, "EUR"), Amount(DUE - 250, "EUR"))]
    [row] = mangopay.rows(LedgerDifference)
    assert row.external_id == f"{mangopay.client_id} EUR"
    with mangopay.database.writing() as session:
        ledger_differences.look_at(session, row.id, "Asked Mangopay.", audits.account("o"), at=AT)
    # Money comes and goes: it is the same difference, which somebody has looked at.
    mangopay.open("m2", 50_000, "M-2026-00043")
    mangopay.pay("m2")
    assert differences(mangopay) == [("payer_wallet", Amount(DUE + 50_000, "EUR"), Amount(DUE + 49_750, "EUR"))]
    with mangopay.database.reading() as session:
        assert ledger_differences.waiting(session) == []
    wallet["Balance"]["Amount"] -= 1
    assert len(differences(mangopay)) == 1
    with mangopay.database.reading() as session:
        assert len(ledger_differences.waiting(session)) == 1
    wallet["Balance"]["Amount"] += 251
    assert differences(mangopay) == []
    assert [found.gone_at for found in mangopay.rows(LedgerDifference)] == [AT]


def test_wallets_that_are_not_shown_without_their_owners_are_said_to_be_so(mangopay: Paying) -> None:
    payable(mangopay).settle()
    state = stand_in(mangopay)
    owner = next(
        wallet
        for wallet in state.items["wallets"].values()
        if state.items["users"][wallet["Owners"][0]]["UserCategory"] == "OWNER"
    )
    owner["Balance"]["Amount"] += 99
    assert [kind for kind, _, _ in differences(mangopay)] == ["payee_wallet"]
    state.guarded.add(owner["Owners"][0])
    # Nobody knows whether the difference is there still; what only that wallet could tell is not held against it.
    assert differences(mangopay) == []
    found = balances(mangopay)
    assert found["payee_wallet"].is_guarded
    assert (found["payer_wallet"].is_equal, found["fees_wallet"].is_equal) == (True, True)
    [row] = mangopay.rows(LedgerDifference)
    assert row.gone_at is None


def test_commissions_that_were_sent_to_the_operator_s_bank_are_counted_in(mangopay: Paying) -> None:
    payable(mangopay)
    stand_in(mangopay).pay_fees_out()
    assert balances(mangopay)["fees_wallet"].between == {Between.PAID_OUT: -FEE}
    assert differences(mangopay) == []
    stand_in(mangopay).fees["EUR"] -= 7
    assert differences(mangopay) == [("fees_wallet", Amount(0, "EUR"), Amount(-7, "EUR"))]


@pytest.mark.parametrize("is_released", [False, True])
@pytest.mark.parametrize("is_won", [None, False, True])
def test_what_banks_took_back_lies_in_the_wallet_until_it_is_settled(
    both: Paying, is_won: bool | None, is_released: bool
) -> None:
    both.open()
    both.pay()
    if is_released:
        both.enrol()
        both.release()
        both.deliver()
    taken = both.played.take_back(str(both.payments()[0].provider_id), DUE)
    both.hear(taken, CHARGEBACK)
    if is_won is not None:
        both.played.decide(taken, is_won=is_won)
        both.hear(taken, CHARGEBACK)
    both.deliver()
    assert differences(both) == []
    where = "fees_wallet" if is_released else "payer_wallet"
    assert balances(both)[where].between.get(Between.TAKEN_BACK, 0) == (0 if is_won else DUE)


def test_a_settled_chargeback_has_left_the_wallet(mangopay: Paying) -> None:
    mangopay.open()
    mangopay.pay()
    taken = mangopay.played.take_back(str(mangopay.payments()[0].provider_id), DUE)
    mangopay.played.decide(taken, is_won=False)
    mangopay.hear(taken, CHARGEBACK)
    assert [row.state for row in mangopay.rows(Chargeback)] == ["lost"]
    state, wallet_id = stand_in(mangopay), mangopay.wallet_of_payer()
    moved = {"Type": "TRANSFER", "Nature": "SETTLEMENT", "DebitedFunds": euros(DUE), "Fees": euros(0)}
    state.succeed(state.put("transfers", {**moved, "DebitedWalletId": wallet_id, "CreditedWalletId": "CREDIT_EUR"}))
    state.items["wallets"][wallet_id]["Balance"]["Amount"] -= DUE
    assert differences(mangopay) == []
    assert balances(mangopay)["payer_wallet"].provider_cents == 0


def test_what_nobody_has_assigned_lies_in_the_wallet_of_whoever_sent_it(database: Database) -> None:
    anna, bert = builders.make(database), builders.make(database, "Bert")
    anna.open()
    bert.open("m2", number="M-2026-00043")
    anna.deliver()
    anna.wire(700, "merci")
    assert balances(anna)["payer_wallet"].name.reference in {anna.client_id, bert.client_id}
    assert differences(anna) == []
    # An operator counts it for somebody else: the ledger says so, and the money lies where it was.
    [payment] = anna.payments()
    with database.writing() as session:
        payments.assign(session, payment.id, "M-2026-00043", "en", audits.account("o"), at=AT)
    found = reconciliations.reconcile(database, anna.provider, at=AT).differences
    assert {(one.external.id, one.here, one.there) for one in found} == {
        (f"{anna.client_id} EUR", Amount(0, "EUR"), Amount(700, "EUR")),
        (f"{bert.client_id} EUR", Amount(700, "EUR"), Amount(0, "EUR")),
    }


def test_a_returned_payment_leaves_the_wallet_once(database: Database) -> None:
    money = builders.make(database)
    money.open()
    money.deliver()
    money.wire(700, "merci")
    [payment] = money.payments()
    with database.writing() as session:
        payments.give_back(session, payment.id, audits.account("o"), at=AT)
    assert balances(money)["payer_wallet"].between == {Between.UNASSIGNED: 700}
    money.deliver()
    assert balances(money)["payer_wallet"].between == {}
    assert differences(money) == []


class Hasty(Sandbox):
    """A provider at which money moves while it is asked."""

    moved = 0

    def fetch_wallet(self, provider_id: str) -> Wallet | None:
        found = super().fetch_wallet(provider_id)
        if not self.moved and found:
            self.moved = 1
            movement = {"key": key(), "kind": PAYOUT, "state": "succeeded", "cents": 1, "currency": "EUR"}
            dates = {"made_at": AT, "done_at": AT}
            row = SandboxMovement(**movement, **dates, from_wallet_id=provider_id)
            self._database.write(lambda session: session.add(row))
            return super().fetch_wallet(provider_id)
        return found


def test_money_that_moves_while_wallets_are_read_is_no_difference(database: Database) -> None:
    money = builders.make(database)
    money.open()
    money.card()
    provider = Hasty(database)
    found = reconciliations.reconcile(database, provider, at=AT + timedelta(minutes=1))
    assert provider.moved
    assert [one for one in found.differences if one.external.kind in wallet_balances.KINDS] == []


def test_a_provider_that_lost_a_wallet_has_nothing(database: Database) -> None:
    money = builders.make(database)
    money.open()
    with database.writing() as session:
        sandbox.send_wire(session, money.client_id, "M-2026-00042", DUE, "EUR", at=AT)
    money.deliver()
    assert differences(money) == []

    class Forgetful(Sandbox):
        def fetch_wallet(self, provider_id: str) -> Wallet | None:
            del provider_id

    found = reconciliations.reconcile(database, Forgetful(database), at=AT).differences
    assert [(one.external.kind, one.here, one.there) for one in found] == [("payer_wallet", Amount(DUE, "EUR"), None)]
