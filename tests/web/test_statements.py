"""Statements of account on the site: an expert's, and a client's, by month and by year."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import AccountKind
from billing import accounting_plans, escrows, ledger, statement_periods
from billing.models.escrows import Escrow
from billing.models.ledger import FactKind, LedgerTransaction
from billing.statements import Side
from foundation import clock
from tests import signed_in
from tests.billing import money as builders
from tests.billing.money import DUE, PRICE, Money
from tests.builders import eventually, site
from web import statement_texts

OF_EXPERT, OF_CLIENT = "/my/statements", "/payments/statements"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("statements")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


@pytest.fixture
def money(client: TestClient) -> Money:
    """Return a client who paid for two missions, of which one was released."""
    client.cookies.clear()
    found = builders.make(signed_in.database_of(client))
    first, second = (found.open(name, number=f"M-{name[:8]}") for name in (str(uuid4()), str(uuid4())))
    for escrow in (first, second):
        found.wire(DUE, escrow.number)
        eventually(lambda reference=escrow.reference: found.escrow(reference).paid_cents == DUE)
    with found.database.writing() as session:
        escrows.release(session, first.reference, PRICE, clock.now())
    return found


def figure(text: str, name: str) -> str:
    return re.findall(rf'data-testid="{name}">(.*?)<', text)[0]


def test_a_client_sees_what_is_held_and_each_movement_with_its_transaction(client: TestClient, money: Money) -> None:
    signed_in.sign_in(client, money.client)
    answer = client.get(OF_CLIENT)
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert {name: figure(answer.text, name) for name in ("opening", "sum-paid", "sum-released", "closing")} == {
        "opening": "€0",
        "sum-paid": "€9,600",
        "sum-released": "-€4,800",
        "closing": "€4,800",
    }
    assert answer.text.count('data-testid="line"') == 3
    assert len(re.findall(r"<code>release</code> <code>[0-9a-z-]{20,}</code>", answer.text)) == 1
    assert " style=" not in answer.text
    assert "Sous séquestre au début" in client.get(f"{OF_CLIENT}?lang=fr").text
    client.cookies.delete("lang")


def test_an_expert_sees_what_was_released_less_the_commission(client: TestClient, money: Money) -> None:
    signed_in.sign_in(client, money.expert)
    year = statement_periods.month_of(clock.now()).whole_year
    for path in (OF_EXPERT, f"{OF_EXPERT}?period={year.said}"):
        text = client.get(path).text
        assert {name: figure(text, name) for name in ("sum-released", "sum-commission", "sum-paid_out", "closing")} == {
            "sum-released": "€4,800",
            "sum-commission": "-€480",
            "sum-paid_out": "€0",
            "closing": "€4,320",
        }
        assert f'href="{OF_EXPERT}?period={year.said}"' in text
    later = client.get(f"{OF_EXPERT}?period=2999").text
    assert (figure(later, "opening"), figure(later, "closing")) == ("€4,320", "€4,320")
    assert 'data-testid="no-lines"' in later
    assert 'data-testid="no-statement"' in client.get(f"{OF_EXPERT}?period=2001-01").text


def test_what_was_taken_back_is_said_to_be_a_correction(client: TestClient, money: Money) -> None:
    released = max(
        (one for one in money.rows(LedgerTransaction) if one.kind == "release"), key=lambda one: one.recorded_at
    )
    with money.database.writing() as session:
        ledger.reverse(session, released.id, "Wrong.", at=clock.now())
    for account, path in ((money.expert, OF_EXPERT), (money.client, OF_CLIENT)):
        signed_in.sign_in(client, account)
        text = client.get(path).text
        assert text.count("Correction, taken back: Released") == 1
        assert figure(text, "sum-released") == "€0"


def test_every_fact_of_a_statement_has_its_words() -> None:
    either = {FactKind.RELEASE}
    experts = {FactKind.PAYOUT, FactKind.PAYOUT_RETURN, FactKind.REFUND, FactKind.BOOST}
    apart = {FactKind.UNASSIGNED_PAY_IN, FactKind.TRANSFER, FactKind.REVERSAL}
    assert set(statement_texts.FACTS[Side.EXPERT]) == either | experts
    assert set(statement_texts.FACTS[Side.CLIENT]) == set(FactKind) - experts - apart
    assert set(accounting_plans.LABELS) == set(FactKind) - {FactKind.REVERSAL}


@pytest.mark.parametrize("said", ["2026-13", "soon", "9999-12", "2026-12-01", "\0"])
def test_a_period_that_is_none_is_not_there(client: TestClient, money: Money, said: str) -> None:
    signed_in.sign_in(client, money.expert)
    assert client.get(OF_EXPERT, params={"period": said}).status_code == 404


def test_each_side_sees_its_own_alone(client: TestClient, money: Money) -> None:
    number = next(one.number for one in money.rows(Escrow) if one.payer_client_id == money.client_id)
    signed_in.as_new(client, AccountKind.COMPANY, "Otto")
    other = client.get(OF_CLIENT).text
    assert 'data-testid="no-statement"' in other
    assert number not in other
    assert client.get(OF_EXPERT).status_code == 403
    signed_in.as_new(client, AccountKind.EXPERT, "Ella")
    assert 'data-testid="no-statement"' in client.get(OF_EXPERT).text
    assert client.get(OF_CLIENT).status_code == 403


def test_entries_can_be_taken_along_by_each_side(client: TestClient, money: Money) -> None:
    year = statement_periods.month_of(clock.now()).year
    for account, path, number in ((money.client, OF_CLIENT, "401000"), (money.expert, OF_EXPERT, "622200")):
        signed_in.sign_in(client, account)
        answer = client.get(f"{path}.csv?period={year}")
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
        assert number in answer.text
        assert f'href="{path}.csv?period={year}&amp;currency=EUR"' in client.get(f"{path}?period={year}").text
        assert client.get(f"{path}.csv?currency=XXX").status_code == 404
