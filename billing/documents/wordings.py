"""How a document says things on its pages: every word, day and amount in its language, ready to be set."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import format_currency, format_decimal

from billing.documents import notes, numbers
from billing.documents.contents import Content, Kind, Line, Means, Side, Unit
from billing.taxes import TaxCode
from foundation.i18n import Language, long_date, message, translate

_TITLES = {
    Kind.INVOICE: message("Invoice"),
    Kind.CREDIT_NOTE: message("Credit note"),
    Kind.COMMISSION: message("Invoice of the commission"),
    Kind.BOOST: message("Invoice of a Visibility Boost"),
}
_UNITS = {Unit.DAY: message("day"), Unit.ONE: message("unit")}
_PAID = {
    Means.CARD: message("Paid by card on %(day)s."),
    Means.TRANSFER: message("Paid by bank transfer on %(day)s."),
    Means.OFFSET: message("Kept back from your payment on %(day)s."),
    Means.OTHER: message("Paid on %(day)s."),
}


def words(content: Content) -> dict[str, Any]:
    """Return everything that is printed, as the template asks for it."""
    language = content.language
    return {
        "language": language,
        "kind": translate(language, _TITLES[content.kind]),
        "number": content.number,
        "numbered": translate(language, message("No. %(number)s"), number=content.number),
        "title": content.title,
        "facts": [list(fact) for fact in _facts(content)],
        "seller": side(content.seller, translate(language, message("Seller")), language),
        "buyer": side(content.buyer, translate(language, message("Client")), language),
        "issuer": next((note.text for note in content.notes if _is_mandate(note.text, content)), ""),
        "reason": content.reason,
        "heads": [translate(language, head) for head in _heads()],
        "lines": [_line(line, language) for line in content.lines],
        "totals": [list(total) for total in _totals(content)],
        "mentions": list(content.taxation.mentions),
        "settled": _settled(content),
        "notes": [note.text for note in content.notes if _is_printed(note.code, note.text, content)],
    }


def _is_mandate(text: str, content: Content) -> bool:
    if not content.issuer:
        return False
    return text == notes.mandate_note(
        content.issuer, content.seller.name, content.language, is_credit=content.is_credit
    )


def _is_printed(code: str, text: str, content: Content) -> bool:
    """Tell whether a note is printed among the mentions: not what is said above, nor what only machines read."""
    return code != notes.ROUTE and not _is_mandate(text, content)


def _heads() -> tuple[str, ...]:
    return (
        message("Description"),
        message("Quantity"),
        message("Unit"),
        message("Unit price before tax"),
        message("Amount before tax"),
    )


def _facts(content: Content) -> Iterator[tuple[str, str]]:
    language = content.language
    yield translate(language, message("Date of issue")), long_date(content.issued_on, language)
    if content.preceding:
        cancelled = f"{content.preceding.number}, {long_date(content.preceding.issued_on, language)}"
        yield translate(language, message("Takes back the invoice")), cancelled
    if content.reference:
        yield translate(language, message("Mission")), content.reference
    if content.order_number:
        yield translate(language, message("Your order")), content.order_number
    if content.ends_on:
        yield translate(language, message("Work done")), period(content.starts_on, content.ends_on, language)


def period(starts_on: date | None, ends_on: date, language: Language) -> str:
    """Return the days of some work in words."""
    if starts_on is None or starts_on == ends_on:
        return long_date(ends_on, language)
    first, last = long_date(starts_on, language), long_date(ends_on, language)
    return translate(language, message("from %(first)s to %(last)s"), first=first, last=last)


def side(of: Side, role: str, language: Language) -> dict[str, Any]:
    """Return who sells or buys: `role`, `name`, the lines of the `address`, and of the `numbers`."""
    country = Locale(language).territories.get(of.country, of.country)
    address = [line for line in map(str.strip, of.address.splitlines()) if line]
    if country not in address and not of.address.rstrip(" .").endswith(country):
        address = [*address, country]
    return {"role": role, "name": of.name, "address": address, "numbers": list(_numbers(of, language))}


def _numbers(side: Side, language: Language) -> Iterator[str]:
    if side.legal_form:
        yield side.legal_form
    if siret := numbers.siret(side):
        yield f"SIRET {siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}"
    elif siren := numbers.siren(side):
        yield f"SIREN {siren[:3]} {siren[3:6]} {siren[6:]}"
    elif side.registration_number:
        yield translate(language, message("Registration: %(number)s"), number=side.registration_number)
    if side.vat_number:
        yield translate(language, message("VAT number: %(number)s"), number=numbers.vat_number(side))


def _line(line: Line, language: Language) -> list[str]:
    return [
        line.label,
        format_decimal(Decimal(line.halves) / 2, locale=language),
        translate(language, _UNITS[line.unit]),
        _plain(line.price_cents, language),
        _plain(line.net_cents, language),
    ]


def _totals(content: Content) -> Iterator[tuple[str, str, bool]]:
    """Yield label, amount, and whether it is the one that counts."""
    language, taxation = content.language, content.taxation
    if content.reduction_cents:
        yield translate(language, message("Agreed reduction")), _money(-content.reduction_cents, content), False
    yield translate(language, message("Total before tax")), _money(content.net_cents, content), False
    if taxation.code is TaxCode.STANDARD:
        rate = format_decimal(Decimal(taxation.rate_bp) / 100, locale=language)
        yield translate(language, message("VAT %(rate)s %%"), rate=rate), _money(content.tax_cents, content), False
    else:
        yield translate(language, message("VAT")), _money(content.tax_cents, content), False
    yield translate(language, message("Total")), _money(content.gross_cents, content), True
    if content.tax_euro_cents:
        label = translate(language, message("VAT in euros"))
        yield label, format_currency(Decimal(content.tax_euro_cents) / 100, "EUR", locale=language), False


def _settled(content: Content) -> str:
    language, day = content.language, long_date(content.paid_on, content.language)
    if content.is_credit:
        return translate(language, message("Settled on %(day)s: nothing is left to pay."), day=day)
    paid = translate(language, _PAID[content.means], day=day)
    rest = translate(language, message("Nothing is left to pay."))
    return f"{paid} {rest}"


def _plain(cents: int, language: Language) -> str:
    return format_decimal(Decimal(cents) / 100, "#,##0.00", locale=language)


def _money(cents: int, content: Content) -> str:
    return format_currency(Decimal(cents) / 100, content.currency, locale=content.language)
