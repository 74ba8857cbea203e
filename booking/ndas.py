"""Non-disclosure agreements: a text by version, accepted by a click before confidential things are read (row B10).

A published text never changes: a new version is two new files and a new `CURRENT`. What was accepted is kept whole.
"""

import hashlib
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from booking.models.sheets import NdaAcceptance, Sheet
from foundation import audits
from foundation.database import insert
from foundation.errors import Conflict
from foundation.i18n import Language
from foundation.settings import ROOT

CURRENT = "2026-11-30"
FOLDER = ROOT / "data" / "sheets"
KIND = "nda"


def text(session: Session, sheet: Sheet, expert: Expert, language: Language) -> str:
    """Return the agreement that an expert is asked to accept."""
    client = session.get_one(Client, sheet.client_id)
    # Names are put in one after the other, and nothing that they hold is read as a place for another.
    parts = _source(CURRENT, language)
    values = {"{client}": client.name, "{expert}": expert.name, "{title}": sheet.title}
    return "".join(values.get(part, part) for part in parts)


def hash_of(agreement: str) -> str:
    """Return what names a text."""
    return hashlib.sha256(agreement.encode(errors="replace")).hexdigest()


def accept(
    session: Session,
    who: SignedIn,
    sheet: Sheet,
    expert: Expert,
    language: Language,
    seen_hash: str,
    address: str,
    *,
    at: datetime,
) -> None:
    """Keep that an expert accepts, once; raise Conflict where the text is no longer the one that was shown."""
    agreement = text(session, sheet, expert, language)
    if hash_of(agreement) != seen_hash:
        raise Conflict("the agreement has changed since it was shown")
    row = insert(session, NdaAcceptance).values(
        sheet_id=sheet.id,
        expert_id=expert.id,
        client_id=sheet.client_id,
        account_id=who.account_id,
        name=who.name,
        address=address,
        version=CURRENT,
        language=language,
        text=agreement,
        text_hash=seen_hash,
        accepted_at=at,
    )
    kept = session.execute(row.on_conflict_do_nothing().returning(col(NdaAcceptance.sheet_id))).scalar_one_or_none()
    if kept is not None:
        audits.record(session, who.actor, "accepted", KIND, sheet.id, at=at, version=CURRENT)


def accepted(session: Session, sheet_id: str) -> dict[str, NdaAcceptance]:
    """Return who has accepted a sheet's agreement, by the expert's id."""
    statement = select(NdaAcceptance).where(col(NdaAcceptance.sheet_id) == sheet_id)
    return {row.expert_id: row for row in session.execute(statement).scalars()}


def may_read(session: Session, sheet: Sheet, expert_id: str) -> bool:
    """Tell whether an expert may read what is confidential in a sheet that was proposed to them."""
    return not sheet.needs_nda or session.get(NdaAcceptance, (sheet.id, expert_id)) is not None


@lru_cache(maxsize=8)
def _source(version: str, language: Language) -> tuple[str, ...]:
    source = (FOLDER / f"nda-{version}.{language}.txt").read_text("utf-8").strip()
    for name in ("{client}", "{expert}", "{title}"):
        source = source.replace(name, f"\0{name}\0")
    return tuple(source.split("\0"))
