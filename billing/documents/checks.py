"""Checking a draft before it is numbered: our own rules, the schema, EN 16931, the French rules, and that it prints.

A draft that fails is never issued: what is numbered can't be taken out of its series any more.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pycountry

from billing import taxes
from billing.documents import factur_x, notes, numbers, pages, schematrons
from billing.documents.contents import Content, Kind, Side
from billing.documents.rules import RULES
from billing.documents.schematrons import Rules
from billing.taxes import TaxCode
from foundation import prints
from foundation.i18n import Language, message, translate

CURRENCIES = frozenset({"EUR", "CHF", "GBP", "USD"})
"""All of which have cents."""
LONGEST_NUMBER = 35
_NUMBER = re.compile(rf"[A-Za-z0-9+_/-]{{1,{LONGEST_NUMBER}}}")
_NO_TEXT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML has no way to write (XML 1.0, production 2)."""
_SELLER, _BUYER = message("seller"), message("buyer")
_SIDES = {"seller": _SELLER, "buyer": _BUYER}


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that a draft breaks."""

    rule: str
    """One of ours, or the public rule's own name."""
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class Breach:
    """That a draft breaks a rule of `rules.RULES`, and where; `said` puts it into words."""

    rule: str
    value: str = ""
    side: str = ""
    line: int = 0
    name: str = ""
    """Of the public rule."""


def check(content: Content, language: Language) -> list[Failure]:
    """Return everything that is wrong with a draft, in the reader's language; nothing: it may be issued."""
    return [said(breach, language) for breach in breaches(content)]


def breaches(content: Content) -> list[Breach]:
    """Return the same as it can be kept, for readers of any language."""
    # What we know to be wrong is said once, not again in the words of public rules.
    return list(own_breaches(content)) or list(public_breaches(factur_x.xml(content), content)) or _of_print(content)


def said(breach: Breach, language: Language) -> Failure:
    """Return what a breach means and how to mend it. Pure."""
    rule = RULES[breach.rule]
    side = translate(language, _SIDES[breach.side]) if breach.side else ""
    text = translate(language, rule.text, value=breach.value, side=side, line=breach.line)
    return Failure(breach.name or breach.rule, text, translate(language, rule.fix))


def public_breaches(xml: bytes, content: Content) -> Iterator[Breach]:
    """Return what the schema and the public rules refuse in a document's XML."""
    if fault := schematrons.schema_fault(xml):
        yield Breach("schema", fault)
        return
    sets = (Rules.EN_16931, Rules.FRENCH) if numbers.is_french(content.seller) else (Rules.EN_16931,)
    for rules in sets:
        for found in schematrons.breaches(xml, rules):
            yield Breach("public_rule", found.text, name=found.rule)


def own_breaches(content: Content) -> Iterator[Breach]:
    """Return what our own rules refuse. Pure."""
    yield from _of_texts(content)
    yield from _of_head(content)
    yield from _of_amounts(content)
    yield from _of_taxation(content)
    for name, side in _sides(content):
        yield from _of_side(side, name, content)
    yield from _of_notes(content)
    yield from _of_credit(content)


def _of_print(content: Content) -> list[Breach]:
    """Return what of a document no page could show: what was numbered has to come out."""
    try:
        pages.pdf(content)
    except prints.Unprintable as error:
        return [Breach("sign", error.signs)]
    return []


def _sides(content: Content) -> Sequence[tuple[str, Side]]:
    return ("seller", content.seller), ("buyer", content.buyer)


def _of_texts(content: Content) -> Iterator[Breach]:
    for text in texts(content):
        if found := _NO_TEXT.search(text):
            yield Breach("sign", f"U+{ord(found[0]):04X}")


def texts(content: Content) -> Iterator[str]:
    """Return every text of a document that somebody wrote."""
    yield from (content.title, content.reference, content.order_number, content.reason, content.issuer)
    yield from (line.label for line in content.lines)
    yield from (note.text for note in content.notes)
    yield from content.taxation.mentions
    for _, side in _sides(content):
        given = side.name, side.address, side.registration_number, side.vat_number, side.email, side.legal_form
        yield from (text for text in given if text)


def _of_head(content: Content) -> Iterator[Breach]:
    if not _NUMBER.fullmatch(content.number):
        yield Breach("number", content.number)
    for day in _days(content):
        if not 2000 <= day.year <= 2099:
            yield Breach("year", day.isoformat())
    if content.paid_on > content.issued_on:
        yield Breach("paid_later", content.paid_on.isoformat())
    if content.ends_on is None or (content.starts_on and content.starts_on > content.ends_on):
        yield Breach("service_day" if content.ends_on is None else "dates")
    if content.currency not in CURRENCIES:
        yield Breach("currency", content.currency)


def _days(content: Content) -> Iterator[date]:
    given = content.issued_on, content.paid_on, content.starts_on, content.ends_on
    yield from (day for day in given if day)
    if content.preceding:
        yield content.preceding.issued_on


def _of_amounts(content: Content) -> Iterator[Breach]:
    if not content.lines:
        yield Breach("no_lines")
    for position, line in enumerate(content.lines, start=1):
        if not line.label.strip():
            yield Breach("label", line=position)
        if line.net_cents != line.exact_cents or line.halves <= 0:
            yield Breach("line_amount", line=position)
    amounts = content.net_cents, content.tax_cents, content.gross_cents, content.reduction_cents
    if min(*amounts, *(line.net_cents for line in content.lines), content.tax_euro_cents or 0) < 0:
        yield Breach("negative")
    if sum(line.net_cents for line in content.lines) - content.reduction_cents != content.net_cents:
        yield Breach("sum")
    expected = taxes.share_cents(content.net_cents, content.taxation.rate_bp)
    if not is_right_tax(content):
        yield Breach("tax", factur_x.amount(expected))
    if content.net_cents + content.tax_cents != content.gross_cents:
        yield Breach("total")


def is_right_tax(content: Content) -> bool:
    """Tell whether the tax is exact.

    After a reduction the total is what was agreed to the cent, which not every price has as its total: the tax is what
    is left, less than a cent from its rate times the price.
    """
    if not content.reduction_cents:
        return content.tax_cents == taxes.share_cents(content.net_cents, content.taxation.rate_bp)
    return abs(content.tax_cents * 10_000 - content.net_cents * content.taxation.rate_bp) < 10_000


def _of_taxation(content: Content) -> Iterator[Breach]:
    taxation, seller, buyer = content.taxation, content.seller, content.buyer
    if taxation.code is TaxCode.STANDARD:
        if taxation.rate_bp <= 0:
            yield Breach("no_rate")
    else:
        if taxation.rate_bp:
            yield Breach("untaxed_rate")
        if not (taxation.mentions or taxation.exemption):
            yield Breach("no_reason")
    if taxation.code is TaxCode.REVERSE_CHARGE:
        if not buyer.vat_number:
            yield Breach("buyer_vat_number")
        if seller.country == buyer.country:
            yield Breach("reverse_at_home")
    needs_number = taxation.code in {TaxCode.REVERSE_CHARGE, TaxCode.STANDARD} and taxes.is_in_union(seller.country)
    if needs_number and not seller.vat_number:
        yield Breach("seller_vat_number")
    if numbers.is_french(seller) and content.currency != "EUR" and not _is_in_euros(content):
        yield Breach("tax_in_euros")


def _is_in_euros(content: Content) -> bool:
    return content.tax_euro_cents is not None and bool(content.tax_euro_cents) == bool(content.tax_cents)


def _of_side(side: Side, name: str, content: Content) -> Iterator[Breach]:
    if not side.name.strip():
        yield Breach("name", side=name)
    if not side.address.strip():
        yield Breach("address", side=name)
    if pycountry.countries.get(alpha_2=side.country) is None:
        yield Breach("country", side.country, side=name)
    if side.is_business:
        yield from _of_numbers(side, name)
    is_told = numbers.is_french(content.seller)
    if is_told and numbers.electronic_address(side) is None:
        yield Breach("electronic_address", side=name)


def _of_numbers(side: Side, name: str) -> Iterator[Breach]:
    number = numbers.vat_number(side)
    if number and not numbers.is_right_vat_number(number):
        yield Breach("vat_number", number, side=name)
    if not numbers.is_french(side):
        return
    siren, siret = numbers.siren(side), numbers.siret(side)
    if siren is None or not numbers.is_right_siren(siren):
        yield Breach("siren", side.registration_number or "", side=name)
    elif siret and not numbers.is_right_siret(siret):
        yield Breach("siret", siret, side=name)
    elif number and number.startswith("FR") and not number.endswith(siren):
        yield Breach("other_siren", side=name)


def _of_notes(content: Content) -> Iterator[Breach]:
    is_operators = content.kind in {Kind.COMMISSION, Kind.BOOST}
    if is_operators and content.issuer:
        yield Breach("own_issuer")
    if content.kind == Kind.INVOICE and not content.issuer:
        yield Breach("issuer")
    if content.issuer:
        wanted = notes.mandate_note(content.issuer, content.seller.name, content.language, is_credit=content.is_credit)
        if wanted not in [note.text for note in content.notes]:
            yield Breach("issuer")
    codes = [note.code for note in content.notes]
    for code in notes.OBLIGATORY:
        if codes.count(code) != 1:
            yield Breach("legal_note", code)
    if numbers.is_french(content.seller):
        said = [note.text for note in content.notes if note.code == notes.ROUTE]
        if said != [notes.route(content.buyer)]:
            yield Breach("route", ", ".join(said) or "–")


def _of_credit(content: Content) -> Iterator[Breach]:
    if not content.is_credit:
        if content.preceding:
            yield Breach("preceding")
        return
    if content.preceding is None or not content.preceding.number:
        yield Breach("no_preceding")
    elif content.preceding.number == content.number or content.preceding.issued_on > content.issued_on:
        yield Breach("preceding")
    if not content.reason.strip():
        yield Breach("no_cause")
