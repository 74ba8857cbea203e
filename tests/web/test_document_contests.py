"""An expert contests an invoice in time: an operator takes it back and issues it anew, or says why it stands."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import AccountKind, Client
from billing import document_differences
from billing.documents import archives, contests, issues
from billing.documents.contents import Content
from billing.models.documents import AccountingDocument
from foundation import clock
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from foundation.mails import MailRow
from tests import signed_in, sirens
from tests.booking.carried_out import Stage
from tests.builders import eventually
from tests.builders import site as made


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with made(tmp_path_factory.mktemp("contests")) as client:
        client.headers["Accept-Language"] = "en"
        yield client


@pytest.fixture
def database(site: TestClient) -> Database:
    return signed_in.database_of(site)


@pytest.fixture
def stage(database: Database) -> Stage:
    found = Stage(database)
    found.at = clock.now() - timedelta(hours=1)
    return found.accept().pay().start().report().validate()


def rows(database: Database) -> list[AccountingDocument]:
    with database.reading() as session:
        statement = select(AccountingDocument).where(col(AccountingDocument.kind) != "commission")
        return list(session.execute(statement.order_by(col(AccountingDocument.issued_at))).scalars())


def said(row: AccountingDocument) -> Content:
    return issues.content_of(row)


def told(database: Database) -> list[str]:
    with database.reading() as session:
        found = session.execute(select(MailRow).where(col(MailRow.template) == "news")).scalars()
        return [code for row in found if "contest" in (code := (row.values or {})["code"])]


def contested(site: TestClient, stage: Stage) -> AccountingDocument:
    """Return the invoice of a mission once its expert has contested it."""
    [invoice] = rows(stage.database)
    signed_in.as_who(site, stage.expert)
    # Its file is made meanwhile.
    eventually(lambda: f'href="/documents/{invoice.number}/contest"' in site.get("/my/documents").text)
    path = f"/documents/{invoice.number}/contest"
    refused = site.post(path, data={"reason": "  "})
    assert (refused.status_code, 'id="reason-fault"' in refused.text) == (422, True)
    assert 'data-state="open"' in site.post(path, data={"reason": "Not <this> company"}).text
    assert "done=overtaken" in str(site.post(path, data={"reason": "Again"}).url)
    return invoice


def test_a_founded_objection_leads_to_a_credit_note_and_an_invoice_with_what_is_true_now(
    site: TestClient, stage: Stage
) -> None:
    database, number = stage.database, sirens.fresh()
    invoice = contested(site, stage)
    with database.writing() as session:
        session.get_one(Client, stage.client.client_id).sqlmodel_update(
            {"name": "Berta SE", "registration_number": number}
        )
    signed_in.as_new(site, AccountKind.OPERATOR, "Olga")
    assert 'data-testid="card-contests"' in site.get("/operator").text
    assert "Not &lt;this&gt; company" in site.get("/operator/contests").text
    done = site.post(f"/operator/contests/{invoice.id}/uphold", data={"reason": "You are right"})
    assert ("done=corrected" in str(done.url), 'data-testid="contest"' in done.text) == (True, False)
    first, credit, anew = sorted(rows(database), key=lambda row: (row.correction, row.kind != "invoice"))
    assert (credit.kind, credit.preceding_id, said(credit).reason) == ("credit_note", first.id, "Not <this> company")
    assert (anew.correction, said(anew).buyer.name, said(anew).gross_cents) == (1, "Berta SE", first.gross_cents)
    with database.reading() as session:
        assert document_differences.find(session) == []
        assert list(archives.gaps(session)) == []
    assert told(database).count("contest_upheld") == 1
    signed_in.as_who(site, stage.expert)
    page = site.get(f"/documents/{first.number}/contest").text
    assert ('data-state="upheld"' in page, "You are right" in page) == (True, True)
    signed_in.as_new(site, AccountKind.OPERATOR, "Oskar")
    assert "done=overtaken" in str(site.post(f"/operator/contests/{invoice.id}/uphold", data={}).url)


def test_an_objection_that_is_not_founded_is_answered(site: TestClient, stage: Stage) -> None:
    invoice = contested(site, stage)
    signed_in.as_new(site, AccountKind.OPERATOR, "Olga")
    path = f"/operator/contests/{invoice.id}/dismiss"
    refused = site.post(path, data={"reason": ""})
    assert (refused.status_code, 'data-testid="fault-reason"' in refused.text) == (422, True)
    assert "done=contest-answered" in str(site.post(path, data={"reason": "It is right"}).url)
    assert "done=overtaken" in str(site.post(path, data={"reason": "It is right"}).url)
    assert (len(rows(stage.database)), told(stage.database).count("contest_dismissed")) == (1, 1)
    signed_in.as_who(site, stage.expert)
    assert 'data-state="dismissed"' in site.get(f"/documents/{invoice.number}/contest").text


def test_a_new_draft_that_breaks_a_rule_takes_nothing_back(site: TestClient, stage: Stage) -> None:
    invoice = contested(site, stage)
    with stage.database.writing() as session:
        session.get_one(Client, stage.client.client_id).registration_number = "999000129"
    signed_in.as_new(site, AccountKind.OPERATOR, "Olga")
    refused = site.post(f"/operator/contests/{invoice.id}/uphold", data={"reason": ""})
    assert (refused.status_code, "SIREN" in refused.text) == (422, True)
    assert len(rows(stage.database)) == 1


def test_it_is_contested_in_time_by_whose_it_is_alone(site: TestClient, stage: Stage) -> None:
    [invoice] = rows(stage.database)
    end = contests.ends_at(invoice)
    assert end - invoice.issued_at == timedelta(days=15)
    expert_id = str(stage.expert.expert_id)
    with stage.database.writing() as session:
        with pytest.raises(Conflict):
            contests.contest(session, invoice.number, expert_id, "Late", SYSTEM, at=end + timedelta(seconds=1))
        with pytest.raises(NotFound):
            contests.contest(session, invoice.number, "another", "Mine", SYSTEM, at=end)
        commission = session.execute(select(AccountingDocument).where(col(AccountingDocument.kind) == "commission"))
        with pytest.raises(NotFound):
            contests.contest(session, commission.scalar_one().number, expert_id, "Dear", SYSTEM, at=end)
        contests.contest(session, invoice.number, expert_id, "In time", SYSTEM, at=end)
    signed_in.as_new(site, AccountKind.EXPERT, "Eve")
    assert site.get(f"/documents/{invoice.number}/contest").status_code == 404
    signed_in.as_new(site, AccountKind.OPERATOR, "Olga")
    for act in ("uphold", "dismiss"):
        assert site.post(f"/operator/contests/nothing/{act}", data={"reason": "x"}).status_code == 404
