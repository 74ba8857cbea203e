"""Keeping a profile back, whatever its owner ticks: while its account is suspended, or a notice's decision hides it.

The flag follows from these facts and from nothing else, so that taking one back restores exactly what was before.
"""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import experts
from accounts.models.accounts import Account
from accounts.models.experts import Expert
from accounts.models.notices import Decision, Notice


def renew(session: Session, expert_id: str, *, at: datetime) -> None:
    """Keep a profile back, or let it go, as the facts stand in this transaction; profiles that are gone stay so."""
    session.flush()
    taken = select(Expert).where(col(Expert.id) == expert_id).with_for_update()
    expert = session.execute(taken.execution_options(populate_existing=True)).scalar_one_or_none()
    if expert is None:
        return
    is_withheld = _has_reason(session, expert_id)
    if expert.is_withheld != is_withheld:
        experts.change(session, expert.ref, {"is_withheld": is_withheld}, at=at)


def _has_reason(session: Session, expert_id: str) -> bool:
    is_suspended = exists().where(col(Account.expert_id) == expert_id, col(Account.suspended_at).is_not(None))
    is_hidden = exists().where(
        col(Notice.expert_id) == expert_id, col(Notice.decision) == Decision.PROFILE_HIDDEN.value
    )
    return bool(session.execute(select(is_suspended | is_hidden)).scalar_one())
