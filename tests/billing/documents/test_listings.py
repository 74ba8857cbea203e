"""Finding documents again."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from billing.documents import drafts, issues, listings
from billing.documents.issues import Checked
from billing.documents.listings import Wanted
from foundation.database import Database
from foundation.errors import NotFound
from tests.billing.documents.issuing import AT, DRAFT, issue
from tests.billing.documents.samples import MUNICH, SAMPLES


def references(database: Database, wanted: Wanted, limit: int = 10) -> Sequence[str]:
    with database.reading() as session:
        return [listed.reference for listed in listings.find(session, wanted, limit=limit)]


@pytest.fixture
def four(database: Database) -> Database:
    """Return a database with four documents, the last one the newest."""
    in_2025 = DRAFT.model_copy(update={"issued_on": date(2025, 12, 31), "title": "Été à Lisbonne"})
    german = DRAFT.model_copy(update={"buyer": MUNICH, "order_number": "PO_77%"})
    for n, (content, client_id) in enumerate(
        ((DRAFT, "c1"), (in_2025, "c1"), (german, "c2"), (SAMPLES["commission"](), None)), start=1
    ):
        issue(database, content, reference=f"m{n}", client_id=client_id, at=AT + timedelta(n // 3), renders=n == 1)
    issue(database, reference="m5", expert_id="e2", at=AT + timedelta(3), renders=False)
    return database


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), {"m1", "m2", "m3", "m4", "m5"}),
        (Wanted(kind="commission"), {"m4"}),
        (Wanted(year=2025), {"m2"}),
        (Wanted(year=2026, client_id="c1"), {"m1", "m5"}),
        (Wanted(expert_id="e2"), {"m5"}),
        (Wanted(reference="m3"), {"m3"}),
        (Wanted(query="ÉTÉ à lisb"), {"m2"}),
        (Wanted(query="bayerische"), {"m3"}),
        (Wanted(query="po_77%"), {"m3"}),
        (Wanted(query="%"), {"m3"}),
        (Wanted(query="com-2026"), {"m4"}),
        (Wanted(query="nobody"), set[str]()),
        (Wanted(query="\0"), {"m1", "m2", "m3", "m4", "m5"}),
    ],
)
def test_documents_are_found(wanted: Wanted, expected: set[str], four: Database) -> None:
    found = references(four, wanted)
    assert (set(found), len(found)) == (expected, len(expected))


def test_pages_follow_each_other(four: Database) -> None:
    seen, after = list[str](), ""
    with four.reading() as session:
        while page := listings.find(session, Wanted(after=after), limit=2):
            assert len(page) <= 2
            seen += [listed.reference for listed in page]
            after = page[-1].number
        assert [listed.reference for listed in listings.find_all(session, Wanted())] == seen
        with pytest.raises(NotFound):
            listings.find(session, Wanted(after="FAC-1\0"), limit=2)
    assert (seen[0], len(seen), set(seen)) == ("m5", 5, {"m1", "m2", "m3", "m4", "m5"})


def test_what_is_listed_says_whose_it_is(four: Database) -> None:
    with four.reading() as session:
        listed = listings.find(session, Wanted(reference="m1"), limit=1)[0]
        assert (listed.seller, listed.buyer) == (DRAFT.seller.name, DRAFT.buyer.name)
        assert (listed.title, listed.said_reference, listed.order_number) == (
            DRAFT.title,
            "M-2026-00042",
            "BC 2026/77",
        )
        assert (listed.gross_cents, listed.rendered_at) == (1_024_516, AT)
        assert listings.years(session, Wanted()) == [2026, 2025]
        assert listings.years(session, Wanted(expert_id="e2")) == [2026]
        assert listings.years(session, Wanted(client_id="c1")) == [2026, 2025]


def test_clients_see_nothing_of_what_the_operator_charges_experts(database: Database) -> None:
    invoice = issue(database, renders=False)
    commission = issue(database, SAMPLES["commission"](), client_id="c1", renders=False)
    draft = Checked(drafts.credit_note(issues.content_of(commission), "Trop.", on=AT.date()))
    credit = database.write(lambda session: issues.take_back(session, commission.id, draft, at=AT))
    with database.reading() as session:
        found = listings.find(session, Wanted(client_id="c1"), limit=10)
        assert [listed.number for listed in found] == [invoice.number]
        for hidden in (commission.number, credit.number):
            with pytest.raises(NotFound):
                listings.get(session, hidden, Wanted(client_id="c1"))
            assert listings.get(session, hidden, Wanted(expert_id="e1")).number == hidden
        with pytest.raises(NotFound):
            listings.get(session, invoice.number, Wanted(expert_id="e2"))
