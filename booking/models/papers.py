"""Tables of the papers by which experts prove that they are insured and in order (mission rows S27, S28, B11)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from foundation.types import Instant


class PaperKind(StrEnum):
    """What a paper proves. What it is called in law: code du travail, D. 8222-5, D. 8222-7, D. 8254-2."""

    RC_PRO = "rc_pro"
    """That the expert is insured for professional liability."""
    VIGILANCE = "vigilance"
    """URSSAF's attestation that social contributions are declared and paid (D. 8222-5, 1°)."""
    REGISTRATION = "registration"
    """Extract of the French register of businesses (D. 8222-5, 2°)."""
    FOREIGN_WORKERS = "foreign_workers"
    """By name, the employees who need a work permit (D. 8254-2); whoever employs nobody has none to list."""
    IDENTITY_ABROAD = "identity_abroad"
    """Of a seller abroad: the VAT number, or identity and address (D. 8222-7, 1° a)."""
    SOCIAL_ABROAD = "social_abroad"
    """Of a seller abroad: that contributions are paid there, such as an A1 certificate (D. 8222-7, 1° b)."""
    REGISTRATION_ABROAD = "registration_abroad"
    """Of a seller abroad: extract of the register of that country (D. 8222-7, 2°)."""


class WorkPaper(SQLModel, table=True):
    """A paper of an expert: one of each kind, the latest."""

    __tablename__ = "work_papers"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_work_papers_kind", "expert_id", "kind", unique=True),
        CheckConstraint(one_of("kind", PaperKind), name="paper_kind_is_known"),
        CheckConstraint("ends_on IS NULL OR ends_on >= issued_on", name="paper_ends_after_its_beginning"),
        CheckConstraint("ends_on IS NOT NULL OR kind <> 'rc_pro'", name="certificates_end"),
        CheckConstraint("kind = 'rc_pro' OR NOT replaces_policy", name="certificates_replace_policies"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")
    kind: str
    file_id: str = Field(foreign_key="stored_files.id")
    issued_on: date
    ends_on: date | None = None
    """The last day on which it holds, where the paper says so."""
    replaces_policy: bool = False
    """A certificate takes the place of the marketplace's policy; otherwise it adds to it (S27)."""
    uploaded_at: datetime = Field(sa_type=Instant)


class OtherClients(SQLModel, table=True):
    """That an expert stated to work for other clients too (S28)."""

    __tablename__ = "other_clients"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_other_clients_expert", "expert_id", "attested_at"),)

    id: str = Field(primary_key=True, default_factory=new_id)
    expert_id: str
    """No foreign key: what a company was told outlasts a profile that is erased."""
    account_id: str = Field(foreign_key="accounts.id")
    attested_at: datetime = Field(sa_type=Instant)
