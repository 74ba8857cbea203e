"""Signing up, in, out, and what happens when a password or an address is to be another, over HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pyotp.totp import TOTP
from sqlalchemy import select

from accounts import invitations, second_factors
from accounts.models.accounts import Acceptance, Account, AccountKind, Membership
from accounts.models.experts import Expert
from foundation import audits, clock
from foundation.audits import SYSTEM
from foundation.database import Database
from tests import mailbox, signed_in
from tests.builders import record, site
from tests.signed_in import PASSWORD

FORM = {
    "kind": "expert",
    "name": "Zoé Lahaye",
    "email": "Zoe@Example.org",
    "phone": "06 12 34 56 78",
    "password": PASSWORD,
    "terms": "accepted",
}
ZOE = "zoe@example.org"
BROWSER = {"Accept-Language": "en", "User-Agent": "Mozilla/5.0 Firefox/140"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    folder = tmp_path_factory.mktemp("people")
    with site(folder, [record("T001", name="Jean Roy")]) as client:
        client.headers.update(BROWSER)
        yield client, folder


@pytest.fixture
def client(shared: tuple[TestClient, Path]) -> TestClient:
    shared[0].cookies.clear()
    return shared[0]


@pytest.fixture
def folder(shared: tuple[TestClient, Path]) -> Path:
    return shared[1]


@pytest.fixture
def database(client: TestClient) -> Database:
    return client.app.state.database  # pyright: ignore[reportAttributeAccessIssue]


def account(database: Database, email: str) -> Account | None:
    with database.reading() as session:
        return session.execute(select(Account).where(Account.email == email)).scalar_one_or_none()  # pyright: ignore[reportArgumentType]


def sign_up(client: TestClient, folder: Path, email: str, **fields: Any) -> str:
    """Sign up and confirm; return where that led."""
    answer = client.post("/sign-up", data={**FORM, "email": email, **fields})
    assert answer.url.path == "/sign-up/sent"
    token = mailbox.token(mailbox.wait_for(folder, email))
    answer = client.post("/confirm-email", data={"token": token, "password": PASSWORD}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_an_expert_signs_up_confirms_and_has_a_hidden_profile(
    client: TestClient, folder: Path, database: Database
) -> None:
    assert client.post("/sign-up", data=FORM).url.path == "/sign-up/sent"
    assert client.post("/sign-in", data={"email": ZOE, "password": PASSWORD}).url.path == "/sign-up/sent"
    mail = mailbox.wait_for(folder, ZOE, count=2)
    page = client.get(mailbox.link(mail))
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    wrong = client.post("/confirm-email", data={"token": mailbox.token(mail), "password": "another one"})
    assert (wrong.status_code, client.get("/account").url.path) == (422, "/sign-in")
    answer = client.post(
        "/confirm-email", data={"token": mailbox.token(mail), "password": PASSWORD}, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Zoé Lahaye" in client.get("/account").text
    made = account(database, ZOE)
    assert made
    with database.reading() as session:
        expert = session.get_one(Expert, made.expert_id)
        assert (expert.name, expert.is_visible) == ("Zoé Lahaye", False)
        assert {row.document for row in session.execute(select(Acceptance)).scalars()} == {"use", "sale"}
    assert client.get(mailbox.link(mail)).status_code == 404


def test_nobody_learns_whether_an_address_has_an_account(client: TestClient, folder: Path, database: Database) -> None:
    taken = signed_in.make(database, AccountKind.COMPANY, email="taken@example.org")
    answers = [
        client.post("/sign-up", data={**FORM, "email": email}) for email in ("taken@example.org", "free@example.org")
    ]
    assert answers[0].text == answers[1].text
    assert answers[0].url == answers[1].url
    assert "already" in str(mailbox.wait_for(folder, "taken@example.org")["subject"])
    assert (account(database, "taken@example.org") or taken).id == taken.id
    for path, data in (
        ("/forgotten-password", [{"email": email} for email in ("taken@example.org", "nobody@example.org")]),
        ("/sign-in", [{"email": email, "password": "wrong"} for email in ("taken@example.org", "nobody@example.org")]),
    ):
        one, other = (client.post(path, data=form) for form in data)
        assert one.status_code == other.status_code
        assert one.text.replace("taken@", "") == other.text.replace("nobody@", "")


def test_an_address_that_was_never_confirmed_belongs_to_whoever_reads_its_mail(
    client: TestClient, folder: Path, database: Database
) -> None:
    thief = {**FORM, "email": "victim@example.org", "name": "Thief", "password": "a password of the thief"}
    client.post("/sign-up", data=thief)
    old = mailbox.token(mailbox.wait_for(folder, "victim@example.org"))
    client.post("/sign-up", data={**FORM, "email": "victim@example.org", "name": "Victim"})
    fresh = mailbox.token(mailbox.wait_for(folder, "victim@example.org", count=2))
    assert client.post("/confirm-email", data={"token": old, "password": thief["password"]}).status_code == 404
    assert client.post("/confirm-email", data={"token": fresh, "password": thief["password"]}).status_code == 422
    client.post("/confirm-email", data={"token": fresh, "password": PASSWORD})
    made = account(database, "victim@example.org")
    assert made
    assert (made.name, made.email_confirmed_at is not None) == ("Victim", True)
    with database.reading() as session:
        assert "Thief" not in session.execute(select(Expert.name)).scalars().all()  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_every_fault_is_said_beside_its_field_and_nothing_typed_is_lost(client: TestClient) -> None:
    bad = {**FORM, "kind": "operator", "name": "", "email": "zoe", "phone": "12", "password": "short", "terms": ""}
    answer = client.post("/sign-up", data=bad)
    assert answer.status_code == 422
    for field in ("kind", "name", "email", "phone", "password", "terms"):
        assert f'data-testid="fault-{field}"' in answer.text
    assert 'value="12"' in answer.text
    assert 'value="short"' not in answer.text
    company = client.post("/sign-up", data={**FORM, "kind": "company", "organisation": ""})
    assert 'data-testid="fault-organisation"' in company.text


@pytest.mark.parametrize(
    "path", ["/sign-up", "/sign-in", "/sign-in/code", "/confirm-email", "/reset-password", "/invitation"]
)
def test_nasty_forms_get_a_page_and_no_surprise(client: TestClient, path: str) -> None:
    for value in ("", "\0", "é" * 5_000, "<script>", "a\r\nb", "😀"):
        answer = client.post(
            path, data=dict.fromkeys(["email", "password", "token", "kind", "name", "code", "next"], value)
        )
        assert answer.status_code in {200, 404, 413, 422, 429}, (path, value)
        assert "<script>" not in answer.text.split("</head>")[1]
    assert client.post(path, content=b"x" * 70_000).status_code in {413, 200}
    assert client.post(path, content=b"\xff\xfe").status_code in {200, 404, 422}


def test_another_site_can_not_post_for_somebody(client: TestClient, database: Database) -> None:
    who = signed_in.as_new(client, AccountKind.COMPANY)
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        assert client.post("/account", data={"name": "Evil", "phone": "0612345678"}, headers=headers).status_code == 403
    assert (account(database, who.email or "") or who).name == "Anna"
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}, {}):
        answer = client.post("/account", data={"name": "Anna B", "phone": "0612345678"}, headers=headers)
        assert answer.status_code == 200


def test_signing_in_goes_on_where_one_wanted_and_never_to_another_site(client: TestClient, folder: Path) -> None:
    sign_up(client, folder, "next@example.org", kind="company", organisation="Vins")
    client.post("/sign-out")
    asked = client.get("/account?x=1")
    assert (asked.url.path, asked.url.query) == ("/sign-in", b"next=/account%3Fx%3D1")
    for wanted, leads_to in (
        ("/account?x=1", "/account?x=1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ):
        data = {"email": "NEXT@example.org ", "password": PASSWORD, "next": wanted}
        answer = client.post("/sign-in", data=data, follow_redirects=False)
        assert answer.headers["location"] == leads_to
        client.post("/sign-out")
    assert client.get("/account").url.path == "/sign-in"


def test_guessing_is_slowed_down_for_each_account(client: TestClient, database: Database) -> None:
    signed_in.make(database, AccountKind.COMPANY, email="guessed@example.org")
    statuses = [
        client.post("/sign-in", data={"email": "guessed@example.org", "password": f"guess {number}"}).status_code
        for number in range(12)
    ]
    assert statuses == [422] * 10 + [429] * 2
    assert client.post("/sign-in", data={"email": "other@example.org", "password": "guess"}).status_code == 422
    with database.reading() as session:
        assert len(audits.entries(session, action="password_refused")) >= 10


def test_a_forgotten_password_is_replaced_and_ends_every_sign_in(client: TestClient, folder: Path) -> None:
    sign_up(client, folder, "reset@example.org", kind="company", organisation="Vins")
    assert client.get("/account").status_code == 200
    stolen = dict(client.cookies)
    client.cookies.clear()
    client.post("/forgotten-password", data={"email": "reset@example.org"})
    mail = mailbox.wait_for(folder, "reset@example.org", count=2)
    assert client.get(mailbox.link(mail)).status_code == 200
    weak = client.post("/reset-password", data={"token": mailbox.token(mail), "password": "password12"})
    assert weak.status_code == 422
    done = client.post("/reset-password", data={"token": mailbox.token(mail), "password": "quatre mots bien choisis"})
    assert done.url.path == "/sign-in"
    client.cookies.update(stolen)
    assert client.get("/account").url.path == "/sign-in"
    assert client.post("/sign-in", data={"email": "reset@example.org", "password": PASSWORD}).status_code == 422
    data = {"email": "reset@example.org", "password": "quatre mots bien choisis"}
    assert client.post("/sign-in", data=data).url.path == "/"
    assert "changed" in str(mailbox.wait_for(folder, "reset@example.org", count=3)["subject"])


def test_a_new_address_counts_once_its_mailbox_was_read(client: TestClient, folder: Path, database: Database) -> None:
    sign_up(client, folder, "old@example.org", kind="private_client")
    refused = client.post("/account/email", data={"email": "new@example.org", "email_password": "wrong one"})
    assert refused.status_code == 422
    client.post("/account/email", data={"email": "new@example.org", "email_password": PASSWORD})
    mail = mailbox.wait_for(folder, "new@example.org")
    assert account(database, "old@example.org")
    assert client.get(mailbox.link(mail)).status_code == 200
    client.post("/change-email", data={"token": mailbox.token(mail)})
    assert account(database, "old@example.org") is None
    assert account(database, "new@example.org")
    told = mailbox.wait_for(folder, "old@example.org", count=2)
    assert "new@example.org" in (told.get_body(("plain",)) or told).get_content()


def test_an_operator_is_invited_by_the_command_line_and_can_do_nothing_before_the_second_factor(
    client: TestClient, database: Database
) -> None:
    with database.writing() as session:
        token = invitations.invite_operator(session, "Ops@Example.org", "en", SYSTEM, at=clock.now())
    data = {"token": token, "name": "Olga", "password": PASSWORD}
    assert client.post("/invitation", data={**data, "password": "short"}).status_code == 422
    assert client.post("/invitation", data=data, follow_redirects=False).status_code == 303
    assert client.get("/operator/grading").url.path == "/account/second-factor"
    page = client.get("/account/second-factor").text
    app = TOTP(page.split('data-testid="secret">')[1].split("<")[0].replace(" ", ""))
    assert client.post("/account/second-factor", data={"code": "000000", "password": PASSWORD}).status_code == 422
    assert client.post("/account/second-factor", data={"code": app.now(), "password": "not this"}).status_code == 422
    used = app.now()
    codes = client.post("/account/second-factor", data={"code": used, "password": PASSWORD})
    assert codes.text.count("recovery-code") == 10
    assert client.get("/operator/grading").status_code == 200
    client.post("/sign-out")
    answer = client.post("/sign-in", data={"email": "ops@example.org", "password": PASSWORD})
    assert answer.url.path == "/sign-in/code"
    for path in ("/account", "/operator/grading"):
        assert client.get(path).url.path == "/sign-in/code"
    assert client.post("/sign-in/code", data={"code": used}).status_code == 422
    waiting = client.cookies["portulan"]
    later = clock.now() + timedelta(seconds=30)
    assert client.post("/sign-in/code", data={"code": app.at(later), "next": "/operator/grading"}).status_code == 200
    assert client.cookies["portulan"] != waiting
    assert client.post("/account/second-factor/remove", data={"factor_password": PASSWORD}).status_code == 403


def test_an_invited_colleague_acts_for_the_company(client: TestClient, folder: Path, database: Database) -> None:
    signed_in.as_new(client, AccountKind.COMPANY, "Owner")
    invited = {"email": "buyer@example.org", "role": "buyer", "limit": "5000"}
    page = client.post("/account/company/colleagues", data=invited)
    assert "buyer@example.org" in page.text
    client.cookies.clear()
    mail = mailbox.wait_for(folder, "buyer@example.org")
    assert "Owner &amp; Co" in client.get(mailbox.link(mail)).text
    data = {**FORM, "token": mailbox.token(mail), "name": "Bob", "email": "ignored@example.org", "kind": "operator"}
    assert client.post("/invitation", data=data).status_code == 200
    page = client.get("/account/company").text
    assert "Owner" in page
    assert "€5,000" in page
    assert client.post("/account/company/colleagues", data=invited).status_code == 404
    made = account(database, "buyer@example.org")
    assert made
    assert (made.kind, account(database, "ignored@example.org")) == ("company", None)
    assert client.post("/invitation", data=data).status_code == 404


def test_an_imported_expert_claims_the_profile(client: TestClient, database: Database) -> None:
    with database.writing() as session:
        token = invitations.invite_expert(session, "T001", "jean@example.org", "en", SYSTEM, at=clock.now())
    assert 'value="Jean Roy"' in client.get(f"/invitation?token={token}").text
    client.post("/invitation", data={**FORM, "token": token, "name": "Jean Roy"})
    made = account(database, "jean@example.org")
    assert made
    with database.reading() as session:
        assert session.get_one(Expert, made.expert_id).ref == "T001"


def test_newer_terms_are_asked_about_until_they_are_accepted(client: TestClient, database: Database) -> None:
    who = signed_in.as_new(client, AccountKind.COMPANY)
    assert "new-terms" not in client.get("/").text
    with database.writing() as session:
        for row in session.execute(select(Acceptance).where(Acceptance.account_id == who.id)).scalars():  # pyright: ignore[reportArgumentType]
            row.version = "2020-01-01"
            session.add(row)
    assert "new-terms" in client.get("/").text
    page = client.post("/account/terms")
    assert "new-terms" not in page.text
    assert page.text.count('data-testid="acceptance"') == 4  # the old ones stay, with their time
    client.post("/account/terms")
    assert client.get("/account").text.count('data-testid="acceptance"') == 4


def test_who_returns_to_a_company_still_needs_the_code_of_the_second_factor(
    client: TestClient, folder: Path, database: Database
) -> None:
    settings, at = client.app.state.settings, clock.now()  # type: ignore[attr-defined]
    owner = signed_in.as_new(client, AccountKind.COMPANY, "Owner")
    bob = signed_in.make(database, AccountKind.COMPANY, "Bob", email="bob.returns@example.org")
    with database.writing() as session:
        app = TOTP(second_factors.start(session, bob.id, settings))
        second_factors.confirm(session, bob.id, app.at(at), settings, SYSTEM, at=at)
        session.delete(session.get_one(Membership, bob.id))
    client.post("/account/company/colleagues", data={"email": bob.email or "", "role": "buyer"})
    client.cookies.clear()
    token = mailbox.token(mailbox.wait_for(folder, bob.email or "", count=2))
    answer = client.post("/invitation", data={**FORM, "token": token, "name": "Bob"})
    assert answer.url.path == "/sign-in/code"
    assert client.get("/account/company").url.path == "/sign-in/code"
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 422
    later = app.at(clock.now() + timedelta(seconds=30))
    client.post("/sign-in/code", data={"code": later, "next": "/account/company"})
    assert owner.name in client.get("/account/company").text


def test_a_colleague_who_was_removed_can_be_invited_again(client: TestClient, folder: Path, database: Database) -> None:
    owner = signed_in.as_new(client, AccountKind.COMPANY, "Owner")
    for count in (1, 2):
        client.cookies.clear()
        signed_in.sign_in(client, owner)
        page = client.post("/account/company/colleagues", data={"email": "again@example.org", "role": "viewer"})
        assert page.status_code == 200, page.text
        client.cookies.clear()
        token = mailbox.token(mailbox.wait_for(folder, "again@example.org", count=count))
        answer = client.post("/invitation", data={**FORM, "token": token, "name": f"Bob {count}"})
        assert f"Bob {count}" in answer.text
        assert "Owner" in client.get("/account/company").text
        colleague = account(database, "again@example.org")
        assert colleague
        client.cookies.clear()
        signed_in.sign_in(client, owner)
        client.post("/account/company/colleagues/remove", data={"account": colleague.id})
    stranger = signed_in.make(database, AccountKind.PRIVATE_CLIENT, email="taken.too@example.org")
    refused = client.post("/account/company/colleagues", data={"email": stranger.email or "", "role": "viewer"})
    assert refused.status_code == 422
