"""The pages of quotes, from the draft to what the client reads."""

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import Account, Client
from billing import reductions
from booking.models.quotes import Quote, QuoteVersion
from foundation import clock
from foundation.database import Database
from foundation.mails import MailRow
from tests import builders, mailbox, signed_in
from tests.booking import quoting
from tests.booking.quoting import FORM


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with builders.site(tmp_path_factory.mktemp("quotes"), [builders.full_record()]) as client:
        yield client


@pytest.fixture
def database(site: TestClient) -> Database:
    return site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]


@pytest.fixture
def expert(site: TestClient, database: Database) -> Account:
    account = quoting.expert(database)
    site.cookies.clear()
    signed_in.sign_in(site, account)
    return account


def on(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def form(**values: str) -> dict[str, str]:
    """Return what is typed, with days from today on."""
    days = {"starts_on": on(20), "ends_on": on(60), "valid_until": on(15), "client_country": "FR"}
    return {**FORM, **days, "step_1_from": on(20), "step_1_until": on(30), **values}


def begin(site: TestClient, **values: str) -> str:
    """Begin a quote for an own client; return its address."""
    given = {"client_name": "Dupont", "client_email": f"{uuid4().hex}@example.org", "kind": "mission", **values}
    answer = site.post("/quotes/new", data=given, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removesuffix("/edit")


def edition(site: TestClient, path: str) -> str:
    found = re.search(r'name="edition" value="(\d+)"', site.get(f"{path}/edit").text)
    assert found
    return found[1]


def save(site: TestClient, path: str, *, accept: str = "text/html", **values: str) -> Response:
    data = {"edition": edition(site, path), **form(**values)}
    return site.post(f"{path}/edit", data=data, headers={"Accept": accept}, follow_redirects=False)


def send(site: TestClient, path: str, **values: str) -> Response:
    return site.post(f"{path}/send", data={"edition": edition(site, path), **values}, follow_redirects=False)


@pytest.mark.usefixtures("expert")
def test_from_the_draft_to_the_client(site: TestClient) -> None:
    assert "No quote yet" in site.get("/quotes?lang=en").text
    path = begin(site)
    assert save(site, path, do="preview").headers["location"] == f"{path}/preview"
    page = site.get(f"{path}/preview?lang=en")
    assert page.status_code == 200, page.text
    assert "€4,086.60" in page.text
    assert send(site, path).headers["location"] == f"{path}?done=sent"
    page = site.get(f"{path}?lang=en")
    assert page.status_code == 200, page.text
    assert "Signed for the expert by Anne" in page.text
    assert "Customs audit" in site.get("/quotes").text


@pytest.mark.usefixtures("expert")
def test_what_is_missing_is_said_beside_it_and_nothing_typed_is_lost(site: TestClient) -> None:
    path = begin(site)
    wrong = {"objectives": "", "day_rate": "a lot", "days_1_number": "1,3", "ends_on": on(10)}
    answer = save(site, path, terms="  My <b>terms</b>", **wrong)
    assert answer.status_code == 303
    page = site.get(f"{path}/preview?lang=en")
    assert page.status_code == 422
    for field in wrong:
        shown = re.search(rf'data-fault-for="{field}"[^>]*>([^<]+)<', page.text)
        assert shown, field
    for typed in ("a lot", "1,3", "My &lt;b&gt;terms"):
        assert typed in page.text
    answer = send(site, path)
    assert answer.status_code == 422
    assert site.get(f"{path}", follow_redirects=False).headers["location"] == f"{path}/edit"


@pytest.mark.usefixtures("expert")
def test_rows_are_added_without_script(site: TestClient) -> None:
    path = begin(site)
    answer = save(site, path, do="add_days")
    assert answer.headers["location"] == f"{path}/edit?add=days#days"
    page = site.get(f"{path}/edit?add=days").text
    assert 'name="days_2_label"' in page
    assert 'name="item_2_label"' not in page


@pytest.mark.usefixtures("expert")
def test_a_script_gets_figures_and_editions(site: TestClient) -> None:
    path = begin(site)
    answer = save(site, path, accept="application/json", day_rate="700")
    assert answer.status_code == 200
    said = answer.json()
    assert said["edition"] == 1
    assert 'data-testid="gross"' in said["aside"]
    stale = site.post(
        f"{path}/edit", data={"edition": "0", **form(title="Late")}, headers={"Accept": "application/json"}
    )
    assert stale.status_code == 409
    page = site.post(f"{path}/edit", data={"edition": "0", **form(title="Late")})
    assert page.status_code == 409
    assert 'value="Late"' in page.text
    assert "Late" not in site.get(f"{path}/edit").text


@pytest.mark.usefixtures("expert")
def test_a_preview_is_signed_as_it_was_seen(site: TestClient) -> None:
    path = begin(site)
    save(site, path)
    seen = edition(site, path)
    save(site, path, title="Other words")
    answer = site.post(f"{path}/send", data={"edition": seen}, follow_redirects=False)
    assert answer.status_code == 409
    assert "Other words" in answer.text
    assert "No quote yet" not in site.get("/quotes?lang=en").text


@pytest.mark.usefixtures("expert")
def test_amending_withdrawing_and_what_is_refused(site: TestClient) -> None:
    path = begin(site)
    save(site, path)
    send(site, path)
    save(site, path, days_1_number="6")
    page = site.get(f"{path}/preview?lang=en").text
    assert "What changes" in page
    assert send(site, path).status_code == 422
    assert send(site, path, reason="More ports").status_code == 303
    page = site.get(f"{path}?lang=en").text
    assert "More ports" in page
    assert "4 parts differ from version 1" in page
    assert site.post(f"{path}/cancel", data={"reason": ""}).status_code == 422
    assert site.post(f"{path}/cancel", data={"reason": "No"}).status_code == 409
    assert site.post(f"{path}/withdraw", follow_redirects=False).status_code == 303
    for action in ("withdraw", "send", "renew"):
        answer = site.post(f"{path}/{action}?lang=en", data={"valid_until": on(9), "edition": "3", "reason": "R"})
        assert answer.status_code == 409, action
    assert "Withdrawn" in site.get(f"{path}?lang=en").text


@pytest.mark.usefixtures("expert")
def test_mentions_are_kept_chosen_and_stay_in_what_was_sent(site: TestClient) -> None:
    assert site.post("/quotes/mentions", data={"title": "", "text": "x"}).status_code == 422
    site.post("/quotes/mentions", data={"title": "Secrecy", "text": "Nothing is told."})
    found = re.search(r'name="mention" value="([^"]+)"', site.get("/quotes/mentions").text)
    assert found
    path = begin(site)
    save(site, path, chosen_mentions=found[1])
    send(site, path)
    site.post("/quotes/mentions/drop", data={"mention": found[1]})
    assert "Secrecy" not in site.get("/quotes/mentions").text
    assert "Nothing is told." in site.get(path).text


def test_an_own_client_comes_by_the_mailed_link(site: TestClient, database: Database, expert: Account) -> None:
    email = f"{uuid4().hex}@example.org"
    path = begin(site, client_email=email)
    save(site, path)
    send(site, path)
    with database.reading() as session:
        row = session.execute(select(MailRow).where(col(MailRow.recipient) == email)).scalar_one()
        quote = session.get_one(Quote, path.rpartition("/")[2])
        version = session.get_one(QuoteVersion, (quote.id, 1))
    assert (row.template, quote.client_id, version.commission_rate_bp) == ("client_invitation", None, 500)
    token = mailbox.token(mailbox.wait_for(site.app.state.settings.data_dir, email))  # pyright: ignore[reportAttributeAccessIssue]
    site.cookies.clear()
    page = site.get(f"/invitation?token={token}&lang=en")
    assert "Customs audit" in page.text
    person = {"token": token, "kind": "company", "organisation": "Dupont SA", "name": "Luc Dupont"}
    person |= {"phone": "+33612345678", "password": "horse battery staple correct", "terms": "accepted"}
    answer = site.post("/invitation", data=person, follow_redirects=False)
    assert answer.headers["location"] == path, answer.text
    assert "Customs audit" in site.get(path).text
    with database.reading() as session:
        quote = session.get_one(Quote, quote.id)
        reduction = reductions.best(session, str(expert.expert_id), quote.client_id)
    assert quote.client_id
    assert reduction is not None
    signed_in.sign_in(site, expert)


def test_who_turns_out_to_be_taxed_otherwise_is_told_that_the_expert_has_to_amend(
    site: TestClient, database: Database, expert: Account
) -> None:
    buyer = quoting.client(database)
    path = begin(site, client_email=buyer.email)
    save(site, path)
    send(site, path)
    with database.writing() as session:
        quote = session.get_one(Quote, path.rpartition("/")[2])
        version = session.get_one(QuoteVersion, (quote.id, 1))
        session.get_one(Client, quote.client_id).sqlmodel_update({"country": "CH", "vat_number": None})
    signed_in.sign_in(site, buyer)
    signed = {"version": "1", "content_hash": version.content_hash, "terms": "accepted"}
    answer = site.post(f"{path}/accept?lang=en", data=signed)
    assert (answer.status_code, "another tax is due" in answer.text) == (409, True)
    with database.reading() as session:
        mails = session.execute(select(MailRow).where(col(MailRow.recipient) == expert.email)).scalars()
        assert "amend_for_tax" in {(mail.values or {}).get("code") for mail in mails}
        assert session.get_one(Quote, quote.id).state == "sent"
