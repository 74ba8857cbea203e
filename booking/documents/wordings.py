"""How a mission's documents say amounts, days and sides. Days are those of Paris, as in all accounts here."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency, format_decimal

from accounts import legal_status_texts
from accounts.audience_days import ZONE
from billing.documents import wordings
from billing.documents.contents import Side
from booking.documents.contents import Party
from booking.quote_contents import Buyer, Seller
from foundation.i18n import Language, long_date, message, translate


def money(cents: int, currency: str, language: Language) -> str:
    """Return an amount with its currency."""
    return format_currency(Decimal(cents) / 100, currency, locale=language).replace("-", "\N{MINUS SIGN}")


def plain(cents: int, language: Language) -> str:
    """Return an amount without its currency."""
    return format_decimal(Decimal(cents) / 100, "#,##0.00", locale=language)


def number(halves: int, language: Language) -> str:
    """Return how much something is that is counted in halves."""
    return format_decimal(Decimal(halves) / 2, locale=language)


def day(on: date | datetime, language: Language) -> str:
    """Return a day in words."""
    return long_date(day_of(on), language)


def day_of(on: date | datetime) -> date:
    """Return the day on which something happened."""
    return on.astimezone(ZONE).date() if isinstance(on, datetime) else on


def moment(at: datetime, language: Language) -> str:
    """Return an instant in words, to the second."""
    time = at.astimezone(ZONE).strftime("%H:%M:%S")
    return translate(language, message("%(day)s, %(time)s (Paris time)"), day=day(at, language), time=time)


def expert(seller: Seller, language: Language) -> Party:
    """Return the expert as a version names them."""
    side = Side(
        name=seller.legal_name,
        address=_led(seller.name if seller.name != seller.legal_name else "", seller.address),
        country=seller.country,
        registration_number=seller.registration_number,
        vat_number=seller.vat_number,
        legal_form=legal_status_texts.label(seller.status, language),
    )
    return _party(side, translate(language, message("Expert")), seller, language)


def client(buyer: Buyer, language: Language) -> Party:
    """Return the client as a version names it."""
    side = Side(
        name=buyer.name,
        address=buyer.address or "",
        country=buyer.country,
        is_business=not buyer.is_person,
        registration_number=buyer.registration_number,
        vat_number=buyer.vat_number,
        legal_form=buyer.legal_form,
    )
    return _party(side, translate(language, message("Client")), buyer, language)


def _party(side: Side, role: str, of: Seller | Buyer, language: Language) -> Party:
    said: dict[str, Any] = wordings.side(side, role, language)
    if of.vat_number and not of.vat_proof:
        said["numbers"] = [*said["numbers"], translate(language, message("to be confirmed by the public register"))]
    if isinstance(of, Buyer) and of.email:
        said["numbers"] = [*said["numbers"], of.email]
    return Party(**said)


def _led(first: str, text: str) -> str:
    return f"{first}\n{text}" if first else text
