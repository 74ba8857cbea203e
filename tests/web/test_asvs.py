"""What OWASP's ASVS 5.0 asks for and no other test shows; `docs/asvs.md` names the test of each requirement."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from accounts import credentials, links, passwords, sign_ins
from accounts.links import LinkEnded
from accounts.models.accounts import Account, AccountKind, Purpose
from accounts.models.experts import Expert
from foundation import audits, clock, http
from foundation.database import Database
from foundation.settings import ROOT
from tests import gates, signed_in
from tests.builders import full_record, record, settings_in, site
from tests.gates import UNSAFE
from tests.personal_rows import PASSWORD_HASH
from tests.signed_in import PASSWORD
from web import mails

TABLE = (ROOT / "docs" / "asvs.md").read_text()
OTHER = "another good password here"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    records = [full_record("H001", visible=True, available=True), record("H002")]
    with site(tmp_path_factory.mktemp("asvs"), records) as found:
        found.headers["Accept-Language"] = "en"
        yield found


@pytest.fixture(autouse=True)
def nobody_is_signed_in(client: TestClient) -> None:
    client.cookies.clear()


@pytest.fixture
def database(client: TestClient) -> Database:
    return client.app.state.database  # pyright: ignore[reportAttributeAccessIssue]


def account(database: Database, kind: AccountKind = AccountKind.PRIVATE_CLIENT) -> Account:
    return signed_in.make(database, kind, password_hash=PASSWORD_HASH)


def opens(client: TestClient, token: str) -> bool:
    client.cookies.clear()
    answer = client.get("/account", headers={"Cookie": f"portulan={token}"}, follow_redirects=False)
    return answer.status_code == 200


def test_every_test_that_the_table_names_exists() -> None:
    named = re.findall(r"`(tests/\S+?\.py)::(\w+)`", TABLE)
    assert len(named) > 40
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text()]
    assert missing == []


def test_every_line_of_the_table_has_a_test_or_says_why_not() -> None:
    rows = [row.split("|") for row in TABLE.splitlines() if re.match(r"\| \d", row)]
    assert all(len(row) == 6 for row in rows)
    for row in rows:
        has_test = "`tests/" in row[4]
        is_excused = re.match(r" (Not applicable|Comes with|Not met|In part)", row[3])
        assert has_test or is_excused, row[1]
    numbers = [tuple(int(part) for part in row[1].strip().split(".")) for row in rows]
    assert numbers == sorted(set(numbers))


def test_signing_in_anew_ends_what_the_browser_was_signed_in_as(client: TestClient, database: Database) -> None:
    owner = account(database)
    with database.writing() as session:
        before = sign_ins.open_for(session, owner, "a test", at=clock.now())
    form, cookie = {"email": owner.email or "", "password": PASSWORD}, {"Cookie": f"portulan={before}"}
    answer = client.post("/sign-in", data=form, headers=cookie, follow_redirects=False)
    after = answer.cookies["portulan"]
    assert (opens(client, before), opens(client, after)) == (False, True)


def test_a_token_that_an_attacker_left_in_the_browser_is_never_taken(client: TestClient, database: Database) -> None:
    client.cookies.set("portulan", "chosen-by-an-attacker")
    client.post("/sign-in", data={"email": account(database).email or "", "password": PASSWORD}, follow_redirects=False)
    assert not opens(client, "chosen-by-an-attacker")


def test_a_new_address_ends_every_other_sign_in_and_every_way_back(client: TestClient, database: Database) -> None:
    owner, at = account(database), clock.now()
    with database.writing() as session:
        here, elsewhere = (sign_ins.open_for(session, owner, "a test", at=at) for _ in range(2))
        reset = links.make(session, Purpose.RESET_PASSWORD, account_id=owner.id, at=at)
        change = links.make(session, Purpose.CHANGE_EMAIL, account_id=owner.id, subject="new.one@example.org", at=at)
    answer = client.post("/change-email", data={"token": change}, headers={"Cookie": f"portulan={here}"})
    assert answer.status_code == 200
    assert (opens(client, here), opens(client, elsewhere)) == (True, False)
    with database.reading() as session, pytest.raises(LinkEnded):
        links.get(session, Purpose.RESET_PASSWORD, reset, at=at)


@pytest.mark.parametrize("purpose", [Purpose.CHANGE_EMAIL, Purpose.RESET_PASSWORD])
def test_a_new_password_ends_links_that_were_mailed_before(database: Database, purpose: Purpose) -> None:
    owner, at = account(database), clock.now()
    with database.writing() as session:
        token = links.make(session, purpose, account_id=owner.id, subject=f"thief.{purpose}@example.org", at=at)
        actor = audits.account(owner.id)
        credentials.change_password(session, owner.id, PASSWORD_HASH, actor, keep="", at=at)
    with database.reading() as session, pytest.raises(LinkEnded):
        links.get(session, purpose, token, at=at)


def test_a_browser_that_is_signed_in_is_not_enough_for_what_lets_in(client: TestClient, database: Database) -> None:
    owner = account(database)
    signed_in.sign_in(client, owner)
    for path, form in {
        "/account/password": {"current": "wrong one here", "password": OTHER},
        "/account/email": {"email": "thief@example.org", "email_password": "wrong one here"},
        "/account/second-factor": {"code": "123456", "password": "wrong one here"},
        "/account/second-factor/remove": {"factor_password": "wrong one here"},
        "/account/export": {"password": "wrong one here"},
        "/account/erase": {"password": "wrong one here"},
    }.items():
        answer = client.post(path, data=form)
        assert answer.status_code == 422, path
        assert "not your present password" in answer.text or path.endswith("remove"), path
    with database.reading() as session:
        kept = session.get_one(Account, owner.id)
    assert (kept.email, kept.password_hash, kept.second_factor_since) == (owner.email, PASSWORD_HASH, None)


def test_no_common_password_is_taken() -> None:
    common = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= passwords.SHORTEST]
    assert len(common) > 100
    assert [word for word in common if passwords.check(word, (), "en") is None] == []


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: TestClient, database: Database) -> None:
    known = account(database).email or ""
    answers = [
        client.post("/sign-in", data={"email": email, "password": "wrong one here"}).text.replace(email, "")
        for email in (known, f"not{known}")
    ]
    assert answers[0] == answers[1]


def test_refusals_are_logged_without_naming_anybody(
    client: TestClient, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    client.post("/sign-in", data={"email": "nobody@example.org", "password": "wrong one here"})
    signed_in.sign_in(client, account(database))
    client.get("/operator/people/secret-id")
    client.post("/account", headers={"Sec-Fetch-Site": "cross-site"})
    said = capsys.readouterr().out
    for event in ("password refused", "request refused", "refused another site"):
        assert event in said, event
    assert "route=/operator/people/{account_id}" in said
    assert "nobody@example.org" not in said
    assert "secret-id" not in said


def test_no_form_takes_a_body_beyond_all_measure(client: TestClient) -> None:
    headers = {"Content-Length": str(http.LARGEST_BODY_BYTES + 1)}
    for method, path in UNSAFE:
        answer = client.request(method, re.sub(r"{[^}]+}", "x", path), headers=headers, content=b"")
        assert answer.status_code == 413, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path


def test_the_site_takes_no_other_way_than_tls_once_it_is_reached_by_it(tmp_path: Path, client: TestClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/").headers
    with site(tmp_path, [record()], base_url="https://portulan.example") as secured:
        for path in ("/", "/nothing", "/api/v1/suggest", "/static/site.css"):
            assert secured.get(path).headers["Strict-Transport-Security"] == http.TRANSPORT_SECURITY, path
        owner = account(secured.app.state.database)  # pyright: ignore[reportAttributeAccessIssue]
        form = {"email": owner.email or "", "password": PASSWORD}
        asked = [secured.post("/sign-in", data=form, follow_redirects=False)]
        with secured.app.state.database.reading() as session:  # pyright: ignore[reportAttributeAccessIssue]
            expert = session.execute(select(Expert).where(col(Expert.ref) == "T001")).scalar_one()
        asked += [secured.get("/?lang=en")]
        asked += [secured.post("/seen/keep", follow_redirects=False)]
        secured.cookies.clear()
        asked += [secured.post("/shortlist/add", data={"expert": expert.id}, follow_redirects=False)]
        asked += [secured.post(f"/experts/{expert.slug}/write", data={"body": "x"}, follow_redirects=False)]
    cookies = [answer.headers["set-cookie"] for answer in asked]
    assert [cookie.partition("=")[0] for cookie in cookies] == [
        f"__Host-{name}" for name in ("portulan", "lang", "seen", "shortlist", "draft")
    ]
    for cookie in cookies:
        assert all(attribute in cookie for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"))
        assert "Domain" not in cookie


def test_no_address_of_ours_is_taken_from_the_host_that_was_asked(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, base_url="https://portulan.example")
    _, text, html = mails.render("reset_password", "en", {"name": "A", "token": "t", "lasts_minutes": 60}, settings)[:3]
    assert "https://portulan.example/reset-password?token=t" in text + html
    with site(tmp_path, [record("H002")], base_url="https://portulan.example") as found:
        for path in ("/", "/experts", "/sitemap.xml", "/robots.txt", "/sign-in", "/forgotten-password"):
            answer = found.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
            assert "evil.example" not in f"{answer.text}{answer.headers}", path


def test_other_origins_read_nothing(client: TestClient) -> None:
    for path in ("/", "/api/v1/experts", "/experts/anne-le-goff", "/static/site.css"):
        answer = client.get(path, headers={"Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert client.options("/account", headers={"Origin": "https://evil.example"}).status_code == 405


def test_every_answer_says_what_it_is(client: TestClient) -> None:
    for method, path in gates.ROUTES:
        if method == "GET" and "{" not in path:
            answer = client.get(path)
            kind = answer.headers["Content-Type"]
            assert kind.startswith(("application/", "text/csv")) or "charset=utf-8" in kind.lower(), path
            assert "Server" not in answer.headers, path


def test_nobody_becomes_more_by_a_field_that_the_form_does_not_have(client: TestClient, database: Database) -> None:
    owner = account(database)
    signed_in.sign_in(client, owner)
    more = {"kind": "operator", "email": "x@example.org", "expert_id": "1", "role": "owner", "email_confirmed_at": "1"}
    form = {"name": "Anna", "phone": "+33612345678", "language": "en", **more}
    assert client.post("/account", data=form).status_code == 200
    with database.reading() as session:
        kept = session.get_one(Account, owner.id)
        assert (kept.kind, kept.email, kept.expert_id) == (owner.kind, owner.email, None)
    signs_up = {**form, "password": PASSWORD, "terms": "accepted", "email": "wants.more@example.org"}
    assert client.post("/sign-up", data=signs_up).status_code == 422


def test_signing_out_leaves_nothing_in_the_browser(client: TestClient, database: Database) -> None:
    signed_in.sign_in(client, account(database))
    token = client.cookies["portulan"]
    answer = client.post("/sign-out", follow_redirects=False)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert 'portulan=""' in answer.headers["set-cookie"]
    assert not opens(client, token)


def test_an_address_that_a_request_claims_is_not_believed(client: TestClient) -> None:
    """Whoever writes another address into each request is limited all the same."""
    statuses: set[int] = set()
    for number in range(70):
        headers = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
        form = {"email": f"guess{number}@example.org", "password": "p"}
        statuses.add(client.post("/sign-in", data=form, headers=headers).status_code)
    assert statuses == {422, 429}
