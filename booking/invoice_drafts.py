"""From what was signed and held to the drafts of the invoices of a mission (mission rows S19, S21, S24). Pure.

Tax and price are those that both signed. The two sides are as they are on the day of issue: whoever corrects their
details corrects the draft. What is no longer known of somebody who was erased is what they signed with.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from accounts.models.accounts import Client
from accounts.models.profiles import LegalIdentity
from billing import commissions, parties, taxes
from billing.commissions import Price
from billing.documents import drafts
from billing.documents.contents import Content, Line, Means, Side, Taxation
from billing.documents.drafts import Deal
from billing.models.escrows import PaymentKind
from booking.quote_contents import Buyer, Document, Seller, Taxed
from foundation.i18n import message, percent, translate
from foundation.settings import Operator

_MEANS = {PaymentKind.CARD: Means.CARD, PaymentKind.WIRE: Means.TRANSFER}


@dataclass(frozen=True, slots=True)
class Work:
    """What a mission's documents say besides what was signed."""

    number: str
    order_number: str
    starts_on: date
    ends_on: date
    paid_on: date
    paid_by: PaymentKind
    units_per_euro: Decimal | None
    """What a euro was worth in the currency of the price, where that is another and somebody has said it."""
    released_cents: int
    """Tax included: less than the price where a part went back by agreement."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Who sells and who buys, as they are now."""

    seller: Side
    buyer: Side


def seller(frozen: Seller, identity: LegalIdentity | None, email: str | None) -> Side:
    """Return the expert as who sells."""
    now = identity or frozen
    return Side(
        name=now.legal_name,
        address=now.address,
        country=now.country,
        registration_number=now.registration_number,
        vat_number=now.vat_number,
        email=email,
    )


def buyer(frozen: Buyer, client: Client | None, email: str | None) -> Side:
    """Return the client as who buys."""
    now = frozen if client is None or client.erased_at else client
    numbered = now if now.registration_number or now.vat_number else frozen
    is_business = not now.is_person
    return Side(
        name=now.name,
        address=now.address or frozen.address or "",
        country=now.country or frozen.country,
        is_business=is_business,
        registration_number=numbered.registration_number if is_business else None,
        vat_number=numbered.vat_number if is_business else None,
        email=email or frozen.email,
        legal_form=now.legal_form if is_business else None,
    )


def invoice(document: Document, sides: Sides, work: Work, *, issuer: str, on: date) -> Content:
    """Return the expert's invoice to the client."""
    assert document.tax is not None  # noqa: S101 - in portage nothing is invoiced here
    deal = Deal(
        seller=sides.seller,
        buyer=sides.buyer,
        title=document.title,
        lines=_lines(document),
        taxation=_signed(document.tax),
        currency=document.currency,
        paid_on=work.paid_on,
        means=_MEANS[work.paid_by],
        reference=work.number,
        order_number=work.order_number,
        starts_on=work.starts_on,
        ends_on=work.ends_on,
        own_mentions=tuple(f"{one.title}: {one.text}" if one.title else one.text for one in document.mentions),
    )
    made = drafts.invoice(deal, issuer=issuer, language=document.language, on=on, released_cents=work.released_cents)
    return _in_euros(made, work)


def commission(
    document: Document, seller: Side, work: Work, price: Price, operator: Operator, *, sent_on: date, on: date
) -> Content | None:
    """Return the operator's invoice to the expert for what it keeps back; None where that is nothing.

    Its tax is the one that was reckoned with when the quote was sent.
    """
    taken = commissions.on_part(price, work.released_cents)
    if not taken.total_cents:
        return None
    tax = taxes.decide(commissions.seller(operator), parties.expert(_identity(document.parties.expert)), sent_on)
    language = document.language
    label = translate(language, message("Commission on mission %(number)s"), number=work.number)
    deal = Deal(
        seller=drafts.operator_side(operator),
        buyer=seller,
        title=document.title,
        lines=(drafts.item_line(f"{label} ({percent(taken.rate_bp, language)})", price.commission.before_tax_cents),),
        taxation=drafts.taxation(tax, language, on),
        currency=document.currency,
        paid_on=on,
        means=Means.OFFSET,
        reference=work.number,
        starts_on=work.starts_on,
        ends_on=work.ends_on,
    )
    return _in_euros(drafts.commission(deal, language=language, on=on, taken=taken), work)


def service_days(planned: tuple[date | None, date | None], began_on: date | None, ended_on: date) -> tuple[date, date]:
    """Return from when to when the work was done: as planned, unless it began or ended earlier."""
    first, last = planned
    last = min(last or ended_on, ended_on)
    first = first or began_on or last
    return min(first, began_on or first, last), last


def _lines(document: Document) -> tuple[Line, ...]:
    days = [drafts.day_line(line.label, line.half_days, document.day_rate_cents or 0) for line in document.days]
    return (*days, *(drafts.item_line(item.label, item.cents) for item in document.items))


def _in_euros(content: Content, work: Work) -> Content:
    """Say a document's tax in euros too: nothing is nothing in any currency, other amounts need the day's rate."""
    if content.currency == "EUR" or (content.tax_cents and work.units_per_euro is None):
        return content
    rate = work.units_per_euro or Decimal(1)
    euros = (Decimal(content.tax_cents) / rate).quantize(Decimal(1), ROUND_HALF_UP)
    return content.model_copy(update={"tax_euro_cents": int(euros)})


def _signed(tax: Taxed) -> Taxation:
    return Taxation(code=taxes.TaxCode(tax.code), rate_bp=tax.rate_bp, exemption=tax.exemption, mentions=tax.mentions)


def _identity(frozen: Seller) -> LegalIdentity:
    return LegalIdentity(**frozen.model_dump(exclude={"name", "own_rate_bp"}))
