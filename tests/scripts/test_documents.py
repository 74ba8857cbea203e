"""`portulan documents`."""

import hashlib
from pathlib import Path

import orjson
import pytest

from billing.documents import drafts, issues, sendings
from billing.documents.issues import Checked
from billing.models.documents import DocumentFile
from foundation.database import Database
from tests.billing.documents import samples
from tests.billing.documents.issuing import AT, damage, issue
from tests.builders import settings_in
from tests.scripts.conftest import Portulan


@pytest.fixture
def database(portulan: Portulan, tmp_path: Path) -> Database:
    del portulan  # it brings the database up
    return Database(settings_in(tmp_path).database_address)


def test_documents_are_listed_a_page_at_a_time(portulan: Portulan, database: Database) -> None:
    issue(database, renders=False)
    commission = issue(database, samples.SAMPLES["commission"](), reference="m2", client_id=None)
    found = orjson.loads(portulan("documents", "list", "--limit", "1", "--json").out)
    rest = orjson.loads(portulan("documents", "list", "--after", found["next_after"], "--json").out)
    rows = {row["number"]: row for row in (*found["documents"], *rest["documents"])}
    assert (len(rows), rest["next_after"]) == (2, None)
    assert rows[commission.number]["file"] == "rendered"
    assert rows[commission.number]["gross_cents"] == commission.gross_cents
    shown = portulan("documents", "list", "--kind", "invoice", "--year", "2026", "--client", "c1").out
    assert "being made" in shown
    assert "10,245.16" in shown
    sendings.follow(database, [commission.id], AT)
    assert "expert failed" in portulan("documents", "list", "--kind", "commission").out
    (row,) = orjson.loads(portulan("documents", "list", "--kind", "commission", "--json").out)["documents"]
    assert (row["standings"][0]["state"], row["standings"][0]["waits"]) == ("failed", True)
    log = orjson.loads(portulan("documents", "show", commission.number, "--json").out)["log"]
    assert [(line["way"], line["party"], line["state"]) for line in log] == [("mail", "expert", "failed")]
    assert "nobody to write to" in portulan("documents", "show", commission.number).out
    assert commission.number not in shown
    assert orjson.loads(portulan("documents", "list", "--query", "nobody", "--json").out)["documents"] == []
    assert portulan("documents", "list", "--kind", "receipt").code == 2
    assert portulan("documents", "list", "--after", "FAC-1").code == 1


def test_a_document_is_shown_with_what_it_says_and_its_hashes(portulan: Portulan, database: Database) -> None:
    issued = issue(database)
    found = orjson.loads(portulan("documents", "show", issued.number, "--json").out)
    with database.reading() as session:
        pdf = session.get_one(DocumentFile, issued.id).pdf
    assert found["file_sha256"] == hashlib.sha256(pdf).hexdigest()
    assert (found["content_sha256"], found["problems"]) == (issued.content_hash, [])
    assert found["content"]["title"] == samples.invoice().title
    shown = portulan("documents", "show", issued.number).out
    for said in ("Élodie Ñuñez Conseil", "12.5 × 650.01 = 8,125.13", "10,245.16 EUR", issued.content_hash):
        assert said in shown
    missing = portulan("documents", "show", "FAC-1")
    assert (missing.code, "there is no document FAC-1" in missing.err) == (1, True)


def test_a_credit_note_says_what_it_takes_back(portulan: Portulan, database: Database) -> None:
    issued = issue(database)
    draft = Checked(drafts.credit_note(issues.content_of(issued), "Rendue deux fois.", on=AT.date()))
    credit = database.write(lambda session: issues.take_back(session, issued.id, draft, at=AT))
    assert f"{issued.number} of 2026-12-01: Rendue deux fois." in portulan("documents", "show", credit.number).out


def test_verifying_lists_what_is_wrong_and_fails(portulan: Portulan, database: Database) -> None:
    first, second = issue(database), issue(database, reference="m2")
    assert portulan("documents", "verify").code == 0
    damage(database, f"UPDATE document_files SET sha256 = 'x' WHERE document_id = '{first.id}'")
    broken = portulan("documents", "verify", "--json")
    assert broken.code == 1
    assert orjson.loads(broken.out)["findings"] == [
        {"problem": "file", "number": first.number, "document_id": first.id}
    ]
    shown = portulan("documents", "verify")
    assert (shown.code, first.number in shown.out) == (1, True)
    assert portulan("documents", "verify", second.number).code == 0
    assert portulan("documents", "verify", "FAC-1").code == 1


def test_an_export_writes_flat_and_never_over_something_else(
    portulan: Portulan, database: Database, tmp_path: Path
) -> None:
    first, second = issue(database), issue(database, samples.SAMPLES["commission"](), reference="m2", client_id=None)
    folder = tmp_path / "out" / "2026"
    assert orjson.loads(portulan("documents", "export", str(folder), "--json").out) == {
        "written": 2, "there_already": 0, "left_out": [],
    }  # fmt: skip
    with database.reading() as session:
        pdf = session.get_one(DocumentFile, first.id).pdf
    assert {path.name for path in folder.iterdir()} == {f"{first.number}.pdf", f"{second.number}.pdf"}
    assert (folder / f"{first.number}.pdf").read_bytes() == pdf
    assert orjson.loads(portulan("documents", "export", str(folder), "--json").out)["there_already"] == 2
    (folder / f"{first.number}.pdf").write_bytes(b"mine")
    third = issue(database, reference="m3", renders=False)
    refused = portulan("documents", "export", str(folder))
    assert refused.code == 1
    assert "is there with other content" in refused.out
    assert third.number in refused.out
    assert (folder / f"{first.number}.pdf").read_bytes() == b"mine"


def test_an_export_may_be_of_one_kind_and_client(portulan: Portulan, database: Database, tmp_path: Path) -> None:
    commission = issue(database, samples.SAMPLES["commission"](), reference="m2", client_id=None)
    issue(database)
    damage(database, f"UPDATE document_files SET sha256 = 'x' WHERE document_id <> '{commission.id}'")
    assert portulan("documents", "export", str(tmp_path / "com"), "--kind", "commission").code == 0
    assert [path.name for path in (tmp_path / "com").iterdir()] == [f"{commission.number}.pdf"]
    damaged = portulan("documents", "export", str(tmp_path / "c1"), "--client", "c1", "--json")
    assert (damaged.code, list((tmp_path / "c1").iterdir())) == (1, [])
    assert "not what was made" in orjson.loads(damaged.out)["left_out"][0]["reason"]
