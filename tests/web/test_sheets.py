"""Mission sheets and offers over HTTP, from both sides of the table."""

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import delete, select

from accounts import experts
from accounts.models.accounts import Account, AccountKind
from booking.models.sheets import Offer, Sheet
from foundation import mails
from foundation.mails import MailRow
from tests import builders, signed_in
from tests.signed_in import as_new, database_of, sign_in
from tests.web import browsers

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
RECORDS = [builders.record(f"T00{number}", name=f"Expert{number} Name", skills=["Douane"]) for number in range(1, 7)]
FORM = {
    "title": "Ouvrir le marché marocain",
    "context": "Nous fabriquons du fromage.\n\nNous ne connaissons personne.",
    "objectives": "Dire si le marché est ouvert\nObtenir cinq rendez-vous",
    "skills": "Douane",
    "countries": "Maghreb",
    "languages": "anglais",
    "days": "7,5",
    "budget_low": "5 000",
    "budget_high": "8000,50",
    "currency": "EUR",
    "deliverables": "Un rapport secret",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with builders.site(tmp_path_factory.mktemp("sheets"), RECORDS) as started:
        yield cast(FastAPI, started.app)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with browsers.alone(app) as found:
        yield found
        with app.state.database.writing() as session:
            for table in (MailRow, Sheet):
                session.execute(delete(table))


def expert_id(client: TestClient, number: int) -> str:
    with database_of(client).reading() as session:
        return experts.get(session, f"T00{number}").id


def company(client: TestClient, **columns: Any) -> Account:
    return as_new(client, AccountKind.COMPANY, "Berta", **{"phone": "+33612345678", **columns})


def owner_of(client: TestClient, number: int) -> Account:
    """Return somebody who has claimed a profile."""
    return signed_in.make(
        database_of(client), AccountKind.EXPERT, f"Expert{number}", expert_id=expert_id(client, number)
    )


def drafted(client: TestClient, **values: str) -> str:
    answer = client.post("/sheets/new", data={**FORM, **values}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return re.findall(r"/sheets/([\w-]{36})", answer.headers["location"])[0]


def proposed(client: TestClient, sheet_id: str, *numbers: int, **values: str) -> Response:
    data = {"expert": [expert_id(client, number) for number in numbers], **values}
    return client.post(f"/sheets/{sheet_id}/publish", data=data, follow_redirects=False)


def offer_of(client: TestClient, sheet_id: str, number: int) -> Offer:
    with database_of(client).reading() as session:
        statement = select(Offer).where(Offer.sheet_id == sheet_id, Offer.expert_id == expert_id(client, number))
        return session.execute(statement).scalar_one()


def told(client: TestClient, account: Account) -> list[str]:
    """Return what somebody was mailed about offers and sheets, oldest first."""
    with database_of(client).reading() as session:
        rows = mails.to_address(session, account.email or "", 50)
        return [str((row.values or {}).get("code")) for row in reversed(rows) if row.template == "news"]


def test_from_a_draft_to_an_offer_that_is_seen_and_refused(client: TestClient) -> None:
    berta, anna = company(client), owner_of(client, 1)
    sheet_id = drafted(client)
    answer = proposed(client, sheet_id, 1, 2, message="Bonjour Anna")
    assert answer.headers["location"] == f"/sheets/{sheet_id}?done=proposed"
    assert told(client, anna) == ["offer_received"]
    page = client.get(f"/sheets/{sheet_id}").text
    assert "Published" in page
    assert "Through Portulan" in page  # the second one has no account

    sign_in(client, anna)
    offer_id = offer_of(client, sheet_id, 1).id
    listed = client.get("/offers").text
    assert "New" in listed
    assert FORM["title"].replace("'", "’") in listed
    page = client.get(f"/offers/{offer_id}").text
    for text in ("Bonjour Anna", "Un rapport secret", "Obtenir cinq rendez-vous", "7.5", "€5,000 – €8,000.50"):
        assert text in page, text
    assert offer_of(client, sheet_id, 1).state == "seen"
    refused = client.post(f"/offers/{offer_id}/refuse", data={"reason": "dates", "text": "En mars."})
    assert refused.status_code == 200
    assert told(client, berta) == ["offer_refused_dates"]

    sign_in(client, berta)
    page = client.get(f"/sheets/{sheet_id}").text
    assert "The dates do not suit" in page
    assert "En mars." in page
