"""Papers of experts: certificates of insurance, and what French companies have to ask for (mission rows S27, B11).

A file is looked through outside any transaction and sent on as it came, as a download only. Those who may have it are
its owner, operators, and the companies that the expert has a contract with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import experts, letters
from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from booking import attachments
from booking.attachments import Given
from booking.lifecycle import MissionState
from booking.models.missions import Mission
from booking.models.papers import PaperKind, WorkPaper
from foundation import audits, files
from foundation.audits import Actor
from foundation.errors import Fault, Invalid, NotFound
from foundation.files import StoredFile

FIELD = "paper"
MOST_BYTES = letters.MOST_BYTES
EARLIEST = date(2000, 1, 1)
_LATEST_YEARS = 20
_IMAGES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper as its owner describes it, checked."""

    kind: PaperKind
    issued_on: date
    ends_on: date | None
    replaces_policy: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept."""

    content: bytes
    media_type: str


def check_file(content: bytes) -> Checked:
    """Look through what was sent: a PDF as letters are, a JPEG or PNG; raise Invalid. Slow: not in a transaction."""
    ending = next((ending for beginning, ending in _IMAGES.items() if content.startswith(beginning)), None)
    try:
        if ending is None:
            return Checked(letters.check(content).content, letters.MEDIA_TYPE)
        if len(content) > MOST_BYTES:
            raise _refused(FIELD, "too_large")
        image = attachments.check_one(Given(f"{FIELD}{ending}", content))
    except Invalid as error:
        raise _refused(FIELD, "no_paper" if error.faults[0].code in _NO_KIND else error.faults[0].code) from error
    return Checked(image.content, image.media_type)


_NO_KIND = frozenset({"no_pdf", "kind_not_taken"})


def check(form: Mapping[str, str], today: date) -> Draft:
    """Return what a form says of a paper; raise Invalid with every fault."""
    faults: list[Fault] = []
    kind = PaperKind(form["kind"]) if form.get("kind") in frozenset(PaperKind) else None
    if kind is None:
        faults.append(Fault("kind", "missing", ""))
    issued_on, ends_on = _day(form, "issued_on", faults), _day(form, "ends_on", faults)
    if not form.get("issued_on", "").strip():
        faults.append(Fault("issued_on", "missing", ""))
    if issued_on and not EARLIEST <= issued_on <= today:
        faults.append(Fault("issued_on", "not_yet", ""))
    is_certificate = kind is PaperKind.RC_PRO
    if is_certificate and not form.get("ends_on", "").strip():
        faults.append(Fault("ends_on", "missing", ""))
    if ends_on and not today <= ends_on <= today.replace(year=today.year + _LATEST_YEARS, day=1):
        faults.append(Fault("ends_on", "over", ""))
    if faults or kind is None or issued_on is None:
        raise Invalid(faults)
    return Draft(kind, issued_on, ends_on, is_certificate and form.get("replaces_policy") == "yes")


def check_all(
    form: Mapping[str, str], content: bytes, today: date, *, is_too_large: bool = False
) -> tuple[Draft, Checked]:
    """Return a paper and its file; raise Invalid with what is wrong of both. Slow: not in a transaction."""
    faults: list[Fault] = []
    draft = checked = None
    try:
        draft = check(form, today)
    except Invalid as error:
        faults += error.faults
    try:
        if is_too_large:
            raise _refused(FIELD, "too_large")
        checked = check_file(content)
    except Invalid as error:
        faults += error.faults
    if draft is None or checked is None:
        raise Invalid(faults)
    return draft, checked


def unticked() -> Fault:
    """Return what is wrong with a statement that was not ticked."""
    return Fault("has_other_clients", "missing", "")


def put(session: Session, expert_id: str, draft: Draft, checked: Checked, *, actor: Actor, at: datetime) -> WorkPaper:
    """Keep a paper in the place of an earlier one of its kind."""
    experts.take(session, expert_id)
    known = of(session, expert_id).get(draft.kind)
    before = known.file_id if known else None
    paper = known or WorkPaper(
        expert_id=expert_id, kind=draft.kind.value, file_id="", issued_on=draft.issued_on, uploaded_at=at
    )
    paper.file_id = files.put(session, checked.content, checked.media_type, at=at)
    paper.issued_on, paper.ends_on, paper.uploaded_at = draft.issued_on, draft.ends_on, at
    paper.replaces_policy = draft.replaces_policy
    session.add(paper)
    session.flush()
    if before:
        files.forget(session, before)
    audits.record(session, actor, "added_paper", "expert", expert_id, at=at, kind=draft.kind.value)
    return paper


def remove(session: Session, expert_id: str, paper_id: str, *, actor: Actor, at: datetime) -> None:
    """Delete a paper with its file; raise NotFound for another's."""
    experts.take(session, expert_id)
    paper = next((one for one in of(session, expert_id).values() if one.id == paper_id), None)
    if paper is None:
        raise NotFound("there is no such paper")
    session.delete(paper)
    session.flush()
    files.forget(session, paper.file_id)
    audits.record(session, actor, "removed_paper", "expert", expert_id, at=at, kind=paper.kind)


def of(session: Session, expert_id: str) -> dict[PaperKind, WorkPaper]:
    """Return an expert's papers by kind."""
    found = session.execute(select(WorkPaper).where(col(WorkPaper.expert_id) == expert_id)).scalars()
    return {PaperKind(paper.kind): paper for paper in found}


def read(session: Session, who: SignedIn, paper_id: str) -> tuple[WorkPaper, StoredFile]:
    """Return a paper for a reader; raise NotFound for one that this reader may not see."""
    paper = None if "\0" in paper_id else session.get(WorkPaper, paper_id)
    if paper is None or not _may_read(session, who, paper):
        raise NotFound("there is no such paper")
    return paper, files.get(session, paper.file_id)


def _may_read(session: Session, who: SignedIn, paper: WorkPaper) -> bool:
    if who.kind is AccountKind.EXPERT:
        return who.expert_id == paper.expert_id
    if who.kind is AccountKind.OPERATOR:
        return True
    contract = (
        col(Mission.client_id) == who.client_id,
        col(Mission.expert_id) == paper.expert_id,
        col(Mission.state) != MissionState.CANCELLED.value,
    )
    return session.execute(select(col(Mission.id)).where(*contract).limit(1)).first() is not None


def _day(form: Mapping[str, str], field: str, faults: list[Fault]) -> date | None:
    text = form.get(field, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        faults.append(Fault(field, "no_day", ""))
        return None


def _refused(field: str, code: str) -> Invalid:
    return Invalid([Fault(field, code, "")])
