"""Notices: anybody may say that something here is unlawful, an expert that a review of theirs is not genuine.

A notice names the thing, a reason and who speaks, and is confirmed and answered with reasons (Regulation (EU)
2022/2065, articles 16 and 17). Only about the abuse of children may one stay nameless (article 16(2)(c)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, contacts
from accounts.models.experts import Expert, Review
from accounts.models.notices import Ground, Notice, NoticeKind
from accounts.suspensions import LONGEST_TEXT, read_text
from foundation import audits, mails
from foundation.audits import Actor, ActorKind
from foundation.errors import Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate
from foundation.mails import Mail

KIND = "notice"
"""What the audit log calls them."""
LONGEST_CONTENT = 2_000
SENDERS_KEPT_FOR = timedelta(days=365)
"""After the decision: by then nobody has a complaint left (Regulation (EU) 2022/2065, article 20: six months)."""
NAMELESS = Ground.CHILD_ABUSE


@dataclass(frozen=True, slots=True)
class Notifier:
    """Who sends a notice; all None for somebody who may stay nameless and does."""

    name: str | None = None
    email: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice that is in order."""

    ground: Ground
    explanation: str
    notifier: Notifier
    language: Language


def check(form: dict[str, str], language: Language, *, known: Notifier | None = None) -> Draft:
    """Return a posted notice, or raise Invalid with every fault; `known` is who has signed in."""
    faults: list[Fault] = []
    ground = read_ground(form, language, faults)
    explanation = read_text(form, "explanation", LONGEST_TEXT, language, faults)
    notifier = known or _read_notifier(form, language, ground, faults)
    if form.get("good_faith") != "yes":
        reason = message("The law asks for this before we may act.")
        faults.append(Fault("good_faith", "missing", translate(language, reason)))
    if faults or ground is None:
        raise Invalid(faults)
    return Draft(ground, explanation, notifier, language)


def read_ground(form: dict[str, str], language: Language, faults: list[Fault]) -> Ground | None:
    """Return the posted ground, or add a fault."""
    ground = next((item for item in Ground if item == form.get("ground")), None)
    if ground is None:
        reason = message("Please choose what it is about.")
        faults.append(Fault("ground", "unknown_ground", translate(language, reason)))
    return ground


def send(session: Session, draft: Draft, expert: Expert, review: Review | None, *, at: datetime) -> Notice:
    """Keep a notice, and confirm it by mail to whoever left an address."""
    is_own = draft.notifier.account_id is not None and _owns(session, draft.notifier.account_id, expert.id)
    kind = NoticeKind.OBJECTION if is_own and review else NoticeKind.NOTICE
    content = (review.comment or "") if review else f"{expert.headline}\n\n{expert.summary}"
    notice = Notice(
        kind=kind.value,
        ground=draft.ground.value,
        explanation=draft.explanation,
        expert_id=expert.id,
        review_id=review.id if review else None,
        content=content[:LONGEST_CONTENT],
        notifier_name=draft.notifier.name,
        notifier_email=draft.notifier.email,
        account_id=draft.notifier.account_id,
        language=draft.language,
        sent_at=at,
    )
    session.add(notice)
    session.flush()
    if notice.notifier_email:
        values = {
            "name": notice.notifier_name or "",
            "number": number(notice),
            "expert": expert.name,
            "explanation": notice.explanation,
        }
        mail = Mail(notice.notifier_email, draft.language, "notice_received", values)
        mails.write(session, mail, key=f"notice_received {notice.id}", at=at)
    account_id = notice.account_id
    actor = audits.account(account_id) if account_id else Actor(ActorKind.SYSTEM, name="visitor")
    audits.record(session, actor, "notice_sent", KIND, notice.id, at=at, ground=notice.ground, kind=notice.kind)
    return notice


def get(session: Session, notice_id: str) -> Notice:
    """Return a notice; raise NotFound."""
    found = session.get(Notice, notice_id)
    if found is None:
        raise NotFound("there is no such notice")
    return found


def take(session: Session, notice_id: str) -> Notice:
    """Return a notice that nobody else decides about before this transaction ends; raise NotFound."""
    statement = select(Notice).where(col(Notice.id) == notice_id).with_for_update()
    found = session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NotFound("there is no such notice")
    return found


def listed(session: Session, *, is_decided: bool, limit: int, after: str = "") -> Sequence[Notice]:
    """Return open notices, oldest first, or decided ones, latest first; `after` is the id of the last one seen."""
    state = col(Notice.decision).is_not(None) if is_decided else col(Notice.decision).is_(None)
    order = (col(Notice.decided_at), col(Notice.id)) if is_decided else (col(Notice.sent_at), col(Notice.id))
    statement = select(Notice).where(state).limit(limit)
    seen = session.get(Notice, after) if after else None
    if seen:
        first, second = (seen.decided_at, seen.id) if is_decided else (seen.sent_at, seen.id)
        beyond = order[0] < first if is_decided else order[0] > first
        further = order[1] < second if is_decided else order[1] > second
        statement = statement.where(beyond | ((order[0] == first) & further))
    return (
        session.execute(statement.order_by(*((one.desc() for one in order) if is_decided else order))).scalars().all()
    )


def count_open(session: Session) -> int:
    """Count the notices that wait for a decision."""
    return session.execute(select(func.count()).where(col(Notice.decision).is_(None))).scalar_one()


def forget(session: Session, account_id: str, email: str | None) -> None:
    """Drop name, address and words of who sent notices, signed in or not; what was decided about them stays."""
    theirs = update(Notice).where((col(Notice.account_id) == account_id) | (col(Notice.notifier_email) == email))
    blank = theirs.values(notifier_name=None, notifier_email=None, explanation="", account_id=account_id)
    session.execute(blank.execution_options(synchronize_session=False))


def is_settled(at: datetime) -> ColumnElement[bool]:
    """Return the condition that a notice was decided so long ago that its sender need not be reached any more."""
    is_named = col(Notice.notifier_email).is_not(None) | col(Notice.account_id).is_not(None)
    return is_named & (col(Notice.decided_at) < at - SENDERS_KEPT_FOR)


def sweep(session: Session, *, at: datetime) -> None:
    """Drop who sent notices that were settled long ago: name, address and account; what was decided stays."""
    nobody = {"notifier_name": None, "notifier_email": None, "account_id": None, "sender_dropped_at": at}
    session.execute(update(Notice).where(is_settled(at)).values(nobody))


def number(notice: Notice) -> str:
    """Return what a notice is called towards people."""
    return notice.id[:8].upper()


def _owns(session: Session, account_id: str, expert_id: str) -> bool:
    owner = accounts.owner_of(session, expert_id)
    return owner is not None and owner.id == account_id


def _read_notifier(form: dict[str, str], language: Language, ground: Ground | None, faults: list[Fault]) -> Notifier:
    given = (form.get("name", "").strip(), form.get("email", "").strip())
    if ground is NAMELESS and not any(given):
        return Notifier()
    name, email = contacts.read_name(given[0]), contacts.read_email(given[1])
    if name is None:
        faults.append(contacts.name_fault(language))
    if email is None:
        faults.append(contacts.email_fault(language))
    return Notifier(name, email)
