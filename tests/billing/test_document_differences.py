"""Invoices against the ledger: every release and every paid boost has one of just that, and nothing else has one."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlmodel import col

from billing import boost_invoices, document_differences, ledger_differences
from billing.documents import drafts, issues
from billing.documents.issues import About
from billing.ledger_differences import Difference
from billing.models.documents import AccountingDocument
from billing.postings import Amount
from billing.provider_books import External
from foundation.database import Database
from foundation.settings import Operator
from tests.billing import subscribing
from tests.billing.documents import samples
from tests.billing.subscribing import FIRST, NET, TAX, noon
from tests.booking.carried_out import Stage

PRICE, FEE = Amount(480_000, "EUR"), Amount(48_000, "EUR")


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database).accept().pay().start().report().validate()


def found(stage: Stage, **period: object) -> Sequence[Difference]:
    with stage.database.reading() as session:
        return document_differences.find(session, **period)  # pyright: ignore[reportArgumentType]


def test_what_was_released_and_kept_back_is_invoiced_to_the_cent(stage: Stage) -> None:
    assert found(stage) == []
    assert found(stage, since=stage.mission.validated_at, before=stage.now()) == []


def test_a_release_without_invoices_and_a_paid_boost_without_one_are_named(database: Database) -> None:
    stage = Stage(database).accept().pay().start().report()
    with database.writing() as session:
        stage.release(session)
    anne = subscribing.make(database)
    charge = anne.start()
    external = [External("boost", charge.id), External("commission", stage.id), External("invoice", stage.id)]
    amounts = [Amount(NET + TAX, "EUR"), FEE, PRICE]
    expected = [Difference(one, amount, None) for one, amount in zip(external, amounts, strict=True)]
    assert found(stage) == expected
    boost_invoices.issue(database, Operator(), [charge.id], noon(FIRST))
    assert found(stage) == expected[1:]


def test_an_invoice_of_nothing_is_named_and_waits_for_operators(stage: Stage) -> None:
    with stage.database.writing() as session:
        draft = issues.check(samples.invoice(), "en")
        issues.issue(session, draft, About("nothing", stage.mission.expert_id), at=stage.now())
    [difference] = document_differences.reconcile(stage.database, at=stage.now())
    assert (difference.external, difference.here) == (External("invoice", "nothing"), None)
    with stage.database.reading() as session:
        [waiting] = ledger_differences.waiting(session)
        assert (waiting.provider, waiting.external_id) == (ledger_differences.DOCUMENTS, "nothing")


def test_what_was_taken_back_is_missing_again(stage: Stage) -> None:
    with stage.database.writing() as session:
        kept = session.execute(select(AccountingDocument).where(col(AccountingDocument.kind) == "invoice")).scalar_one()
        credit = drafts.credit_note(issues.content_of(kept), "Contested", on=kept.issued_on)
        issues.take_back(session, kept.id, issues.check(credit, "en"), at=stage.now())
    assert found(stage) == [Difference(External("invoice", stage.id), PRICE, None)]
