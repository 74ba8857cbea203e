"""An approved platform, from the issue of an invoice to its rejection and back, on a site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import AccountKind
from billing import platforms
from billing.events import PLATFORM_DUE
from billing.models.documents import AccountingDocument
from foundation import clock, outbox
from tests import signed_in
from tests.billing.documents.issuing import issue
from tests.billing.platforms.telling import message
from tests.builders import eventually, settings_in, site
from web.rendering import PARIS, long_date


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "platform"
    path.mkdir()
    return path


@pytest.fixture
def client(tmp_path: Path, folder: Path) -> Iterator[TestClient]:
    with site(tmp_path / "site", platform_folder=folder) as found:
        found.headers["Accept-Language"] = "en"
        yield found


def tell(client: TestClient, folder: Path, document: AccountingDocument, code: str, reason: str = "") -> None:
    """Have the platform tell something, and have it be read now rather than within minutes."""
    part = folder / "in"
    part.mkdir(exist_ok=True)
    content = message(document.number, code, at=clock.now().astimezone(PARIS), reason=reason)
    (folder / "told").write_bytes(content)
    (folder / "told").rename(part / f"{code}.xml")
    with signed_in.database_of(client).writing() as session:
        outbox.record(session, PLATFORM_DUE, ["now"])


def test_an_invoice_goes_to_the_platform_is_rejected_and_goes_again(client: TestClient, folder: Path) -> None:
    database = signed_in.database_of(client)
    expert = signed_in.make(database, AccountKind.EXPERT, "Eva")
    operator = signed_in.make(database, AccountKind.OPERATOR, "Olga")
    # At the time of the site, by which its file is missed.
    issued = issue(database, expert_id=str(expert.expert_id), client_id=None, at=clock.now(), renders=False)
    path = folder / "out" / f"{issued.number}.pdf"
    eventually(path.exists)
    path.unlink()  # it was taken
    signed_in.sign_in(client, expert)
    today = long_date(clock.now().astimezone(PARIS).date(), "en")
    eventually(lambda: f"handed to the invoicing platform on {today}" in client.get("/my/documents").text)
    tell(client, folder, issued, "213", "Doublon <b>")
    rejected = f"rejected by the invoicing platform on {today} (Doublon &lt;b&gt;)"
    eventually(lambda: rejected in client.get("/my/documents").text)
    signed_in.sign_in(client, operator)
    deposit = f"/operator/documents/{issued.number}/deposit"
    assert deposit in client.get("/operator/documents").text
    page = client.post(deposit).text
    assert "Sent once more." in page
    assert deposit not in page
    assert "Somebody was quicker" in client.post(deposit).text
    eventually(path.exists)
    tell(client, folder, issued, "200")
    eventually(lambda: f"deposited at the invoicing platform on {today}" in client.get("/operator/documents").text)


def test_operators_hear_of_messages_that_nobody_can_read_and_of_a_folder_that_is_lost(
    client: TestClient, folder: Path
) -> None:
    signed_in.as_new(client, AccountKind.OPERATOR, "Olga")
    assert 'data-testid="waiting"' not in client.get("/operator/documents").text
    (folder / "bad").mkdir(exist_ok=True)
    (folder / "bad" / "odd<b>.xml").write_bytes(b"?")
    page = client.get("/operator/documents").text
    assert "about nothing of ours: odd&lt;b&gt;.xml." in page
    assert 'data-testid="card-documents"' in client.get("/operator").text
    folder.rename(folder.with_name("lost"))
    assert 'data-testid="platform-away"' in client.get("/operator/documents").text
    assert 'data-testid="card-documents"' in client.get("/operator").text
    folder.with_name("lost").rename(folder)


def test_without_a_folder_there_is_no_platform(tmp_path: Path) -> None:
    assert platforms.choose(settings_in(tmp_path)) is None
    assert platforms.choose(settings_in(tmp_path, platform_folder="")) is None
    assert platforms.choose(settings_in(tmp_path, platform_folder=tmp_path / "not yet there")) is not None
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="is not a folder"):
        settings_in(tmp_path, platform_folder=tmp_path / "file")
