"""What a quote and the order that is made of it have in common: all that both sign."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from babel.numbers import format_decimal
from sqlalchemy import ColumnElement
from sqlmodel import col

from billing.documents.wordings import period
from booking.documents import wordings
from booking.documents.contents import Part, Points, Signatures, Signed, Sum, Sums, Table, Text
from booking.models.missions import Mission, Portage
from booking.models.quotes import Quote, QuoteVersion, Side, Signature
from booking.quote_contents import Document
from booking.quote_totals import reckon
from foundation.i18n import Language, known, message, translate

Signatory = Mapping[tuple[int, Side], Signature]
"""The signatures of a quote, by version and side."""
_PORTAGES = {
    Portage.PARTNER: message("Portage by Portulan’s partner company"),
    Portage.OWN: message("Portage by the company that employs the expert"),
}
_ROLES = {Side.EXPERT: message("For the expert"), Side.CLIENT: message("For the client")}


def objectives(document: Document) -> Points:
    """Return what the work is to reach."""
    return Points(title=_say(document, message("Objectives")), items=document.objectives)


def deliverables(document: Document) -> Points:
    """Return what is handed over."""
    return Points(title=_say(document, message("Deliverables")), items=document.deliverables)


def roadmap(document: Document) -> Table:
    """Return the back-planning, in its order in time."""
    steps = sorted(document.roadmap, key=lambda step: (step.starts_on, step.ends_on))
    heads = message("Step"), message("From"), message("Until")
    return Table(
        title=_say(document, message("Roadmap and back-planning")),
        heads=tuple(_say(document, head) for head in heads),
        rows=tuple(
            (step.name, wordings.day(step.starts_on, document.language), wordings.day(step.ends_on, document.language))
            for step in steps
        ),
    )


def price(document: Document) -> tuple[Part, ...]:
    """Return the lines with what they come to, and the mentions of its tax."""
    heads = (
        message("Description"),
        message("Quantity"),
        message("Unit"),
        message("Unit price before tax"),
        message("Amount before tax"),
    )
    table = Table(
        title=_say(document, message("Price")),
        heads=tuple(_say(document, head) for head in heads),
        numbers=(1, 3, 4),
        rows=tuple(_lines(document)),
    )
    return table, Sums(sums=tuple(_sums(document)), mentions=_mentions(document))


def payment(document: Document) -> Text:
    """Return how it is paid."""
    title = _say(document, message("Payment"))
    if document.payment == "escrow_in_full":
        how = message(
            "In full before the mission starts, by card or bank transfer, to a protected account. The expert is paid "
            "once the client has validated the end report. There is no deposit."
        )
        return Text(title=title, text=_say(document, how))
    colon = _say(document, message(":"))
    who = f"{colon} ".join(part for part in (_portage_name(document), document.portage_company) if part)
    how = message("This company contracts, invoices and is paid; the mission starts once it confirms.")
    return Text(title=title, text=f"{who}. {_say(document, how)}")


def signatures(version: QuoteVersion, signed: Signatory) -> Signatures:
    """Return who has signed a version, and its hash. Never the address that somebody signed from."""
    language = known(version.language)
    said = message("Signatures of version %(number)s of the quote")
    return Signatures(
        title=translate(language, said, number=version.number),
        signed=tuple(
            _signed(signed.get((version.number, side)), side, language) for side in (Side.EXPERT, Side.CLIENT)
        ),
        hash_label=translate(language, message("SHA-256 of the content that was signed:")),
        hash_pieces=tuple(version.content_hash[at : at + 16] for at in range(0, len(version.content_hash), 16)),
    )


def sides_of(table: type[Mission] | type[Quote], expert_id: str, client_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for an expert's rows, a client's, or both; empty: anybody's."""
    expert = (col(table.expert_id) == expert_id,) if expert_id else ()
    client = (col(table.client_id) == client_id,) if client_id else ()
    return (*expert, *client)


def work(document: Document) -> str:
    """Return the days of the work in words."""
    return period(document.starts_on, document.ends_on, document.language)


def _signed(signature: Signature | None, side: Side, language: Language) -> Signed:
    role = translate(language, _ROLES[side])
    if signature is None:
        return Signed(role=role, name="", said=translate(language, message("Not signed")))
    on = wordings.moment(signature.signed_at, language)
    said = translate(language, message("Signed electronically on %(moment)s"), moment=on)
    return Signed(role=role, name=signature.name, said=said)


def _lines(document: Document) -> Iterator[tuple[str, ...]]:
    language = document.language
    totals = reckon(document.day_rate_cents, document.days, document.items, None)
    for days, cents in zip(document.days, totals.days_cents, strict=True):
        rate = wordings.plain(document.day_rate_cents or 0, language)
        count, amount = wordings.number(days.half_days, language), wordings.plain(cents, language)
        yield days.label, count, _say(document, message("day")), rate, amount
    for item, cents in zip(document.items, totals.items_cents, strict=True):
        amount = wordings.plain(cents, language)
        yield item.label, wordings.number(2, language), _say(document, message("unit")), amount, amount


def _sums(document: Document) -> Iterator[Sum]:
    language, currency = document.language, document.currency
    net = wordings.money(document.net_cents, currency, language)
    if document.tax is None:
        yield Sum(label=_say(document, message("Total before tax")), amount=net, counts=True)
        return
    yield Sum(label=_say(document, message("Total before tax")), amount=net)
    rate = format_decimal(Decimal(document.tax.rate_bp) / 100, locale=language)
    has_rate = document.tax.rate_bp > 0
    label = translate(language, message("VAT %(rate)s %%"), rate=rate) if has_rate else _say(document, message("VAT"))
    yield Sum(label=label, amount=wordings.money(document.tax_cents, currency, language))
    gross = wordings.money(document.gross_cents, currency, language)
    yield Sum(label=_say(document, message("Total")), amount=gross, counts=True)


def _mentions(document: Document) -> tuple[str, ...]:
    if document.tax is not None:
        return document.tax.mentions
    return (_say(document, message("The portage company contracts, invoices and reckons its tax.")),)


def _portage_name(document: Document) -> str:
    return _say(document, _PORTAGES[document.portage]) if document.portage in _PORTAGES else ""


def _say(document: Document, text: str) -> str:
    return translate(document.language, text)
