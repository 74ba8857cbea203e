"""What was released goes to the expert's wallet once, less the fee, as soon as the provider knows the expert."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import ledger_checks, payee_calls, provider_calls, refunds, transfers
from billing.models.escrows import Payment
from billing.models.sandbox import SandboxMovement
from billing.providers.interface import Release
from billing.providers.sandbox import Sandbox
from foundation import audits
from foundation.database import Database
from foundation.errors import Conflict, NotFound, Unreachable
from tests.billing import paying
from tests.billing.money import AT, DUE
from tests.billing.paying import FEE, NET, Paying


@pytest.fixture(params=["sandbox", "mangopay"])
def both(request: pytest.FixtureRequest, database: Database) -> Iterator[Paying]:
    with paying.playing(database, request.param) as found:
        yield found


@pytest.fixture
def money(database: Database) -> Iterator[Paying]:
    with paying.playing(database, "sandbox") as found:
        yield found


def states(money: Paying) -> list[str]:
    return [one.state for one in money.transfers()]


def test_it_waits_for_the_expert_and_then_goes_once(both: Paying) -> None:
    both.released()
    both.go_on()
    assert (states(both), both.balances) == (["created"], (DUE, 0, 0, NET))
    both.enrol()
    [found] = both.transfers()
    assert (found.state, found.cents, found.fee_cents, found.net_cents) == ("succeeded", DUE, FEE, NET)
    assert both.balances == (0, NET, FEE, NET)
    for _ in range(2):
        both.go_on()
        provider_calls.hear(both.database, both.provider, [f"{both.provider.name}:release:{found.provider_id}"], AT)
    assert both.balances == (0, NET, FEE, NET)
    assert both.differs() == []
    with both.database.reading() as session:
        assert ledger_checks.check(session) == []


def test_unknown_ids_change_nothing(both: Paying) -> None:
    both.released()
    for odd in ("nothing", "-1", "x" * 60):
        provider_calls.hear(both.database, both.provider, [f"{both.provider.name}:release:{odd}"], AT)
    forged = Release("r1", "no transfer of ours", transfers.PaymentState.SUCCEEDED, 1, 0, "EUR")
    both.database.write(lambda session: transfers.take_in(session, "no transfer of ours", forged, at=AT))
    assert states(both) == ["created"]


def test_cards_and_wires_that_went_back_in_part_go_together(money: Paying) -> None:
    money.open()
    money.wire(200_000)
    money.pay()
    with money.database.writing() as session:
        refund = refunds.ask(session, money.payer, "m1", 80_000, "Because.", at=AT)
        refunds.consent(session, money.payee, refund.id, "::1", at=AT)
    money.release()
    money.enrol()
    [found] = money.transfers()
    assert (found.state, found.cents, found.fee_cents) == ("succeeded", DUE - 80_000, 40_000)
    assert money.balances == (0, DUE - 120_000, 40_000, DUE - 120_000)
    assert money.differs() == []


def test_each_provider_brings_what_it_holds_and_its_share_of_the_fee(money: Paying) -> None:
    money.open()
    money.wire(160_000)
    money.pay()
    with money.database.writing() as session:
        for payment in session.query(Payment).filter(Payment.cents == 160_000):  # pyright: ignore[reportArgumentType]
            payment.provider = "another"
    money.release()
    found = {one.provider: (one.cents, one.fee_cents) for one in money.transfers()}
    assert found == {"another": (160_000, 16_000), "sandbox": (320_000, 32_000)}


def test_what_the_provider_can_not_do_waits_for_an_operator(money: Paying) -> None:
    money.released()
    with money.database.writing() as session:
        drained = SandboxMovement(
            key="k",
            kind="payout",
            state="succeeded",
            cents=1,
            currency="EUR",
            from_wallet_id=money.wallet_of_payer(),
            made_at=AT,
        )
        session.add(drained)
    money.enrol()
    [failed] = money.transfers()
    assert (failed.state, failed.failure) == ("failed", "insufficient_balance")
    assert money.balances == (DUE, 0, 0, NET)
    money.go_on()
    assert states(money) == ["failed"]
    with money.database.writing() as session:
        session.delete(session.get_one(SandboxMovement, drained.id))
        transfers.retry(session, failed.id, audits.account(money.client.id), at=AT)
    with pytest.raises(Conflict), money.database.writing() as session:
        transfers.retry(session, failed.id, audits.SYSTEM, at=AT)
    with pytest.raises(NotFound), money.database.writing() as session:
        transfers.retry(session, "nothing", audits.SYSTEM, at=AT)
    money.deliver()
    assert sorted(states(money)) == ["failed", "succeeded"]
    assert money.balances == (0, NET, FEE, NET)


class Lost(Sandbox):
    """Does what is asked of it, and says nothing."""

    def release(self, request: object) -> Release:
        super().release(request)  # pyright: ignore[reportArgumentType]
        raise Unreachable("no answer")


def test_an_answer_that_was_lost_moves_money_once_also_where_the_expert_is_another_owner_since(money: Paying) -> None:
    money.released()
    with money.database.writing() as session:
        session.query(transfers.outbox.OutboxRow).delete()
    lost = Lost(money.database)
    money.enrol_at(lost)
    with pytest.raises(Unreachable):
        payee_calls.go_on(money.database, lost, [money.expert_id], AT)
    owner = money.transfers()[0].owner_id
    money.enrol(paying.OwnerKind.BUSINESS)
    [found] = money.transfers()
    assert (found.state, found.owner_id) == ("succeeded", owner)
    assert len([one for one in money.rows(SandboxMovement) if one.kind == "release"]) == 1
    assert money.balances == (0, NET, FEE, NET)


def test_what_was_released_before_there_were_transfers_gets_them(money: Paying) -> None:
    money.released()
    with money.database.writing() as session:
        session.query(transfers.Transfer).delete()
    money.go_on()
    assert [(one.state, one.cents, one.fee_cents) for one in money.transfers()] == [("created", DUE, FEE)]


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=5), st.fractions(0, 1))
def test_shares_sum_up_and_none_is_more_than_its_part(parts: list[int], share: object) -> None:
    cents = int(sum(parts) * share)  # pyright: ignore[reportOperatorIssue]
    found = transfers.divided(cents, parts)
    assert sum(found) == cents
    assert all(0 <= one <= part for one, part in zip(found, parts, strict=True))
