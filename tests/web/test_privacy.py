"""Taking one's data along, and being erased: every table is listed, and the lists do what they say."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import (
    Account,
    AccountKind,
    Client,
    Membership,
    Role,
)
from foundation.database import Database
from foundation.mails import MailRow
from foundation.outbox import OutboxRow
from foundation.personal_data import Erasure
from migrations import tables
from search_api.models import JudgedQuery, Judgment
from tests import builders, signed_in
from tests.personal_rows import AT, PASSWORD_HASH, naming, two_people
from tests.signed_in import PASSWORD
from web import privacy

POINTING = re.compile(r"(account|expert|client|owner)(_id|_ref)$|email|recipient|phone|iban|^actor")
OTHERS = {
    "memberships.client_id": "the client's own holding; exported with the membership",
    "accounts.expert_id": "the profile's own holding",
    "accounts.email": "blanked with the account",
    "accounts.email_confirmed_at": "blanked with the account",
    "accounts.phone": "blanked with the account",
    "sms.recipient": "found by the account whose telephone it is",
    "clients.iban": "blanked with the client",
    "clients.billing_email": "blanked with the client",
    "clients.billing_phone": "blanked with the client",
    "audit_entries.actor_kind": "no person",
    "audit_entries.actor_name": "the login of whoever ran a command",
    "state_changes.actor_name": "the login of whoever ran a command",
    "transfers.owner_id": "a user of a provider, which is listed",
    "bank_accounts.owner_id": "the same",
    "payouts.bank_account_id": "an account at a bank, which is listed",
    "postings.account_id": "an account of the ledger, with which nobody signs in",
    "sheets.author_account_id": "an id, which leads to nobody once the account is blank",
}
"""Columns that point to somebody, or name them, besides those that holdings are found by."""


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with builders.site(tmp_path_factory.mktemp("site")) as client:
        yield client


@pytest.fixture
def site(shared_site: TestClient) -> TestClient:
    """Return a browser without cookies; people of other tests are around."""
    shared_site.cookies.clear()
    return shared_site


def test_every_table_is_listed_once() -> None:
    held = {holding.name for holding in privacy.HOLDINGS}
    assert held | set(privacy.NOT_PERSONAL) == set(tables.metadata.tables)
    assert held & set(privacy.NOT_PERSONAL) == set()


def test_every_column_that_points_to_somebody_is_listed() -> None:
    people = {"accounts.id", "experts.id", "clients.id"}
    pointing = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if POINTING.search(column.name) or people & {key.target_fullname for key in column.foreign_keys}
    }
    listed = {f"{holding.name}.{holding.column}" for holding in privacy.HOLDINGS}
    assert pointing - listed - set(OTHERS) == set()
    assert set(OTHERS) - pointing == set()


def test_what_is_not_exported_or_not_deleted_has_its_reason() -> None:
    for holding in privacy.HOLDINGS:
        assert holding.part in privacy.PARTS if holding.part else holding.why, holding
        assert holding.why or holding.erasure is not Erasure.KEPT, holding
    assert {holding.part for holding in privacy.HOLDINGS if holding.part} == set(privacy.PARTS)


def test_an_export_holds_everything_but_secrets_and_what_is_said_to_be_left_out(database: Database) -> None:
    account, _ = two_people(database)
    with database.reading() as session:
        said = orjson.dumps(privacy.parts_of(session, account.id)).decode()
    held = {found for row in naming(database, "mark-one") for found in re.findall(r"mark-one[@ ]?\w+(?: \w+)?", row)}
    left_out = {found for found in held if found not in said}
    assert left_out == {
        "mark-one t1", "mark-one t2", "mark-one t3", "mark-one t4", "mark-one t5",  # hashes of what opens something
        "mark-one t6", "mark-one t7", "mark-one t8", "mark-one t9",
        "mark-one scan", "mark-one asked of",  # files, and what somebody else has not sent
        "mark-one author",  # an operator
        "mark-one partner",  # whom a declaration names, sealed
        "mark-one k", "mark-one ref other", "mark-one noted", "mark-one opinion",
        "mark-one bytes", "mark-one attachment",  # a file, and the name of one
        "mark-one line", "mark-one played", "mark-one m1", "mark-one q", "mark-one greeting", "mark-one why",
    }  # fmt: skip
    assert "mark-two" not in said
    with database.reading() as session:
        files = dict(privacy.accounts_data.files_of(session, privacy.subject_of(session, account.id)))
        files |= dict(privacy.thread_data.files_of(session, privacy.subject_of(session, account.id)))
        files |= dict(privacy.sheet_data.files_of(session, privacy.subject_of(session, account.id)))
    assert files == {
        "letter-1.pdf": b"mark-one bytes",
        "portrait-1.pdf": b"mark-one bytes",
        f"messages/thread of {account.id}-1-1-mark-one paper.txt": b"mark-one scan",
        f"mission-sheets/theirs {account.id}/1-mark-one attachment": b"1",
    }
    assert PASSWORD_HASH not in said


def test_erasing_somebody_leaves_nothing_of_them_and_everybody_else_as_they_were(database: Database) -> None:
    account, other = two_people(database)
    kept = naming(database, "mark-two", other.id, "Otto Andersen")
    assert len({row.split(":")[0] for row in naming(database, "mark-one")}) > 10
    expert_id = str(account.expert_id)
    with database.writing() as session:
        privacy.erase(session, account.id, at=AT)
    said = naming(database, "mark-one", "Quatrefages", "612345678", PASSWORD_HASH)
    # The last mail, until it has left.
    assert [row.split(":")[0] for row in said if "mark-two" not in row] == ["mails"]
    assert naming(database, "mark-two", other.id, "Otto Andersen") == kept
    with database.reading() as session:
        blank = session.get_one(Account, account.id)
        assert (blank.email, blank.name, blank.erased_at) == (None, "", AT)
        owed = session.execute(select(OutboxRow).where(col(OutboxRow.key) == expert_id)).scalars().all()
        assert [(row.topic, row.is_dead) for row in owed] == [("expert.changed", False)]


def database_of(site: TestClient) -> Database:
    return site.app.state.database  # pyright: ignore[reportFunctionMemberAccess, reportAttributeAccessIssue]


def confirmed(site: TestClient, kind: AccountKind, name: str = "Zéphyrine Quatrefages", **columns: Any) -> Account:
    return signed_in.as_new(site, kind, name, password_hash=PASSWORD_HASH, **columns)


def test_an_export_is_asked_for_with_the_password_and_explains_itself(site: TestClient) -> None:
    account = confirmed(site, AccountKind.EXPERT, language="fr")
    assert site.post("/account/export", data={"password": "wrong"}).status_code == 422
    answer = site.post("/account/export?lang=fr", data={"password": PASSWORD})
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        readme = archive.read("README.txt").decode()
        [kept] = orjson.loads(archive.read("account.json"))
        assert {f"{name}.json" for name in privacy.PARTS} >= set(archive.namelist()) - {"README.txt"}
        assert all(name in readme for name in archive.namelist() if name != "README.txt")
    assert (kept["email"], kept["name"]) == (account.email, account.name)
    assert "Ce que Portulan détient sur vous" in readme


def test_erasing_signs_out_and_lets_the_address_sign_up_anew(site: TestClient) -> None:
    account = confirmed(site, AccountKind.COMPANY, "Ondine Vaugirard")
    assert site.post("/account/erase", data={"password": "wrong"}).status_code == 422
    answer = site.post("/account/erase", data={"password": PASSWORD}, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/erased")
    assert site.get("/account/erased").status_code == 200
    assert site.get("/account", follow_redirects=False).headers["Location"].startswith("/sign-in")
    database = database_of(site)
    builders.eventually(lambda: not naming(database, str(account.email), "Vaugirard"))
    with database.reading() as session:
        [mail] = session.execute(select(MailRow).where(col(MailRow.template) == "account_erased")).scalars()
        assert (mail.template, mail.recipient, mail.values) == ("account_erased", "", None)
        assert mail.sent_at


def test_the_last_owner_hands_over_first_and_a_colleague_just_leaves(site: TestClient) -> None:
    owner = confirmed(site, AccountKind.COMPANY)
    database = database_of(site)
    colleague = signed_in.make(database, AccountKind.COMPANY, "Otto Andersen")
    with database.reading() as session:
        client_id = session.get_one(Membership, owner.id).client_id
    with database.writing() as session:
        membership = session.get_one(Membership, colleague.id)
        membership.client_id, membership.role = client_id, Role.BUYER.value
    assert "hand-over" in site.get("/account/erase").text
    refused = site.post("/account/erase", data={"password": PASSWORD})
    assert (refused.status_code, "hand-over" in refused.text) == (409, True)
    with database.writing() as session:
        session.get_one(Membership, colleague.id).role = Role.OWNER.value
    assert "/account/erased" in str(site.post("/account/erase", data={"password": PASSWORD}).url)
    with database.reading() as session:
        assert session.get_one(Account, owner.id).erased_at
        assert session.get(Membership, owner.id) is None
        assert session.get_one(Client, client_id).erased_at is None
        assert session.get_one(Membership, colleague.id).role == Role.OWNER


def test_who_is_suspended_may_still_take_their_data_and_go(site: TestClient) -> None:
    account = confirmed(site, AccountKind.EXPERT, suspended_at=AT, suspension_reason="Spam")
    assert site.post("/account/export", data={"password": PASSWORD}).status_code == 200
    site.post("/account/erase", data={"password": PASSWORD})
    with database_of(site).reading() as session:
        assert session.get_one(Account, account.id).erased_at


@pytest.mark.parametrize("path", ["/account/export", "/account/erase"])
def test_strangers_are_led_to_the_sign_in(site: TestClient, path: str) -> None:
    assert site.get(path, follow_redirects=False).headers["Location"] == f"/sign-in?next={path}"
    assert site.post(path, data={"password": PASSWORD}, follow_redirects=False).status_code == 303


def test_an_operator_s_grades_stay_without_a_name(database: Database) -> None:
    operator = signed_in.make(database, AccountKind.OPERATOR, "Zéphyrine Quatrefages")
    with database.writing() as session:
        session.add(JudgedQuery(id="q", text="douane", kind="word"))
        session.flush()
        session.add(
            Judgment(query_id="q", expert_ref="H1", source="graded", author=operator.name, grade=2, judged_at=AT)
        )
    with database.writing() as session:
        privacy.erase(session, operator.id, at=AT)
    with database.reading() as session:
        [judgment] = session.execute(select(Judgment)).scalars()
        assert (judgment.author, judgment.grade) == (f"erased {operator.id[:8]}", 2)
