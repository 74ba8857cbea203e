"""What an operator has added to the reviewed skills, as the word lists take it."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from taxonomy.concepts import Concept, Language, Vocabulary, is_reviewed
from taxonomy.models import ImportedConcept, ImportedSource, SkillDecision

Names = dict[Language, tuple[str, ...]]


@dataclass(frozen=True)
class Additions:
    """Concepts and names by which the skills are widened; `revision` names them, empty for nothing."""

    named: tuple[Concept, ...] = ()
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Names that an operator gave to concepts, by their id."""
    imported: tuple[Concept, ...] = ()
    widened: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Imported names of our own concepts."""
    revision: str = ""


def stamp(session: Session) -> str:
    """Return what changes whenever something is added or taken back; quick to ask."""
    decided = session.execute(select(func.max(col(SkillDecision.id)), func.count(col(SkillDecision.undone_at)))).one()
    sources = session.execute(
        select(col(ImportedSource.source), col(ImportedSource.imported_at)).order_by(col(ImportedSource.source))
    )
    return repr((tuple(decided), [tuple(row) for row in sources]))


def read(session: Session) -> Additions:
    """Return what is in effect."""
    decisions = _in_effect(session)
    sources = session.execute(select(ImportedSource).order_by(col(ImportedSource.source))).scalars().all()
    rows = session.execute(select(ImportedConcept).order_by(col(ImportedConcept.uri))).scalars().all()
    if not decisions and not sources:
        return Additions()
    named = tuple(_named(item) for item in decisions if item.kind == "named")
    merged: dict[str, list[str]] = defaultdict(list)
    for item in decisions:
        if item.kind == "merged" and item.concept:
            merged[item.concept].append(item.name)
    imported = tuple(_imported(row) for row in rows if not is_reviewed(row.concept))
    widened: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if is_reviewed(row.concept):
            widened[row.concept].extend((*row.labels.values(), *chain.from_iterable(row.names.values())))
    told: list[tuple[object, ...]] = [
        *((item.id, item.kind) for item in decisions),
        *((item.source, item.digest, item.imported_at.timestamp()) for item in sources),
    ]
    return Additions(
        named=named,
        merged={key: tuple(names) for key, names in merged.items()},
        imported=imported,
        widened={key: tuple(dict.fromkeys(names)) for key, names in widened.items()},
        revision=hashlib.sha256(repr(told).encode()).hexdigest()[:12],
    )


def extend(skills: Vocabulary, additions: Additions) -> Vocabulary:
    """Return skills with what was added; a reviewed concept keeps its id and its names."""
    ids = skills.by_id
    own = [*skills.concepts, *(concept for concept in additions.named if concept.id not in ids)]
    return Vocabulary(
        concepts=tuple(_with_names(concept, additions.merged) for concept in own),
        imported=tuple(_with_names(concept, additions.merged) for concept in additions.imported),
        widened=additions.widened,
    )


def _in_effect(session: Session) -> list[SkillDecision]:
    statement = (
        select(SkillDecision)
        .where(col(SkillDecision.undone_at).is_(None), col(SkillDecision.kind) != "ignored")
        .order_by(col(SkillDecision.id))
    )
    return list(session.execute(statement).scalars())


def _named(decision: SkillDecision) -> Concept:
    labels: dict[Language, str] = {"fr": decision.fr or decision.name, "en": decision.en or decision.name}
    return Concept(id=decision.concept or decision.key, kind="skill", labels=labels, names=(decision.name,))


def _imported(row: ImportedConcept) -> Concept:
    labels: dict[Language, str] = {"fr": _title(row.labels["fr"]), "en": _title(row.labels["en"])}
    said: Names = {"fr": tuple(row.names.get("fr", ())), "en": tuple(row.names.get("en", ()))}
    return Concept(id=row.concept, kind="skill", labels=labels, names=(*said["fr"], *said["en"]), said=said)


def _title(label: str) -> str:
    """Return a label as ours begin: with a capital."""
    return label[:1].upper() + label[1:]


def _with_names(concept: Concept, merged: Mapping[str, tuple[str, ...]]) -> Concept:
    added = merged.get(concept.id)
    return replace(concept, names=(*concept.names, *added)) if added else concept
