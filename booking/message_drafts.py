"""What somebody wrote to an expert before they had an account: it waits until they have come in, in whichever browser.

A draft is found by the cookie of the browser in which it was written; once its owner has signed up, by their account.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import findings, sign_ins
from accounts.models.accounts import Account, AccountKind
from accounts.models.experts import Expert
from accounts.models.findings import Finding
from booking.models.threads import MessageDraft

KEPT_FOR = timedelta(days=7)
CLIENTS = (AccountKind.COMPANY.value, AccountKind.PRIVATE_CLIENT.value)


def keep(session: Session, token: str, expert_id: str, body: str, *, at: datetime, found: Finding | None = None) -> str:
    """Keep a draft for a browser, in place of its last one; return the token for its cookie."""
    # A token that we don't know is not believed: somebody else may have put it into the browser.
    is_known = token and session.get(MessageDraft, sign_ins.hashed(token)) is not None
    token = token if is_known else secrets.token_urlsafe(24)
    key = sign_ins.hashed(token)
    before = session.get(MessageDraft, key)
    if before and before.expert_id == expert_id:
        found = found or before.finding
    session.execute(delete(MessageDraft).where(col(MessageDraft.token_hash) == key))
    session.add(MessageDraft(token_hash=key, expert_id=expert_id, body=body, written_at=at, **findings.columns(found)))
    session.flush()
    return token


def adopt(session: Session, token: str, email: str) -> None:
    """Give a browser's draft to the account that has just been made in it with an address, if it is a client's."""
    account = session.execute(select(Account).where(col(Account.email) == email)).scalar_one_or_none()
    if account and account.email_confirmed_at is None and account.kind in CLIENTS:
        is_theirs = col(MessageDraft.token_hash) == sign_ins.hashed(token)
        session.execute(update(MessageDraft).where(is_theirs).values(account_id=account.id))


def find(session: Session, token: str, account_id: str | None, expert_id: str | None = None) -> MessageDraft | None:
    """Return the latest draft of a browser or an account, to one expert or to any."""
    # No row has an empty token's hash, nor an empty account.
    is_theirs = or_(
        col(MessageDraft.token_hash) == sign_ins.hashed(token), col(MessageDraft.account_id) == (account_id or "")
    )
    statement = select(MessageDraft).where(is_theirs)
    if expert_id is not None:
        statement = statement.where(col(MessageDraft.expert_id) == expert_id)
    return session.execute(statement.order_by(col(MessageDraft.written_at).desc()).limit(1)).scalar_one_or_none()


def slug_waiting(session: Session, token: str, account_id: str) -> str | None:
    """Return the address of the profile to whose expert somebody who has just come in was about to write."""
    draft = find(session, token, account_id)
    expert = session.get(Expert, draft.expert_id) if draft else None
    return expert.slug if expert and expert.is_shown else None


def drop(session: Session, token: str, account_id: str, expert_id: str) -> None:
    """Delete the drafts to an expert: what they said is sent."""
    while draft := find(session, token, account_id, expert_id):
        session.delete(draft)
        session.flush()


def sweep(session: Session, at: datetime) -> None:
    """Delete what nobody came back for."""
    session.execute(delete(MessageDraft).where(col(MessageDraft.written_at) < at - KEPT_FOR))
