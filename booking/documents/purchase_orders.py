"""Purchase orders: the client's order to the expert, made of what both have signed (mission row S24).

One stands for each version that a client has signed: the first has the mission's number, one that replaces it the
version's behind that. In portage the order goes to the company that contracts (S29).
"""

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from booking import missions, quote_documents, quotes, signatures
from booking.documents import agreed_parts, wordings
from booking.documents.agreed_parts import Signatory
from booking.documents.contents import Kind, Party, Print, Text, said
from booking.lifecycle import QuoteState
from booking.models.missions import Mission, Portage
from booking.models.quotes import Quote, QuoteVersion, Side, Signature
from booking.quote_contents import Document
from foundation.errors import NotFound
from foundation.i18n import message, translate

PREFIX = "BC"
"""“Bon de commande”, in both languages: a number is no word."""
_NOTE = message(
    "Made of version %(version)s of the quote %(quote)s, where the rest of the agreement stands. No invoice."
)


def find(session: Session, who: SignedIn, mission_id: str) -> Print:
    """Return the order that holds, for whoever sees the mission; raise NotFound."""
    mission, _ = missions.get(session, who, mission_id)
    found = _of(session, mission)
    current = [one for version, one in found if version == missions.accepted_version(session, mission).number]
    if not current:
        raise NotFound("nothing was ordered")
    return current[0]


def all_of(session: Session, *, expert_id: str = "", client_id: str = "") -> Iterator[Print]:
    """Yield every order, or those of an expert or a client, by their numbers; those that were replaced, too."""
    numbered = (
        select(col(Mission.id))
        .where(*agreed_parts.sides_of(Mission, expert_id, client_id))
        .order_by(col(Mission.number))
    )
    for mission_id in session.execute(numbered).scalars().all():
        yield from (one for _, one in _of(session, session.get_one(Mission, mission_id)))


def number_of(mission: Mission, versions: Sequence[int], version: int) -> str:
    """Return the number of the order for one of the versions that the client has signed. Pure."""
    whole = f"{PREFIX}-{mission.number}"
    return whole if version == min(versions) else f"{whole}-V{version}"


def document_of(mission: Mission, quote: Quote, version: QuoteVersion, signed: Signatory) -> Print:
    """Return the order that signing a version made, in the version's language. Pure; never the commission."""
    document = quote_documents.of(version)
    language = document.language
    ordered = [number for number, side in signed if side is Side.CLIENT]
    signature = signed[version.number, Side.CLIENT]
    return Print(
        kind=Kind.PURCHASE_ORDER,
        name=translate(language, message("Purchase order")),
        number=number_of(mission, ordered, version.number),
        language=language,
        title=document.title,
        made_at=signature.signed_at,
        parties=(wordings.client(document.parties.client, language), _supplier(document)),
        facts=tuple(_facts(mission, quote, version, document, signed)),
        parts=said(
            _portage(document),
            *agreed_parts.price(document),
            agreed_parts.objectives(document),
            agreed_parts.deliverables(document),
            agreed_parts.roadmap(document),
            agreed_parts.payment(document) if document.portage is Portage.NONE else None,
            agreed_parts.signatures(version, signed),
        ),
        notes=(translate(language, _NOTE, version=version.number, quote=quote.number),),
    )


def _of(session: Session, mission: Mission) -> list[tuple[int, Print]]:
    """Return the orders of a mission by the version that was signed, the first first."""
    quote, signed = session.get_one(Quote, mission.quote_id), signatures.of_quote(session, mission.quote_id)
    return [
        (version.number, document_of(mission, quote, version, signed))
        for version in quotes.versions(session, quote.id)
        if (version.number, Side.CLIENT) in signed
    ]


def _supplier(document: Document) -> Party:
    """Return who has to do the work, or the portage company that contracts for it."""
    expert = wordings.expert(document.parties.expert, document.language)
    if document.portage is Portage.NONE:
        return expert
    does = translate(document.language, message("Work done by %(expert)s"), expert=document.parties.expert.name)
    return Party(role=_say(document, message("Portage company")), name=_company(document), address=(does,))


def _portage(document: Document) -> Text | None:
    if document.portage is Portage.NONE:
        return None
    how = message(
        "%(company)s contracts in the place of %(expert)s, whom it employs: it takes this order, invoices it with the "
        "tax that it reckons, and is paid."
    )
    text = translate(document.language, how, company=_company(document), expert=document.parties.expert.name)
    return Text(title=_say(document, message("Portage salarial")), text=text)


def _company(document: Document) -> str:
    return document.portage_company or _say(document, message("The portage company"))


def _facts(
    mission: Mission, quote: Quote, version: QuoteVersion, document: Document, signed: Signatory
) -> Iterator[tuple[str, str]]:
    language, signature = document.language, signed[version.number, Side.CLIENT]
    yield _say(document, message("Ordered on")), wordings.day(signature.signed_at, language)
    if own := signature.order_number or mission.order_number:
        yield _say(document, message("Client’s order number")), own
    yield _say(document, message("Mission")), mission.number
    sent = message("%(quote)s, version %(version)s, sent on %(day)s")
    yield (
        _say(document, message("Quote")),
        translate(
            language,
            sent,
            quote=quote.number,
            version=version.number,
            day=wordings.day(version.sent_at, language),
        ),
    )
    yield _say(document, message("Dates of the work")), agreed_parts.work(document)
    if before := _replaced(version, signed):
        numbers = [number for number, side in signed if side is Side.CLIENT]
        replaced = number_of(mission, numbers, before.version)
        yield _say(document, message("Replaces")), f"{replaced}, {wordings.day(before.signed_at, language)}"
    terms_on = wordings.day(date.fromisoformat(signature.terms_version), language)
    yield _say(document, message("Terms of sale")), translate(language, message("Version of %(day)s"), day=terms_on)
    if quote.state == QuoteState.CANCELLED and quote.accepted_version == version.number and quote.decided_at:
        yield _say(document, message("Cancelled on")), wordings.day(quote.decided_at, language)


def _replaced(version: QuoteVersion, signed: Signatory) -> Signature | None:
    """Return the client's signature of the version that held before."""
    before = [number for number, side in signed if side is Side.CLIENT and number < version.number]
    return signed[max(before), Side.CLIENT] if before else None


def _say(document: Document, text: str) -> str:
    return translate(document.language, text)
