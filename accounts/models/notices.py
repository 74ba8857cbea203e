"""Tables of notices: what somebody holds to be unlawful or untrue here, and what an operator decided about it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.accounts import one_of
from accounts.models.identities import new_id
from foundation.types import Instant


class NoticeKind(StrEnum):
    """Who speaks: anybody (Regulation (EU) 2022/2065, article 16), or an expert about a review of their own."""

    NOTICE = "notice"
    OBJECTION = "objection"


class Ground(StrEnum):
    """Why something should not stand here."""

    FALSE_REVIEW = "false_review"
    DEFAMATION = "defamation"
    HATRED = "hatred"
    FRAUD = "fraud"
    COPYRIGHT = "copyright"
    PERSONAL_DATA = "personal_data"
    CHILD_ABUSE = "child_abuse"
    OTHER = "other"


class Decision(StrEnum):
    """What an operator decided about a notice."""

    NO_ACTION = "no_action"
    COMMENT_HIDDEN = "comment_hidden"
    REVIEW_HIDDEN = "review_hidden"
    PROFILE_HIDDEN = "profile_hidden"
    SUSPENDED = "suspended"


class Notice(SQLModel, table=True):
    """A notice. It names the profile and the review without a foreign key: it outlives them."""

    __tablename__ = "notices"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_notices_expert", "expert_id"),
        Index("ix_notices_sent", "sent_at"),
        CheckConstraint(one_of("kind", NoticeKind), name="kind_is_known"),
        CheckConstraint(one_of("ground", Ground), name="ground_is_known"),
        CheckConstraint(f"decision IS NULL OR {one_of('decision', Decision)}", name="decision_is_known"),
        CheckConstraint("language IN ('fr', 'en')", name="language_is_ours"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decisions_have_a_time"),
        CheckConstraint("(decision IS NULL) = (decision_reason IS NULL)", name="decisions_have_a_reason"),
        CheckConstraint("review_id IS NOT NULL OR kind = 'notice'", name="objections_are_to_reviews"),
        CheckConstraint(
            "notifier_email IS NOT NULL OR account_id IS NOT NULL OR ground = 'child_abuse'"
            " OR sender_dropped_at IS NOT NULL",
            name="who_may_be_nameless",
        ),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    kind: str
    ground: str
    explanation: str
    expert_id: str
    review_id: str | None = None
    content: str
    """What stood there when the notice was sent, cut short."""
    notifier_name: str | None = None
    notifier_email: str | None = None
    account_id: str | None = None
    """The account of who sent it, if they were signed in."""
    sender_dropped_at: datetime | None = Field(default=None, sa_type=Instant)
    """When it was forgotten who sent it, long after the decision."""
    language: str
    sent_at: datetime = Field(sa_type=Instant)
    decision: str | None = None
    decision_reason: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: str | None = None
    """The account of the operator."""


class HiddenReview(SQLModel, table=True):
    """That a review, or only its comment, is not shown, by a notice's decision. It survives another import."""

    __tablename__ = "hidden_reviews"  # pyright: ignore[reportAssignmentType]

    review_id: str = Field(primary_key=True)
    notice_id: str = Field(primary_key=True, foreign_key="notices.id", ondelete="CASCADE")
    is_whole: bool
    """Else its rating still counts, and only the comment is taken out."""
