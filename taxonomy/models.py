"""Tables of what an operator adds to the reviewed lists: decisions about free skills, and words from elsewhere."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field, SQLModel

from foundation.types import Instant


class SkillDecision(SQLModel, table=True):
    """What an operator decided about a skill that no concept knew; an undone one stays, without effect."""

    __tablename__ = "skill_decisions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("kind IN ('named', 'merged', 'ignored')", name="kind_is_known"),
        CheckConstraint("(kind = 'ignored') = (concept IS NULL)", name="concept_is_said"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undoing_has_an_author"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    name: str
    """The skill as the operator wrote it."""
    key: str
    """The same, folded: what profiles are compared with."""
    concept: str | None = None
    """The id of the concept that was made for it, or that it became a name of."""
    fr: str | None = None
    en: str | None = None
    """The labels of a concept that was made."""
    author: str
    decided_at: datetime = Field(sa_type=Instant)
    undone_by: str | None = None
    undone_at: datetime | None = Field(default=None, sa_type=Instant)


class ImportedSource(SQLModel, table=True):
    """A classification that words were imported from, as it was read last."""

    __tablename__ = "imported_sources"  # pyright: ignore[reportAssignmentType]

    source: str = Field(primary_key=True)
    release: str
    digest: str
    """SHA-256 of the files that were read."""
    author: str
    imported_at: datetime = Field(sa_type=Instant)


class ImportedConcept(SQLModel, table=True):
    """A concept of another classification: new to us, or more names of one of ours."""

    __tablename__ = "imported_concepts"  # pyright: ignore[reportAssignmentType]

    source: str = Field(primary_key=True)
    uri: str = Field(primary_key=True)
    concept: str
    """The id of our concept, or a new one that begins with the source."""
    labels: dict[str, str] = Field(sa_type=JSON)
    names: dict[str, list[str]] = Field(sa_type=JSON)
    """Other names by language."""
