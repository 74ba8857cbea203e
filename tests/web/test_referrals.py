"""A promo code from its making to what came of it: passed on by a link, typed at sign-up, listed for its sponsor."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from accounts import accounts
from accounts.models.accounts import AccountKind, Membership
from billing import reductions, referrals
from billing.models.reductions import Referral
from foundation import clock
from foundation.database import Database
from tests import builders, signed_in
from tests.signed_in import PASSWORD

FORM = {"kind": "expert", "name": "Zoé Lahaye", "phone": "06 12 34 56 78", "password": PASSWORD, "terms": "accepted"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("site")
    with builders.site(folder) as client:
        client.headers["Accept-Language"] = "en"
        yield client


@pytest.fixture
def database(site: TestClient) -> Database:
    site.cookies.clear()
    return site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]


def new_code(site: TestClient) -> str:
    """Make a sponsor, who stays signed in, and the code."""
    account = signed_in.as_new(site, AccountKind.EXPERT)
    assert "Get my code" in site.get("/my/referrals").text
    page = site.post("/my/referrals").text
    database: Database = site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
    with database.reading() as session:
        code = referrals.code_of(session, account.expert_id or "")
    assert code
    assert f"http://testserver/sign-up?code={code}" in page
    assert "Get my code" not in page
    return code


def count(database: Database) -> int:
    with database.reading() as session:
        return len(session.execute(select(Referral)).all())


def test_a_link_fills_the_code_in_and_signing_up_with_it_is_noted(site: TestClient, database: Database) -> None:
    code = new_code(site)
    cookies = dict(site.cookies)
    site.cookies.clear()
    assert f'value="{code}"' in site.get("/sign-up", params={"code": code.lower()}).text
    again = site.post("/sign-up", data={**FORM, "email": "no address", "code": code})
    assert (again.status_code, f'value="{code}"' in again.text) == (422, True)
    before = count(database)
    sent = site.post("/sign-up", data={**FORM, "email": "zoe@example.org", "code": code.lower()})
    assert sent.url.path == "/sign-up/sent"
    assert count(database) == before + 1
    with database.writing() as session:
        account = accounts.find_by_email(session, "zoe@example.org")
        assert account is not None
        account.email_confirmed_at = clock.now()
    site.cookies.update(cookies)
    page = site.get("/my/referrals").text
    assert "An expert, " in page
    assert "Signed up; no transaction completed yet." in page
    assert "Zoé" not in page


@pytest.mark.parametrize("code", ["WRONG", "'; --", "é\0😀", "x" * 5000])
def test_a_code_that_is_nobodys_is_said_beside_the_field_and_nothing_is_lost(
    site: TestClient, database: Database, code: str
) -> None:
    before = count(database)
    answer = site.post("/sign-up", data={**FORM, "email": "max@example.org", "code": code})
    assert answer.status_code == 422
    assert "Nobody has this code." in answer.text
    assert "max@example.org" in answer.text
    assert count(database) == before
    with database.reading() as session:
        assert accounts.find_by_email(session, "max@example.org") is None


def test_private_persons_are_told_that_codes_are_not_for_them(site: TestClient) -> None:
    form = {**FORM, "kind": "private_client", "email": "pia@example.org", "code": new_code(site)}
    site.cookies.clear()
    assert "for experts and companies" in site.post("/sign-up", data=form).text


def test_who_has_an_account_is_mailed_and_not_referred(site: TestClient, database: Database) -> None:
    code = new_code(site)
    there = signed_in.make(database, AccountKind.EXPERT)
    before = count(database)
    site.cookies.clear()
    sent = site.post("/sign-up", data={**FORM, "email": str(there.email), "code": code})
    assert (sent.url.path, count(database)) == ("/sign-up/sent", before)


def test_reductions_are_shown_with_what_they_are_used_for(site: TestClient, database: Database) -> None:
    expert = signed_in.as_new(site, AccountKind.EXPERT)
    company = signed_in.make(database, AccountKind.COMPANY, "Iris <b>")
    assert "None yet." in site.get("/my/referrals").text
    settings = site.app.state.settings  # pyright: ignore[reportAttributeAccessIssue]
    expert_id, at = expert.expert_id or "", clock.now()
    with database.writing() as session:
        client_id = session.get_one(Membership, company.id).client_id
        own = reductions.grant_own_client(session, expert_id, client_id, at, settings=settings)
        for number in (1, 2):
            reductions.grant_referral(session, expert_id, f"r{number}", at, settings=settings)
        reductions.reserve(session, own.id, "m1", at)
        found = reductions.best(session, expert_id, None)
        assert found is not None
        reductions.reserve(session, found.id, "m2", at)
        reductions.use(session, found.id, "m2", at)
    page = site.get("/my/referrals").text
    assert "Your own client Iris &lt;b&gt; &amp; Co" in page
    assert "5% on your first mission together, 7% on every later one." in page
    assert page.count("5% on one of your next missions.") == 2, "the code's promise, and the one that is open"
    assert "5% on one mission." in page
    assert 'href="/quotes/m1"' in page
    assert "until it is paid or cancelled" in page
    assert "used on " in page
