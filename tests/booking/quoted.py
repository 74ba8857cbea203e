"""Quotes that were sent, without the detour of the editor: for tests of what comes after."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from accounts import sign_ins
from accounts.models.accounts import Account, AccountKind, Client, Membership
from accounts.sign_ins import SignedIn
from billing import reductions, taxes
from booking import numbers
from booking.lifecycle import QuoteState
from booking.models.quotes import Quote, QuoteVersion
from booking.signatures import Consent
from foundation.database import Database
from tests import signed_in, sirens

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
CONTENT: dict[str, Any] = {
    "title": "Customs audit",
    "objectives": ["Know the duties", "Choose a broker"],
    "skills": ["Customs"],
    "parties": {
        "expert": {
            "name": "Anne",
            "legal_name": "Anne Martin Conseil",
            "status": "sasu",
            "country": "FR",
            "address": "12 rue de l’Église, 31000 Toulouse",
            "registration_number": "443 061 841 00047",
            "vat_number": "FR64443061841",
        },
        "client": {
            "name": "Berta & Co",
            "is_person": False,
            "country": "FR",
            "address": "1 rue du Port",
            "registration_number": "552 100 554 00013",
            "vat_number": "FR96552100554",
        },
    },
}
"""What is said whatever the price: `version_of` adds what follows from the version's columns."""
_FRANCHISE: dict[str, Any] = {
    "code": "E",
    "rate_bp": 0,
    "exemption": "VATEX-FR-FRANCHISE",
    "mentions": ["TVA non applicable, article L. 223-3 du CIBS"],
}


def who(database: Database, account: Account) -> SignedIn:
    """Return an account as it is signed in."""
    with database.writing() as session:
        token = sign_ins.open_for(session, account, "a test", at=AT)
        found = sign_ins.find(session, token, at=AT)
    assert found is not None
    return found[0]


def client(database: Database, kind: AccountKind = AccountKind.COMPANY, **columns: Any) -> SignedIn:
    """Return the owner of a client that may book."""
    account = signed_in.make(database, kind, "Berta", **columns)
    with database.writing() as session:
        membership = session.get_one(Membership, account.id)
        details = {
            "legal_form": "SAS",
            "registration_number": sirens.fresh(),
            "country": "FR",
            "address": "1 rue du Port",
            "iban": "FR7630006000011234567890189",
        }
        session.get_one(Client, membership.client_id).sqlmodel_update(details)
    return who(database, account)


def expert(database: Database) -> SignedIn:
    """Return an expert who may quote."""
    return who(database, signed_in.make(database, AccountKind.EXPERT, "Anne"))


def sent(database: Database, by: SignedIn, to: SignedIn, **columns: Any) -> Quote:
    """Return a quote that waits for its client."""
    with database.writing() as session:
        quote = Quote(
            number=numbers.take(session, numbers.QUOTE, AT.date()),
            state=QuoteState.SENT.value,
            expert_id=str(by.expert_id),
            client_id=to.client_id,
            latest_version=1,
            valid_until=date(2026, 12, 31),
            made_at=AT,
            changed_at=AT,
            sent_at=AT,
        )
        session.add(quote)
        session.flush()
        session.add(version_of(quote, 1, **columns))
        if columns.get("reduction_id"):  # As sending does.
            reductions.reserve_if_free(session, columns["reduction_id"], quote.id, AT)
    return quote


def version_of(quote: Quote, number: int, **columns: Any) -> QuoteVersion:
    """Return a version with plausible content."""
    values: dict[str, Any] = {
        "content": CONTENT,
        "content_hash": f"hash of {number}",
        "language": "en",
        "currency": "EUR",
        "day_rate_cents": 60_000,
        "net_cents": 400_000,
        "tax_cents": 80_000,
        "gross_cents": 480_000,
        "commission_rate_bp": 1_000,
        "commission_cents": 48_000,
        "starts_on": date(2027, 1, 11),
        "ends_on": date(2027, 1, 29),
        "valid_until": date(2026, 12, 31),
        "sent_at": AT,
    }
    if "gross_cents" in columns and "net_cents" not in columns:
        net_cents = columns["gross_cents"] * 5 // 6
        values |= {"net_cents": net_cents, "tax_cents": columns["gross_cents"] - net_cents}
    values |= columns
    if "commission_cents" not in columns:
        before_tax_cents = taxes.share_cents(values["net_cents"], values["commission_rate_bp"])
        values["commission_cents"] = before_tax_cents + taxes.share_cents(before_tax_cents, 2_000)
    return QuoteVersion(quote_id=quote.id, number=number, **{**values, "content": _whole(quote, number, values)})


def _whole(quote: Quote, number: int, values: dict[str, Any]) -> dict[str, Any]:
    """Return a document that says what the version's columns do, in two lines."""
    days_cents = (values["day_rate_cents"] or 0) * 5 if values["net_cents"] > 500_000 else 0
    rate_bp = round(values["tax_cents"] * 10_000 / values["net_cents"])
    parties = {**CONTENT["parties"], **values["content"].get("parties", {})}
    said = {name: values[name] for name in ("language", "currency", "day_rate_cents")}
    said |= {name: values[name] for name in ("net_cents", "tax_cents", "gross_cents")}
    days = {name: (values[name] or AT.date()).isoformat() for name in ("starts_on", "ends_on", "valid_until")}
    tax = {"code": "S", "rate_bp": rate_bp, "country": "FR"} if rate_bp else _FRANCHISE
    return {
        "kind": "mission",
        "number": quote.number,
        "version": number,
        **said,
        **days,
        "parties": {**parties, "expert": {**parties["expert"], "has_vat_franchise": not rate_bp}},
        "days": [{"label": "Days on site", "half_days": 10}] if days_cents else [],
        "items": [{"label": "Audit", "cents": values["net_cents"] - days_cents}],
        "tax": None if values["content"].get("portage") else tax,
    } | {name: value for name, value in values["content"].items() if name != "parties"}


def amended(database: Database, quote: Quote, **columns: Any) -> QuoteVersion:
    """Send another version of a quote."""
    with database.writing() as session:
        row = session.execute(select(Quote).where(col(Quote.id) == quote.id)).scalar_one()
        version = version_of(row, row.latest_version + 1, reason="More days", **columns)
        session.add(version)
        row.latest_version += 1
        row.state = QuoteState.SENT.value if row.accepted_version is None else QuoteState.AMENDED.value
        session.add(row)
    return version


def consent(version: int = 1, **values: Any) -> Consent:
    """Return the consent to a version."""
    given: dict[str, Any] = {"content_hash": f"hash of {version}", "has_read_terms": True, **values}
    return Consent(version, **given)
