"""What an expert pays for a boost is invoiced by the operator: once for each charge that counts, to the cent."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlmodel import col

from accounts import legal_identities
from accounts.models.profiles import LegalIdentity
from billing import boost_calls, boost_invoices, boosts
from billing.documents import issues
from billing.documents.contents import Content
from billing.documents.issues import Unfit
from billing.models.boosts import BoostCharge
from billing.models.documents import AccountingDocument
from foundation import outbox
from foundation.database import Database
from foundation.settings import Operator
from tests.billing import subscribing
from tests.billing.subscribing import ASKS, BAD, FIRST, NET, TAX, Subscriber, noon
from web import reactions

DAY = date(2026, 12, 15)


@pytest.fixture
def anne(database: Database) -> Subscriber:
    return subscribing.make(database)


def settle(anne: Subscriber, on: date) -> None:
    """Deliver what is owed, as whoever serves does."""
    for lane in reactions.invoice_table(Operator(), anne.database, lambda: noon(on)):
        outbox.drain(anne.database, lane.topic, lane.reaction, batch=lane.batch)


def issued(anne: Subscriber) -> list[Content]:
    with anne.database.reading() as session:
        rows = session.execute(select(AccountingDocument).order_by(col(AccountingDocument.position))).scalars()
        return [issues.content_of(row) for row in rows]


def test_each_period_is_invoiced_once_with_its_days_and_its_tax(anne: Subscriber) -> None:
    anne.start()
    for on in (date(2026, 12, 1), date(2026, 12, 1), date(2027, 1, 1)):
        anne.look_after(on)
        settle(anne, on)
    first, second = issued(anne)
    assert (first.net_cents, first.tax_cents, first.gross_cents) == (NET, TAX, NET + TAX)
    assert (first.number, second.number) == ("BST-2026-1", "BST-2027-1")
    assert (first.starts_on, first.ends_on) == (date(2026, 12, 1), date(2026, 12, 31))
    assert (second.starts_on, second.ends_on) == (date(2027, 1, 1), date(2027, 1, 31))
    assert (first.seller.name, first.buyer.name, first.issuer) == (Operator().name, "Anne Le Goff EI", "")
    with anne.database.reading() as session:
        assert boost_invoices.owed(session) == []


def test_what_an_upgrade_takes_off_is_a_reduction(anne: Subscriber) -> None:
    anne.start()
    with anne.database.reading() as session:
        subscription = boosts.of_expert(session, anne.who)
        _, price = boost_calls.quote_upgrade(session, anne.settings, subscription, noon(DAY))
    upgraded = anne.upgrade(price.gross_cents, DAY)
    settle(anne, DAY)
    invoice = issued(anne)[-1]
    assert upgraded.credit_cents > 0
    assert (invoice.reduction_cents, invoice.gross_cents) == (upgraded.credit_cents, upgraded.gross_cents)
    assert invoice.lines[0].net_cents == upgraded.price_cents


def test_what_failed_and_what_came_for_nothing_is_not_invoiced(anne: Subscriber) -> None:
    anne.start(number=BAD)
    anne.write(lambda session: boosts.leave(session, [anne.expert_id], noon(FIRST)))
    asked = anne.start(number=ASKS)
    anne.write(lambda session: boosts.leave(session, [anne.expert_id], noon(FIRST)))
    anne.answer(asked)
    anne.deliver()
    settle(anne, FIRST)
    charges = anne.rows(BoostCharge)
    assert sorted((row.state, row.is_stray) for row in charges) == [("failed", False), ("succeeded", True)]
    boost_invoices.issue(anne.database, Operator(), ["nothing", *(row.id for row in charges)], noon(FIRST))
    assert issued(anne) == []


def test_a_draft_that_breaks_a_rule_says_which_and_is_issued_once_that_is_mended(anne: Subscriber) -> None:
    charge = anne.start()
    with anne.database.writing() as session:
        identity = session.get_one(LegalIdentity, anne.expert_id)
        number, identity.registration_number = identity.registration_number, None
    with pytest.raises(Unfit, match="siren"):
        boost_invoices.issue(anne.database, Operator(), [charge.id], noon(FIRST))
    with anne.database.writing() as session:
        found = legal_identities.of(session, anne.expert_id)
        assert found
        found.registration_number = number
        session.add(found)
    settle(anne, FIRST)
    assert len(issued(anne)) == 1


def test_in_portage_it_is_a_private_person_who_buys(anne: Subscriber) -> None:
    charge = anne.start()
    with anne.database.writing() as session:
        session.get_one(LegalIdentity, anne.expert_id).status = "portage_salarial"
    boost_invoices.issue(anne.database, Operator(), [charge.id], noon(FIRST))
    [invoice] = issued(anne)
    assert (invoice.buyer.is_business, invoice.buyer.registration_number) == (False, None)
