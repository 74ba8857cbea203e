"""Mission sheets: drafted in a browser or for a client, published, edited, closed and reopened (mission row S11).

Publishing happens with the first offers (`booking.offers.propose`): a sheet that goes to nobody is a draft.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Role
from accounts.shortlist_rows import Owner
from accounts.sign_ins import SignedIn
from booking import sheet_contents, sheet_files
from booking.lifecycle import SHEETS, Party, SheetEvent, SheetState
from booking.models.sheets import Sheet, SheetEdition
from booking.sheet_contents import Content
from foundation import audits
from foundation.database import insert
from foundation.errors import Conflict, Invalid, NotFound
from foundation.lifecycles import move

KIND = "sheet"
MAY_WRITE = frozenset({Role.OWNER, Role.BUYER})
KEPT_UNUSED = timedelta(days=90)
"""For how long a browser's draft waits for its owner to come back."""


class ChangedMeanwhile(Conflict):
    """Somebody else has saved the sheet since the form was opened."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who is at work on sheets: a browser, or somebody who acts for a client."""

    owner: Owner
    account_id: str | None = None


def author(who: SignedIn) -> Author:
    """Return somebody as the author of their client's sheets; raise NotFound for who may only read them."""
    if who.client_id is None or who.role not in MAY_WRITE:
        raise NotFound("this is for owners and buyers")
    return Author(Owner(client_id=who.client_id), who.account_id)


def get(session: Session, owner: Owner, sheet_id: str) -> Sheet:
    """Return somebody's sheet; raise NotFound for others' too."""
    return _one(session, owner, sheet_id)


def take(session: Session, owner: Owner, sheet_id: str) -> Sheet:
    """Return somebody's sheet, which nobody else changes before this transaction ends; raise NotFound."""
    return _one(session, owner, sheet_id, to_change=True)


def of(session: Session, owner: Owner) -> Sequence[Sheet]:
    """Return somebody's sheets, those that changed last first."""
    statement = select(Sheet).where(_is_of(owner)).order_by(col(Sheet.changed_at).desc(), col(Sheet.id))
    return session.execute(statement).scalars().all()


def begin(session: Session, by: Author, content: Content, *, at: datetime) -> Sheet:
    """Keep a new draft. A browser has one: what is new takes its place."""
    fresh = Sheet(
        client_id=by.owner.client_id,
        token_hash=by.owner.token_hash,
        author_account_id=by.account_id,
        made_at=at,
        changed_at=at,
        **_columns(content),
    )
    if by.owner.client_id is None:
        values = {name: getattr(fresh, name) for name in Sheet.model_fields}
        session.execute(insert(session, Sheet).values(values).on_conflict_do_nothing())
        found = session.execute(select(Sheet).where(_is_of(by.owner)).with_for_update()).scalar_one()
        found.sqlmodel_update({**_columns(content), "changed_at": at})
        return found
    session.add(fresh)
    session.flush()
    audits.record(session, audits.account(by.account_id or ""), "drafted", KIND, fresh.id, at=at)
    return fresh


def save_draft(session: Session, by: Author, sheet_id: str, content: Content, seen: str, *, at: datetime) -> Sheet:
    """Keep what a draft says by now; raise ChangedMeanwhile where `seen`, the form's mark, is an older one's."""
    sheet = take(session, by.owner, sheet_id)
    if sheet.state != SheetState.DRAFT or mark(sheet) != seen:
        raise ChangedMeanwhile("the sheet was saved or published meanwhile")
    sheet.sqlmodel_update({**_columns(content), "changed_at": at})
    return sheet


def mark(sheet: Sheet) -> str:
    """Return a mark of a sheet as it is, to know later whether it still is."""
    return f"{sheet.edition} {sheet.changed_at.isoformat()}"


def publish(session: Session, who: SignedIn, sheet: Sheet, *, at: datetime) -> None:
    """Publish a draft that was taken; raise Invalid for one that lacks something."""
    content = sheet_contents.load(sheet.content)
    if faults := sheet_contents.missing(content, at.date()):
        raise Invalid(faults)
    session.add(SheetEdition(sheet_id=sheet.id, number=sheet.edition, content=sheet.content, published_at=at))
    values: dict[str, Any] = {"published_at": at, "changed_at": at, "author_account_id": who.account_id}
    move(session, SHEETS, sheet, SheetEvent.PUBLISH, Party.CLIENT, actor=who.actor, at=at, **values)


def publish_edition(session: Session, who: SignedIn, sheet: Sheet, content: Content, *, at: datetime) -> None:
    """Have a published sheet that was taken say something else; raise Invalid where it then lacks something."""
    if faults := sheet_contents.missing(content, at.date()):
        raise Invalid(faults)
    move(
        session,
        SHEETS,
        sheet,
        SheetEvent.EDIT,
        Party.CLIENT,
        actor=who.actor,
        at=at,
        edition=sheet.edition + 1,
        changed_at=at,
        **_columns(content),
    )
    session.add(SheetEdition(sheet_id=sheet.id, number=sheet.edition, content=sheet.content, published_at=at))


def edition_at(session: Session, sheet_id: str, at: datetime) -> Content | None:
    """Return what a sheet said at an instant; None where it was not published yet."""
    statement = (
        select(SheetEdition)
        .where(col(SheetEdition.sheet_id) == sheet_id, col(SheetEdition.published_at) <= at)
        .order_by(col(SheetEdition.number).desc())
        .limit(1)
    )
    found = session.execute(statement).scalar_one_or_none()
    return sheet_contents.load(found.content) if found else None


def reopen(session: Session, who: SignedIn, sheet_id: str, *, at: datetime) -> Sheet:
    """Open a closed sheet again; whom it goes to is chosen anew."""
    sheet = take(session, author(who).owner, sheet_id)
    move(session, SHEETS, sheet, SheetEvent.REOPEN, Party.CLIENT, actor=who.actor, at=at, changed_at=at)
    return sheet


def discard(session: Session, by: Author, sheet_id: str) -> None:
    """Delete a draft with its files; raise Conflict for what was published, which others have read."""
    sheet = take(session, by.owner, sheet_id)
    if sheet.state != SheetState.DRAFT:
        raise Conflict("a published sheet is closed, not deleted")
    sheet_files.forget_of(session, [sheet.id])
    session.delete(sheet)
    session.flush()


def adopt(session: Session, token: str, client_id: str, account_id: str, *, at: datetime) -> Sheet | None:
    """Make a browser's draft the client's of whoever has signed in there; return it, if there was one."""
    statement = select(Sheet).where(_is_of(Owner(token=token))).with_for_update()
    sheet = session.execute(statement).scalar_one_or_none()
    if sheet is not None:
        sheet.client_id, sheet.token_hash, sheet.author_account_id = client_id, None, account_id
        sheet.changed_at = at
        session.flush()
    return sheet


def is_abandoned(at: datetime) -> ColumnElement[bool]:
    """Return the condition that a browser's draft has waited for long enough."""
    return col(Sheet.client_id).is_(None) & (col(Sheet.changed_at) < at - KEPT_UNUSED)


def sweep(session: Session, *, at: datetime) -> None:
    """Delete browsers' drafts that nobody came back for."""
    session.execute(delete(Sheet).where(is_abandoned(at)))


def _one(session: Session, owner: Owner, sheet_id: str, *, to_change: bool = False) -> Sheet:
    statement = select(Sheet).where(col(Sheet.id) == sheet_id, _is_of(owner))
    if to_change:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    sheet = None if "\0" in sheet_id else session.execute(statement).scalar_one_or_none()
    if sheet is None:
        raise NotFound("there is no such sheet")
    return sheet


def _is_of(owner: Owner) -> ColumnElement[bool]:
    if owner.client_id is not None:
        return col(Sheet.client_id) == owner.client_id
    return col(Sheet.token_hash) == owner.token_hash


def _columns(content: Content) -> dict[str, Any]:
    return {
        "content": sheet_contents.dump(content),
        "title": content.title,
        "needs_nda": content.needs_nda,
        "answer_by": content.answer_by,
    }
