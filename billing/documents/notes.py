"""The mentions that an invoice carries besides those of its tax, with the codes by which machines find them.

PMT, PMD and AAB are compulsory for French sellers (XP Z12-012, rule BR-FR-05); BAR says how the tax administration
hears of it (BR-FR-20).
"""

from collections.abc import Iterator, Sequence
from datetime import date

from billing import mentions
from billing.documents import numbers
from billing.documents.contents import Note, Side
from foundation.i18n import Language

ISSUED_FOR = "Facture établie par {issuer} au nom et pour le compte de {seller}"
"""In French whatever the document's language: whoever checks the mandate looks for these words."""
_CREDIT_ISSUED_FOR = "Avoir établi par {issuer} au nom et pour le compte de {seller}"
_IN_ENGLISH = "issued by {issuer} in the name and on behalf of {seller}"
GENERAL, ROUTE = "AAI", "BAR"
OBLIGATORY = ("PMT", "PMD", "AAB")


def of(
    *,
    seller: Side,
    buyer: Side,
    issuer: str,
    is_credit: bool,
    language: Language,
    on: date,
    own: Sequence[str] = (),
) -> tuple[Note, ...]:
    """Return a document's notes; `own` are the seller's legal mentions, word by word."""
    found: list[Note] = []
    if issuer:
        found.append(Note(code=GENERAL, text=mandate_note(issuer, seller.name, language, is_credit=is_credit)))
    found += [Note(code=code, text=mentions.text(key, language, on)) for code, key in _of_payment(buyer)]
    if numbers.is_french(seller):
        found.append(Note(code=ROUTE, text=route(buyer)))
    found += [Note(code=GENERAL, text=text) for text in own if text.strip()]
    return tuple(found)


def mandate_note(issuer: str, seller: str, language: Language, *, is_credit: bool) -> str:
    """Return the words that say who issued it for whom."""
    text = (_CREDIT_ISSUED_FOR if is_credit else ISSUED_FOR).format(issuer=issuer, seller=seller)
    return text if language == "fr" else f"{text} ({_IN_ENGLISH.format(issuer=issuer, seller=seller)})"


def route(buyer: Side) -> str:
    """Return how an invoice of a French seller is told to the tax administration."""
    if buyer.is_business:
        return "B2B" if numbers.is_french(buyer) else "B2BINT"
    return "B2C" if numbers.is_french(buyer) else "B2CINT"


def _of_payment(buyer: Side) -> Iterator[tuple[str, str]]:
    yield "PMT", "recovery_costs" if buyer.is_business else "no_recovery_costs"
    yield "PMD", "late_penalties" if buyer.is_business else "no_late_penalties"
    yield "AAB", "no_discount"
