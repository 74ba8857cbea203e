"""Experts are paid once what they need is there; what fails or comes back is theirs still, and paid again once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from billing import (
    bank_accounts,
    last_months,
    ledger_checks,
    payee_calls,
    payouts,
    provider_calls,
    provider_parties,
    revenues,
    working_days,
)
from billing.models.payouts import BankAccount
from billing.models.provider_parties import ProviderUser
from billing.models.sandbox import SandboxMovement, SandboxRecipient
from billing.payout_rules import Wait
from billing.postings import Amount
from billing.providers import sandbox_payouts
from billing.providers.interface import Declined, Payout, PayoutRequest, PayoutState, Recipient
from billing.providers.sandbox import Sandbox
from foundation import audits
from foundation.audits import AuditEntry
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound, Unreachable
from foundation.mails import MailRow
from tests.billing import paying
from tests.billing.identified import identify
from tests.billing.money import AT, DUE
from tests.billing.paying import FEE, NET, SECRET, Paying
from tests.billing.providing import ACCOUNT
from tests.billing.test_escrow_races import at_once

AT_ONCE, FAILS, RETURNS, ASKS = list(sandbox_payouts.ACCOUNTS)
OTHER = "DE89370400440532013000"


@pytest.fixture(params=["sandbox", "mangopay"])
def both(request: pytest.FixtureRequest, database: Database) -> Iterator[Paying]:
    with paying.playing(database, request.param) as found:
        yield found


@pytest.fixture
def money(database: Database) -> Iterator[Paying]:
    with paying.playing(database, "sandbox") as found:
        yield found


@pytest.fixture
def ready(money: Paying) -> Paying:
    """Return an expert whom nothing lacks but a bank account, and to whom something was released."""
    money.released()
    money.enrol()
    money.verify()
    return money


def states(money: Paying) -> list[str]:
    return sorted(one.state for one in money.payouts())


def mails(money: Paying) -> list[str]:
    """Return what the expert was mailed about payouts."""
    told = [row.template for row in money.rows(MailRow) if row.recipient == money.expert.email]
    return [template for template in told if template != "news"]


def received(money: Paying) -> list[object]:
    with money.database.reading() as session:
        found = revenues.releases(session, money.expert_id, lambda _session, _released: {"m1": FEE})
    return [one.received_at for one in found]


def test_it_goes_once_all_is_there_in_whatever_order_and_adds_up(both: Paying) -> None:
    both.released()
    assert both.waits() == [(Wait.IDENTITY,)]
    both.enrol()
    assert both.waits() == [(Wait.BANK_DETAILS, Wait.PAPERS)]
    both.give_account()
    assert both.waits() == [(Wait.PAPERS,)]
    both.go_on()
    assert both.payouts() == []
    both.verify()
    [payout] = both.payouts()
    assert (payout.state, payout.cents, both.waits()) == ("created", NET, [])
    assert payout.expected_on == working_days.after(payout.made_at.astimezone(last_months.ZONE).date(), 2)
    assert received(both) == [None]
    both.settle()
    for _ in range(2):
        both.go_on()
        both.hear(str(payout.provider_id), "payout")
    assert states(both) == ["succeeded"]
    assert both.balances == (0, 0, FEE, 0)
    assert both.differs() == []
    assert len(received(both)) == 1
    assert received(both) != [None]
    with both.database.reading() as session:
        assert ledger_checks.check(session) == []


def test_what_a_bank_sends_back_is_payable_again_and_goes_to_another_account(both: Paying) -> None:
    both.released()
    both.enrol()
    both.verify()
    both.give_account(RETURNS if both.provider.is_sandbox else ACCOUNT)
    if not both.provider.is_sandbox:
        both.settle()
    [payout] = both.payouts()
    assert payout.state == "succeeded"
    both.played.returning(str(payout.provider_id))
    both.deliver()
    [back] = both.payouts()
    assert (back.state, back.return_id is not None, both.waits()) == ("returned", True, [(Wait.NEW_BANK_DETAILS,)])
    assert both.balances == (0, NET, FEE, NET)
    assert mails(both)[-1] == "payout_stopped"
    assert received(both) == [None]
    both.hear(str(payout.provider_id), "payout")
    both.go_on()
    assert states(both) == ["returned"]
    both.give_account(OTHER)
    both.settle()
    assert states(both) == ["returned", "succeeded"]
    assert both.balances == (0, 0, FEE, 0)
    assert both.differs() == []


def test_what_fails_is_tried_again_by_an_operator_alone(ready: Paying) -> None:
    ready.give_account(FAILS)
    [failed] = ready.payouts()
    assert (failed.state, failed.failure, ready.balances) == ("failed", "account_closed", (0, NET, FEE, NET))
    ready.go_on()
    assert states(ready) == ["failed"]
    with ready.database.writing() as session:
        payouts.retry(session, failed.id, audits.account(ready.client.id), at=AT)
    with pytest.raises(Conflict), ready.database.writing() as session:
        payouts.retry(session, failed.id, audits.SYSTEM, at=AT)
    with pytest.raises(NotFound), ready.database.writing() as session:
        payouts.retry(session, "nothing", audits.SYSTEM, at=AT)
    ready.deliver()
    assert states(ready) == ["failed", "failed"]
    ready.go_on()
    assert states(ready) == ["failed", "failed"]
    assert mails(ready).count("payout_stopped") == 2
    ready.give_account(AT_ONCE)
    assert states(ready) == ["failed", "failed", "succeeded"]
    assert ready.balances == (0, 0, FEE, 0)


class Silent(Sandbox):
    """Does what is asked of it, and says nothing."""

    def pay_out(self, request: PayoutRequest) -> Payout:
        super().pay_out(request)
        raise Unreachable("no answer")

    def add_recipient(self, request: object) -> Recipient:
        super().add_recipient(request)  # pyright: ignore[reportArgumentType]
        raise Unreachable("no answer")


def test_answers_that_were_lost_pay_once_and_make_one_account(ready: Paying) -> None:
    given = bank_accounts.check({"holder": "Ada Lovelace", "number": AT_ONCE}, "en")
    silent = Silent(ready.database)
    arguments = (ready.payee, given, SECRET, "/my/payouts")
    with pytest.raises(Unreachable):
        payee_calls.add_bank_account(ready.database, silent, *arguments, at=AT)
    assert mails(ready) == []
    [account] = payee_calls.add_bank_account(ready.database, ready.provider, *arguments, at=AT)
    assert [one.id for one in ready.rows(BankAccount)] == [account.id]
    assert len(ready.rows(SandboxRecipient)) == 1
    with pytest.raises(Unreachable):
        payee_calls.go_on(ready.database, silent, [ready.expert_id], AT)
    ready.go_on()
    assert states(ready) == ["succeeded"]
    assert len([one for one in ready.rows(SandboxMovement) if one.kind == "payout"]) == 1


def test_another_account_takes_the_place_of_the_former_and_the_expert_hears_of_it(ready: Paying) -> None:
    [former] = ready.give_account(ASKS)
    assert mails(ready) == ["bank_account_changed"]
    ready.give_account(AT_ONCE)
    ready.open("m2", number="M-2026-00043")
    ready.pay("m2")
    ready.release("m2")
    ready.give_account(OTHER)
    ready.deliver()
    rows = {one.ending: one for one in ready.rows(BankAccount)}
    assert [rows[ending].replaced_at is None for ending in (former.ending, "0106", "3000")] == [False, False, True]
    # What the sandbox had confirmed at once went to the second one, which counted then.
    assert sorted(one.bank_account_id for one in ready.payouts()) == sorted([former.id, rows["3000"].id])
    text = str([row.model_dump() for table in (BankAccount, AuditEntry, MailRow) for row in ready.rows(table)])
    assert OTHER not in text
    assert AT_ONCE[4:] not in text
    assert "bank_account_given" in text


def test_an_account_that_waits_for_its_owner_is_paid_to_once_confirmed(ready: Paying) -> None:
    given = bank_accounts.check({"holder": "Ada Lovelace", "number": ASKS}, "en")
    [account] = payee_calls.add_bank_account(
        ready.database, ready.provider, ready.payee, given, SECRET, "/my/payouts", at=AT
    )
    ready.deliver()
    assert ready.waits() == [(Wait.CONFIRMATION,)]
    with ready.database.writing() as session:
        sandbox_payouts.answer_recipient(session, str(account.provider_id), is_confirmed=True)
    ready.deliver()
    assert states(ready) == ["created"]


def test_ids_that_nobody_knows_change_nothing(both: Paying) -> None:
    both.released()
    for kind in ("payout", "recipient", "release"):
        for odd in ("nothing", "-1", "x" * 60):
            provider_calls.hear(both.database, both.provider, [f"{both.provider.name}:{kind}:{odd}"], AT)
    told = Payout("p", "no payout of ours", PayoutState.SUCCEEDED, 1, "EUR")
    payee_calls.hear_of_payout(both.database, told, AT)
    payee_calls.hear_of_payout(both.database, Payout("p", None, PayoutState.SUCCEEDED, 1, "EUR"), AT)
    assert both.balances == (DUE, 0, 0, NET)


def test_a_payout_that_the_provider_does_not_want_waits_for_an_operator(ready: Paying) -> None:
    class Unwilling(Sandbox):
        def pay_out(self, request: PayoutRequest) -> Payout:
            raise Declined(f"papers_missing {request.cents}")

    given = bank_accounts.check({"holder": "Ada Lovelace", "number": AT_ONCE}, "en")
    unwilling = Unwilling(ready.database)
    payee_calls.add_bank_account(ready.database, unwilling, ready.payee, given, SECRET, "/my/payouts", at=AT)
    payee_calls.go_on(ready.database, unwilling, [ready.expert_id], AT)
    assert [(one.state, one.provider_id) for one in ready.payouts()] == [("failed", None)]
    assert ready.balances == (0, NET, FEE, NET)


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({}, ["holder", "number"]),
        ({"holder": "Ada\0", "number": "FR14 2004 1010 0505 0001 3M02 607"}, ["holder", "number"]),
        ({"holder": "123", "number": ACCOUNT, "currency": "euro"}, ["holder", "currency"]),
        ({"holder": "A" * 101, "number": "x" * 5_000}, ["holder", "number"]),
    ],
)
def test_bad_details_name_each_field(form: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        bank_accounts.check(form, "en")
    assert [fault.field for fault in refused.value.faults] == fields
    given = bank_accounts.check({"holder": " Ada  Lovelace ", "number": "fr14 2004 1010 0505 0001 3m02 606"}, "fr")
    assert (given.holder, given.number, given.country) == ("Ada Lovelace", ACCOUNT, "FR")
    assert ACCOUNT not in repr(given)


def test_what_came_before_another_status_is_paid_to_the_new_account_too(money: Paying) -> None:
    money.released()
    money.enrol(paying.OwnerKind.PERSON)
    with money.database.writing() as session:
        session.execute(update(ProviderUser).values(made_at=AT - timedelta(days=1)))
    money.enrol(paying.OwnerKind.SOLE_TRADER)
    money.verify_all()
    assert len(money.give_account(AT_ONCE)) == 2
    assert states(money) == ["succeeded"]
    assert mails(money) == ["bank_account_changed"]
    assert money.balances == (0, 0, FEE, 0)
    assert len(money.give_account(AT_ONCE)) == 1


def test_who_comes_back_to_a_former_status_is_paid_as_that(money: Paying) -> None:
    money.released()
    first = money.enrol(paying.OwnerKind.SOLE_TRADER)
    with money.database.writing() as session:
        session.execute(update(ProviderUser).values(made_at=AT - timedelta(days=1)))
    money.enrol(paying.OwnerKind.BUSINESS)

    def owner() -> str | None:
        with money.database.reading() as session:
            found = provider_parties.owner_of(session, "sandbox", money.expert_id)
        return found.provider_id if found else None

    identify(money.database, money.expert, status="sole_trader")
    assert owner() == first
    identify(money.database, money.expert, status="other")
    assert owner() is None


def test_two_who_pay_at_once_pay_once(ready: Paying) -> None:
    given = bank_accounts.check({"holder": "Ada Lovelace", "number": AT_ONCE}, "en")
    payee_calls.add_bank_account(ready.database, ready.provider, ready.payee, given, SECRET, "/my/payouts", at=AT)

    def go_on() -> None:
        payee_calls.go_on(ready.database, ready.provider, [ready.expert_id], AT)

    assert at_once(go_on, go_on, go_on) == ["done"] * 3
    assert states(ready) == ["succeeded"]
    assert ready.balances == (0, 0, FEE, 0)
    assert len([one for one in ready.rows(SandboxMovement) if one.kind == "payout"]) == 1


def test_transfers_and_payouts_are_held_against_the_provider(ready: Paying) -> None:
    ready.give_account(AT_ONCE)
    with ready.database.writing() as session:
        for movement in session.execute(select(SandboxMovement)).scalars():
            movement.cents += 1
    found = {one.external.kind: (one.here, one.there) for one in ready.differs()}
    assert found == {
        "release": (Amount(DUE, "EUR"), Amount(DUE + 1, "EUR")),
        "payout": (Amount(NET, "EUR"), Amount(NET + 1, "EUR")),
        "payer_wallet": (Amount(0, "EUR"), Amount(-1, "EUR")),
    }
