"""Why a version can't be signed as it is, by what is known of the client now (mission rows S16, S19).

An own client is quoted by what the expert knows of them. Once they have an account and have said who they are, another
tax may be due, or the company may have been here before. A version never changes: the expert sends an amended one.
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from accounts.models.accounts import Client
from accounts.models.profiles import LegalIdentity
from accounts.sign_ins import SignedIn
from billing.taxes import Undecided
from booking import quote_documents, quote_parties, quotes
from booking.models.quotes import Quote, QuoteVersion
from booking.quote_contents import Buyer, Seller, Taxed
from foundation import audits
from foundation.errors import Conflict

TAX = "tax"
OWN_CLIENT = "own_client"


class Outdated(Conflict):
    """What was sent doesn't hold any more: the expert has to amend it; `reasons` says why."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__(f"this version has to be amended: {', '.join(reasons)}")


def reasons(session: Session, quote: Quote, version: QuoteVersion, client: Client, *, on: date) -> tuple[str, ...]:
    """Return why a version can't be signed as it is: `tax`, `own_client`."""
    found = [TAX] if _is_taxed_otherwise(quote, version, client, on) else []
    if quote_documents.is_wrongly_own(session, quote):
        found.append(OWN_CLIENT)
    return tuple(found)


def require_holding(session: Session, quote: Quote, version: QuoteVersion, client: Client, *, on: date) -> None:
    """Raise Outdated where there is a reason."""
    if found := reasons(session, quote, version, client, on=on):
        raise Outdated(found)


def ask_to_amend(session: Session, who: SignedIn, quote_id: str, *, at: datetime) -> tuple[str, ...]:
    """Tell the expert, once a version, what a client's details change, and what to do; return why."""
    quote = quotes.seen_by(session, who, quote_id)
    if who.client_id is None or who.client_id != quote.client_id:
        return ()
    version = session.get_one(QuoteVersion, (quote.id, quote.latest_version))
    found = reasons(session, quote, version, session.get_one(Client, quote.client_id), on=at.date())
    for reason in found:
        key = f"{quote.id} {version.number} {reason}"
        quotes.tell_expert(session, quote, f"amend_for_{reason}", key=key, at=at)
    audits.record(session, who.actor, "asked_to_amend", quotes.KIND, quote.id, at=at, version=version.number)
    return found


def _is_taxed_otherwise(quote: Quote, version: QuoteVersion, client: Client, on: date) -> bool:
    if version.content.get("tax") is None:  # In portage it is the portage company that invoices.
        return False
    document = quote_documents.of(version)
    bought_by = Buyer(
        name=client.name,
        is_person=client.is_person,
        country=client.country or "",
        vat_number=client.vat_number,
        vat_proof=client.vat_proof,
    )
    seller = document.parties.expert
    try:
        tax = quote_parties.decide(_identity(quote, seller), bought_by, seller.own_rate_bp, document.portage, on)
    except Undecided:
        return True
    now = quote_parties.taxed(tax, document.language, on)
    return now is None or document.tax is None or _decision(now) != _decision(document.tax)


def _identity(quote: Quote, seller: Seller) -> LegalIdentity:
    said = seller.model_dump(exclude={"name", "own_rate_bp"})
    return LegalIdentity(expert_id=quote.expert_id, **said)


def _decision(tax: Taxed) -> tuple[str, int, str | None, str | None]:
    return tax.code, tax.rate_bp, tax.country, tax.exemption
