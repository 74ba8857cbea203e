"""An expert's reusable legal mentions (mission row S14): kept once, chosen in each quote, whose words they become."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from booking import quote_contents as contents
from booking.models.quotes import LegalMention
from booking.quote_contents import Mention
from booking.quote_fields import Reader
from foundation.errors import Invalid, NotFound
from foundation.i18n import Language

MOST = 50
"""For one expert."""


def of(session: Session, expert_id: str) -> dict[str, Mention]:
    """Return an expert's mentions by id, in the order of their titles."""
    statement = select(LegalMention).where(col(LegalMention.expert_id) == expert_id)
    found = session.execute(statement.order_by(col(LegalMention.title), col(LegalMention.id))).scalars()
    return {row.id: Mention(title=row.title, text=row.text) for row in found}


def keep(
    session: Session, who: SignedIn, mention_id: str, form: Mapping[str, str], language: Language, *, at: datetime
) -> LegalMention:
    """Keep a mention, a new one where no id is given; raise Invalid, or NotFound for another's."""
    expert_id = _expert_of(who)
    reader = Reader(form, language)
    title = reader.line("title", contents.LONGEST_TITLE, is_needed=True)
    text = reader.text("text", is_needed=True)
    row = _take(session, expert_id, mention_id) if mention_id else None
    if row is None and _count(session, expert_id) >= MOST:
        reader.fault("title", "too_many", most=MOST)
    if reader.faults:
        raise Invalid(reader.faults)
    row = row or LegalMention(expert_id=expert_id, title=title, text=text, changed_at=at)
    row.title, row.text, row.changed_at = title, text, at
    session.add(row)
    return row


def drop(session: Session, who: SignedIn, mention_id: str) -> None:
    """Delete a mention; what was sent with it keeps its words. Dropping it twice is no fault."""
    try:
        session.delete(_take(session, _expert_of(who), mention_id))
    except NotFound:
        return


def _take(session: Session, expert_id: str, mention_id: str) -> LegalMention:
    row = session.get(LegalMention, mention_id)
    if row is None or row.expert_id != expert_id:
        raise NotFound("there is no such mention")
    return row


def _count(session: Session, expert_id: str) -> int:
    return session.execute(
        select(func.count()).select_from(LegalMention).where(col(LegalMention.expert_id) == expert_id)
    ).scalar_one()


def _expert_of(who: SignedIn) -> str:
    if who.expert_id is None:
        raise NotFound("mentions are an expert's")
    return who.expert_id
