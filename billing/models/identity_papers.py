"""Tables of what payment providers want to know of experts whom they pay, and of the papers that prove it (row S26).

Papers are sent on and not kept: their pages wait here sealed until the provider has them.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from billing.provider_states import OwnerKind, PaperKind, PaperState
from foundation.types import Instant

OPEN = (PaperState.CREATED, PaperState.ASKED)
"""States of a paper that nobody has judged yet."""
_IS_OPEN = text("state IN ('created', 'asked')")


class OwnerDetails(SQLModel, table=True):
    """Who an expert is, as the provider is told: the last that was given."""

    __tablename__ = "owner_details"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (CheckConstraint(one_of("kind", OwnerKind), name="owner_kind_is_known"),)

    expert_id: str = Field(primary_key=True, foreign_key="experts.id", ondelete="CASCADE")
    kind: str
    first_name: str
    last_name: str
    born_on: date
    nationality: str
    """ISO 3166-1 alpha-2, as the other countries."""
    residence: str
    line: str
    """Of the address, where a person lives or a business has its seat."""
    city: str
    postal_code: str
    country: str
    name: str
    """Of the business; of a person their own."""
    company_number: str = ""
    given_at: datetime = Field(sa_type=Instant)
    """Also when the provider's terms were accepted."""
    told_at: datetime | None = Field(default=None, sa_type=Instant)
    """When what the provider was told last had been given."""
    declined: str | None = None
    """Why the provider does not take these details, as its code."""

    @property
    def is_told(self) -> bool:
        """Tell whether the provider has these details, or will never take them."""
        return self.told_at == self.given_at or self.declined is not None


class IdentityPaper(SQLModel, table=True):
    """A paper that an expert sends to the provider; the latest of a kind is what counts."""

    __tablename__ = "identity_papers"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_identity_papers_expert", "expert_id", "given_at"),
        Index("ix_identity_papers_provider_id", "provider_id"),
        Index(
            "ux_identity_papers_open",
            "user_id",
            "kind",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        CheckConstraint(one_of("kind", PaperKind), name="identity_paper_kind_is_known"),
        CheckConstraint(one_of("state", PaperState), name="identity_paper_state_is_known"),
        CheckConstraint("pages > 0", name="identity_papers_have_pages"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    """Also the key under which the provider is asked: asking twice sends one paper."""
    expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")
    user_id: str = Field(foreign_key="provider_users.id")
    """As whom the provider knows the expert: another legal status is another owner."""
    kind: str
    state: str = PaperState.CREATED.value
    provider_id: str | None = None
    reason: str | None = None
    """Why it was refused, as a code."""
    explanation: str = ""
    """The same in the provider's words, where there are any."""
    pages: int
    given_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class IdentityPage(SQLModel, table=True):
    """One file of a paper that is on its way: its name and its content, sealed."""

    __tablename__ = "identity_pages"  # pyright: ignore[reportAssignmentType]

    paper_id: str = Field(primary_key=True, foreign_key="identity_papers.id", ondelete="CASCADE")
    place: int = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    given_at: datetime = Field(sa_type=Instant)
