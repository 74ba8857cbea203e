"""Which documents go to an approved platform, and what becomes of them there."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from billing.documents import deliveries, deposits, issues, sendings
from billing.documents.deliveries import Standing
from billing.events import DOCUMENT_DEPOSIT_WANTED
from billing.models.deliveries import State, Way
from billing.models.documents import AccountingDocument
from billing.platforms.folders import FolderPlatform
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.errors import Conflict, Unreachable
from foundation.outbox import OutboxRow
from tests.billing.documents.issuing import AT, issue
from tests.billing.documents.samples import SAMPLES
from tests.billing.platforms.telling import message

FRENCH = {
    "standard",
    "by_transfer",
    "francs_at_home",
    "franchise",
    "guadeloupe",
    "reduced",
    "credit_note",
    "commission",
    "long",
}
"""Sold by one French business to another."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "platform"
    path.mkdir()
    return path


@pytest.fixture
def platform(folder: Path) -> FolderPlatform:
    return FolderPlatform(folder)


@pytest.fixture
def deposited(database: Database, platform: FolderPlatform) -> AccountingDocument:
    """Return an invoice that the platform has."""
    issued = issue(database)
    sendings.follow(database, [issued.id], AT, has_platform=True)
    deposits.deposit(database, platform, wanted(database), AT)
    return issued


def wanted(database: Database) -> Sequence[str]:
    with database.reading() as session:
        rows = select(col(OutboxRow.key)).where(col(OutboxRow.topic) == DOCUMENT_DEPOSIT_WANTED)
        return session.execute(rows.order_by(col(OutboxRow.id))).scalars().all()


def standing(database: Database, document: AccountingDocument) -> Standing:
    with database.reading() as session:
        found = deliveries.standings(session, [document.id])[document.id]
        return next(one for one in found if one.way is Way.PLATFORM)


def tell(folder: Path, name: str, content: bytes) -> None:
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / name).write_bytes(content)


@pytest.mark.parametrize("name", SAMPLES)
def test_only_what_french_businesses_sell_each_other_goes_to_the_platform(name: str) -> None:
    assert deposits.is_for_platform(SAMPLES[name]()) == (name in FRENCH)


def test_an_invoice_is_handed_over_once(
    database: Database, folder: Path, platform: FolderPlatform, deposited: AccountingDocument
) -> None:
    sendings.follow(database, [deposited.id], AT, has_platform=True)
    assert len(wanted(database)) == 1
    (path,) = (folder / "out").iterdir()
    with database.reading() as session:
        assert (path.name, path.read_bytes()) == (f"{deposited.number}.pdf", issues.file_of(session, deposited.id))
    path.unlink()  # the platform took it
    deposits.deposit(database, platform, wanted(database), AT)
    assert list((folder / "out").iterdir()) == []
    assert standing(database, deposited).state is State.HANDED_OVER


@pytest.mark.parametrize("has_platform", [True, False])
def test_others_go_by_mail_alone(has_platform: bool, database: Database) -> None:
    issued = issue(database, SAMPLES["private_at_home"]() if has_platform else SAMPLES["standard"]())
    sendings.follow(database, [issued.id], AT, has_platform=has_platform)
    assert wanted(database) == []


def test_what_the_platform_tells_is_noted_once(
    database: Database, folder: Path, platform: FolderPlatform, deposited: AccountingDocument
) -> None:
    for n, code in enumerate(("200", "202", "205")):
        tell(folder, f"{n}.xml", message(deposited.number, code, at=AT + timedelta(hours=n)))
    deposits.fetch(database, platform, AT)
    tell(folder, "again.xml", message(deposited.number, "202", at=AT + timedelta(hours=1)))
    deposits.fetch(database, platform, AT)
    with database.reading() as session:
        states = [line.state for line in deliveries.log(session, deposited.id) if line.way == Way.PLATFORM]
    assert states == ["queued", "handed_over", "deposited", "received", "approved"]
    assert standing(database, deposited).state is State.APPROVED
    assert len(list((folder / "done").iterdir())) == 4


def test_a_rejection_waits_for_an_operator_who_may_deposit_again(
    database: Database, folder: Path, platform: FolderPlatform, deposited: AccountingDocument
) -> None:
    with pytest.raises(Conflict), database.writing() as session:
        deposits.queue_again(session, deposited.id, SYSTEM, at=AT)
    tell(folder, "1.xml", message(deposited.number, "213", at=AT, reason_code="DOUBLON", reason="Déjà reçue"))
    deposits.fetch(database, platform, AT)
    found = standing(database, deposited)
    assert (found.state, found.code, found.detail, found.waits) == (State.REJECTED, "213", "DOUBLON Déjà reçue", True)
    with database.writing() as session:
        deposits.queue_again(session, deposited.id, SYSTEM, at=AT)
    assert standing(database, deposited).state is State.QUEUED
    deposits.deposit(database, platform, wanted(database), AT)
    tell(folder, "2.xml", message(deposited.number, "200", at=AT))
    deposits.fetch(database, platform, AT)
    assert (standing(database, deposited).state, standing(database, deposited).waits) == (State.DEPOSITED, False)


def test_what_is_about_nothing_of_ours_is_put_aside(
    database: Database, folder: Path, platform: FolderPlatform, deposited: AccountingDocument
) -> None:
    never = issue(database, reference="m2")
    tell(folder, "1.xml", message("FAC-NOT-OURS-1", "213", at=AT))
    tell(folder, "2.xml", message(never.number, "213", at=AT))
    tell(folder, "3.xml", message(deposited.number, "200", at=AT))
    deposits.fetch(database, platform, AT)
    assert sorted(path.name for path in (folder / "bad").iterdir()) == ["1.xml", "2.xml"]
    assert standing(database, deposited).state is State.DEPOSITED


def test_a_platform_that_is_away_is_tried_again(database: Database, folder: Path, platform: FolderPlatform) -> None:
    issued = issue(database)
    sendings.follow(database, [issued.id], AT, has_platform=True)
    folder.rmdir()
    with pytest.raises(Unreachable):
        deposits.deposit(database, platform, wanted(database), AT)
    with pytest.raises(Unreachable):
        deposits.fetch(database, platform, AT)
    assert standing(database, issued).state is State.QUEUED
    folder.mkdir()
    deposits.deposit(database, platform, wanted(database), AT)
    assert standing(database, issued).state is State.HANDED_OVER


def test_what_can_never_be_handed_over_waits_for_an_operator(
    database: Database, folder: Path, platform: FolderPlatform
) -> None:
    first, second = issue(database), issue(database, reference="m2")
    sendings.follow(database, [first.id, second.id], AT, has_platform=True)
    (folder / "out").mkdir()
    (folder / "out" / f"{first.number}.pdf").write_bytes(b"theirs")
    of_first, of_second = wanted(database)
    deposits.deposit(database, platform, [of_first], AT)
    deposits.deposit(database, None, [of_second], AT)
    assert (standing(database, first).detail, standing(database, first).waits) == (deposits.OTHER_BYTES, True)
    assert (standing(database, second).detail, standing(database, second).waits) == (deposits.NO_PLATFORM, True)
