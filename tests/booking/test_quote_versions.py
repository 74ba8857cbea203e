"""Sending, amending, withdrawing, expiring: what is written, who hears of it, what is refused."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from accounts.models.accounts import Account, AccountKind
from booking import (
    quote_changes,
    quote_contents,
    quote_deadlines,
    quote_documents,
    quote_drafts,
    quote_versions,
    quotes,
)
from booking.missions import Frozen
from booking.models.missions import Mission
from booking.models.quotes import Quote, QuoteKind, QuoteVersion, Signature
from booking.models.sheets import Offer
from booking.quote_documents import Sending
from booking.quote_drafts import ChangedMeanwhile, For
from booking.quotes import NeedsRefund
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from foundation.lifecycles import Refused
from foundation.mails import MailRow
from tests import signed_in
from tests.booking import quoting
from tests.booking.quoting import AT, FORM


def set_state(database: Database, mission: Mission, state: str) -> None:
    with database.writing() as session:
        session.get_one(Mission, mission.id).state = state


def fields(caught: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [fault.field for fault in caught.value.faults]


def told(database: Database) -> list[str]:
    """Return what mails tell about quotes, by when and then by their codes."""
    with database.reading() as session:
        rows = session.execute(select(MailRow)).scalars().all()
    found = sorted((row.written_at, str((row.values or {}).get("code", row.template))) for row in rows)
    return [code for _, code in found if "quote" in code]


@pytest.fixture
def pair(database: Database) -> tuple[Account, Account]:
    return quoting.expert(database), quoting.client(database)


@pytest.fixture
def sent(database: Database, pair: tuple[Account, Account]) -> Quote:
    expert, client = pair
    return quoting.sent(database, expert, For(offer_id=quoting.offered(database, client, expert).id))


def test_a_sent_quote_keeps_what_was_true(database: Database, pair: tuple[Account, Account], sent: Quote) -> None:
    with database.reading() as session:
        quote = session.get_one(Quote, sent.id)
        version = session.get_one(QuoteVersion, (sent.id, 1))
        signature = session.get_one(Signature, (sent.id, 1, "expert"))
        offer = session.get_one(Offer, quote.offer_id)
    document = quote_documents.of(version)
    assert (quote.state, quote.latest_version, quote.valid_until) == ("sent", 1, date(2026, 12, 31))
    assert (version.net_cents, version.tax_cents, version.gross_cents) == (340_550, 68_110, 408_660)
    assert (version.commission_rate_bp, version.commission_cents) == (1_000, 40_866)
    assert document.parties.expert.registration_number == "73282932000074"
    assert document.parties.client.country == "FR"
    assert document.tax is not None
    assert (document.tax.code, document.tax.rate_bp) == ("S", 2_000)
    assert version.content_hash == quote_contents.hash_of(version.content) == signature.content_hash
    assert (signature.account_id, signature.address, signature.terms_version) == (pair[0].id, "127.0.0.1", "2026-11-30")
    assert offer.state == "answered"
    assert told(database) == ["quote_received"]


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("table", ["quote_versions", "signatures"])
def test_what_was_sent_stays(database: Database, table: str) -> None:
    column = "reason" if table == "quote_versions" else "name"
    for statement in (f"UPDATE {table} SET {column} = 'other'", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError), database.writing() as session:
            session.execute(text(statement))


def test_nothing_is_sent_before_identity_and_mandate(database: Database) -> None:
    client = quoting.client(database)
    nobody = signed_in.make(database, AccountKind.EXPERT, "Nora")
    for expert, field in ((nobody, "identity"), (quoting.expert(database, has_mandate=False), "mandate")):
        quote = quoting.drafted(database, expert, For(offer_id=quoting.offered(database, client, expert).id))
        with pytest.raises(Invalid) as caught:
            quoting.send(database, expert, quote)
        assert fields(caught) == [field]
    assert told(database) == []


def test_a_quote_is_sent_once(database: Database, pair: tuple[Account, Account], sent: Quote) -> None:
    with pytest.raises(Refused):
        quoting.send(database, pair[0], sent)


def test_nobody_else_sees_saves_or_sends_it(database: Database, pair: tuple[Account, Account], sent: Quote) -> None:
    tries: list[Callable[[Session, Sending], object]] = [
        lambda session, how: quotes.seen_by(session, how.who, sent.id),
        lambda session, how: quote_drafts.save(session, how.who, sent.id, FORM, 1, at=AT),
        lambda session, how: quote_versions.amend(session, sent.id, "Why not", how),
        lambda session, how: quotes.withdraw(session, how.who, sent.id, at=AT),
        lambda session, how: quotes.cancel(session, how.who, sent.id, "Why not", at=AT),
        lambda session, how: quote_drafts.discard(session, how.who, sent.id, at=AT),
    ]
    for account in (quoting.expert(database, name="Otto"), quoting.client(database)):
        how = quoting.sending(database, account)
        for attempt in tries:
            with pytest.raises(NotFound), database.writing() as session:
                attempt(session, how)
    client = quoting.who(database, pair[1])
    with database.writing() as session:
        assert quotes.seen_by(session, client, sent.id).id == sent.id
        with pytest.raises(NotFound):
            quotes.withdraw(session, client, sent.id, at=AT)


def test_the_client_sees_no_draft(database: Database, pair: tuple[Account, Account]) -> None:
    expert, client = pair
    quote = quoting.drafted(database, expert, For(offer_id=quoting.offered(database, client, expert).id))
    signed = quoting.who(database, client)
    with database.reading() as session, pytest.raises(NotFound):
        quotes.seen_by(session, signed, quote.id)


def test_an_expert_begins_with_nobody(database: Database, pair: tuple[Account, Account]) -> None:
    expert, client = pair
    with pytest.raises(NotFound):
        quoting.drafted(database, expert, For(client_id=quoting.client_id_of(database, client)))
    other_offer = quoting.offered(database, client, quoting.expert(database, name="Otto"))
    with pytest.raises(NotFound):
        quoting.drafted(database, expert, For(offer_id=other_offer.id))


def test_one_draft_for_an_offer_at_a_time(database: Database, pair: tuple[Account, Account]) -> None:
    expert, client = pair
    to = For(offer_id=quoting.offered(database, client, expert).id)
    signed = quoting.who(database, expert)
    with database.writing() as session:
        first = quote_drafts.start(session, signed, to, QuoteKind.SCOPING, "en", at=AT)
        said = (first.number, first.draft["title"], first.draft["objectives"], first.draft["kind"])
    assert said == ("Q-2026-00001", "Audit wanted", "Know the duties", "scoping")
    assert quoting.drafted(database, expert, to).id == first.id
    quoting.send(database, expert, first)
    assert quoting.drafted(database, expert, to).id != first.id  # a second proposal for the same need


def test_a_stale_save_is_refused_and_changes_nothing(database: Database, pair: tuple[Account, Account]) -> None:
    expert, client = pair
    quote = quoting.drafted(database, expert, For(offer_id=quoting.offered(database, client, expert).id))
    signed = quoting.who(database, expert)
    with pytest.raises(ChangedMeanwhile), database.writing() as session:
        quote_drafts.save(session, signed, quote.id, {**FORM, "title": "Late"}, 0, at=AT)
    with database.reading() as session:
        row = session.get_one(Quote, quote.id)
    assert (row.draft["title"], row.draft_edition) == ("Customs audit", 1)
    how = quoting.sending(database, expert)
    with pytest.raises(ChangedMeanwhile), database.writing() as session:
        quote_versions.issue(session, quote.id, 0, "", how)


def test_an_amendment_says_why_and_what(database: Database, pair: tuple[Account, Account], sent: Quote) -> None:
    expert = pair[0]
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(Invalid) as caught:
            quoting.amend(database, expert, sent, reason=reason, days_1_number="6")
        assert fields(caught) == ["reason"]
    version = quoting.amend(database, expert, sent, reason="Two more ports", days_1_number="6")
    with database.reading() as session:
        first = session.get_one(QuoteVersion, (sent.id, 1))
    changed = quote_changes.between(quote_documents.of(first), quote_documents.of(version))
    assert (version.number, version.reason) == (2, "Two more ports")
    assert [change.part for change in changed] == ["days", "net_cents", "tax_cents", "gross_cents"]
    assert first.net_cents == 340_550
    with pytest.raises(Invalid) as caught:
        quoting.amend(database, expert, sent)
    assert fields(caught) == ["reason"]  # nothing differs
    assert told(database) == ["quote_amended", "quote_received"]


def test_the_signed_day_rate_never_changes(database: Database, pair: tuple[Account, Account], sent: Quote) -> None:
    expert, client = pair
    quoting.amend(database, expert, sent, day_rate="700")  # not signed yet
    quoting.accept(database, client, sent)
    for form, field in (
        ({"day_rate": "750"}, "day_rate"),
        ({"day_rate": "", "days_1_label": "", "days_1_number": ""}, "day_rate"),
        ({"currency": "CHF"}, "currency"),
        ({"portage": "partner"}, "portage"),
    ):
        with pytest.raises(Invalid) as caught:
            quoting.amend(database, expert, sent, **form)
        assert fields(caught) == [field]
        quoting.save(database, expert, sent, **{**FORM, "portage": "none", "day_rate": "700"})
    version = quoting.amend(database, expert, sent, days_1_number="8")
    with database.reading() as session:
        row = session.get_one(Quote, sent.id)
    assert (row.state, row.accepted_version, version.number) == ("amended", 2, 3)


def test_nothing_is_amended_once_the_work_is_done(
    database: Database, pair: tuple[Account, Account], sent: Quote
) -> None:
    mission = quoting.accept(database, pair[1], sent)
    with database.writing() as session:
        session.get_one(Mission, mission.id).ended_at = AT
    with pytest.raises(Frozen):
        quoting.save(database, pair[0], sent, days_1_number="8")
    how = quoting.sending(database, pair[0])
    with pytest.raises(Frozen), database.writing() as session:
        quote_versions.amend(session, sent.id, "More", how)
    set_state(database, mission, "reported")
    with pytest.raises(Frozen), database.writing() as session:
        quotes.cancel(session, how.who, sent.id, "Done", at=AT)


def test_withdrawing_an_amendment_leaves_what_was_signed(
    database: Database, pair: tuple[Account, Account], sent: Quote
) -> None:
    expert, client = pair
    quoting.accept(database, client, sent)
    quoting.amend(database, expert, sent, days_1_number="8")
    signed = quoting.who(database, expert)
    with database.writing() as session:
        quotes.withdraw(session, signed, sent.id, at=AT)
    with pytest.raises(Refused), database.writing() as session:
        quotes.withdraw(session, signed, sent.id, at=AT)
    with database.reading() as session:
        row = session.get_one(Quote, sent.id)
    assert (row.state, row.accepted_version, row.latest_version) == ("accepted", 1, 2)


@pytest.mark.parametrize("by", ["expert", "client"])
def test_a_signed_quote_is_cancelled_only_before_it_is_paid(
    database: Database, pair: tuple[Account, Account], sent: Quote, by: str
) -> None:
    mission = quoting.accept(database, pair[1], sent)
    signed = quoting.who(database, pair[0] if by == "expert" else pair[1])
    set_state(database, mission, "funded")
    with pytest.raises(NeedsRefund), database.writing() as session:
        quotes.cancel(session, signed, sent.id, "Fell ill", at=AT)
    set_state(database, mission, "awaiting_funds")
    with database.writing() as session:
        quotes.cancel(session, signed, sent.id, "Fell ill", at=AT)
    with database.reading() as session:
        states = (session.get_one(Quote, sent.id).state, session.get_one(Mission, mission.id).state)
    assert states == ("cancelled", "cancelled")


def test_an_expired_quote_is_told_of_once_and_renewed(
    database: Database, pair: tuple[Account, Account], sent: Quote
) -> None:
    for days, codes in ((26, []), (27, ["quote_expiring"]), (30, ["quote_expiring"])):
        quote_deadlines.look_after(database, AT + timedelta(days=days))
        assert told(database)[1:] == codes
    for _ in range(2):
        quote_deadlines.look_after(database, AT + timedelta(days=31))
        assert sorted(told(database)[2:]) == ["own_quote_expired", "quote_expired"]
    later = AT + timedelta(days=32)
    how = quoting.sending(database, pair[0], later)
    with pytest.raises(Invalid) as caught, database.writing() as session:
        quote_versions.renew(session, sent.id, "2026-12-31", "Once more", how)
    assert fields(caught) == ["valid_until"]
    with database.writing() as session:
        version = quote_versions.renew(session, sent.id, "2027-01-31", "Once more", how)
    with database.reading() as session:
        row = session.get_one(Quote, sent.id)
    assert (row.state, row.valid_until, version.number) == ("sent", date(2027, 1, 31), 2)


def test_only_a_draft_is_discarded(database: Database, pair: tuple[Account, Account], sent: Quote) -> None:
    expert = pair[0]
    signed = quoting.who(database, expert)
    with pytest.raises(Conflict), database.writing() as session:
        quote_drafts.discard(session, signed, sent.id, at=AT)
    other = quoting.drafted(database, expert, For(client_id=quoting.client_id_of(database, pair[1])))
    with database.writing() as session:
        quote_drafts.discard(session, signed, other.id, at=AT)
    with database.reading() as session:
        assert session.get(Quote, other.id) is None


def test_a_closed_offer_takes_no_quote(database: Database, pair: tuple[Account, Account]) -> None:
    expert, client = pair
    offer = quoting.offered(database, client, expert)
    quote = quoting.drafted(database, expert, For(offer_id=offer.id))
    with database.writing() as session:
        session.get_one(Offer, offer.id).state = "withdrawn"
    with pytest.raises(Refused):
        quoting.send(database, expert, quote)
    with database.reading() as session:
        assert session.get_one(Quote, quote.id).state == "draft"


@pytest.mark.parametrize(
    ("identity", "client", "form", "code", "cents"),
    [
        ({}, {"country": "DE", "vat_number": "DE136695976"}, {}, "AE", 0),
        ({}, {"country": "DE"}, {}, "S", 68_110),
        ({}, {"country": "US"}, {}, "O", 0),
        ({"has_vat_franchise": "on", "vat_number": ""}, {}, {}, "E", 0),
        ({}, {"country": None}, {"client_country": "BE"}, "S", 68_110),
        ({}, {}, {"portage": "partner"}, None, 0),
    ],
)
def test_the_tax_is_decided_when_it_is_sent(
    database: Database,
    identity: dict[str, str],
    client: dict[str, str | None],
    form: dict[str, str],
    code: str | None,
    cents: int,
) -> None:
    expert, buyer = quoting.expert(database, **identity), quoting.client(database, **client)
    quote = quoting.drafted(database, expert, For(offer_id=quoting.offered(database, buyer, expert).id), **form)
    version = quoting.send(database, expert, quote)
    tax = quote_documents.of(version).tax
    assert (tax.code if tax else None, version.tax_cents) == (code, cents)
    assert version.gross_cents == version.net_cents + version.tax_cents
    assert (version.commission_cents == 0) == (code is None)


@pytest.mark.parametrize(
    ("identity", "client", "form", "field"),
    [
        ({}, {"country": None}, {}, "client_country"),
        ({"country": "CH", "status": "company", "registration_number": "CHE-100.155.212", "vat_number": ""},
         {"country": "CH"}, {}, "own_rate"),
        ({"status": "portage_salarial", "portage_company": "Portée"}, {}, {}, "portage"),
        ({}, {}, {"portage": "own"}, "portage_company"),
    ],
)  # fmt: skip
def test_what_the_tax_needs_is_asked_for(
    database: Database, identity: dict[str, str], client: dict[str, str | None], form: dict[str, str], field: str
) -> None:
    expert, buyer = quoting.expert(database, has_mandate=False, **identity), quoting.client(database, **client)
    if identity.get("status") != "portage_salarial":
        quoting.give_mandate(database, expert)
    quote = quoting.drafted(database, expert, For(offer_id=quoting.offered(database, buyer, expert).id), **form)
    with pytest.raises(Invalid) as caught:
        quoting.send(database, expert, quote)
    assert fields(caught) == [field]
