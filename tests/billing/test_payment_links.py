"""Links to a payment request: one opens it for a time, until all is paid, and only for whoever has it."""

import pytest
from sqlalchemy import select

from billing import escrows, payment_links
from billing.models.payment_links import PaymentLink
from billing.payment_links import LASTS, LinkEnded
from foundation import audits
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from tests.billing import money as builders
from tests.billing.money import AT, DUE, Money

KEY = b"k" * 32


@pytest.fixture
def money(database: Database) -> Money:
    found = builders.make(database)
    found.open()
    return found


def made(money: Money, at: object = AT) -> str:
    with money.database.writing() as session:
        return payment_links.make(session, money.payer, "m1", key=KEY, at=at)  # pyright: ignore[reportArgumentType]


def opens(money: Money, token: str, at: object = AT) -> bool:
    with money.database.reading() as session:
        try:
            found = payment_links.find(session, token, at=at)  # pyright: ignore[reportArgumentType]
        except LinkEnded:
            return False
        return found.reference == "m1"


def test_a_link_opens_one_request_for_a_time(money: Money) -> None:
    token = made(money)
    assert opens(money, token)
    assert len(token) == 43
    assert not opens(money, token, AT + LASTS)
    for wrong in ("", "x", token[:-1], f"{token}x", token.swapcase(), "\0"):
        assert not opens(money, wrong)


def test_a_link_that_is_open_lasts_anew_and_stays_the_same(money: Money) -> None:
    token = made(money)
    assert made(money, AT + LASTS / 2) == token
    assert opens(money, token, AT + LASTS)
    assert made(money, AT + 2 * LASTS) != token


def test_the_database_gives_no_link(money: Money) -> None:
    token = made(money)
    [row] = money.rows(PaymentLink)
    assert token not in str(row.model_dump())
    assert payment_links.token_of(row.id, KEY) == token
    assert payment_links.token_of(row.id, b"o" * 32) != token


def test_a_link_ends_once_all_is_paid_and_when_it_is_taken_back(money: Money) -> None:
    token = made(money)
    money.wire(1_000)
    assert opens(money, token)
    with money.database.writing() as session:
        payment_links.end(session, money.payer, "m1", at=AT)
        payment_links.end(session, money.payer, "m1", at=AT)
    assert not opens(money, token)
    again = made(money)
    money.wire(DUE - 1_000)
    assert not opens(money, again)
    with pytest.raises(Conflict):
        made(money)
    with money.database.reading() as session:
        actions = [entry.action for entry in audits.entries(session, object_kind=escrows.KIND)]
    assert actions == ["payment_link_made", "payment_link_ended", "payment_link_made"]


def test_nobody_makes_or_ends_one_for_another_client(money: Money) -> None:
    token = made(money)
    other = builders.make(money.database, "Berta")
    for act in (
        lambda session: payment_links.make(session, other.payer, "m1", key=KEY, at=AT),
        lambda session: payment_links.end(session, other.payer, "m1", at=AT),
    ):
        with pytest.raises(NotFound), money.database.writing() as session:
            act(session)
    assert opens(money, token)
    with money.database.reading() as session:
        assert len(session.execute(select(PaymentLink)).all()) == 1
