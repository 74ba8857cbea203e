"""What operators decide about skills that no concept knows: name them, make them a name of a concept, leave them."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation import outbox
from foundation.database import hold
from foundation.errors import Conflict, Fault, Invalid, NotFound
from taxonomy import texts
from taxonomy.events import SKILLS_CHANGED
from taxonomy.models import SkillDecision
from taxonomy.wordlists import Wordlists

LONGEST_LABEL = 120
DECIDING = "deciding about skills"


def name(session: Session, skill: str, *, fr: str, en: str, wordlists: Wordlists, author: str, at: datetime) -> str:
    """Make a concept of a free skill, with its labels; return the concept's id."""
    skill, fr, en = (_checked(field, value) for field, value in (("skill", skill), ("fr", fr), ("en", en)))
    hold(session, DECIDING)
    for field, value in (("skill", skill), ("fr", fr), ("en", en)):
        concept = wordlists.skills.find(value)
        if concept is not None:
            reason = f"“{value}” is a name of {concept.id} already: merge the skill into it"
            raise Invalid([Fault(field, "known_skill", reason)])
    concept_id = texts.key(en).replace(" ", "-")
    _decide(session, _new("named", skill, author, at, concept=concept_id, fr=fr, en=en))
    return concept_id


def merge(session: Session, skill: str, into: str, *, wordlists: Wordlists, author: str, at: datetime) -> str:
    """Make a free skill a name of a concept, given by its id or any of its names; return the concept's id."""
    skill = _checked("skill", skill)
    hold(session, DECIDING)
    concept = wordlists.skills.find(into)
    if concept is None:
        raise Invalid([Fault("concept", "unknown_concept", f"“{into}” is no known skill: give its id or a label")])
    known = wordlists.skills.find(skill)
    if known is not None and known.id in {other.id for other in wordlists.skills.concepts}:
        raise Invalid([Fault("skill", "known_skill", f"“{skill}” is a name of {known.id} already")])
    _decide(session, _new("merged", skill, author, at, concept=concept.id))
    return concept.id


def ignore(session: Session, skill: str, *, author: str, at: datetime) -> None:
    """Leave a free skill as it is: it is listed no more."""
    skill = _checked("skill", skill)
    hold(session, DECIDING)
    _decide(session, _new("ignored", skill, author, at))


def undo(session: Session, skill: str, *, author: str, at: datetime) -> SkillDecision:
    """Take back what is decided about a skill; raise NotFound for nothing, Conflict while others build on it."""
    hold(session, DECIDING)
    decision = decisions(session).get(texts.key(skill))
    if decision is None:
        raise NotFound(f"nothing is decided about “{skill}”")
    if decision.kind == "named":
        merged = [other.name for other in decisions(session).values() if _builds_on(other, decision)]
        if merged:
            raise Conflict(f"undo these first, which are names of {decision.concept}: {', '.join(merged)}")
    decision.undone_by, decision.undone_at = author, at
    session.add(decision)
    outbox.record(session, SKILLS_CHANGED, [str(uuid4())])
    return decision


def decisions(session: Session) -> dict[str, SkillDecision]:
    """Return the decisions in effect, by the folded skill, in the order in which they were made."""
    statement = select(SkillDecision).where(col(SkillDecision.undone_at).is_(None)).order_by(col(SkillDecision.id))
    return {decision.key: decision for decision in session.execute(statement).scalars()}


def history(session: Session) -> list[SkillDecision]:
    """Return all decisions, undone ones too, the latest first."""
    return list(session.execute(select(SkillDecision).order_by(col(SkillDecision.id).desc())).scalars())


def _decide(session: Session, decision: SkillDecision) -> None:
    before = decisions(session).get(decision.key)
    if before is not None:
        raise Conflict(f"“{decision.name}” was {before.kind} by {before.author}: undo that first")
    others = decisions(session).values()
    if decision.kind == "named" and any(
        other.kind == "named" and other.concept == decision.concept for other in others
    ):
        raise Conflict(f"there is a concept {decision.concept} already: merge the skill into it")
    session.add(decision)
    outbox.record(session, SKILLS_CHANGED, [str(uuid4())])


def _new(
    kind: str, skill: str, author: str, at: datetime, *, concept: str | None = None, **labels: str
) -> SkillDecision:
    return SkillDecision(
        kind=kind,
        name=skill,
        key=texts.key(skill),
        concept=concept,
        fr=labels.get("fr"),
        en=labels.get("en"),
        author=author,
        decided_at=at,
    )


def _builds_on(other: SkillDecision, decision: SkillDecision) -> bool:
    return other.kind == "merged" and other.concept == decision.concept


def _checked(field: str, value: str) -> str:
    value = " ".join(value.split())
    if not texts.words(value):
        raise Invalid([Fault(field, "no_words", "must hold a word")])
    if len(value) > LONGEST_LABEL:
        raise Invalid([Fault(field, "too_long", f"may have {LONGEST_LABEL} characters at most")])
    return value
