"""Tables of accounts: who may sign in, for whom they act, and what they were sent (mission rows S8, S9, B10)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from accounts.models.identities import new_id
from foundation.types import Instant


class AccountKind(StrEnum):
    """What somebody uses Portulan as; it never changes."""

    COMPANY = "company"
    PRIVATE_CLIENT = "private_client"
    EXPERT = "expert"
    OPERATOR = "operator"


class Role(StrEnum):
    """What a colleague may do for a client (mission row B10)."""

    OWNER = "owner"
    BUYER = "buyer"
    ACCOUNTANT = "accountant"
    VIEWER = "viewer"


class Purpose(StrEnum):
    """What a mailed link lets its reader do, once."""

    CONFIRM_EMAIL = "confirm_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - no password
    CHANGE_EMAIL = "change_email"
    INVITE_EXPERT = "invite_expert"
    INVITE_COLLEAGUE = "invite_colleague"
    INVITE_OPERATOR = "invite_operator"
    INVITE_CLIENT = "invite_client"
    """To whom an expert has sent a quote, and who has no account yet."""
    CONFIRM_AVAILABILITY = "confirm_availability"


def one_of(column: str, values: type[StrEnum]) -> str:
    """Return the condition that a column holds a value of an enumeration."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Account(SQLModel, table=True):
    """Somebody who may sign in. An erased account keeps its row, without anything personal, for what points to it."""

    __tablename__ = "accounts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ux_accounts_email", "email", unique=True),
        Index("ux_accounts_expert", "expert_id", unique=True),
        CheckConstraint(one_of("kind", AccountKind), name="kind_is_known"),
        CheckConstraint("language IN ('fr', 'en')", name="language_is_ours"),
        CheckConstraint("email = lower(email)", name="email_is_in_small_letters"),
        CheckConstraint("expert_id IS NULL OR kind = 'expert'", name="only_experts_have_profiles"),
        CheckConstraint("(erased_at IS NULL) = (email IS NOT NULL)", name="erased_ones_have_no_email"),
        CheckConstraint("(suspended_at IS NULL) = (suspension_reason IS NULL)", name="a_suspension_has_a_reason"),
    )

    id: str = Field(primary_key=True, default_factory=new_id)
    kind: str
    email: str | None
    """In small letters; None once erased."""
    name: str
    phone: str | None = None
    """E.164, such as +33612345678."""
    language: str
    password_hash: str | None = None
    """None: nobody can sign in with a password, as while an invitation waits."""
    email_confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    expert_id: str | None = Field(default=None, foreign_key="experts.id", ondelete="SET NULL")
    second_factor_secret: str | None = None
    """Encrypted with the installation's key; counts once `second_factor_since` is set."""
    second_factor_since: datetime | None = Field(default=None, sa_type=Instant)
    second_factor_step: int = 0
    """The last 30-second step whose code was used: none is taken twice (RFC 6238 §5.2)."""
    notifications: dict[str, bool] = Field(default_factory=dict, sa_type=JSON)
    """Answers to what may be mailed; a topic that is not named here is as it is by default."""
    mail_failed_at: datetime | None = Field(default=None, sa_type=Instant)
    """When a mail to the address came back last; None once one has come from there."""
    mail_failure: str | None = None
    suspended_at: datetime | None = Field(default=None, sa_type=Instant)
    suspension_reason: str | None = None
    suspension_facts: str | None = None
    terminates_on: date | None = None
    """When a suspension ends the account for good; at least 30 days after (P2B, article 4)."""
    complaint: str | None = None
    """What a suspended person answers, as long as no operator has replied."""
    complained_at: datetime | None = Field(default=None, sa_type=Instant)
    terminated_at: datetime | None = Field(default=None, sa_type=Instant)
    """When a suspension came to its end: nobody signs in any more, what the account holds waits to be erased."""
    erased_at: datetime | None = Field(default=None, sa_type=Instant)


class Client(SQLModel, table=True):
    """Who books and pays: a company with its colleagues, or a private person (mission row S9)."""

    __tablename__ = "clients"  # pyright: ignore[reportAssignmentType]

    id: str = Field(primary_key=True, default_factory=new_id)
    is_person: bool
    name: str
    country: str | None = None
    address: str | None = None
    legal_form: str | None = None
    registration_number: str | None = None
    vat_number: str | None = None
    vat_proof: dict[str, str] | None = Field(default=None, sa_type=JSON)
    """What the public VAT service answered, and when."""
    iban: str | None = None
    billing_name: str | None = None
    billing_email: str | None = None
    billing_phone: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)


class Membership(SQLModel, table=True):
    """For whom an account acts, as what, and up to which amount alone."""

    __tablename__ = "memberships"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_memberships_client", "client_id"),
        CheckConstraint(one_of("role", Role), name="role_is_known"),
        CheckConstraint("approval_limit_cents IS NULL OR approval_limit_cents >= 0", name="limit_is_an_amount"),
    )

    account_id: str = Field(primary_key=True, foreign_key="accounts.id", ondelete="CASCADE")
    client_id: str = Field(foreign_key="clients.id")
    role: str
    approval_limit_cents: int | None = None
    """None: no limit."""
    joined_at: datetime = Field(sa_type=Instant)


class SignIn(SQLModel, table=True):
    """A browser in which somebody is signed in."""

    __tablename__ = "sign_ins"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ux_sign_ins_token", "token_hash", unique=True), Index("ix_sign_ins_account", "account_id"))

    id: str = Field(primary_key=True, default_factory=new_id)
    token_hash: str
    """SHA-256 of what the cookie holds."""
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE")
    opened_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    agent: str
    """The browser's own name, cut short, for the list that its owner sees."""
    needs_second_factor: bool = False
    """The password was right; nothing is open before the code is too."""


class MailedLink(SQLModel, table=True):
    """A link that was mailed and works once."""

    __tablename__ = "mailed_links"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_mailed_links_account", "account_id"),
        CheckConstraint(one_of("purpose", Purpose), name="purpose_is_known"),
    )

    token_hash: str = Field(primary_key=True)
    purpose: str
    account_id: str | None = Field(default=None, foreign_key="accounts.id", ondelete="CASCADE")
    subject: str = ""
    """What else it is about: a new address, an expert's ref, a membership offered."""
    made_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class RecoveryCode(SQLModel, table=True):
    """A code that stands in once for the second factor."""

    __tablename__ = "recovery_codes"  # pyright: ignore[reportAssignmentType]

    code_hash: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Acceptance(SQLModel, table=True):
    """That somebody accepted a version of the terms."""

    __tablename__ = "acceptances"  # pyright: ignore[reportAssignmentType]

    account_id: str = Field(primary_key=True, foreign_key="accounts.id", ondelete="CASCADE")
    document: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    accepted_at: datetime = Field(sa_type=Instant)
