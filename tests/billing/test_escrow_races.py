"""Two people at once: one wins, the other is told, and no cent is counted twice."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind
from billing import escrows, payments, proposals, refunds
from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.models.proposals import MoneyProposal
from billing.proposals import Limit
from billing.providers import sandbox
from billing.providers.interface import Payin
from foundation.database import Database
from foundation.errors import Conflict
from foundation.lifecycles import Refused
from tests import signed_in
from tests.billing.money import AT, DUE, PRICE, Money, as_signed_in, make, sums


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
        return money.database.write(lambda session: escrows.release(session, "m1", PRICE, AT))

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


def test_of_two_who_decide_at_once_one_does_and_money_moves_once(money: Money) -> None:
    people = [
        as_signed_in(signed_in.make(money.database, AccountKind.OPERATOR, name)) for name in ("Olga", "Oscar", "Oda")
    ]
    money.wire(DUE, "merci")
    payment_id = money.payments()[0].id
    limit = Limit(0, "en")

    def decide(work: Callable[[Session], object]) -> Callable[[], object]:
        return lambda: money.database.write(work)

    asked = at_once(
        *(
            decide(lambda s, one=one: proposals.assign(s, one, payment_id, "M-2026-00042", limit, at=AT))
            for one in people[:2]
        )
    )
    assert sorted(asked) == ["done", "too late"]
    [proposal] = money.rows(MoneyProposal)
    others = [one for one in people if one.account_id != proposal.proposed_by]
    came = at_once(
        decide(lambda s: proposals.confirm(s, others[0], proposal.id, at=AT)),
        decide(lambda s: proposals.confirm(s, others[1], proposal.id, at=AT)),
        decide(lambda s: proposals.decline(s, others[1], proposal.id, "No.", limit, at=AT)),
    )
    assert came.count("done") == 1
    is_confirmed = money.rows(MoneyProposal)[0].state == "confirmed"
    assert money.escrow().paid_cents == (DUE if is_confirmed else 0)
