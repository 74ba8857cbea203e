"""What operators decide about notices: nothing, hiding, suspending; with reasons for both sides, and a way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, experts, notices, suspensions, withholdings
from accounts.models.accounts import Account
from accounts.models.experts import Expert
from accounts.models.notices import Decision, Ground, HiddenReview, Notice
from accounts.notices import Draft, Notifier
from accounts.suspensions import LONGEST_REASON, LONGEST_TEXT, Statement, read_text
from foundation import audits, i18n, mails
from foundation.audits import Actor
from foundation.errors import Conflict, Fault, Invalid
from foundation.i18n import Language, message, translate
from foundation.mails import Mail

REOPENED = "reopened"
_OF_REVIEWS = (Decision.COMMENT_HIDDEN, Decision.REVIEW_HIDDEN)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision that is in order."""

    decision: Decision
    reason: str
    facts: str


def possible(notice: Notice, owner: Account | None) -> tuple[Decision, ...]:
    """Return what may be decided about a notice: reviews are hidden where there is one, accounts where one stands."""
    can_suspend = owner is not None and suspensions.state_of(owner) is suspensions.State.OPEN
    return tuple(
        decision
        for decision in Decision
        if (decision not in _OF_REVIEWS or notice.review_id) and (decision is not Decision.SUSPENDED or can_suspend)
    )


def check(form: dict[str, str], language: Language, choices: tuple[Decision, ...]) -> Verdict:
    """Return a posted decision, or raise Invalid with every fault."""
    faults: list[Fault] = []
    decision = next((item for item in choices if item == form.get("decision")), None)
    if decision is None:
        reason = message("Please choose what is to happen.")
        faults.append(Fault("decision", "unknown_decision", translate(language, reason)))
    reason, facts = _read_reasons(form, language, faults)
    if faults or decision is None:
        raise Invalid(faults)
    return Verdict(decision, reason, facts)


def check_motion(form: dict[str, str], language: Language) -> tuple[Ground, Verdict]:
    """Return why a profile is to be hidden without anybody's notice, or raise Invalid with every fault."""
    faults: list[Fault] = []
    ground = notices.read_ground(form, language, faults)
    reason, facts = _read_reasons(form, language, faults)
    if faults or ground is None:
        raise Invalid(faults)
    return ground, Verdict(Decision.PROFILE_HIDDEN, reason, facts)


def hide_profile(
    session: Session, expert: Expert, ground: Ground, verdict: Verdict, actor: Actor, *, at: datetime
) -> None:
    """Hide a profile of our own motion: the operator's own notice, decided at once, keeps the reasons and the way back.

    Raise Conflict where a notice hides it already.
    """
    if hiding(session, expert.id):
        raise Conflict("this profile is hidden already")
    draft = Draft(ground, verdict.facts, Notifier(account_id=actor.account_id), i18n.known(None))
    notice = notices.send(session, draft, expert, None, at=at)
    decide(session, notice.id, verdict, actor, at=at)


def hiding(session: Session, expert_id: str) -> Sequence[Notice]:
    """Return the notices whose decision hides a profile."""
    decided = col(Notice.decision) == Decision.PROFILE_HIDDEN.value
    return session.execute(select(Notice).where(col(Notice.expert_id) == expert_id, decided)).scalars().all()


def decide(session: Session, notice_id: str, verdict: Verdict, actor: Actor, *, at: datetime) -> None:
    """Carry a decision out, and mail its reasons to who sent the notice and to whose profile it is about."""
    notice = notices.take(session, notice_id)
    if notice.decision:
        raise Conflict("this notice was decided about already")
    owner = accounts.owner_of(session, notice.expert_id)
    if verdict.decision not in possible(notice, owner):
        raise Conflict("this can't be decided about it any more")
    notice.decision, notice.decision_reason = verdict.decision.value, f"{verdict.reason}\n\n{verdict.facts}"
    notice.decided_at, notice.decided_by = at, actor.account_id
    session.add(notice)
    _carry_out(session, notice, verdict, owner, actor, at=at)
    audits.record(session, actor, "notice_decided", notices.KIND, notice.id, at=at, decision=notice.decision)
    _tell(session, notice, owner, notice.decision, notice.decision_reason, at=at)


def undo(session: Session, notice_id: str, actor: Actor, *, at: datetime) -> None:
    """Take a decision back: what it hid is shown again, the notice is open again, and both sides are told."""
    notice = notices.take(session, notice_id)
    if notice.decision is None or notice.decided_at is None:
        raise Conflict("nothing is decided about this notice")
    owner = accounts.owner_of(session, notice.expert_id)
    decision, decided_at = notice.decision, notice.decided_at
    notice.decision = notice.decision_reason = notice.decided_at = notice.decided_by = None
    session.add(notice)
    if decision in _OF_REVIEWS:
        session.execute(delete(HiddenReview).where(col(HiddenReview.notice_id) == notice.id))
        _announce(session, notice, at=at)
    elif decision == Decision.PROFILE_HIDDEN:
        withholdings.renew(session, notice.expert_id, at=at)
    elif decision == Decision.SUSPENDED and owner and _is_suspended_since(owner, decided_at):
        told = message("The decision about a notice was taken back.")
        suspensions.lift(session, owner.id, translate(i18n.known(owner.language), told), actor, at=at)
    audits.record(session, actor, "notice_reopened", notices.KIND, notice.id, at=at, decision=decision)
    _tell(session, notice, owner, REOPENED, "", at=at)


def _carry_out(
    session: Session, notice: Notice, verdict: Verdict, owner: Account | None, actor: Actor, *, at: datetime
) -> None:
    if verdict.decision in _OF_REVIEWS and notice.review_id:
        is_whole = verdict.decision is Decision.REVIEW_HIDDEN
        session.add(HiddenReview(review_id=notice.review_id, notice_id=notice.id, is_whole=is_whole))
        _announce(session, notice, at=at)
    elif verdict.decision is Decision.PROFILE_HIDDEN:
        withholdings.renew(session, notice.expert_id, at=at)
    elif verdict.decision is Decision.SUSPENDED and owner:
        suspensions.suspend(session, owner.id, Statement(verdict.reason, verdict.facts), actor, at=at)


def _read_reasons(form: dict[str, str], language: Language, faults: list[Fault]) -> tuple[str, str]:
    reason = read_text(form, "reason", LONGEST_REASON, language, faults)
    return reason, read_text(form, "facts", LONGEST_TEXT, language, faults)


def _is_suspended_since(owner: Account, decided_at: datetime) -> bool:
    return owner.suspended_at == decided_at and suspensions.state_of(owner) is suspensions.State.SUSPENDED


def _announce(session: Session, notice: Notice, *, at: datetime) -> None:
    """Have the rating counted anew; a profile that is gone needs it no more."""
    session.flush()
    expert = session.get(Expert, notice.expert_id)
    if expert:
        experts.change(session, expert.ref, {}, at=at)


def _tell(session: Session, notice: Notice, owner: Account | None, decision: str, reason: str, *, at: datetime) -> None:
    """Mail a decision to both sides, each once; a suspension has its own mail."""
    expert = session.get(Expert, notice.expert_id)
    values = {
        "number": notices.number(notice),
        "expert": expert.name if expert else "",
        "decision": decision,
        "reason": reason,
        "is_about_review": notice.review_id is not None,
    }
    sender = accounts.find_by_email(session, notice.notifier_email) if notice.notifier_email else None
    if notice.notifier_email and not (owner and sender and sender.id == owner.id):
        mail = Mail(
            notice.notifier_email,
            i18n.known(notice.language),
            "notice_decided",
            {**values, "name": notice.notifier_name or "", "is_notifier": True},
        )
        mails.write(session, mail, key=f"notice_decided {notice.id} notifier {at.isoformat()}", at=at)
    is_told = decision in {Decision.NO_ACTION, Decision.SUSPENDED} and notice.account_id != (owner and owner.id)
    if owner and owner.email and not is_told:
        is_own = notice.account_id == owner.id
        mail = Mail(
            owner.email,
            i18n.known(owner.language),
            "notice_decided",
            {**values, "name": owner.name, "is_notifier": is_own},
        )
        mails.write(session, mail, key=f"notice_decided {notice.id} owner {at.isoformat()}", at=at)
