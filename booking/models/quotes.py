"""Tables of quotes, their versions and who signed which (mission rows S14, S15)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from booking.lifecycle import QuoteState
from foundation.types import Instant


class QuoteKind(StrEnum):
    """What a quote is for."""

    SCOPING = "scoping"
    MISSION = "mission"
    MONTH = "month"
    """A month of a series (S18)."""


class Side(StrEnum):
    """Of which of the two somebody is."""

    CLIENT = "client"
    EXPERT = "expert"


class Quote(SQLModel, table=True):
    """An expert's proposal to a client, or to somebody who is to become one (S16)."""

    __tablename__ = "quotes"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_quotes_number", "number", unique=True),
        Index("ix_quotes_expert", "expert_id"),
        Index("ix_quotes_client", "client_id"),
        Index("ix_quotes_offer", "offer_id"),
        CheckConstraint(one_of("state", QuoteState), name="quote_state_is_known"),
        CheckConstraint(one_of("kind", QuoteKind), name="quote_kind_is_known"),
        CheckConstraint("client_id IS NOT NULL OR client_email IS NOT NULL", name="quote_is_for_somebody"),
        CheckConstraint("(state = 'draft') = (latest_version = 0)", name="sent_quotes_have_versions"),
        CheckConstraint(
            "accepted_version IS NOT NULL OR state NOT IN ('accepted', 'amended', 'cancelled')",
            name="signed_quotes_name_their_version",
        ),
        CheckConstraint("accepted_version IS NULL OR accepted_version <= latest_version", name="accepted_was_sent"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    number: str
    """Such as Q-2026-00042, for people; each installation counts its own."""
    kind: str = QuoteKind.MISSION.value
    state: str = QuoteState.DRAFT.value
    expert_id: str
    """No foreign key: a contract outlasts a profile that is erased."""
    client_id: str | None = Field(default=None, foreign_key="clients.id")
    client_email: str | None = None
    """Of an own client who has no account yet, in small letters."""
    client_name: str = ""
    offer_id: str | None = Field(default=None, foreign_key="offers.id", ondelete="SET NULL")
    sheet_id: str | None = Field(default=None, foreign_key="sheets.id", ondelete="SET NULL")
    series_id: str | None = Field(default=None, foreign_key="series.id")
    draft: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What the next version will say, as it was typed; see `booking.quote_contents`."""
    draft_edition: int = 0
    """Grows with each saving of the draft: a save that has not seen the last one is refused."""
    latest_version: int = 0
    accepted_version: int | None = None
    valid_until: date | None = None
    """The last day on which the latest version may be accepted."""
    decline_reason: str = ""
    made_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)


class QuoteVersion(SQLModel, table=True):
    """What was sent, word by word, with the figures and the legal identities of that moment. Never changed."""

    __tablename__ = "quote_versions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("number >= 1", name="version_number_is_positive"),
        CheckConstraint("net_cents >= 0 AND tax_cents >= 0", name="version_amounts_are_positive"),
        CheckConstraint("gross_cents = net_cents + tax_cents", name="version_amounts_add_up"),
    )

    quote_id: str = Field(primary_key=True, foreign_key="quotes.id")
    number: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSON)
    content_hash: str
    """SHA-256 of the content's canonical JSON: what is signed."""
    reason: str = ""
    """Why an amendment was made; empty for the first version."""
    language: str
    currency: str
    day_rate_cents: int | None = None
    net_cents: int
    """Before tax."""
    tax_cents: int
    gross_cents: int
    commission_rate_bp: int
    commission_cents: int
    """With its tax: what the expert gets less. 0 where a portage company invoices."""
    reduction_id: str | None = None
    """The reduction of the commission that was reckoned with."""
    starts_on: date | None = None
    ends_on: date | None = None
    valid_until: date
    sent_at: datetime = Field(sa_type=Instant)


class Signature(SQLModel, table=True):
    """That somebody accepted a version for one side: sending is the expert's signature, accepting the client's."""

    __tablename__ = "signatures"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint(one_of("side", Side), name="side_is_known"),
        Index("ix_signatures_account", "account_id"),
    )

    quote_id: str = Field(primary_key=True, foreign_key="quotes.id")
    version: int = Field(primary_key=True)
    side: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id")
    name: str
    """As it was when signing; the account may be erased, the contract stays."""
    address: str
    """The network address that it came from."""
    content_hash: str
    terms_version: str
    order_number: str = ""
    """The company's own (B10)."""
    signed_at: datetime = Field(sa_type=Instant)


class LegalMention(SQLModel, table=True):
    """A mention that an expert uses again in quotes (mission row S14); quotes keep its words, not the row."""

    __tablename__ = "legal_mentions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_legal_mentions_expert", "expert_id"),)

    id: str = Field(primary_key=True, default_factory=new_id)
    expert_id: str = Field(foreign_key="experts.id", ondelete="CASCADE")
    title: str
    text: str
    changed_at: datetime = Field(sa_type=Instant)


class Counter(SQLModel, table=True):
    """The last number that was given out in a series of numbers, such as quotes of a year."""

    __tablename__ = "counters"  # pyright: ignore[reportAssignmentType]

    name: str = Field(primary_key=True)
    last: int
