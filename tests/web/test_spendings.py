"""A client's payments on one page, and the table to download."""

import csv
import io
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import AccountKind
from billing import escrows
from billing.models.escrows import Escrow
from foundation import clock
from tests import signed_in
from tests.billing import money as builders
from tests.billing.money import PRICE, Money
from tests.builders import eventually, site
from web.pages import spendings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("spendings")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


@pytest.fixture
def money(client: TestClient) -> Money:
    client.cookies.clear()
    found = builders.make(signed_in.database_of(client))
    signed_in.sign_in(client, found.client)
    return found


def opened(money: Money, cents: int = 0) -> Escrow:
    """Open an escrow, and have so much come in for it."""
    reference = str(uuid4())
    escrow = money.open(reference, number=f"M-{reference[:8]}")
    if cents:
        money.wire(cents, escrow.number)
        eventually(lambda: money.escrow(reference).paid_cents == cents)
    return escrow


def figure(text: str, name: str) -> str:
    return re.findall(rf'data-testid="{name}">(.*?)<', text)[0]


def test_what_was_paid_is_held_and_was_released(client: TestClient, money: Money) -> None:
    assert 'data-testid="no-payments"' in client.get("/payments").text
    first, second = opened(money, 480_000), opened(money, 120_000)
    with money.database.writing() as session:
        escrows.release(session, first.reference, PRICE, clock.now())
    answer = client.get("/payments")
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert {name: figure(answer.text, name) for name in ("paid", "held", "released", "gone-back")} == {
        "paid": "€6,000",
        "held": "€1,200",
        "released": "€4,800",
        "gone-back": "€0",
    }
    assert f'href="/payments/{second.reference}"' in answer.text
    assert " style=" not in answer.text
    assert "Payé par mois" in client.get("/payments?lang=fr").text
    client.cookies.delete("lang")


def test_the_months_can_be_taken_along(client: TestClient, money: Money) -> None:
    opened(money, 120_050)
    for language, delimiter, amount in (("en", ",", "1200.50"), ("fr", ";", "1200,50")):
        answer = client.get(f"/payments.csv?lang={language}")
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert "no-store" in answer.headers["Cache-Control"]
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=delimiter))
        assert len(rows) == 13
        assert rows[-1][1:] == ["EUR", amount, f"0{amount[4]}00", f"0{amount[4]}00", amount]
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    client.cookies.delete("lang")


def test_amounts_are_numbers_for_spreadsheets() -> None:
    assert [spendings.amount(cents, "en") for cents in (0, 5, 120_050)] == ["0.00", "0.05", "1200.50"]
    assert spendings.amount(7, "fr") == "0,07"


def test_others_payments_are_not_among_them(client: TestClient, money: Money) -> None:
    escrow = opened(money, 100)
    signed_in.as_new(client, AccountKind.COMPANY, "Otto")
    for path in ("/payments", "/payments.csv"):
        assert escrow.number not in client.get(path).text
    signed_in.as_new(client, AccountKind.EXPERT, "Ella")
    assert client.get("/payments").status_code == 403
