import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from accounts import accounts
from accounts.models.accounts import AccountKind, Client, Membership, Role
from accounts.sign_ins import SignedIn
from booking import signatures
from booking.lifecycle import QuoteEvent, QuoteState
from booking.models.missions import Mission
from booking.models.quotes import Quote, Side, Signature
from booking.signatures import NewerVersion, NotApproved
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from foundation.lifecycles import Refused
from foundation.mails import MailRow
from foundation.sms import SmsRow
from tests import signed_in
from tests.booking import quoted
from tests.booking.quoted import AT, consent


def accept(database: Database, who: SignedIn, quote: Quote, **values: Any) -> Mission:
    with database.writing() as session:
        given = consent(**values)
        return signatures.accept(session, who, quote.id, given, address="192.0.2.1", language="en", at=AT)


def faults(raised: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [f"{fault.field} {fault.code}" for fault in raised.value.faults]


def told(database: Database) -> list[tuple[str, str]]:
    """Return who got which news."""
    with database.reading() as session:
        mails = session.execute(select(MailRow).where(col(MailRow.template) == "news")).scalars()
        return sorted(((mail.values or {})["code"], mail.recipient) for mail in mails)


@pytest.fixture
def berta(database: Database) -> SignedIn:
    return quoted.client(database)


@pytest.fixture
def quote(database: Database, berta: SignedIn) -> Quote:
    return quoted.sent(database, quoted.expert(database), berta)


def test_acceptance_is_the_signature_and_makes_the_mission(database: Database, berta: SignedIn, quote: Quote) -> None:
    mission = accept(database, berta, quote, order_number="PO 17")
    assert (mission.number, mission.state, mission.order_number) == ("M-2026-00001", "awaiting_funds", "PO 17")
    with database.reading() as session:
        kept = session.get_one(Quote, quote.id)
        assert (kept.state, kept.accepted_version, kept.decided_at) == ("accepted", 1, AT)
        signature = signatures.of_quote(session, quote.id)[1, Side.CLIENT]
        owner = accounts.owner_of(session, quote.expert_id)
    assert (signature.name, signature.account_id, signature.signed_at) == ("Berta", berta.account_id, AT)
    assert (signature.content_hash, signature.address, signature.order_number) == ("hash of 1", "192.0.2.1", "PO 17")
    assert signature.terms_version == "2026-11-30"
    assert told(database) == [("quote_accepted", owner.email if owner else ""), ("quote_signed", berta.email)]


def test_the_expert_hears_of_an_acceptance_by_sms_too(database: Database) -> None:
    berta = quoted.client(database)
    anne = signed_in.make(database, AccountKind.EXPERT, "Anne", phone="+33612345678", language="fr")
    with database.writing() as session:
        session.get_one(Client, berta.client_id).name = "Société générale de l’exportation et du négoce d’Aquitaine"
    accept(database, berta, quoted.sent(database, quoted.who(database, anne), berta))
    with database.reading() as session:
        [row] = session.execute(select(SmsRow)).scalars()
    assert (row.recipient, row.account_id) == ("+33612345678", anne.id)
    assert row.text.startswith("Portulan : Société générale de l'exportation")
    assert "Q-2026-00001" in row.text


def test_only_the_latest_version_that_was_sent_is_accepted(database: Database, berta: SignedIn, quote: Quote) -> None:
    quoted.amended(database, quote)
    for seen in (consent(1), consent(2, content_hash="hash of 1")):
        with database.writing() as session, pytest.raises(NewerVersion):
            signatures.accept(session, berta, quote.id, seen, address="", language="en", at=AT)
    assert accept(database, berta, quote, version=2)


def test_an_amendment_of_what_was_signed_is_signed_anew_and_keeps_its_mission(
    database: Database, berta: SignedIn, quote: Quote
) -> None:
    first = accept(database, berta, quote)
    quoted.amended(database, quote, ends_on=date(2027, 2, 26))
    again = accept(database, berta, quote, version=2)
    assert (again.id, again.ends_on) == (first.id, date(2027, 2, 26))
    with database.reading() as session:
        assert set(signatures.of_quote(session, quote.id)) == {(1, Side.CLIENT), (2, Side.CLIENT)}


def test_a_declined_amendment_leaves_what_was_signed(database: Database, berta: SignedIn, quote: Quote) -> None:
    accept(database, berta, quote)
    quoted.amended(database, quote)
    with database.writing() as session:
        kept = signatures.decline(session, berta, quote.id, "Too many days", at=AT)
        assert (kept.state, kept.accepted_version) == (QuoteState.ACCEPTED, 1)


def test_declining_tells_the_expert_why(database: Database, berta: SignedIn, quote: Quote) -> None:
    with database.writing() as session:
        assert signatures.decline(session, berta, quote.id, "Too expensive", at=AT).state == QuoteState.DECLINED
    [(code, _)] = told(database)
    assert code == "quote_declined"
    with pytest.raises(Refused) as refused:
        accept(database, berta, quote)
    assert (refused.value.event, refused.value.possible) == (QuoteEvent.ACCEPT, ())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"has_read_terms": False}, ["terms missing"]),
        ({"order_number": "x" * 51}, ["order_number too_long"]),
        ({"order_number": "a\nb"}, ["order_number too_long"]),
    ],
)
def test_what_lacks_is_said_beside_its_field_and_nothing_is_signed(
    database: Database, berta: SignedIn, quote: Quote, values: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(Invalid) as raised:
        accept(database, berta, quote, **values)
    assert faults(raised) == expected
    with database.reading() as session:
        assert session.execute(select(Signature)).first() is None
        assert session.get_one(Quote, quote.id).state == QuoteState.SENT


def test_booking_needs_the_details_that_contact_did_not(database: Database, berta: SignedIn, quote: Quote) -> None:
    with database.writing() as session:
        session.get_one(Client, berta.client_id).iban = None
    with pytest.raises(Invalid) as raised:
        accept(database, berta, quote)
    assert faults(raised) == ["iban missing"]


def test_an_expired_quote_is_not_accepted_but_on_its_last_day(database: Database, berta: SignedIn) -> None:
    anne = quoted.expert(database)
    with pytest.raises(Invalid) as raised:
        accept(database, berta, quoted.sent(database, anne, berta, valid_until=AT.date() - timedelta(days=1)))
    assert faults(raised) == ["version expired"]
    assert accept(database, berta, quoted.sent(database, anne, berta, valid_until=AT.date()))


def test_a_private_client_asks_for_a_start_within_the_14_days(database: Database) -> None:
    paul, anne = quoted.client(database, AccountKind.PRIVATE_CLIENT), quoted.expert(database)
    soon = quoted.sent(database, anne, paul, starts_on=AT.date() + timedelta(days=13))
    with pytest.raises(Invalid) as raised:
        accept(database, paul, soon)
    assert faults(raised) == ["early_start missing"]
    assert accept(database, paul, soon, wants_early_start=True)
    assert accept(database, paul, quoted.sent(database, anne, paul, starts_on=AT.date() + timedelta(days=15)))


def colleague(database: Database, berta: SignedIn, role: Role, limit_cents: int | None = None) -> SignedIn:
    account = signed_in.make(database, AccountKind.COMPANY, "Carl")
    with database.writing() as session:
        membership = session.get_one(Membership, account.id)
        membership.client_id, membership.role = str(berta.client_id), role.value
        membership.approval_limit_cents = limit_cents
    return quoted.who(database, account)


def test_a_colleague_accepts_up_to_the_limit_and_asks_others_above(
    database: Database, berta: SignedIn, quote: Quote
) -> None:
    carl = colleague(database, berta, Role.BUYER, 479_999)
    with pytest.raises(NotApproved) as refused:
        accept(database, carl, quote)
    assert refused.value.approvers == (berta.account_id,)
    for _ in range(2):
        with database.writing() as session:
            signatures.ask_approval(session, carl, quote.id, at=AT)
    assert told(database) == [("approval_wanted", berta.email)]
    with database.writing() as session:
        session.get_one(Membership, carl.account_id).approval_limit_cents = 480_000
    assert accept(database, carl, quote)


def test_limits_are_in_euros_whatever_the_quote_is_in(database: Database, berta: SignedIn) -> None:
    carl = colleague(database, berta, Role.BUYER, 480_000)
    in_francs = quoted.sent(database, quoted.expert(database), berta, currency="XOF")
    assert accept(database, carl, in_francs)
    in_pounds = quoted.sent(database, quoted.expert(database), berta, currency="GBP")
    with pytest.raises(NotApproved):
        accept(database, carl, in_pounds)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ACCOUNTANT])
def test_who_only_looks_or_pays_signs_and_declines_nothing(
    database: Database, berta: SignedIn, quote: Quote, role: Role
) -> None:
    other = colleague(database, berta, role)
    with pytest.raises(NotApproved):
        accept(database, other, quote)
    with database.writing() as session, pytest.raises(NotFound):
        signatures.decline(session, other, quote.id, "", at=AT)
    with database.writing() as session, pytest.raises(NotFound):
        signatures.ask_approval(session, other, quote.id, at=AT)


def test_others_quotes_and_drafts_do_not_exist(database: Database, berta: SignedIn, quote: Quote) -> None:
    stranger = quoted.client(database)
    with pytest.raises(NotFound):
        accept(database, stranger, quote)
    with pytest.raises(NotFound):
        accept(database, quoted.expert(database), quote)
    with database.writing() as session:
        draft = Quote(number="Q", expert_id="e", client_id=berta.client_id, made_at=AT, changed_at=AT)
        session.add(draft)
    with pytest.raises(NotFound):
        accept(database, berta, draft)


@pytest.mark.parametrize("table", ["quote_versions", "signatures"])
@pytest.mark.parametrize("change", ["UPDATE {} SET content_hash = ''", "DELETE FROM {}"])
def test_what_was_signed_can_not_be_changed(
    database: Database, berta: SignedIn, quote: Quote, table: str, change: str
) -> None:
    accept(database, berta, quote)
    with pytest.raises(DBAPIError, match="only added to"), database.writing() as session:
        session.execute(text(change.format(table)))


@pytest.mark.parametrize("table", ["quote_versions", "signatures"])
def test_what_was_signed_is_not_written_over(database: Database, berta: SignedIn, quote: Quote, table: str) -> None:
    accept(database, berta, quote)
    if database.engine.dialect.name == "sqlite":
        over = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    else:
        key = {"quote_versions": "quote_id, number", "signatures": "quote_id, version, side"}[table]
        over = f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET content_hash = ''"
    with pytest.raises(DBAPIError, match="only added to"), database.writing() as session:
        session.execute(text(over))


def test_of_two_who_decide_at_once_one_does_and_the_other_is_told(
    database: Database, berta: SignedIn, quote: Quote
) -> None:
    carl = colleague(database, berta, Role.BUYER)
    start = threading.Barrier(2, timeout=20)
    said: list[str] = []

    def decide(name: str, work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
            said.append(name)
        except Conflict:
            said.append("too late")

    def declined() -> None:
        with database.writing() as session:
            signatures.decline(session, carl, quote.id, "", at=AT)

    threads = [
        threading.Thread(target=decide, args=("accepted", lambda: accept(database, berta, quote))),
        threading.Thread(target=decide, args=("declined", declined)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [outcome] = set(said) - {"too late"}
    assert sorted(said) == sorted([outcome, "too late"])
    with database.reading() as session:
        assert session.get_one(Quote, quote.id).state == outcome
        assert len(session.execute(select(Mission)).all()) == (outcome == "accepted")
