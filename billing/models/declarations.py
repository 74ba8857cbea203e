"""The table of declarations of who owns the businesses of experts (row S26): sent on, and not kept.

Whom one names waits here sealed until the provider has it. What stays is how many they were, and what was said of it.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.provider_states import DeclarationState
from foundation.types import Instant

OPEN = (DeclarationState.CREATED, DeclarationState.ASKED)
"""States of a declaration that nobody has judged yet."""
_IS_OPEN = text("state IN ('created', 'asked')")


class OwnershipDeclaration(SQLModel, table=True):
    """Who owns a business, as an expert told the provider; the latest is what counts."""

    __tablename__ = "ownership_declarations"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_ownership_declarations_expert", "expert_id", "given_at"),
        Index("ix_ownership_declarations_provider_id", "provider_id"),
        Index(
            "ux_ownership_declarations_open",
            "user_id",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        CheckConstraint(one_of("state", DeclarationState), name="ownership_declaration_state_is_known"),
        CheckConstraint("people BETWEEN 1 AND 4", name="ownership_declarations_have_people"),
        CheckConstraint("sealed IS NULL OR state = 'created'", name="ownership_declarations_are_not_kept"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked."""
    expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")
    user_id: str = Field(foreign_key="provider_users.id")
    """As whom the provider knows the expert: another kind of owner declares anew, or needs to declare nothing."""
    state: str = DeclarationState.CREATED.value
    provider_id: str | None = None
    """Of an incomplete one it is also that of the next one, where the provider takes it up again."""
    reason: str | None = None
    """Why it was refused or is incomplete, as a code."""
    explanation: str = ""
    """The same in the provider's words, where there are any."""
    people: int
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Who they are, until the provider has it."""
    given_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
