"""Tables of missions and of the series that monthly ones belong to (mission rows S15, S18, S20 to S22, S29)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from booking.lifecycle import MissionState, SeriesState
from foundation.types import Instant


class Portage(StrEnum):
    """Who contracts and invoices in the expert's place (S29)."""

    NONE = "none"
    PARTNER = "partner"
    """The installation's partner employs the expert."""
    OWN = "own"
    """The portage company that employs the expert already."""


class Series(SQLModel, table=True):
    """A long or recurring piece of work, carried out month by month, each with a quote of its own."""

    __tablename__ = "series"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_series_pair", "client_id", "expert_id"),
        Index("ix_series_expert", "expert_id"),
        CheckConstraint(one_of("state", SeriesState), name="series_state_is_known"),
        CheckConstraint("(state = 'stopped') = (stops_after IS NOT NULL)", name="stopped_series_have_a_last_day"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    state: str = SeriesState.DRAFT.value
    client_id: str | None = Field(default=None, foreign_key="clients.id")
    """None for an own client who has no account yet: the months' quotes hold the address (S16)."""
    expert_id: str
    """No foreign key: a contract outlasts a profile that is erased."""
    title: str
    """What the whole work is called; each month adds its name."""
    made_at: datetime = Field(sa_type=Instant)
    stops_after: date | None = None
    """The day before the first month that does not take place, once one of the two has stopped it."""


class Mission(SQLModel, table=True):
    """An accepted quote that is carried out."""

    __tablename__ = "missions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_missions_number", "number", unique=True),
        Index("ux_missions_quote", "quote_id", unique=True),
        Index("ix_missions_pair", "client_id", "expert_id"),
        Index("ix_missions_expert", "expert_id"),
        Index("ix_missions_state", "state", "ends_on"),
        CheckConstraint(one_of("state", MissionState), name="mission_state_is_known"),
        CheckConstraint(one_of("portage", Portage), name="portage_is_known"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    number: str
    """Such as M-2026-00042: what a transfer carries as its reference (S20)."""
    state: str = MissionState.AWAITING_FUNDS.value
    quote_id: str = Field(foreign_key="quotes.id")
    client_id: str = Field(foreign_key="clients.id")
    expert_id: str
    """No foreign key: a contract outlasts a profile that is erased."""
    sheet_id: str | None = Field(default=None, foreign_key="sheets.id", ondelete="SET NULL")
    series_id: str | None = Field(default=None, foreign_key="series.id")
    title: str
    currency: str
    portage: str = Portage.NONE.value
    portage_company: str = ""
    order_number: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    made_at: datetime = Field(sa_type=Instant)
    funded_at: datetime | None = Field(default=None, sa_type=Instant)
    started_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    """When one of the two said that the work is done: from then on the quote is frozen (S15)."""
    validated_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
