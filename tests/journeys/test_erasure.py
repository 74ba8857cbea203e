"""An expert signs up, is found, and is erased: of who they were nothing is left, anywhere."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from accounts import experts
from accounts.models.accounts import Account, AccountKind
from accounts.models.experts import Expert
from foundation import clock, logs
from foundation.database import Database
from foundation.mails import MailRow
from tests import builders, signed_in
from tests.personal_rows import PASSWORD_HASH, naming
from tests.signed_in import PASSWORD
from web import privacy, retention
from web.mails import Mailer
from web.sms import Texter

NAME = "Zéphyrine Quatrefages"
EMAIL = "z.quatrefages@example.org"
WORDS = ("quatrefages", "zéphyrine", "zephyrine", "Zéphyrine".encode("unicode_escape").decode())
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
SIGN_UP = {
    "kind": "expert",
    "name": NAME,
    "email": EMAIL,
    "phone": "+33 6 12 34 56 78",
    "password": PASSWORD,
    "terms": "accepted",
}


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()


def test_an_expert_who_is_erased_is_gone_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.WARNING, "httpx2")  # the browser's own
    with builders.site(tmp_path, [builders.record("T001")]) as browser:
        logs.configure(builders.settings_in(tmp_path))
        database: Database = browser.app.state.database  # pyright: ignore[reportFunctionMemberAccess, reportAttributeAccessIssue]
        assert browser.post("/sign-up", data=SIGN_UP).status_code == 200
        builders.eventually(lambda: _mail(database, "confirm_email").sent_at)
        slug = _show(database)
        builders.eventually(lambda: _found(browser, NAME) == 1)
        assert browser.get("/experts", params={"q": NAME}, headers={"User-Agent": FIREFOX}).status_code == 200
        assert browser.get(f"/experts/{slug}").status_code == 200
        assert NAME in browser.get("/api/v1/suggest", params={"q": "Quatref"}).text
        builders.eventually(lambda: any("result_pages" in row for row in naming(database, "quatrefages")))
        assert {row.split(":")[0] for row in naming(database, "quatrefages")} >= {
            "accounts", "experts", "mails", "result_pages",
        }  # fmt: skip
        other = signed_in.make(database, AccountKind.EXPERT, "Otto Andersen")
        before = _parts(database, other)

        with database.reading() as session:
            account = session.execute(select(Account).where(col(Account.email) == EMAIL)).scalar_one()
        signed_in.sign_in(browser, account)
        assert browser.post("/account/erase", data={"password": PASSWORD}).status_code == 200

        # The page asks the database: gone at once, whatever the index still holds. The name itself is not searched for:
        # that might be noted, as a search that found nobody.
        assert _found(browser, "Consultante export") == 0
        assert browser.get(f"/experts/{slug}").status_code == 404
        builders.eventually(lambda: not browser.app.state.index.engine.documents([str(account.expert_id)]))  # pyright: ignore[reportFunctionMemberAccess, reportAttributeAccessIssue]
        assert NAME not in browser.get("/api/v1/suggest", params={"q": "Quatref"}).text
        builders.eventually(lambda: not naming(database, *WORDS, "612345678"))
        assert _parts(database, other) == before

        browser.app.state.index.purge()  # pyright: ignore[reportFunctionMemberAccess, reportAttributeAccessIssue]
        # What is due within a day: mails that the demonstration keeps as files, too.
        settings = builders.settings_in(tmp_path)
        retention.sweep_all(database, Mailer(settings, database), Texter(settings, database), clock.now())
    for path in tmp_path.rglob("*"):
        if path.is_file():
            held = path.read_bytes().lower()
            assert [word for word in WORDS if word.encode() in held] == [], path
    said = (capsys.readouterr().out + caplog.text).lower()
    assert [word for word in WORDS if word in said] == []


def _mail(database: Database, template: str) -> MailRow:
    with database.reading() as session:
        return session.execute(select(MailRow).where(col(MailRow.template) == template)).scalar_one()


def _show(database: Database) -> str:
    """Confirm the address and show the profile, which names its owner in its words too; return its slug."""
    with database.writing() as session:
        account = session.execute(select(Account).where(col(Account.email) == EMAIL)).scalar_one()
        account.email_confirmed_at, account.password_hash = clock.now(), PASSWORD_HASH
        expert = session.get_one(Expert, account.expert_id)
        said = {"headline": "Consultante export", "summary": f"{NAME} connaît le Maroc.", "is_visible": True}
        experts.change(session, expert.ref, said, at=clock.now())
        return expert.slug


def _found(browser: TestClient, query: str) -> int:
    found = browser.get("/api/v1/experts", params={"q": query, "lang": "en"}).json()
    return sum(item["name"] == NAME for item in found["results"])


def _parts(database: Database, account: Account) -> dict[str, list[dict[str, Any]]]:
    with database.reading() as session:
        return privacy.parts_of(session, account.id)
