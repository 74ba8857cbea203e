"""Issuing: numbers without gaps, content that stays, files that are made once."""

import random
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.documents import contents, drafts, issues, series
from billing.documents.contents import Content, Kind
from billing.documents.issues import About, Checked, Damaged, Unfit
from billing.events import DOCUMENT_ISSUED
from billing.models.documents import AccountingDocument, DocumentFile
from foundation.database import Database
from foundation.errors import Conflict, NotFound, Unavailable
from foundation.outbox import OutboxRow
from tests.billing.documents import samples
from tests.billing.documents.samples import ELODIE, MICRO, SAMPLES, TODAY

AT = datetime(2026, 12, 1, 10, tzinfo=UTC)
LATER = datetime(2026, 12, 2, 10, tzinfo=UTC)
DRAFT = samples.invoice(number=drafts.UNNUMBERED)


def issue(
    database: Database, reference: str = "m1", content: Content = DRAFT, expert_id: str = "e1", at: datetime = AT
) -> AccountingDocument:
    about = About(reference, expert_id, "c1")
    return database.write(lambda session: issues.issue(session, Checked(content), about, at=at))


def take_back(database: Database, issued: AccountingDocument) -> AccountingDocument:
    draft = Checked(drafts.credit_note(issues.content_of(issued), "Rendue deux fois.", on=TODAY))
    return database.write(lambda session: issues.take_back(session, issued.id, draft, at=LATER))


def numbers(database: Database) -> Sequence[str]:
    with database.reading() as session:
        statement = select(col(AccountingDocument.number)).order_by(
            col(AccountingDocument.series), col(AccountingDocument.position)
        )
        return session.execute(statement).scalars().all()


def test_a_document_is_numbered_and_frozen(database: Database) -> None:
    first, second = issue(database), issue(database, "m2")
    prefix = series.name(Kind.INVOICE, series.seller_of("e1", ELODIE.registration_number), TODAY)
    assert (first.number, second.number) == (f"{prefix}-1", f"{prefix}-2")
    assert len(first.number) < 30
    assert issues.content_of(first) == DRAFT.model_copy(update={"number": first.number})
    assert (first.net_cents, first.tax_cents, first.gross_cents) == (853_763, 170_753, 1_024_516)
    with database.reading() as session:
        owed = session.execute(select(col(OutboxRow.key)).where(col(OutboxRow.topic) == DOCUMENT_ISSUED)).scalars()
        assert set(owed) == {first.id, second.id}


def test_each_legal_person_kind_and_year_has_its_own_series(database: Database) -> None:
    last_year = DRAFT.model_copy(update={"issued_on": date(2025, 12, 31)})
    of_operator = SAMPLES["commission"]()
    issued = [
        issue(database, "m1"),
        issue(database, "m2", expert_id="e2"),
        issue(database, "m3", DRAFT.model_copy(update={"seller": MICRO})),
        issue(database, "m4", last_year),
        issue(database, "m5", of_operator),
        issue(database, "m6", of_operator, expert_id="e2"),
        issue(database, "m7", SAMPLES["boost"]()),
    ]
    assert len({document.series for document in issued}) == len(issued) - 1
    assert [document.number for document in issued[-3:]] == ["COM-2026-1", "COM-2026-2", "BST-2026-1"]
    assert "-2025-" in issued[3].number


def test_issuing_again_returns_what_was_issued(database: Database) -> None:
    first = issue(database)
    tomorrow = DRAFT.model_copy(update={"issued_on": date(2026, 12, 2)})
    assert issue(database, content=tomorrow, at=LATER).id == first.id
    with pytest.raises(Conflict):
        issue(database, content=DRAFT.model_copy(update={"title": "Something else"}))
    assert numbers(database) == [first.number]


def test_what_is_undone_leaves_no_gap(database: Database) -> None:
    first = issue(database)

    def fail(session: Session) -> None:
        issues.issue(session, Checked(DRAFT), About("m2", "e1"), at=AT)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write(fail)
    assert issue(database, "m3").number == first.number.removesuffix("1") + "2"


def test_an_unfit_draft_is_never_numbered() -> None:
    with pytest.raises(Unfit, match="buyer_vat_number") as raised:
        issues.check(
            SAMPLES["reverse_charge"]().model_copy(
                update={"buyer": samples.MUNICH.model_copy(update={"vat_number": None})}
            ),
            "en",
        )
    assert [failure.fix for failure in raised.value.failures] == ["The client corrects it in the company’s details."]
    assert issues.check(DRAFT, "en") == Checked(DRAFT)


def test_a_credit_note_takes_back_once(database: Database) -> None:
    issued, other = issue(database), issue(database, "m2")
    credit = take_back(database, issued)
    assert credit.number.startswith("AVO-")
    assert (credit.preceding_id, credit.gross_cents, credit.client_id) == (issued.id, issued.gross_cents, "c1")
    assert issues.check(issues.content_of(credit), "fr")
    with pytest.raises(Conflict):
        take_back(database, issued)
    draft = Checked(drafts.credit_note(issues.content_of(issued), "x", on=TODAY))
    with pytest.raises(Conflict), database.writing() as session:
        issues.take_back(session, other.id, draft, at=AT)
    with pytest.raises(NotFound), database.writing() as session:
        issues.take_back(session, "nobody\x01", draft, at=AT)
    with pytest.raises(ValueError, match="take_back"):
        issue(database, "m3", draft.content)


def test_the_operator_takes_back_in_its_own_series(database: Database) -> None:
    assert take_back(database, issue(database, content=SAMPLES["commission"]())).number == "AVO-2026-1"


def test_a_file_is_made_once_and_kept(database: Database) -> None:
    issued = issue(database)
    with database.reading() as session, pytest.raises(NotFound):
        issues.file_of(session, issued.id)
    issues.render(database, [issued.id, "gone"], AT)
    with database.reading() as session:
        made = issues.file_of(session, issued.id)
    assert made.startswith(b"%PDF-")
    issues.render(database, [issued.id], LATER)
    with database.reading() as session:
        assert issues.file_of(session, issued.id) == made
        assert session.get_one(DocumentFile, issued.id).rendered_at == AT


def test_damage_is_noticed(database: Database) -> None:
    issued = issue(database)
    with database.reading() as session:
        kept = session.get_one(AccountingDocument, issued.id)
        kept.content = kept.content | {"net_cents": 1}
        with pytest.raises(Damaged):
            issues.content_of(kept)
        session.expunge_all()


ATTACKS = {
    "another amount": "UPDATE accounting_documents SET net_cents = 1, tax_cents = 0, gross_cents = 1",
    "another number": "UPDATE accounting_documents SET number = 'FAC-1'",
    "a deletion": "DELETE FROM accounting_documents",
    "another file": "UPDATE document_files SET sha256 = 'x'",
    "a lost file": "DELETE FROM document_files",
    "a series that starts anew": "DELETE FROM document_series",
    "a number that is skipped": "UPDATE document_series SET latest = latest + 2",
    "a number that is used again": "UPDATE document_series SET latest = latest - 1",
    "somebody else’s series": "UPDATE document_series SET seller = 'e2', latest = latest + 1",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_refuses(attack: str, database: Database) -> None:
    issued = issue(database)
    with database.writing() as session:
        session.add(DocumentFile(document_id=issued.id, pdf=b"%PDF-", sha256="s", rendered_at=AT))
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text(ATTACKS[attack]))
    with database.reading() as session:
        assert contents.hash_of(session.get_one(AccountingDocument, issued.id).content) == issued.content_hash


def _copy(issued: AccountingDocument, **changes: object) -> Callable[[Session], None]:
    values = issued.model_dump() | {"id": "copy", "reference": "copied"} | changes
    return lambda session: session.add(AccountingDocument(**values))


def test_the_database_refuses_gaps_and_second_ones(database: Database) -> None:
    issued = issue(database)
    prefix = issued.series
    for wrong in (
        _copy(issued, position=3, number=f"{prefix}-3"),
        _copy(issued, position=0, number=f"{prefix}-0"),
        _copy(issued, position=2, number=f"{prefix}-7"),
        _copy(issued),
        _copy(issued, position=2, number=f"{prefix}-2", reference=issued.reference),
    ):
        with pytest.raises(DBAPIError), database.writing() as session:
            wrong(session)
    with database.writing() as session:
        _copy(issued, position=2, number=f"{prefix}-2")(session)


def issue_at_once(database: Database, threads: int, each: int) -> tuple[int, int]:
    """Issue from several threads, with random failures; return how many were tried and how many stayed."""
    failed: list[str] = []

    def work(worker: int) -> None:
        chance = random.Random(worker)  # noqa: S311 - no secret
        for number in range(each):
            reference = f"{worker}-{number}"

            def step(session: Session, reference: str = reference) -> None:
                issues.issue(session, Checked(DRAFT), About(reference, "e1"), at=AT)
                if chance.random() < 0.25:
                    raise RuntimeError

            try:
                database.write(step)
            except (RuntimeError, Unavailable, DBAPIError):  # on SQLite some wait in vain for their turn
                failed.append(reference)

    running = [threading.Thread(target=work, args=(worker,)) for worker in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return threads * each, threads * each - len(failed)


def check_series(database: Database, stayed: int) -> None:
    with database.reading() as session:
        positions = session.execute(select(col(AccountingDocument.position))).scalars().all()
    assert sorted(positions) == list(range(1, stayed + 1))


def test_threads_that_fail_now_and_then_leave_no_gap(database: Database) -> None:
    tried, stayed = issue_at_once(database, 4, 25)
    assert 0 < stayed < tried
    check_series(database, stayed)


@pytest.mark.long
def test_eight_threads_with_two_hundred_issues_each_leave_no_gap(database: Database) -> None:
    tried, stayed = issue_at_once(database, 8, 200)
    assert 0 < stayed < tried == 1_600
    check_series(database, stayed)


def test_two_who_issue_for_the_same_at_once_issue_one(database: Database) -> None:
    found: list[str] = []
    running = [threading.Thread(target=lambda: found.append(issue(database).number)) for _ in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(found) == 4
    assert set(found) == set(numbers(database))
    assert len(numbers(database)) == 1
