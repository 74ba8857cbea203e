"""Words of another classification beside our own: names of our concepts where they match, new concepts where not."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation import outbox
from foundation.database import hold
from foundation.errors import NotFound
from taxonomy import texts
from taxonomy.concepts import IMPORTED_MARK, LANGUAGES, Concept, Language, Vocabulary
from taxonomy.esco import EscoConcept
from taxonomy.events import SKILLS_CHANGED
from taxonomy.models import ImportedConcept, ImportedSource, SkillDecision

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Matched:
    """The rows to keep, and what they come to."""

    rows: list[dict[str, object]]
    read: int
    widened: int
    """How many of theirs are concepts of ours."""
    names: int
    """How many names ours gain by that."""
    new: int
    ambiguous: int
    """How many of theirs could be several of ours: they are kept as concepts of their own."""


@dataclass(frozen=True, slots=True)
class Change:
    """What keeping did to the rows of a source, by their address there."""

    added: int
    changed: int
    removed: int

    @property
    def is_none(self) -> bool:
        """Tell whether nothing is different."""
        return not (self.added or self.changed or self.removed)

    def dump(self) -> dict[str, int]:
        """Return the change as JSON values."""
        return asdict(self)


def match(found: Iterable[EscoConcept], skills: Vocabulary, source: str) -> Matched:
    """Match concepts by their labels alone with reviewed ones: what only another name shares is rarely the same.

    A name that a reviewed concept bears stays that concept's.
    """
    own = Vocabulary(skills.concepts)
    rows: list[dict[str, object]] = []
    widened = names = ambiguous = 0
    for item in found:
        meant = {concept.id: concept for label in item.labels.values() if (concept := own.find(label))}
        if len(meant) == 1:
            (concept,) = meant.values()
            gained = _new_names(item, concept, own)
            widened, names = widened + 1, names + sum(map(len, gained.values()))
            rows.append({"uri": item.uri, "concept": concept.id, "labels": {}, "names": gained})
            continue
        ambiguous += bool(meant)
        some_label = next(iter(item.labels.values()))
        labels = {language: item.labels.get(language, some_label) for language in LANGUAGES}
        others = {language: list(item.names.get(language, ())) for language in LANGUAGES}
        concept_id = f"{source}{IMPORTED_MARK}{item.uri.rsplit('/', 1)[-1]}"
        rows.append({"uri": item.uri, "concept": concept_id, "labels": labels, "names": others})
    return Matched(rows, len(rows), widened, names, len(rows) - widened, ambiguous)


def keep(
    session: Session, source: str, matched: Matched, *, release: str, digest: str, author: str, at: datetime
) -> Change:
    """Keep the rows of a source instead of those there were; what is the same stays."""
    hold(session, f"importing {source}")
    before = {
        row.uri: (row.concept, row.labels, row.names)
        for row in session.execute(select(ImportedConcept).where(col(ImportedConcept.source) == source)).scalars()
    }
    after = {str(row["uri"]): (row["concept"], row["labels"], row["names"]) for row in matched.rows}
    change = Change(
        added=len(after.keys() - before.keys()),
        changed=sum(before[uri] != after[uri] for uri in after.keys() & before.keys()),
        removed=len(before.keys() - after.keys()),
    )
    if change.is_none and before:
        return change
    _drop(session, source)
    session.add(ImportedSource(source=source, release=release, digest=digest, author=author, imported_at=at))
    for start in range(0, len(matched.rows), ROWS_AT_ONCE):
        rows = [{"source": source, **row} for row in matched.rows[start : start + ROWS_AT_ONCE]]
        session.execute(insert(ImportedConcept), rows)
    outbox.record(session, SKILLS_CHANGED, [str(uuid4())])
    return change


def forget(session: Session, source: str) -> tuple[int, list[str]]:
    """Drop all that came from a source; return how many concepts, and which merged skills have none any more."""
    if session.get(ImportedSource, source) is None:
        raise NotFound(f"nothing was imported from “{source}”")
    merged = select(col(SkillDecision.name)).where(
        col(SkillDecision.undone_at).is_(None), col(SkillDecision.concept).startswith(f"{source}{IMPORTED_MARK}")
    )
    lost = list(session.execute(merged.order_by(col(SkillDecision.id))).scalars())
    dropped = _drop(session, source)
    outbox.record(session, SKILLS_CHANGED, [str(uuid4())])
    return dropped, lost


def sources(session: Session) -> list[ImportedSource]:
    """Return where words were imported from."""
    return list(session.execute(select(ImportedSource).order_by(col(ImportedSource.source))).scalars())


def _drop(session: Session, source: str) -> int:
    dropped = session.execute(delete(ImportedConcept).where(col(ImportedConcept.source) == source))
    session.execute(delete(ImportedSource).where(col(ImportedSource.source) == source))
    session.flush()
    session.expunge_all()
    return dropped.rowcount  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def _new_names(item: EscoConcept, concept: Concept, own: Vocabulary) -> dict[Language, list[str]]:
    """Return the names that a concept of ours gains, none of which any concept of ours bears."""
    known = {texts.key(name) for name in (*concept.labels.values(), *concept.names)}
    gained: dict[Language, list[str]] = {}
    for language in LANGUAGES:
        label = item.labels.get(language)
        offered = [*([label] if label else []), *item.names.get(language, ())]
        gained[language] = [name for name in offered if texts.key(name) not in known and own.find(name) is None]
    return gained
