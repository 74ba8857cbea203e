"""Depositing documents at an approved platform, and noting what it says of them (mission row S24).

Only what one French business sells to another goes there (CGI, article 289 bis); everything else goes by mail alone.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from billing.documents import deliveries, issues, listings, numbers
from billing.documents.contents import Content, Side
from billing.documents.deliveries import Line, Standing
from billing.events import DOCUMENT_DEPOSIT_WANTED
from billing.models.deliveries import DocumentDelivery, State, Way
from billing.models.documents import AccountingDocument
from billing.platforms.interface import Platform, Status
from billing.platforms.statuses import STATES
from foundation import audits, outbox
from foundation.audits import Actor
from foundation.database import Database, hold
from foundation.errors import Conflict, NotFound

OTHER_BYTES = "another file has its number there"
NO_PLATFORM = "no platform is set up any more"
log = structlog.get_logger(__name__)


def is_for_platform(content: Content) -> bool:
    """Tell whether a document is to go by a platform: both sides are French businesses with a SIREN. Pure."""
    return all(_has_siren(side) for side in (content.seller, content.buyer))


def went_wrong(standing: Standing) -> bool:
    """Tell whether a document may be deposited once more. Pure."""
    return standing.way is Way.PLATFORM and standing.state in deliveries.WRONG


def queue(session: Session, document_id: str, *, at: datetime) -> None:
    """Owe a platform a document, in the caller's transaction."""
    sending = deliveries.new_sending()
    deliveries.note(session, Line(document_id, sending, Way.PLATFORM, State.QUEUED), at=at)
    outbox.record(session, DOCUMENT_DEPOSIT_WANTED, [sending])


def queue_again(session: Session, document_id: str, actor: Actor, *, at: datetime) -> None:
    """Owe it once more; raise Conflict unless what a platform said of it last waits for an operator."""
    hold(session, f"document sendings {document_id}")
    standing = next((one for one in deliveries.standings(session, [document_id])[document_id] if went_wrong(one)), None)
    if standing is None:
        raise Conflict("nothing went wrong with this document at the platform")
    queue(session, document_id, at=at)
    audits.record(session, actor, "deposited_again", "document", document_id, at=at)


def deposit(database: Database, platform: Platform | None, sendings: Sequence[str], at: datetime) -> None:
    """Hand documents over. May be repeated: who dies between handing over and noting it hands over twice.

    Raises Unreachable where the platform is away.
    """
    for sending in sendings:
        with database.reading() as session:
            begun = deliveries.find_sending(session, sending)
            if begun is None or _is_handed_over(session, begun):
                continue
            number = session.get_one(AccountingDocument, begun.document_id).number
            pdf, document_id = issues.file_of(session, begun.document_id), begun.document_id
        state, detail = _hand_over(platform, number, pdf)
        with database.writing() as session:
            deliveries.note(session, Line(document_id, sending, Way.PLATFORM, state, detail=detail), at=at)


def fetch(database: Database, platform: Platform | None, at: datetime) -> None:
    """Note what the platform tells, each message in a transaction; raise Unreachable."""
    if platform is None:
        return
    for message in platform.fetch(at=at):
        with database.writing() as session:
            known = [_note(session, status) for status in message.statuses]
        if not all(known):
            log.warning("a platform tells of documents that are not ours", message=message.name)
        platform.settle(message, is_known=all(known))


def _note(session: Session, status: Status) -> bool:
    """Note a status in the newest sending of its document; return False for one that we never deposited."""
    try:
        document = listings.get(session, status.number)
    except NotFound:
        return False
    noted = [line for line in deliveries.log(session, document.id) if line.way == Way.PLATFORM]
    if not noted:
        return False
    line = Line(
        document.id,
        deliveries.newest_sending(noted),
        Way.PLATFORM,
        STATES[status.code],
        code=status.code,
        detail=status.reason,
        key=f"{status.code} {status.at.isoformat()}",
    )
    deliveries.note(session, line, at=status.at)
    return True


def _hand_over(platform: Platform | None, number: str, pdf: bytes) -> tuple[State, str]:
    if platform is None:
        return State.FAILED, NO_PLATFORM
    try:
        return State.HANDED_OVER, platform.deposit(number, pdf)
    except Conflict:
        return State.FAILED, OTHER_BYTES


def _is_handed_over(session: Session, begun: DocumentDelivery) -> bool:
    lines = deliveries.log(session, begun.document_id)
    return any(line.sending == begun.sending and line.state != State.QUEUED for line in lines)


def _has_siren(side: Side) -> bool:
    return side.is_business and numbers.siren(side) is not None
