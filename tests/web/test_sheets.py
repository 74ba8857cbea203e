"""Mission sheets and offers over HTTP, from both sides of the table."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import delete, select, update
from sqlmodel import col

from accounts import experts
from accounts.models.accounts import Account, AccountKind, Role
from accounts.models.shortlists import Shortlist
from booking.models.sheets import Offer, Sheet, SheetFile
from foundation import mails
from foundation.files import StoredFile
from foundation.mails import MailRow
from tests import builders, signed_in
from tests.personal_rows import PASSWORD_HASH
from tests.signed_in import PASSWORD, as_new, database_of, sign_in

_addresses = count()

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


def browser(app: FastAPI) -> TestClient:
    """Return a browser at an address of its own."""
    address = (f"192.0.2.{next(_addresses) % 250}", 1)
    return TestClient(app, client=address, base_url="http://testserver", headers={"Accept-Language": "en"})


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Give a browser to a site without sheets, whose experts have no accounts. Agreements stay, and who is in them."""
    yield browser(app)
    with app.state.database.writing() as session:
        for table in (MailRow, Sheet, Shortlist):
            session.execute(delete(table))
        session.execute(update(Account).values(expert_id=None))


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
        is_meant = (col(Offer.sheet_id) == sheet_id, col(Offer.expert_id) == expert_id(client, number))
        statement = select(Offer).where(*is_meant)
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
    assert client.get(f"/sheets/{sheet_id}", follow_redirects=False).headers["location"] == f"/offers/{offer_id}"
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


def test_a_browser_drafts_without_an_account_and_its_owner_finds_it_on_signing_in(client: TestClient) -> None:
    page = client.get("/sheets/new?template=customs")
    assert "Check classification, origin and value of our main products" in page.text
    assert "Customs" in page.text
    sheet_id = drafted(client)
    shown = client.get(f"/sheets/{sheet_id}").text
    assert FORM["title"] in shown
    assert "You will be asked to sign in" in shown
    again = client.get("/sheets/new", follow_redirects=False)
    assert again.headers["location"] == f"/sheets/{sheet_id}/edit"
    assert drafted(client, title="Another one") == sheet_id  # a browser has one draft
    assert "Another one" in client.get(f"/sheets/{sheet_id}").text
    wants = client.get(f"/sheets/{sheet_id}/publish", follow_redirects=False)
    assert wants.headers["location"].startswith("/sign-in?next=/sheets/")
    stranger = browser(cast(FastAPI, client.app))
    assert stranger.get(f"/sheets/{sheet_id}").status_code == 404
    assert stranger.get(f"/sheets/{sheet_id}/edit").status_code == 404

    account = signed_in.make(database_of(client), AccountKind.COMPANY, "Berta", password_hash=PASSWORD_HASH)
    form = {"email": account.email or "", "password": PASSWORD}
    answer = client.post("/sign-in", data=form, follow_redirects=False)
    assert answer.headers["location"] == f"/sheets/{sheet_id}"
    assert "sheet" not in client.cookies
    with database_of(client).reading() as session:
        kept = session.get_one(Sheet, sheet_id)
        assert (kept.client_id is not None, kept.token_hash, kept.author_account_id) == (True, None, account.id)
    assert "Another one" in client.get("/sheets").text


def test_experts_and_readers_of_a_company_leave_a_draft_to_its_browser(client: TestClient) -> None:
    sheet_id = drafted(client)
    as_new(client, AccountKind.EXPERT)
    assert client.get(f"/sheets/{sheet_id}").status_code == 200
    viewer = as_new(client, AccountKind.COMPANY, "Vera", role=Role.VIEWER)
    assert client.get(f"/sheets/{sheet_id}").status_code == 404
    assert client.get("/sheets/new").status_code == 404
    listed = client.get("/sheets").text
    assert "Describe what you need, once" in listed
    assert 'href="/sheets/new"' not in listed
    assert viewer.id


def test_what_was_typed_stays_where_it_can_not_be_used(client: TestClient) -> None:
    form = {**FORM, "days": "soon", "countries": "Atlantis", "title": "x" * 121, "starts_on": "2026-13-01"}
    answer = client.post("/sheets/new", data=form)
    assert answer.status_code == 422
    for text in ("“Atlantis” is no country", "whole or half days", "too long", "Un rapport secret", 'value="soon"'):
        assert text in answer.text, text
    assert client.get("/sheets/new", follow_redirects=False).status_code == 200  # nothing was kept
    for odd in ("a\0b", "🧀" * 50, "\u202e" * 20, "'; DROP TABLE sheets; --", "<script>alert(1)</script>"):
        page = client.get(f"/sheets/{drafted(client, title=odd, context=odd)}")
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.text
    assert client.post("/sheets/new", data={"context": "x" * 1_000_000}).status_code == 413


def test_a_sheet_is_completed_before_it_is_sent(client: TestClient) -> None:
    company(client, phone=None)
    sheet_id = drafted(client, skills="", context="")
    page = client.get(f"/sheets/{sheet_id}").text
    assert "Before it can be sent, it needs: Context, Skills." in page
    refused = proposed(client, sheet_id, 1, message="Typed")
    assert refused.status_code == 422
    assert "phone number" in refused.text
    assert "Typed" in refused.text
    with database_of(client).writing() as session:
        session.execute(update(Account).values(phone="+33612345678"))
    refused = proposed(client, sheet_id, 1)
    assert "Context: Please fill this in." in re.sub(r"\s+", " ", refused.text)
    mark = re.findall(r'name="seen" value="([^"]+)"', client.get(f"/sheets/{sheet_id}/edit").text)[0]
    stale = client.post(f"/sheets/{sheet_id}/edit", data={**FORM, "seen": "1 yesterday", "title": "Mine"})
    assert stale.status_code == 409
    assert "Somebody else saved this sheet meanwhile" in stale.text
    assert "Mine" in stale.text
    saved = client.post(f"/sheets/{sheet_id}/edit", data={**FORM, "seen": mark})
    assert saved.status_code == 200
    nobody = client.post(f"/sheets/{sheet_id}/publish", data={})
    assert nobody.status_code == 422
    assert "Please choose at least one expert." in nobody.text
    assert proposed(client, sheet_id, 1).status_code == 303


def test_experts_are_chosen_from_the_shortlist_or_from_a_profile(client: TestClient) -> None:
    with database_of(client).reading() as session:
        slug = experts.get(session, "T003").slug
    assert f'href="/sheets/new?expert={slug}"' in client.get(f"/experts/{slug}").text
    company(client)
    client.post("/shortlist/add", data={"expert": expert_id(client, 1)})
    assert "Send them a mission sheet" in client.get("/shortlist").text
    sheet_id = drafted(client, expert=slug)
    page = client.get(f"/sheets/{sheet_id}/publish").text
    assert "Expert1 Name" in page
    assert "Expert3 Name" in page  # put on the shortlist with the draft
    assert "Expert2 Name" not in page
    assert proposed(client, sheet_id, 1).status_code == 303
    page = client.get(f"/sheets/{sheet_id}/publish").text
    assert re.search(r"<input[^>]*disabled[^>]*>\s*<b>Expert1 Name", page)
    assert proposed(client, sheet_id, 1).headers["location"].endswith("done=nobody_new")
    named = client.get(f"/sheets/{sheet_id}/publish?expert=expert2-name-nonsense&expert=%00")
    assert named.status_code == 200
    as_new(client, AccountKind.EXPERT)
    assert "propose-mission" not in client.get(f"/experts/{slug}").text


def test_an_edit_is_shown_to_whoever_has_the_sheet(client: TestClient) -> None:
    berta, anna = company(client), owner_of(client, 1)
    sheet_id = drafted(client)
    proposed(client, sheet_id, 1)
    mark = re.findall(r'name="seen" value="([^"]+)"', client.get(f"/sheets/{sheet_id}/edit").text)[0]
    changed = {**FORM, "days": "10", "objectives": "Dire si le marché est ouvert\nTrouver un agent", "seen": mark}
    assert client.post(f"/sheets/{sheet_id}/edit", data=changed).status_code == 200
    assert told(client, anna) == ["offer_received", "sheet_changed"]
    sign_in(client, anna)
    offer_id = offer_of(client, sheet_id, 1).id
    page = re.sub(r"\s+", " ", client.get(f"/offers/{offer_id}").text)
    assert "What has changed since it was proposed to you" in page
    assert re.search(r"<del[^>]*>.*?7\.5", page)
    assert re.search(r"<ins[^>]*>.*?Trouver un agent</ins>", page)
    assert "Dire si le marché est ouvert<br>" not in page  # what stayed is not repeated
    sign_in(client, berta)
    client.post(f"/sheets/{sheet_id}/close")
    assert told(client, anna) == ["offer_received", "sheet_changed", "sheet_closed"]
    sign_in(client, anna)
    assert "has closed this mission sheet" in client.get(f"/offers/{offer_id}").text
    late = client.post(f"/offers/{offer_id}/refuse", data={"reason": "dates"})
    assert late.status_code == 409
    sign_in(client, berta)
    again = client.post(f"/sheets/{sheet_id}/reopen")
    assert "It can be proposed once more." in again.text


def test_what_is_confidential_opens_with_the_agreement_and_the_client_sees_who_accepted(client: TestClient) -> None:
    berta, anna = company(client), owner_of(client, 1)
    sheet_id = drafted(client, needs_nda="on")
    files = {"files": ("plan secret.pdf", PDF, "application/pdf")}
    assert client.post(f"/sheets/{sheet_id}/files", files=files).status_code == 200
    proposed(client, sheet_id, 1)
    sign_in(client, anna)
    offer_id = offer_of(client, sheet_id, 1).id
    with database_of(client).reading() as session:
        file_id = session.execute(select(col(SheetFile.id))).scalars().one()
    page = client.get(f"/offers/{offer_id}").text
    assert "Obtenir cinq rendez-vous" in page
    for secret in ("Nous fabriquons du fromage", "Un rapport secret", "plan secret"):
        assert secret not in page
    assert client.get(f"/offers/{offer_id}/files/{file_id}").status_code == 404
    assert client.get(f"/sheets/{sheet_id}/files/{file_id}").status_code == 404
    seen = re.findall(r'name="hash" value="([^"]+)"', page)[0]
    assert client.post(f"/offers/{offer_id}/agreement", data={"hash": "x"}).status_code == 409
    page = client.post(f"/offers/{offer_id}/agreement", data={"hash": seen}).text
    for secret in ("Nous fabriquons du fromage", "Un rapport secret", "plan secret"):
        assert secret in page
    download = client.get(f"/offers/{offer_id}/files/{file_id}")
    assert download.content == PDF
    assert download.headers["Content-Disposition"].startswith('attachment; filename="plan secret.pdf"')
    assert "sandbox" in download.headers["Content-Security-Policy"]
    assert "You accepted the non-disclosure agreement" in client.get(f"/offers/{offer_id}").text
    sign_in(client, berta)
    assert "Accepted the non-disclosure agreement" in client.get(f"/sheets/{sheet_id}").text


def test_files_are_few_small_and_of_known_kinds(client: TestClient) -> None:
    company(client)
    sheet_id = drafted(client)
    address = f"/sheets/{sheet_id}/files"
    for name, content, said in (
        ("a.exe", b"MZ\x90", "PDF, Word"),
        ("a.pdf", b"MZ\x90 no pdf", "PDF, Word"),
        ("a.txt", b"", "empty"),
    ):
        answer = client.post(address, files={"files": (name, content)})
        assert answer.status_code == 422
        assert said in answer.text
    assert client.post(address, data={}).status_code == 422
    several = [("files", (f"{number}.txt", b"text")) for number in range(5)]
    assert client.post(address, files=several).status_code == 200
    full = client.post(address, files={"files": ("more.txt", b"text")})
    assert "five files at most" in full.text
    with database_of(client).reading() as session:
        rows = session.execute(select(SheetFile).order_by(col(SheetFile.place))).scalars().all()
    assert client.post(f"{address}/{rows[0].id}/remove").status_code == 200
    assert client.get(f"{address}/{rows[0].id}").status_code == 404
    assert client.get(f"{address}/{rows[1].id}").content == b"text"
    stranger = browser(cast(FastAPI, client.app))
    company(stranger)
    assert stranger.get(f"{address}/{rows[1].id}").status_code == 404
    assert stranger.post(f"{address}/{rows[1].id}/remove").status_code == 404


def test_operators_look_after_offers_to_profiles_without_an_owner(client: TestClient) -> None:
    berta = company(client)
    sheet_id = drafted(client, needs_nda="on")
    proposed(client, sheet_id, 1)
    offer_id = offer_of(client, sheet_id, 1).id
    as_new(client, AccountKind.OPERATOR, "Olga")
    assert "card-offers" in client.get("/operator").text
    assert "not passed on yet" in client.get("/operator/offers").text
    page = client.get(f"/operator/offers/{offer_id}").text
    assert FORM["title"] in page
    assert "Un rapport secret" not in page
    assert f'href="/operator/profiles/{expert_id(client, 1)}"' in page
    done = client.post(f"/operator/offers/{offer_id}/passed-on").text
    assert "Noted: the company sees that the expert was told." in done
    twice = client.post(f"/operator/offers/{offer_id}/passed-on").text
    assert "Somebody was quicker" in twice
    wrong = client.post(f"/operator/offers/{offer_id}/refuse", data={"reason": "other", "text": ""})
    assert wrong.status_code == 422
    client.post(f"/operator/offers/{offer_id}/refuse", data={"reason": "no_time", "text": "By phone."})
    assert offer_of(client, sheet_id, 1).state == "refused"
    assert told(client, berta) == ["offer_refused_no_time"]
    assert "None." in client.get("/operator/offers").text


def test_a_refusal_without_a_reason_is_asked_for_again(client: TestClient) -> None:
    company(client)
    sheet_id = drafted(client)
    anna = owner_of(client, 1)
    proposed(client, sheet_id, 1)
    sign_in(client, anna)
    offer_id = offer_of(client, sheet_id, 1).id
    for form in ({}, {"reason": "other", "text": ""}, {"reason": "dates", "text": "x" * 4_001}):
        answer = client.post(f"/offers/{offer_id}/refuse", data=form)
        assert answer.status_code == 422
        assert form.get("text", "") in answer.text
    assert offer_of(client, sheet_id, 1).state == "seen"
    assert "No company has proposed a mission to you yet" not in client.get("/offers").text


def stored(client: TestClient) -> list[bytes]:
    """Return the files that are kept, but those of other tests."""
    with database_of(client).reading() as session:
        files = session.execute(select(col(StoredFile.content))).scalars()
        return [content for content in files if b"only" in content]


def test_a_token_that_we_do_not_know_is_not_believed(client: TestClient) -> None:
    client.cookies.set("sheet", "chosen by somebody else")
    sheet_id = drafted(client)
    other = browser(cast(FastAPI, client.app))
    other.cookies.set("sheet", "chosen by somebody else")
    assert other.get(f"/sheets/{sheet_id}").status_code == 404


def test_drafts_are_thrown_away_and_published_sheets_are_not(client: TestClient) -> None:
    company(client)
    sheet_id, other = drafted(client), drafted(client, title="Second")
    client.post(f"/sheets/{sheet_id}/files", files={"files": ("a.txt", b"only here")})
    assert stored(client) == [b"only here"]
    assert "The draft is deleted." in client.post(f"/sheets/{sheet_id}/discard").text
    assert stored(client) == []
    assert client.get(f"/sheets/{sheet_id}").status_code == 404
    proposed(client, other, 1)
    assert client.post(f"/sheets/{other}/discard").status_code == 409
    copied = client.get(f"/sheets/new?sheet={other}").text
    assert 'value="Second"' in copied
    assert client.get("/sheets/new?sheet=unknown").status_code == 404
    assert client.get("/sheets/new?template=unknown").status_code == 404


def test_empty_pages_say_what_to_do_next(client: TestClient) -> None:
    company(client)
    assert 'href="/sheets/new"' in client.get("/sheets").text
    sheet_id = drafted(client)
    assert "Your shortlist is empty" in client.get(f"/sheets/{sheet_id}/publish").text
    as_new(client, AccountKind.EXPERT)
    assert "No company has proposed a mission to you yet" in client.get("/offers").text
