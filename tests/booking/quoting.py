"""Experts who may quote, and what they type: for tests of quotes."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts import legal_identities
from accounts.models.accounts import Account, AccountKind, Client, Membership
from billing import mandates
from booking import quote_drafts, quote_versions, signatures
from booking.models.missions import Mission
from booking.models.quotes import Quote, QuoteKind, QuoteVersion
from booking.models.sheets import Offer, Sheet
from booking.quote_contents import Buyer, Days, Document, Parties, Seller, Taxed, hash_of
from booking.quote_documents import Sending
from booking.quote_drafts import For
from booking.signatures import Consent
from foundation import audits
from foundation.database import Database
from foundation.settings import Settings
from tests import signed_in, sirens
from tests.booking.quoted import AT, who

FORM: dict[str, str] = {
    "kind": "mission",
    "title": "Customs audit",
    "objectives": "Know the duties\nChoose a broker",
    "deliverables": "A report",
    "skills": "Customs",
    "starts_on": "2027-01-11",
    "ends_on": "2027-02-26",
    "valid_until": "2026-12-31",
    "currency": "EUR",
    "day_rate": "650",
    "days_1_label": "Audit",
    "days_1_number": "4,5",
    "item_1_label": "Travel",
    "item_1_amount": "480.50",
    "step_1_name": "Look",
    "step_1_from": "2027-01-11",
    "step_1_until": "2027-01-22",
}
"""4.5 × 650 + 480.50 = 3,405.50 before tax."""
IDENTITY = {
    "status": "sasu",
    "country": "FR",
    "legal_name": "Anne Conseil",
    "address": "1 rue du Port, Lyon",
    "registration_number": "73282932000074",
    "vat_number": "FR44732829320",
}


def expert(database: Database, *, name: str = "Anne", has_mandate: bool = True, **identity: str) -> Account:
    """Return an expert with a legal identity."""
    account = signed_in.make(database, AccountKind.EXPERT, name)
    identify(database, account, **identity)
    if has_mandate:
        give_mandate(database, account)
    return account


def identify(database: Database, account: Account, **identity: str) -> None:
    """Give an expert a legal identity."""
    with database.writing() as session:
        legal_identities.save(session, str(account.expert_id), {**IDENTITY, **identity}, actor=audits.SYSTEM, at=AT)


def give_mandate(database: Database, account: Account) -> None:
    """Have an expert give the billing mandate."""
    signed, text = who(database, account), mandates.CURRENT
    with database.writing() as session:
        mandates.accept(session, signed, text.version, text.sha256["en"], "127.0.0.1", AT)


def client(database: Database, kind: AccountKind = AccountKind.COMPANY, **details: Any) -> Account:
    """Return somebody who buys, in France unless said otherwise."""
    account = signed_in.make(database, kind, "Berta")
    with database.writing() as session:
        membership = session.get_one(Membership, account.id)
        known = {"country": "FR", "legal_form": "SAS", "address": "2 quai", "iban": "FR7630006000011234567890189"}
        if kind is AccountKind.COMPANY:
            known["registration_number"] = sirens.fresh()
        session.get_one(Client, membership.client_id).sqlmodel_update({**known, **details})
    return account


def client_id_of(database: Database, account: Account) -> str:
    """Return for whom an account acts."""
    with database.reading() as session:
        return session.get_one(Membership, account.id).client_id


def offered(database: Database, by: Account, to: Account) -> Offer:
    """Return an offer to an expert that waits for an answer."""
    client_id = client_id_of(database, by)
    with database.writing() as session:
        sheet = Sheet(
            state="published", client_id=client_id, title="Audit wanted", made_at=AT, changed_at=AT,
            content={"title": "Audit wanted", "objectives": ["Know the duties"], "skills": ["Customs"]},
        )  # fmt: skip
        session.add(sheet)
        session.flush()
        offer = Offer(
            sheet_id=sheet.id, client_id=client_id, expert_id=str(to.expert_id), sent_at=AT,
            expires_at=datetime(2027, 1, 31, tzinfo=UTC),
        )  # fmt: skip
        session.add(offer)
    return offer


def drafted(database: Database, by: Account, to: For, **form: str) -> Quote:
    """Return a draft with something in every compulsory field, and more."""
    signed = who(database, by)
    with database.writing() as session:
        quote = quote_drafts.start(session, signed, to, QuoteKind.MISSION, "en", at=AT)
        quote_drafts.save(session, signed, quote.id, {**FORM, **form}, quote.draft_edition, at=AT)
    return quote


def sent(database: Database, by: Account, to: For, **form: str) -> Quote:
    """Return a quote that was sent."""
    quote = drafted(database, by, to, **form)
    send(database, by, quote)
    return quote


def send(database: Database, by: Account, quote: Quote, at: datetime = AT) -> QuoteVersion:
    """Send a draft."""
    how = sending(database, by, at)
    with database.writing() as session:
        return quote_versions.send(session, quote.id, how)


def save(database: Database, by: Account, quote: Quote, **form: str) -> None:
    """Save a draft with other words."""
    signed = who(database, by)
    with database.writing() as session:
        row = session.get_one(Quote, quote.id)
        quote_drafts.save(session, signed, quote.id, {**row.draft, **form}, row.draft_edition, at=AT)


def amend(
    database: Database, by: Account, quote: Quote, *, reason: str = "More work", at: datetime = AT, **form: str
) -> QuoteVersion:
    """Send other words than before."""
    save(database, by, quote, **form)
    how = sending(database, by, at)
    with database.writing() as session:
        return quote_versions.amend(session, quote.id, reason, how)


def accept(database: Database, by: Account, quote: Quote) -> Mission:
    """Have the client sign what was sent last."""
    signed = who(database, by)
    with database.writing() as session:
        row = session.get_one(Quote, quote.id)
        version = session.get_one(QuoteVersion, (quote.id, row.latest_version))
        given = Consent(version.number, version.content_hash, has_read_terms=True)
        return signatures.accept(session, signed, quote.id, given, address="::1", language="en", at=AT)


def document(mark: str, number: str = "Q-2026-00001", **values: Any) -> Document:
    """Return what somebody may have sent, each text with a mark of its own."""
    expert = Seller(
        name=f"{mark} expert", legal_name=f"{mark} legal", status="sasu", country="FR", address=f"{mark} road"
    )
    found: dict[str, Any] = {
        "kind": QuoteKind.MISSION,
        "title": f"{mark} quote",
        "objectives": (f"{mark} objective",),
        "deliverables": (f"{mark} report",),
        "currency": "EUR",
        "day_rate_cents": 60_000,
        "days": (Days(label=f"{mark} work", half_days=4),),
        "starts_on": date(2027, 1, 11),
        "ends_on": date(2027, 1, 29),
        "valid_until": date(2099, 12, 31),
        "number": number,
        "version": 1,
        "language": "en",
        "parties": Parties(expert=expert, client=Buyer(name=f"{mark} client", is_person=False, country="FR")),
        "tax": Taxed(code="S", rate_bp=2_000, country="FR"),
        "net_cents": 120_000,
        "tax_cents": 24_000,
        "gross_cents": 144_000,
    }
    return Document(**{**found, **values})


def sent_row(session: Session, expert_id: str, client_id: str, mark: str, *, at: datetime) -> Quote:
    """Add a quote that was sent, without asking whether it might be."""
    number = f"Q-{mark}"
    raw = document(mark, number).model_dump(mode="json")
    quote = Quote(
        number=number, state="sent", expert_id=expert_id, client_id=client_id, latest_version=1,
        draft={"title": f"{mark} draft"}, valid_until=date(2099, 12, 31), made_at=at, changed_at=at, sent_at=at,
    )  # fmt: skip
    session.add(quote)
    session.flush()
    session.add(
        QuoteVersion(
            quote_id=quote.id, number=1, content=raw, content_hash=hash_of(raw), language="en", currency="EUR",
            day_rate_cents=60_000, net_cents=120_000, tax_cents=24_000, gross_cents=144_000, commission_rate_bp=1_000,
            commission_cents=14_400, valid_until=date(2099, 12, 31), sent_at=at,
        )
    )  # fmt: skip
    session.flush()
    return quote


def sending(database: Database, by: Account, at: datetime = AT) -> Sending:
    """Return who sends."""
    return Sending(who(database, by), "127.0.0.1", "en", Settings(), at)
