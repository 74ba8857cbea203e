"""Sending a quote: immutable, numbered versions, each signed by the expert in being sent (mission row S15)."""

from sqlalchemy.orm import Session

from accounts import terms
from billing import reductions
from booking import offers, own_clients, quote_changes, quote_documents, quote_drafts, quotes
from booking.lifecycle import QUOTES, Party, QuoteEvent
from booking.models.missions import Portage
from booking.models.quotes import Quote, QuoteVersion, Side, Signature
from booking.quote_changes import Change
from booking.quote_contents import LONGEST_ITEM, Document, hash_of
from booking.quote_documents import Ready, Sending
from booking.quote_drafts import ChangedMeanwhile
from booking.thread_lines import Line
from foundation import audits, lifecycles
from foundation.errors import Conflict, Fault, Invalid
from foundation.i18n import Language, message, translate


class SentTogether(Conflict):
    """A month of a series is sent with all the others that are drafts (S18)."""


def issue(session: Session, quote_id: str, seen_edition: int, reason: str, sending: Sending) -> QuoteVersion:
    """Send the draft, for the first time or as an amendment; raise ChangedMeanwhile if it is not the one that was seen.

    Else raises what `send` and `amend` raise.
    """
    quote = quotes.take(session, sending.who, quote_id)
    if quote.draft_edition != seen_edition:
        raise ChangedMeanwhile("what was looked at is not the draft any more")
    return amend(session, quote_id, reason, sending) if quote.latest_version else send(session, quote_id, sending)


def send(session: Session, quote_id: str, sending: Sending) -> QuoteVersion:
    """Send a draft for the first time; its offer is answered by it. Raises Invalid, or Refused where it was sent."""
    quote = quotes.take(session, sending.who, quote_id)
    if quote.series_id:
        raise SentTogether("the months of a series are sent in one step")
    version = sign_first(session, quote, sending)
    own_clients.hand_over(session, quote, sending.language, at=sending.at)
    quotes.say(session, quote, Line.QUOTE_SENT, at=sending.at)
    quotes.tell_client(session, quote, "quote_received", key=f"{quote.id} 1", at=sending.at)
    return version


def sign_first(session: Session, quote: Quote, sending: Sending) -> QuoteVersion:
    """Write the first version of a draft that is held, signed by the expert; nobody is told. Raises as `send` does."""
    QUOTES.after(QUOTES.state(quote.state), QuoteEvent.SEND, Party.EXPERT)
    own_clients.recognise(session, quote)
    ready = quote_documents.prepare(session, quote, sending)
    if quote.offer_id:
        offers.answer(session, quote.expert_id, quote.offer_id, sending.who.actor, at=sending.at)
    version = _write(session, quote, ready, QuoteEvent.SEND, "", sending)
    audits.record(session, sending.who.actor, "sent_quote", quotes.KIND, quote.id, at=sending.at)
    return version


def amend(session: Session, quote_id: str, reason: str, sending: Sending) -> QuoteVersion:
    """Send another version, which has to be accepted anew where one is signed; the client is told why and what.

    Raises Invalid, also where no reason is given or nothing differs; Refused or Frozen where it is too late.
    """
    quote = quotes.take(session, sending.who, quote_id)
    QUOTES.after(QUOTES.state(quote.state), QuoteEvent.AMEND, Party.EXPERT)
    quotes.check_may_change(session, quote)
    reason, language = " ".join(reason.split()), sending.language
    if not 0 < len(reason) <= LONGEST_ITEM:
        why = message("Please say in a sentence why: your client reads it, and what has changed.")
        raise Invalid([_fault("reason", why, language)])
    if quote.client_id and quote_documents.is_wrongly_own(session, quote):
        reductions.take_back(session, quote.expert_id, quote.client_id)
    ready = quote_documents.prepare(session, quote, sending)
    if not changes_since(session, quote, ready.document):
        raise Invalid([_fault("reason", message("Nothing differs from what was sent last."), language)])
    version = _write(session, quote, ready, QuoteEvent.AMEND, reason, sending)
    own_clients.hand_over(session, quote, language, at=sending.at)
    quotes.say(session, quote, Line.QUOTE_AMENDED, at=sending.at)
    key = f"{quote.id} {version.number}"
    quotes.tell_client(session, quote, "quote_amended", key=key, at=sending.at, note=reason)
    audits.record(
        session, sending.who.actor, "amended_quote", quotes.KIND, quote.id, at=sending.at, version=version.number
    )
    return version


def renew(session: Session, quote_id: str, valid_until: str, reason: str, sending: Sending) -> QuoteVersion:
    """Send an expired quote again as it was, with another last day; raises as `amend` does."""
    quote = quotes.take(session, sending.who, quote_id)
    form = {**quote.draft, "valid_until": valid_until}
    quote_drafts.save(session, sending.who, quote_id, form, quote.draft_edition, at=sending.at)
    return amend(session, quote_id, reason, sending)


def changes_since(session: Session, quote: Quote, document: Document) -> list[Change]:
    """Return what a document says otherwise than the latest version; nothing where none was sent."""
    if not quote.latest_version:
        return []
    latest = session.get_one(QuoteVersion, (quote.id, quote.latest_version))
    return quote_changes.between(quote_documents.of(latest), document)


def _write(
    session: Session, quote: Quote, ready: Ready, event: QuoteEvent, reason: str, sending: Sending
) -> QuoteVersion:
    document, at = ready.document, sending.at
    raw = document.model_dump(mode="json")
    version = QuoteVersion(
        quote_id=quote.id,
        number=document.version,
        content=raw,
        content_hash=hash_of(raw),
        reason=reason,
        language=document.language,
        currency=document.currency,
        day_rate_cents=document.day_rate_cents,
        net_cents=document.net_cents,
        tax_cents=document.tax_cents,
        gross_cents=document.gross_cents,
        commission_rate_bp=ready.rate_bp,
        commission_cents=ready.share.commission_cents,
        reduction_id=ready.reduction_id,
        starts_on=document.starts_on,
        ends_on=document.ends_on,
        valid_until=document.valid_until,
        sent_at=at,
    )
    lifecycles.move(
        session, QUOTES, quote, event, Party.EXPERT, actor=sending.who.actor, at=at, reason=reason or None,
        latest_version=document.version, valid_until=document.valid_until, kind=document.kind.value,
        sent_at=at, changed_at=at,
    )  # fmt: skip
    session.add(version)
    session.flush()
    if document.portage is not Portage.NONE and quote.accepted_version is None:
        reductions.give_back(session, quote.id, at)
    # Kept from now on, so that the commission that the expert has read is the one that is taken.
    if ready.reduction_id and not reductions.reserve_if_free(session, ready.reduction_id, quote.id, at):
        raise ChangedMeanwhile("the reduction went to another quote: the figures are not those that were looked at")
    session.add(
        Signature(
            quote_id=quote.id,
            version=version.number,
            side=Side.EXPERT.value,
            account_id=sending.who.account_id,
            name=sending.who.name,
            address=sending.address,
            content_hash=version.content_hash,
            terms_version=terms.current(terms.Kind.SALE, sending.today).version.isoformat(),
            signed_at=at,
        )
    )
    return version


def _fault(field: str, reason: str, language: Language) -> Fault:
    return Fault(field, "refused", translate(language, reason))
