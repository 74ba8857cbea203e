"""Quotes on paper: any version that was sent, as it was sent, with who has signed it (mission rows S14, S15)."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from booking import quote_documents, signatures
from booking import quotes as all_quotes
from booking.documents import agreed_parts, wordings
from booking.documents.agreed_parts import Signatory
from booking.documents.contents import Entries, Entry, Kind, Points, Print, Text, said
from booking.lifecycle import QuoteState
from booking.models.quotes import Quote, QuoteKind, QuoteVersion
from booking.quote_contents import Document
from foundation.errors import NotFound
from foundation.i18n import message, translate

_KINDS = {
    QuoteKind.SCOPING: message("Scoping quote"),
    QuoteKind.MISSION: message("Mission quote"),
    QuoteKind.MONTH: message("Monthly quote"),
}
_NOTE = message("Version %(number)s as it was sent: it never changes. Portulan says whether there is a later one.")
_TEXTS = {
    "terms": message("How we work together"),
    "specifics": message("Specifics"),
    "means": message("Means"),
}


def find(session: Session, who: SignedIn, quote_id: str, number: int) -> Print:
    """Return a version of a quote for one of its sides; raise NotFound."""
    quote = all_quotes.seen_by(session, who, quote_id)
    found = next((one for one in all_quotes.versions(session, quote.id) if one.number == number), None)
    if found is None:
        raise NotFound("no such version was sent")
    return document_of(quote, found, signatures.of_quote(session, quote.id))


def all_of(session: Session, *, expert_id: str = "", client_id: str = "") -> Iterator[Print]:
    """Yield every version that was sent, or those of an expert or a client, by their numbers."""
    wanted = col(Quote.latest_version) > 0, *agreed_parts.sides_of(Quote, expert_id, client_id)
    numbered = select(col(Quote.id)).where(*wanted).order_by(col(Quote.number))
    for quote_id in session.execute(numbered).scalars().all():
        quote, signed = session.get_one(Quote, quote_id), signatures.of_quote(session, quote_id)
        for version in all_quotes.versions(session, quote_id):
            yield document_of(quote, version, signed)


def document_of(quote: Quote, version: QuoteVersion, signed: Signatory) -> Print:
    """Return what a version says on paper, in the language that it was sent in. Pure; never the commission."""
    document = quote_documents.of(version)
    language = document.language
    signed_at = [one.signed_at for (number, _), one in signed.items() if number == version.number]
    return Print(
        kind=Kind.QUOTE,
        name=translate(language, message("Quote")),
        number=f"{quote.number}-V{version.number}",
        language=language,
        title=document.title,
        made_at=max([version.sent_at, *signed_at]),
        parties=(
            wordings.expert(document.parties.expert, language),
            wordings.client(document.parties.client, language),
        ),
        facts=tuple(_facts(quote, version, document)),
        parts=said(
            Text(title=_say(document, message("Personal message")), text=document.personal_message),
            agreed_parts.objectives(document),
            agreed_parts.deliverables(document),
            *(Text(title=_say(document, title), text=getattr(document, name)) for name, title in _TEXTS.items()),
            agreed_parts.roadmap(document),
            Points(title=_say(document, message("Skills used")), items=document.skills),
            Text(title=_say(document, message("My strengths")), text=document.strengths),
            *agreed_parts.price(document),
            agreed_parts.payment(document),
            _mentions(document),
            agreed_parts.signatures(version, signed),
        ),
        notes=(translate(language, _NOTE, number=version.number),),
    )


def _facts(quote: Quote, version: QuoteVersion, document: Document) -> Iterator[tuple[str, str]]:
    language = document.language
    yield _say(document, message("Kind of quote")), _say(document, _KINDS[document.kind])
    yield _say(document, message("Sent on")), wordings.day(version.sent_at, language)
    yield _say(document, message("To be accepted until")), wordings.day(document.valid_until, language)
    yield _say(document, message("Dates of the work")), agreed_parts.work(document)
    if version.reason:
        yield _say(document, message("Why it was amended")), version.reason
    if quote.state == QuoteState.CANCELLED and quote.accepted_version == version.number and quote.decided_at:
        yield _say(document, message("Cancelled on")), wordings.day(quote.decided_at, language)


def _mentions(document: Document) -> Entries:
    entries = tuple(Entry(name=mention.title, text=mention.text) for mention in document.mentions)
    return Entries(title=_say(document, message("Legal mentions")), entries=entries)


def _say(document: Document, text: str) -> str:
    return translate(document.language, text)
