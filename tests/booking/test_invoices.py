"""A mission is released with its invoices, or not at all: what they say, what holds them up, and how that ends."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import AccountKind, Client, Role
from billing import chargebacks, commissions, entries, escrows, refunds, taxes
from billing.commissions import Price
from billing.documents import checks, issues
from billing.documents.contents import Content, Means
from billing.lifecycle import ChargebackState, EscrowState
from billing.models.documents import AccountingDocument
from billing.models.escrows import Payment, PaymentKind
from billing.providers.interface import Disputed
from booking import disagreements, invoice_drafts, invoice_holds, invoices, reports
from booking.invoice_drafts import Work
from booking.quote_contents import Document, Seller
from foundation.database import Database
from foundation.errors import Invalid, NotFound
from foundation.lifecycles import Refused
from foundation.mails import MailRow
from foundation.settings import Operator
from tests import signed_in
from tests.booking import carried_out
from tests.booking.carried_out import PORTAGE, Stage
from tests.booking.quoted import CONTENT

PRICE = 480_000
NOBODY = {**CONTENT["parties"]["client"], "registration_number": None, "vat_number": None}


def issued(database: Database) -> list[Content]:
    with database.reading() as session:
        rows = session.execute(select(AccountingDocument).order_by(col(AccountingDocument.kind).desc())).scalars()
        return [issues.content_of(row) for row in rows]


def state(stage: Stage) -> tuple[str, str]:
    with stage.database.reading() as session:
        return stage.mission.state, escrows.of(session, stage.id).state


def told(database: Database) -> list[str]:
    with database.reading() as session:
        rows = session.execute(select(MailRow).where(col(MailRow.template) == "news")).scalars()
        return sorted(code for row in rows if (code := (row.values or {})["code"]).startswith("invoice"))


def registered(stage: Stage, number: str | None) -> None:
    with stage.database.writing() as session:
        session.get_one(Client, stage.client.client_id).registration_number = number


def held_up(database: Database) -> Stage:
    """Return a validated mission whose client's company has no number that anybody knows of."""
    stage = Stage(database).accept(parties={"client": NOBODY}).pay().start().report()
    registered(stage, None)
    return stage.validate()


def test_a_validated_mission_is_invoiced_as_it_was_signed_paid_and_done(database: Database) -> None:
    stage = Stage(database, order_number="").accept().pay().start().report().validate()
    assert state(stage) == ("closed", EscrowState.RELEASED)
    invoice, fee = issued(database)
    assert (invoice.seller.name, invoice.buyer.name) == ("Anne Martin Conseil", "Berta & Co")
    assert (invoice.net_cents, invoice.tax_cents, invoice.gross_cents) == (400_000, 80_000, PRICE)
    assert (invoice.reference, invoice.means, invoice.issuer) == (stage.mission.number, Means.TRANSFER, Operator().name)
    assert invoice.paid_on == invoice.issued_on == invoice.ends_on == date(2026, 12, 1)
    assert (fee.seller.name, fee.buyer.name) == (Operator().name, "Anne Martin Conseil")
    assert (fee.gross_cents, fee.means) == (48_000, Means.OFFSET)
    assert "10%" in fee.lines[0].label


def test_an_invoice_names_the_address_that_it_is_sent_to(database: Database) -> None:
    stage = Stage(database).accept()
    client_id = stage.client.client_id
    ada = signed_in.make(database, AccountKind.COMPANY, "Ada", client_id=client_id, role=Role.ACCOUNTANT)
    stage.pay().start().report().validate()
    assert issued(database)[0].buyer.email == ada.email


def test_it_is_issued_once_however_often_that_is_owed(database: Database) -> None:
    stage = Stage(database).accept().pay().start().report().validate()
    invoices.issue(database, Operator(), [stage.id, "nothing", stage.id], stage.now())
    invoices.look_after(database, Operator(), stage.now())
    assert len(issued(database)) == 2


def test_in_portage_nothing_is_invoiced_here(database: Database) -> None:
    stage = Stage(database).accept(**PORTAGE)
    with database.writing() as session:
        carried_out.missions.confirm_portage(session, carried_out.operator(database), stage.id, at=stage.now())
    stage.start().report().validate()
    assert (stage.mission.state, issued(database)) == ("closed", [])


def test_what_went_back_by_agreement_is_taken_off_both_invoices(database: Database) -> None:
    stage = Stage(database).accept().pay().start()
    with database.writing() as session:
        disagreements.ask_refund(session, stage.client, stage.id, 100_001, "Less was done", at=stage.now())
    stage.hear()
    with database.reading() as session:
        asked = disagreements.refund_in_question(session, stage.mission)
        assert asked
    with database.writing() as session:
        refunds.consent(session, stage.expert, asked.id, "192.0.2.1", at=stage.now())
    stage.hear().report().validate()
    invoice, fee = issued(database)
    assert (invoice.gross_cents, invoice.reduction_cents > 0) == (PRICE - 100_001, True)
    with database.reading() as session:
        assert fee.gross_cents == entries.fee_cents(session, escrows.of(session, stage.id))


def test_a_draft_that_breaks_a_rule_holds_the_release_and_tells_who_can_mend_it(database: Database) -> None:
    carried_out.operator(database)
    stage = held_up(database)
    assert (state(stage), issued(database)) == (("validated", EscrowState.HELD), [])
    assert told(database) == ["invoice_details_wanted_client", "invoices_held"]
    with database.reading() as session:
        [(hold, mission)] = invoice_holds.waiting(session, limit=10)
        assert (mission.id, invoice_holds.count_waiting(session)) == (stage.id, 1)
        [failure] = invoice_holds.failures(hold, "en")
        assert (failure.rule, failure.fix) == ("siren", "Whoever it belongs to corrects it in their own details.")
        assert invoice_holds.failures(hold, "fr", side="buyer")[0].fix.endswith("propres coordonnées.")
        assert invoice_holds.failures(hold, "en", side="seller") == []
    invoices.look_after(database, Operator(), stage.now())
    assert (len(told(database)), state(stage)) == (2, ("validated", EscrowState.HELD))


def test_what_was_validated_is_not_asked_back_while_its_invoices_wait(database: Database) -> None:
    stage = held_up(database)
    with database.writing() as session, pytest.raises(Refused):
        refunds.ask(session, stage.client, stage.id, 1_000, "After all", at=stage.now())
    registered(stage, "732829320")
    invoices.look_after(database, Operator(), stage.now())
    assert state(stage.hear()) == ("closed", EscrowState.RELEASED)


def test_once_it_is_mended_all_goes_on(database: Database) -> None:
    stage = held_up(database)
    registered(stage, "732829320")
    with database.writing() as session:
        invoice_holds.try_again(session, stage.id, stage.client.actor, at=stage.now())
    assert state(stage.hear()) == ("closed", EscrowState.RELEASED)
    assert issued(database)[0].buyer.registration_number == "732829320"
    with database.writing() as session:
        assert invoice_holds.of(session, stage.id) is None
        with pytest.raises(NotFound):
            invoice_holds.try_again(session, stage.id, stage.client.actor, at=stage.now())


def test_what_a_bank_took_back_after_the_validation_is_awaited_before_anything_is_issued(database: Database) -> None:
    stage = Stage(database).accept().pay().start().report()
    with database.writing() as session:
        reports.validate(session, stage.client, stage.id, at=stage.now())
        payment_id = session.execute(select(col(Payment.id))).scalar_one()
        taken = Disputed("d1", "p1", ChargebackState.TAKEN, PRICE, "EUR", stage.at, 0)
        chargebacks.take_in(session, payment_id, taken, at=stage.now())
    assert (state(stage.hear()), issued(database)) == (("validated", EscrowState.AWAITING), [])
    assert state(stage.pay()) == ("closed", EscrowState.RELEASED)
    assert len(issued(database)) == 2


def test_tax_in_another_currency_waits_until_somebody_says_what_a_euro_was_worth(database: Database) -> None:
    stage = Stage(database, currency="USD").accept().pay().start().report().validate()
    assert (state(stage), issued(database)) == (("validated", EscrowState.HELD), [])
    with database.writing() as session:
        [(hold, _)] = invoice_holds.waiting(session, limit=10)
        assert (invoice_holds.needs_rate(hold), len(invoice_holds.failures(hold, "en"))) == (True, 1)
        rate = invoice_holds.read_rate(" 1,25 ", "en")
        invoice_holds.try_again(session, stage.id, stage.client.actor, units_per_euro=rate, at=stage.now())
    assert state(stage.hear()) == ("closed", EscrowState.RELEASED)
    assert [(one.tax_cents, one.tax_euro_cents) for one in issued(database)] == [(80_000, 64_000), (8_000, 6_400)]


@pytest.mark.parametrize("typed", ["0", "-1", "1.2.3", "one", "1e3", "123456", "1.1234567"])
def test_a_rate_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        invoice_holds.read_rate(typed, "fr")
    assert invoice_holds.read_rate("  ", "fr") is None


@pytest.mark.parametrize(
    ("planned", "began_on", "ended_on", "expected"),
    [
        ((date(2027, 1, 11), date(2027, 1, 29)), date(2027, 1, 11), date(2027, 1, 29), (11, 29)),
        ((date(2027, 1, 11), date(2027, 1, 29)), date(2027, 1, 9), date(2027, 1, 20), (9, 20)),
        ((date(2027, 1, 11), date(2027, 1, 29)), date(2027, 1, 5), date(2027, 1, 8), (5, 8)),
        ((date(2027, 1, 11), date(2027, 1, 29)), date(2027, 1, 12), date(2027, 2, 3), (11, 29)),
        ((None, None), date(2027, 1, 12), date(2027, 1, 13), (12, 13)),
        ((None, None), None, date(2027, 1, 13), (13, 13)),
    ],
)
def test_the_days_of_the_work_are_those_planned_unless_it_was_earlier(
    planned: tuple[date | None, date | None], began_on: date | None, ended_on: date, expected: Sequence[int]
) -> None:
    first, last = invoice_drafts.service_days(planned, began_on, ended_on)
    assert (first.day, last.day) == tuple(expected)
    assert first <= last


def _document(net_cents: int, tax_cents: int) -> Document:
    days = {"starts_on": date(2026, 11, 2), "ends_on": date(2026, 11, 20), "valid_until": date(2026, 12, 31)}
    said: dict[str, Any] = {**CONTENT, "kind": "mission", "number": "Q-2026-00001", "version": 1, "language": "en"}
    amounts = {"net_cents": net_cents, "tax_cents": tax_cents, "gross_cents": net_cents + tax_cents}
    items = [{"label": "Audit", "cents": net_cents}]
    tax = {"code": "S", "rate_bp": 2_000, "country": "FR"}
    return Document(**said, **days, **amounts, currency="EUR", items=items, tax=tax)  # pyright: ignore[reportArgumentType]


@given(
    net_cents=st.integers(100, 10_000_000),
    rate_bp=st.integers(1, 3_000),
    share=st.integers(1, 1_000),
    has_tax=st.booleans(),
)
def test_the_commission_s_invoice_is_what_the_ledger_says_to_the_cent(
    net_cents: int, rate_bp: int, share: int, has_tax: bool
) -> None:
    document = _document(net_cents, taxes.share_cents(net_cents, 2_000))
    operator = Operator() if has_tax else Operator(country="US", vat_number="")
    before_tax_cents = taxes.share_cents(net_cents, rate_bp)
    commission_cents = before_tax_cents + (taxes.share_cents(before_tax_cents, 2_000) if has_tax else 0)
    price = Price.signed(
        net_cents=net_cents, gross_cents=document.gross_cents, rate_bp=rate_bp, commission_cents=commission_cents
    )
    released_cents = max(1, document.gross_cents * share // 1_000)
    days = (date(2026, 11, 2), date(2026, 11, 20), date(2026, 11, 1))
    work = Work("M-2026-00001", "", *days, PaymentKind.CARD, None, released_cents)
    seller = invoice_drafts.seller(Seller(**CONTENT["parties"]["expert"]), None, "anne@example.org")
    sent_on = date(2026, 10, 1)
    made = invoice_drafts.commission(document, seller, work, price, operator, sent_on=sent_on, on=date(2026, 12, 1))
    taken = commissions.on_part(price, released_cents)
    assert (made is None) == (taken.total_cents == 0)
    if made:
        assert (made.net_cents, made.tax_cents) == (taken.before_tax_cents, taken.tax_cents)
        assert list(checks.own_breaches(made)) == []
