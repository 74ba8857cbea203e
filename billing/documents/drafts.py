"""Making documents of what was agreed: invoices, what the operator charges, and what takes an invoice back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing import mentions, taxes
from billing.commissions import Commission
from billing.documents import notes
from billing.documents.contents import Content, Kind, Line, Means, Preceding, Side, Taxation, Unit
from billing.taxes import Tax
from foundation.i18n import Language
from foundation.settings import Operator

UNNUMBERED = "UNNUMBERED"
"""What stands for the number until a draft has been checked."""


@dataclass(frozen=True, slots=True)
class Deal:
    """What was sold, by whom to whom, and how it was paid."""

    seller: Side
    buyer: Side
    title: str
    lines: tuple[Line, ...]
    taxation: Taxation
    currency: str
    paid_on: date
    means: Means
    reference: str = ""
    order_number: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    own_mentions: tuple[str, ...] = ()
    tax_euro_cents: int | None = None


def taxation(tax: Tax, language: Language, on: date) -> Taxation:
    """Return a decision about taxes with its mentions written out."""
    written = tuple(mentions.text(key, language, on) for key in tax.mentions)
    return Taxation(code=tax.code, rate_bp=tax.rate_bp, exemption=tax.exemption, mentions=written)


def invoice(
    deal: Deal,
    *,
    issuer: str,
    language: Language,
    on: date,
    released_cents: int | None = None,
    number: str = UNNUMBERED,
) -> Content:
    """Return an expert's invoice to a client, issued by the operator.

    `released_cents` is what was really released, tax included, where a part of the price went back by agreement.
    """
    return _content(deal, Kind.INVOICE, issuer, language, on, number, _amounts(deal, released_cents))


def commission(
    deal: Deal, *, language: Language, on: date, taken: Commission | None = None, number: str = UNNUMBERED
) -> Content:
    """Return the operator's invoice of its commission to an expert.

    `taken` is what was really taken, where a part of the mission's price went back.
    """
    amounts = (taken.before_tax_cents, taken.tax_cents) if taken else None
    return _content(deal, Kind.COMMISSION, "", language, on, number, amounts)


def boost(
    deal: Deal, *, language: Language, on: date, amounts: tuple[int, int] | None = None, number: str = UNNUMBERED
) -> Content:
    """Return the operator's invoice of a boost to an expert.

    `amounts` are price and tax where that is less than the lines: a credit was taken off.
    """
    return _content(deal, Kind.BOOST, "", language, on, number, amounts)


def credit_note(of: Content, reason: str, *, on: date, own_mentions: Sequence[str] = ()) -> Content:
    """Return what takes back the whole of an invoice."""
    said = notes.of(
        seller=of.seller,
        buyer=of.buyer,
        issuer=of.issuer,
        is_credit=True,
        language=of.language,
        on=on,
        own=own_mentions,
    )
    preceding = Preceding(number=of.number, issued_on=of.issued_on)
    changed = {"kind": Kind.CREDIT_NOTE, "number": UNNUMBERED, "issued_on": on, "paid_on": on}
    return of.model_copy(update={**changed, "preceding": preceding, "reason": reason, "notes": said})


def operator_side(operator: Operator) -> Side:
    """Return the operator as who sells, from the installation's settings."""
    form = ", ".join(
        part for part in (operator.legal_form, _capital(operator.share_capital), operator.trade_register) if part
    )
    return Side(
        name=operator.name,
        address=operator.address,
        country=operator.country,
        registration_number=operator.registration_number,
        vat_number=operator.vat_number or None,
        email=operator.email,
        legal_form=form or None,
    )


def day_line(label: str, half_days: int, day_rate_cents: int) -> Line:
    """Return days of work at their rate."""
    net_cents = (half_days * day_rate_cents + 1) // 2
    return Line(label=label, halves=half_days, unit=Unit.DAY, price_cents=day_rate_cents, net_cents=net_cents)


def item_line(label: str, cents: int) -> Line:
    """Return something at a price of its own."""
    return Line(label=label, halves=2, unit=Unit.ONE, price_cents=cents, net_cents=cents)


def _content(
    deal: Deal,
    kind: Kind,
    issuer: str,
    language: Language,
    on: date,
    number: str,
    amounts: tuple[int, int] | None = None,
) -> Content:
    full_cents = sum(line.net_cents for line in deal.lines)
    net_cents, tax_cents = amounts or (full_cents, taxes.share_cents(full_cents, deal.taxation.rate_bp))
    said = notes.of(
        seller=deal.seller,
        buyer=deal.buyer,
        issuer=issuer,
        is_credit=False,
        language=language,
        on=on,
        own=deal.own_mentions,
    )
    return Content(
        kind=kind,
        number=number,
        language=language,
        issued_on=on,
        title=deal.title,
        seller=deal.seller,
        buyer=deal.buyer,
        issuer=issuer,
        reference=deal.reference,
        order_number=deal.order_number,
        starts_on=deal.starts_on,
        ends_on=deal.ends_on,
        currency=deal.currency,
        lines=deal.lines,
        reduction_cents=full_cents - net_cents,
        taxation=deal.taxation,
        net_cents=net_cents,
        tax_cents=tax_cents,
        gross_cents=net_cents + tax_cents,
        tax_euro_cents=deal.tax_euro_cents,
        paid_on=deal.paid_on,
        means=deal.means,
        notes=said,
    )


def _amounts(deal: Deal, released_cents: int | None) -> tuple[int, int] | None:
    """Return price and tax of what was released of a deal, to the cent; None where that is all of it."""
    full_cents, rate_bp = sum(line.net_cents for line in deal.lines), deal.taxation.rate_bp
    if released_cents is None or released_cents == full_cents + taxes.share_cents(full_cents, rate_bp):
        return None
    whole_bp = 10_000 + rate_bp
    net_cents = (released_cents * 20_000 + whole_bp) // (2 * whole_bp)
    return net_cents, released_cents - net_cents


def _capital(capital: str) -> str:
    return f"capital {capital}" if capital else ""
