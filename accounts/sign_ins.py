"""Signing in and out: opaque tokens of 256 bits in a cookie, their hashes in the database, ended there.

What a sign-in may last follows OWASP ASVS 5.0 §7.3: shorter for operators, who see everybody's.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import acceptances
from accounts.models.accounts import Account, AccountKind, Membership, Role, SignIn
from foundation import audits
from foundation.audits import Actor

LONGEST_AGENT = 200
SEEN_EVERY = timedelta(minutes=5)
"""How exactly `seen_at` is kept: each request would be a write otherwise."""
CODE_WITHIN = timedelta(minutes=10)
"""For how long a right password waits for its second factor."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """For how long a sign-in lasts unused, and at all."""

    idle: timedelta
    whole: timedelta


LIFETIME = Lifetime(idle=timedelta(days=14), whole=timedelta(days=60))
OPERATOR_LIFETIME = Lifetime(idle=timedelta(hours=2), whole=timedelta(hours=12))


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who sends a request, as far as pages need to know."""

    sign_in_id: str
    account_id: str
    kind: AccountKind
    name: str
    email: str
    language: str
    expert_id: str | None = None
    client_id: str | None = None
    role: Role | None = None
    has_second_factor: bool = False
    needs_second_factor: bool = False
    """Nothing may be shown but the page that asks for the code, or sets up the second factor."""
    has_accepted_terms: bool = True
    """False where a newer version came into force; pages say so until it is accepted."""
    is_suspended: bool = False
    """Nothing is open but the account's own page: the reasons, one's data."""

    @property
    def actor(self) -> Actor:
        """Return who acts, for the audit log."""
        return audits.account(self.account_id)

    @property
    def may_act(self) -> bool:
        """Tell whether what the account's kind may do is open to it now."""
        return not (self.needs_second_factor or self.must_set_up_second_factor or self.is_suspended)

    @property
    def must_set_up_second_factor(self) -> bool:
        """Tell whether a second factor is compulsory and missing."""
        return self.kind is AccountKind.OPERATOR and not self.has_second_factor


def hashed(token: str) -> str:
    """Return what is kept of a token: enough to know it again, not to make it."""
    return hashlib.sha256(token.encode()).hexdigest()


def lifetime_of(kind: str) -> Lifetime:
    """Return for how long somebody stays signed in."""
    return OPERATOR_LIFETIME if kind == AccountKind.OPERATOR else LIFETIME


def open_for(session: Session, account: Account, agent: str, *, at: datetime, needs_second_factor: bool = False) -> str:
    """Sign an account in; return the token for its cookie."""
    token = secrets.token_urlsafe(32)
    lasts = CODE_WITHIN if needs_second_factor else lifetime_of(account.kind).whole
    session.add(
        SignIn(
            token_hash=hashed(token),
            account_id=account.id,
            opened_at=at,
            seen_at=at,
            ends_at=at + lasts,
            agent=agent[:LONGEST_AGENT],
            needs_second_factor=needs_second_factor,
        )
    )
    return token


def find(session: Session, token: str, *, at: datetime) -> tuple[SignedIn, bool] | None:
    """Return whose token it is, and whether `seen_at` is due; None where it never was, or has ended."""
    statement = (
        select(SignIn, Account, Membership, acceptances.are_current(at.date()))
        .join(Account, col(Account.id) == col(SignIn.account_id))
        .outerjoin(Membership, col(Membership.account_id) == col(Account.id))
        .where(col(SignIn.token_hash) == hashed(token))
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    sign_in, account, membership, has_accepted = row
    is_over = at >= sign_in.ends_at or at - sign_in.seen_at >= lifetime_of(account.kind).idle
    if is_over or account.erased_at or account.terminated_at:
        return None
    found = replace(_signed_in(sign_in, account, membership), has_accepted_terms=bool(has_accepted))
    return found, at - sign_in.seen_at >= SEEN_EVERY


def mark_seen(session: Session, sign_in_id: str, *, at: datetime) -> None:
    """Note that a sign-in is in use."""
    session.execute(update(SignIn).where(col(SignIn.id) == sign_in_id).values(seen_at=at))


def of_account(session: Session, account_id: str, *, at: datetime) -> Sequence[SignIn]:
    """Return where an account is signed in, latest use first."""
    statement = (
        select(SignIn)
        .where(col(SignIn.account_id) == account_id, col(SignIn.ends_at) > at)
        .where(col(SignIn.needs_second_factor).is_(False))
        .order_by(col(SignIn.seen_at).desc())
    )
    return session.execute(statement).scalars().all()


def end(session: Session, account_id: str, sign_in_id: str) -> None:
    """Sign an account out in one browser."""
    session.execute(delete(SignIn).where(col(SignIn.account_id) == account_id, col(SignIn.id) == sign_in_id))


def end_all(session: Session, account_id: str, *, except_id: str | None = None) -> None:
    """Sign an account out everywhere, or everywhere else."""
    statement = delete(SignIn).where(col(SignIn.account_id) == account_id)
    if except_id is not None:
        statement = statement.where(col(SignIn.id) != except_id)
    session.execute(statement)


def is_over(at: datetime) -> ColumnElement[bool]:
    """Return the condition that a sign-in has ended, by its time or unused; an operator's is unused sooner."""
    return (col(SignIn.ends_at) <= at) | (col(SignIn.seen_at) <= at - LIFETIME.idle)


def sweep(session: Session, *, at: datetime) -> None:
    """Delete sign-ins that have ended."""
    session.execute(delete(SignIn).where(is_over(at)))


def _signed_in(sign_in: SignIn, account: Account, membership: Membership | None) -> SignedIn:
    return SignedIn(
        sign_in_id=sign_in.id,
        account_id=account.id,
        kind=AccountKind(account.kind),
        name=account.name,
        email=account.email or "",
        language=account.language,
        expert_id=account.expert_id,
        client_id=membership.client_id if membership else None,
        role=Role(membership.role) if membership else None,
        has_second_factor=account.second_factor_since is not None,
        needs_second_factor=sign_in.needs_second_factor,
        is_suspended=account.suspended_at is not None,
    )
