"""From a draft to the document that would be sent: everything that stands in the way, or what it comes to (S14, S19).

The document holds what is true at this moment: both legal identities with the proofs of their VAT numbers, the tax
decision, the amounts, the language.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from accounts import company_numbers
from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.models.profiles import LegalIdentity
from accounts.sign_ins import SignedIn
from billing import commissions, mandates, parties, reductions, taxes
from billing.taxes import Tax, Undecided
from booking import legal_mentions, quote_forms, quote_parties, quote_totals, series_checks
from booking.models.missions import Portage
from booking.models.quotes import Quote, QuoteKind, QuoteVersion
from booking.quote_contents import Content, Document, Parties
from booking.quote_totals import Share, Totals
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from foundation.settings import Settings

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends from where, in which language, by which settings."""

    who: SignedIn
    address: str
    language: Language
    settings: Settings
    at: datetime

    @property
    def today(self) -> date:
        """Return the day."""
        return self.at.date()


@dataclass(frozen=True, slots=True)
class Ready:
    """A version that could be sent."""

    document: Document
    share: Share
    rate_bp: int
    reduction_id: str | None


_VAT_NUMBER_WANTED = message(
    "VAT is charged, and your legal identity has no VAT number: please give it there, or say that you are exempt."
)
_NEEDS = {
    "identity": message("Your legal identity is missing."),
    "mandate": message("The billing mandate is not accepted yet."),
}


def unmet(session: Session, expert_id: str) -> list[str]:
    """Return what an expert has to do before any quote is sent: `identity`, `mandate` (S8, S24)."""
    identity = quote_parties.identity_of(session, expert_id)
    if identity is None:
        return ["identity"]
    is_given = not mandates.is_needed(identity) or mandates.is_accepted(session, expert_id)
    return [] if is_given else ["mandate"]


def prepare(session: Session, quote: Quote, sending: Sending) -> Ready:
    """Return the version that the draft would make; raise Invalid with everything that stands in the way."""
    language = sending.language
    faults = [_fault(need, _NEEDS[need], language) for need in unmet(session, quote.expert_id)]
    identity = quote_parties.identity_of(session, quote.expert_id)
    content = _tried(faults, lambda: _content(session, quote, sending))
    own_rate_bp = _tried(faults, lambda: quote_forms.own_rate_bp(quote.draft, language))
    buyer = _tried(faults, lambda: quote_parties.buyer(session, quote, quote.draft, language))
    if content:
        faults += _not_amendable(session, quote, content, language)
        on = series_checks.day_of(sending.at)
        faults += series_checks.faults(session, quote, content, language, on=on)
    if faults or not (identity and content and buyer):
        raise Invalid(faults)
    try:
        tax = quote_parties.decide(identity, buyer, own_rate_bp, content.portage, sending.today)
    except Undecided as error:
        raise Invalid([quote_parties.fault_of(error, language)]) from None
    if tax and parties.lacks_vat_number(identity, tax):
        raise Invalid([_fault("identity", _VAT_NUMBER_WANTED, language)])
    seller = quote_parties.seller(session.get_one(Expert, quote.expert_id), identity, own_rate_bp)
    fee_tax = _tax_on_commission(identity, sending) if content.portage is Portage.NONE else None
    return _ready(session, quote, content, Parties(expert=seller, client=buyer), tax, fee_tax, sending)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a draft comes to as far as it can be reckoned: without a tax decision, before tax."""

    day_rate_cents: int | None
    totals: Totals
    tax: Tax | None
    is_undecided: bool
    share: Share
    rate_bp: int


def estimate(session: Session, quote: Quote, sending: Sending) -> Estimate:
    """Return the amounts of a draft while it is being typed: lines that can't be read yet are left out."""
    day_rate_cents, days, items = quote_forms.figures(quote.draft)
    identity = quote_parties.identity_of(session, quote.expert_id)
    portage = Portage(quote.draft["portage"]) if quote.draft.get("portage") in set(Portage) else Portage.NONE
    tax, is_undecided = None, identity is None
    if identity:
        try:
            buyer = quote_parties.buyer(session, quote, quote.draft, sending.language)
            own_rate_bp = quote_forms.own_rate_bp(quote.draft, sending.language)
            tax = quote_parties.decide(identity, buyer, own_rate_bp, portage, sending.today)
        except (Undecided, Invalid):
            is_undecided = True
    totals = quote_totals.reckon(day_rate_cents, days, items, tax)
    rate_bp, _ = rate_for(session, quote, sending.settings, portage)
    fee_tax = None if portage is not Portage.NONE or identity is None else _tax_on_commission(identity, sending)
    share = quote_totals.share(totals, rate_bp=rate_bp, tax=fee_tax)
    return Estimate(day_rate_cents, totals, tax, is_undecided, share, rate_bp)


def rate_for(session: Session, quote: Quote, settings: Settings, portage: Portage) -> tuple[int, str | None]:
    """Return the rate of the commission on a quote, and the reduction that it comes from, if any (S16, S17, S21).

    What was signed holds for every amendment, what a version that was sent keeps for every later one. Somebody without
    account is taken for an own client. In portage there is no commission, and nothing to reduce (S29).
    """
    if accepted := accepted_version(session, quote):
        return accepted.commission_rate_bp, accepted.reduction_id
    if portage is not Portage.NONE:
        return 0, None
    kept = reductions.held(session, quote.id)
    if kept and not is_wrongly_own(session, quote):
        return commissions.reduced_bp(settings.commission_bp, kept.share_bp), kept.reduction_id
    found = None if kept else reductions.best(session, quote.expert_id, quote.client_id)
    own_share_bp = settings.own_client_first_reduction_bp if _may_be_own_client(session, quote) else 0
    if found is None or own_share_bp >= found.share_bp:
        return commissions.reduced_bp(settings.commission_bp, own_share_bp), None
    return commissions.reduced_bp(settings.commission_bp, found.share_bp), found.id


def is_wrongly_own(session: Session, quote: Quote) -> bool:
    """Tell whether a quote that nobody has signed is reckoned as to an own client whose company was here before."""
    client = session.get(Client, quote.client_id) if quote.client_id else None
    if client is None or client.is_person or quote.accepted_version is not None:
        return False
    own, kept = reductions.unused_of_pair(session, quote.expert_id, client.id), reductions.held(session, quote.id)
    if own is None or kept is None or kept.reduction_id != own.id:
        return False
    numbers = {name: getattr(client, name) for name in ("country", "registration_number", "vat_number")}
    return bool(company_numbers.known_before(session, client.created_at, **numbers, besides=client.id))


def _may_be_own_client(session: Session, quote: Quote) -> bool:
    """Tell whether whom a quote is for may be new here: nobody's client yet, nor a company that is, by its numbers."""
    if quote.client_id:
        return False
    given = {name: quote.draft.get(f"client_{name}", "") for name in ("country", "vat_number")}
    numbers = {"country": given["country"].upper() or None, "vat_number": given["vat_number"] or None}
    since = quote.sent_at or datetime.max.replace(tzinfo=UTC)
    return not company_numbers.known_before(session, since, registration_number=None, **numbers)


def accepted_version(session: Session, quote: Quote) -> QuoteVersion | None:
    """Return what both have signed."""
    return session.get_one(QuoteVersion, (quote.id, quote.accepted_version)) if quote.accepted_version else None


def of(version: QuoteVersion) -> Document:
    """Return what a version says."""
    return Document.model_validate(version.content)


def _content(session: Session, quote: Quote, sending: Sending) -> Content:
    accepted = accepted_version(session, quote)
    begun = accepted.starts_on if accepted else None
    content = quote_forms.read(
        quote.draft,
        sending.language,
        kind=QuoteKind.MONTH if quote.series_id else None,
        mentions=legal_mentions.of(session, quote.expert_id),
        today=sending.today,
        starts_from=min(begun or sending.today, sending.today),
    )
    if content.portage is Portage.PARTNER:  # Its name is the installation's to say, whatever was typed (S29).
        return content.model_copy(update={"portage_company": sending.settings.portage_partner})
    return content


def _not_amendable(session: Session, quote: Quote, content: Content, language: Language) -> list[Fault]:
    """Return what may not differ any more once a version was accepted: the day rate, and who invoices (S15, S29)."""
    accepted = accepted_version(session, quote)
    if accepted is None:
        return []
    found: list[Fault] = []
    signed = of(accepted)
    if signed.day_rate_cents is not None and content.day_rate_cents != signed.day_rate_cents:
        why = message("The day rate is signed: within a mission it never changes. Days and items may.")
        found.append(_fault("day_rate", why, language))
    if content.currency != signed.currency:
        found.append(_fault("currency", message("The currency is signed: it stays."), language))
    if content.portage is not signed.portage:
        found.append(_fault("portage", message("Who invoices is signed: it stays."), language))
    return found


def _ready(
    session: Session,
    quote: Quote,
    content: Content,
    both: Parties,
    tax: Tax | None,
    fee_tax: Tax | None,
    sending: Sending,
) -> Ready:
    totals = quote_totals.reckon(content.day_rate_cents, content.days, content.items, tax)
    rate_bp, reduction_id = rate_for(session, quote, sending.settings, content.portage)
    document = Document(
        **dict(content),
        number=quote.number,
        version=quote.latest_version + 1,
        language=sending.language,
        parties=both,
        tax=quote_parties.taxed(tax, sending.language, sending.today),
        net_cents=totals.net_cents,
        tax_cents=totals.tax_cents,
        gross_cents=totals.gross_cents,
    )
    return Ready(document, quote_totals.share(totals, rate_bp=rate_bp, tax=fee_tax), rate_bp, reduction_id)


def _tax_on_commission(identity: LegalIdentity, sending: Sending) -> Tax | None:
    """Return the tax that the operator charges the expert; None where a portage company stands in."""
    try:
        expert = parties.expert(identity)
    except Undecided:
        return None
    return taxes.decide(commissions.seller(sending.settings.operator), expert, sending.today)


def _tried(faults: list[Fault], work: Callable[[], Result]) -> Result | None:
    try:
        return work()
    except Invalid as error:
        faults.extend(error.faults)
        return None


def _fault(field: str, reason: str, language: Language) -> Fault:
    return Fault(field, "refused", translate(language, reason))
