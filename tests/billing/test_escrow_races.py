"""Two people at once: one wins, the other is told, and no cent is counted twice."""

import threading
from collections.abc import Callable

import pytest

from billing import escrows, payments, refunds
from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.providers import sandbox
from billing.providers.interface import Payin
from foundation.database import Database
from foundation.errors import Conflict
from foundation.lifecycles import Refused
from tests.billing.money import AT, DUE, Money, make, sums


@pytest.fixture
def money(database: Database) -> Money:
    found = make(database)
    found.open()
    return found


def at_once(*works: Callable[[], object]) -> list[str]:
    """Do several things in threads that begin together; return what came of each."""
    ready = threading.Barrier(len(works), timeout=20)
    came: list[str] = [""] * len(works)

    def run(place: int) -> None:
        ready.wait()
        try:
            works[place]()
            came[place] = "done"
        except Refused as refused:
            came[place] = f"too late: {refused.state}"
        except Conflict:
            came[place] = "too late"

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return came


def take_in(money: Money, provider_id: str, cents: int) -> Callable[[], object]:
    payin = Payin(provider_id, PaymentKind.WIRE, PaymentState.SUCCEEDED, cents, "EUR", wire_text="M-2026-00042")
    return lambda: money.database.write(lambda session: payments.take_in(session, "sandbox", payin, at=AT))


def test_payments_that_come_at_once_are_all_counted(money: Money) -> None:
    works = [take_in(money, f"p{number}", DUE // 4) for number in range(4)]
    assert at_once(*works) == ["done"] * 4
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)
    assert money.told() == [("held", "m1")]


def test_one_payment_that_is_told_by_several_at_once_is_counted_once(money: Money) -> None:
    assert at_once(*[take_in(money, "p1", DUE)] * 4) == ["done"] * 4
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)


def test_a_release_against_a_refund_request(money: Money) -> None:
    money.card()

    def release() -> object:
        return money.database.write(lambda session: escrows.release(session, "m1", AT))

    def ask() -> object:
        return money.database.write(lambda session: refunds.ask(session, money.payer, "m1", DUE, "Because.", at=AT))

    came = at_once(release, ask)
    state = money.escrow().state
    assert (came, state) in [
        (["done", "too late: released"], "released"),
        (["too late: disputed", "done"], "disputed"),
    ]


def test_a_consent_against_a_withdrawal(money: Money) -> None:
    money.card()
    with money.database.writing() as session:
        refund_id = refunds.ask(session, money.payer, "m1", DUE, "Because.", at=AT).id

    def consent() -> object:
        return money.database.write(lambda session: refunds.consent(session, money.payee, refund_id, "::1", at=AT))

    def withdraw() -> object:
        return money.database.write(lambda session: refunds.withdraw(session, money.payer, refund_id, at=AT))

    came = at_once(consent, withdraw)
    assert (came, money.escrow().state) in [
        (["done", "too late: agreed"], "refunded"),
        (["too late: withdrawn", "done"], "held"),
    ]


def test_a_payment_that_two_operators_look_after_at_once(money: Money) -> None:
    with money.database.writing() as session:
        wire = sandbox.send_wire(session, money.client_id, "merci", DUE, "EUR", at=AT)
    money.hear(wire)
    [payment] = money.payments()
    actor = money.payer.actor

    def assign() -> object:
        return money.database.write(
            lambda session: payments.assign(session, payment.id, "M-2026-00042", "en", actor, at=AT)
        )

    def give_back() -> object:
        return money.database.write(lambda session: payments.give_back(session, payment.id, actor, at=AT))

    came = at_once(assign, give_back)
    assert sorted(came) == ["done", "too late"]
    assert money.escrow().paid_cents == (DUE if came[0] == "done" else 0)
