from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from billing import escrows, lifecycle, refunds
from billing.lifecycle import LIFECYCLES, Amounts, Party
from billing.models.escrows import Escrow
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from foundation.lifecycles import Lifecycle, Refused
from foundation.settings import ROOT
from tests.billing.money import AT, DUE, PRICE, Money, make, sums


@pytest.fixture
def money(database: Database) -> Money:
    return make(database)


@pytest.mark.parametrize("table", LIFECYCLES, ids=lambda table: table.kind)
def test_every_pair_of_state_and_event_is_in_the_table_or_refused(table: Lifecycle) -> None:
    events = {type(event) for _, event in table.moves}.pop()
    for state, event, party in product(type(table.first), events, Party):
        move = table.moves.get((state, event))
        if move and party in move.by:
            assert table.after(state, event, party) is move.to
        else:
            with pytest.raises(Refused) as refused:
                table.after(state, event, party)
            assert event not in refused.value.possible


def test_the_documentation_shows_the_tables_as_they_are() -> None:
    assert (ROOT / "docs" / "money.md").read_text() == lifecycle.documented(), "write it anew from `documented()`"


def test_what_is_missing_and_what_is_in_excess() -> None:
    assert (Amounts(100, 60, 0, 0).missing, Amounts(100, 60, 0, 0).surplus) == (40, 0)
    assert (Amounts(100, 130, 10, 0).missing, Amounts(100, 130, 10, 0).surplus) == (0, 20)
    assert (Amounts(100, 100, 0, 100).missing, Amounts(100, 100, 0, 100).held) == (0, 0)


def test_an_escrow_is_opened_once(money: Money) -> None:
    first = money.open()
    assert money.open(due_cents=1).id == first.id
    assert sums(money.escrow()) == ("awaiting", DUE, 0, 0, 0)
    with money.database.reading() as session, pytest.raises(NotFound):
        escrows.of(session, "nothing")


@pytest.mark.parametrize(("cents", "currency"), [(0, "EUR"), (-1, "EUR"), (1, "euro"), (1, "")])
def test_nothing_is_opened_for_no_amount_or_no_currency(money: Money, cents: int, currency: str) -> None:
    with money.database.writing() as session, pytest.raises(ValueError, match="nothing can be held"):
        escrows.open(session, "m", payer=money.client_id, payee="e", due_cents=cents, currency=currency, at=AT)


def test_it_is_held_once_all_is_there_and_then_released(money: Money) -> None:
    money.open()
    money.wire(DUE - 1)
    assert sums(money.escrow()) == ("awaiting", DUE, DUE - 1, 0, 0)
    with money.database.writing() as session, pytest.raises(Refused) as refused:
        escrows.release(session, "m1", PRICE, AT)
    assert refused.value.state == "awaiting"
    money.wire(1)
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)
    for _ in range(2):
        with money.database.writing() as session:
            escrows.release(session, "m1", PRICE, AT)
    assert sums(money.escrow()) == ("released", DUE, DUE, 0, DUE)
    assert money.told() == [("held", "m1"), ("released", "m1")]
    with money.database.reading() as session:
        assert [step.event for step in escrows.steps(session, escrows.of(session, "m1"))] == [
            "pay_in", "pay_in", "cover", "release",
        ]  # fmt: skip


def test_a_higher_price_awaits_a_top_up_and_a_lower_one_gives_back(money: Money) -> None:
    money.open()
    money.card()
    with money.database.writing() as session:
        escrows.adjust_due(session, "m1", DUE + 100, AT)
        escrows.adjust_due(session, "m1", DUE + 100, AT)
    assert sums(money.escrow()) == ("awaiting", DUE + 100, DUE, 0, 0)
    with money.database.writing() as session, pytest.raises(Refused):
        escrows.cancel(session, "m1", AT)
    money.card()
    assert sums(money.escrow()) == ("held", DUE + 100, DUE + 100, 0, 0)
    with money.database.writing() as session:
        escrows.adjust_due(session, "m1", DUE - 50, AT)
    money.deliver()
    assert sums(money.escrow()) == ("held", DUE - 50, DUE + 100, 150, 0)
    [refund] = money.refunds()
    assert (refund.reason, refund.state, refund.cents) == ("surplus", "done", 150)
    assert money.told() == [("held", "m1"), ("held", "m1")]
    with money.database.writing() as session, pytest.raises(ValueError, match="cancelled"):
        escrows.adjust_due(session, "m1", 0, AT)


def test_a_lower_price_covers_what_was_paid_in_part(money: Money) -> None:
    money.open()
    money.wire(DUE - 100)
    with money.database.writing() as session:
        escrows.adjust_due(session, "m1", DUE - 200, AT)
    assert sums(money.escrow()) == ("held", DUE - 200, DUE - 100, 100, 0)


def test_what_never_began_is_cancelled_and_a_part_that_was_paid_goes_back(money: Money) -> None:
    money.open()
    money.open("m2", number="M-2026-00043")
    money.wire(100)
    for reference in ("m1", "m2"):
        with money.database.writing() as session:
            escrows.cancel(session, reference, AT)
    money.deliver()
    assert sums(money.escrow()) == ("cancelled", 0, 100, 100, 0)
    assert sums(money.escrow("m2")) == ("cancelled", 0, 0, 0, 0)
    assert [(refund.reason, refund.state) for refund in money.refunds()] == [("cancelled", "done")]


def ask(money: Money, cents: int = DUE) -> str:
    with money.database.writing() as session:
        return refunds.ask(session, money.payer, "m1", cents, "It was interrupted.", at=AT).id


def test_nothing_goes_back_unless_the_expert_agrees(money: Money) -> None:
    money.open()
    money.card()
    refund_id = ask(money)
    assert money.escrow().state == "disputed"
    with money.database.writing() as session, pytest.raises(Refused):
        escrows.release(session, "m1", PRICE, AT)
    with money.database.writing() as session, pytest.raises(Refused):
        refunds.ask(session, money.payer, "m1", 1, "Again.", at=AT)
    stranger = make(money.database, "Otto")
    for wrong in (stranger.payee, stranger.payer, money.payer):
        with money.database.writing() as session, pytest.raises(NotFound):
            refunds.consent(session, wrong, refund_id, "::1", at=AT)
    with money.database.writing() as session, pytest.raises(NotFound):
        refunds.withdraw(session, stranger.payer, refund_id, at=AT)
    with money.database.writing() as session:
        refunds.refuse(session, money.payee, refund_id, "I did all of it.", at=AT)
    assert sums(money.escrow()) == ("disputed", DUE, DUE, 0, 0)
    with money.database.writing() as session:
        refunds.consent(session, money.payee, refund_id, "2001:db8::1", at=AT)
    money.deliver()
    assert sums(money.escrow()) == ("refunded", 0, DUE, DUE, 0)
    [refund] = money.refunds()
    assert (refund.state, refund.consented_by, refund.consented_at) == ("done", money.expert.id, AT)
    assert refund.consented_from == "2001:db8::1"
    assert money.told() == [("held", "m1"), ("disputed", "m1"), ("refunded", "m1")]


def test_a_part_goes_back_and_the_rest_is_released(money: Money) -> None:
    money.open()
    money.card()
    refund_id = ask(money, 80_000)
    with money.database.writing() as session:
        refunds.consent(session, money.payee, refund_id, "::1", at=AT)
    assert sums(money.escrow()) == ("held", DUE - 80_000, DUE, 80_000, 0)
    with money.database.writing() as session:
        escrows.release(session, "m1", PRICE, AT)
    assert sums(money.escrow()) == ("released", DUE - 80_000, DUE, 80_000, DUE - 80_000)


def test_who_withdraws_has_it_held_again_and_what_came_meanwhile_in_excess_goes_back(money: Money) -> None:
    money.open()
    money.card()
    refund_id = ask(money)
    money.wire(700)
    assert sums(money.escrow()) == ("disputed", DUE, DUE + 700, 0, 0)
    with money.database.writing() as session:
        refunds.withdraw(session, money.payer, refund_id, at=AT)
    assert sums(money.escrow()) == ("held", DUE, DUE + 700, 700, 0)
    with money.database.writing() as session, pytest.raises(Refused):
        refunds.consent(session, money.payee, refund_id, "::1", at=AT)


def test_all_of_it_goes_back_with_what_came_in_excess_meanwhile(money: Money) -> None:
    money.open()
    money.card()
    refund_id = ask(money)
    money.wire(700)
    with money.database.writing() as session:
        refunds.consent(session, money.payee, refund_id, "::1", at=AT)
    money.deliver()
    assert sums(money.escrow()) == ("refunded", 0, DUE + 700, DUE + 700, 0)
    assert sorted((refund.reason, refund.cents, refund.state) for refund in money.refunds()) == [
        ("asked", DUE, "done"), ("surplus", 700, "done"),
    ]  # fmt: skip


def test_no_more_is_asked_back_than_is_held(money: Money) -> None:
    money.open()
    money.card()
    with pytest.raises(Conflict, match="more than is held"):
        ask(money, DUE + 1)
    assert money.escrow().state == "held"


def test_who_is_silent_is_reminded_less_and_less_often(money: Money) -> None:
    money.open()
    money.card()
    ask(money)
    asked = []
    for day in range(40):
        refunds.remind_due(money.database, AT + timedelta(days=day))
        refunds.remind_due(money.database, AT + timedelta(days=day, hours=1))
        asked.append(money.refunds()[0].reminders)
    assert [day for day in range(1, 40) if asked[day] > asked[day - 1]] == [3, 10, 24, 38]
    with money.database.reading() as session:
        assert [refund.state for refund, _ in refunds.queue(session)] == ["asked"]


@pytest.mark.parametrize(
    "change",
    [
        {"paid_cents": -1},
        {"refunded_cents": 1},
        {"released_cents": 1},
        {"state": "held"},
        {"state": "lost"},
        {"state": "refunded"},
        {"state": "released"},
        {"currency": "EURO"},
        {"state": "released", "paid_cents": DUE + 1, "released_cents": DUE},
        {"state": "held", "paid_cents": DUE, "released_cents": DUE},
    ],
)
def test_the_database_refuses_sums_that_can_not_be(money: Money, change: dict[str, Any]) -> None:
    money.open()
    with pytest.raises(IntegrityError), money.database.writing() as session:
        session.execute(update(Escrow).values(**change))


@pytest.mark.parametrize(
    ("text", "cents"),
    [("1 200,50 €", 120_050), ("1200.5", 120_050), ("3", 300), ("1\u202f000", 100_000), ("", None), ("-1", None),
     ("1.234", None), ("1e3", None), ("１", None), ("9" * 10, None), ("1,", 100), (".5", None)],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text: str, cents: int | None) -> None:
    assert refunds.read_cents(text) == cents
