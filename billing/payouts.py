"""Payouts: what came to an expert's wallet goes to their bank account, each transfer's once (mission row S23).

What failed or came back is paid again to another account, or where an operator has it tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts
from billing import bank_accounts, declarations, entries, identity_papers, payout_rules, transfers
from billing.last_months import ZONE
from billing.lifecycle import PAYOUTS, Party, PayoutEvent, TransferState
from billing.models.escrows import Escrow
from billing.models.payouts import Payout, Transfer
from billing.models.provider_parties import ProviderUser
from billing.payout_rules import NOBODY, Attempt, Standing, Wait
from billing.provider_states import PayoutState, RecipientState, UserState
from billing.providers import interface
from foundation import audits, i18n, lifecycles, mails
from foundation.audits import SYSTEM, Actor
from foundation.database import taken
from foundation.errors import Conflict, NotFound
from foundation.mails import Mail

KIND = PAYOUTS.kind


@dataclass(frozen=True, slots=True)
class Due:
    """A transfer that is not paid out, with what it waits for."""

    transfer: Transfer
    waits: tuple[Wait, ...]
    last: Payout | None
    """What was tried last."""


def due(session: Session, provider: str, expert_id: str) -> list[Due]:
    """Return what came to an expert's wallets and is not paid, nor on its way, the oldest first."""
    is_theirs = (
        col(Transfer.provider) == provider,
        col(Transfer.payee_expert_id) == expert_id,
        col(Transfer.state) == TransferState.SUCCEEDED.value,
    )
    found = session.execute(select(Transfer).where(*is_theirs).order_by(col(Transfer.done_at), col(Transfer.id)))
    told = [due_of(session, transfer) for transfer in found.scalars() if transfer.net_cents]
    return [one for one in told if one is not None]


def due_of(session: Session, transfer: Transfer) -> Due | None:
    """Return a transfer that came to its wallet with what its payout waits for; None once that is under way."""
    found = of_transfers(session, [transfer.id])
    attempts = _attempts(found)
    if not payout_rules.is_open(attempts):
        return None
    waits = payout_rules.waits_for(_standing(session, transfer), attempts)
    return Due(transfer, waits, found[-1] if found else None)


def begun(session: Session, provider: str, expert_id: str) -> Sequence[Payout]:
    """Return the payouts that the provider has not answered for, or was not asked for."""
    is_begun = (
        col(Payout.provider) == provider,
        col(Payout.expert_id) == expert_id,
        col(Payout.state) == PayoutState.CREATED.value,
        col(Payout.provider_id).is_(None),
    )
    return session.execute(select(Payout).where(*is_begun).order_by(col(Payout.id))).scalars().all()


def begin(session: Session, transfer_id: str, at: datetime) -> None:
    """Keep the key of a transfer's payout, if it may go now."""
    transfer = transfers.take(session, transfer_id)
    attempts = _attempts(of_transfers(session, [transfer.id]))
    is_there = transfer.state == TransferState.SUCCEEDED and transfer.net_cents > 0
    if not is_there or not payout_rules.may_go(_standing(session, transfer), attempts):
        return
    account = bank_accounts.current(session, str(transfer.owner_id), transfer.currency)
    if account is None:
        return
    fresh = Payout(
        transfer_id=transfer.id,
        bank_account_id=account.id,
        expert_id=transfer.payee_expert_id,
        provider=transfer.provider,
        cents=transfer.net_cents,
        currency=transfer.currency,
        made_at=at,
        expected_on=payout_rules.expected_on(at.astimezone(ZONE).date(), account.country),
    )
    session.add(fresh)
    session.flush()


def take_in(session: Session, payout_id: str, told: interface.Payout, *, at: datetime) -> None:
    """Apply what the provider says of a payout; may be repeated, and come in any order."""
    if session.get(Payout, payout_id) is None:
        return
    payout = taken(session, Payout, payout_id)
    payout.provider_id = payout.provider_id or told.provider_id or None
    session.flush()
    is_sent = told.state in {PayoutState.SUCCEEDED, PayoutState.RETURNED}
    if is_sent and _move(session, payout, PayoutEvent.SEND, at, sent_at=at):
        entries.payout(session, payout, at)
    back: dict[str, Any] = {"came_back_at": at, "return_id": told.return_id, "failure": told.failure}
    if told.state is PayoutState.RETURNED and _move(session, payout, PayoutEvent.RETURN, at, **back):
        entries.payout_return(session, payout, at)
        _mail(session, payout, at)
    if told.state is PayoutState.FAILED and _move(session, payout, PayoutEvent.FAIL, at, failure=told.failure):
        _mail(session, payout, at)


def retry(session: Session, payout_id: str, actor: Actor, *, at: datetime) -> None:
    """Have a payout that failed or came back be tried again, to the same account; raise Conflict otherwise."""
    if session.get(Payout, payout_id) is None:
        raise NotFound("there is no such payout")
    payout = taken(session, Payout, payout_id)
    others = _attempts(of_transfers(session, [payout.transfer_id]))
    if payout.retried_at is not None or not payout_rules.is_open(others):
        raise Conflict("this payout does not wait for anybody")
    payout.retried_at = at
    session.add(payout)
    session.flush()
    transfers.owe(session, payout.expert_id)
    audits.record(session, actor, "payout_retried", KIND, payout.id, at=at)


def of_transfers(session: Session, transfer_ids: Sequence[str]) -> Sequence[Payout]:
    """Return the payouts of transfers, the oldest first."""
    statement = select(Payout).where(col(Payout.transfer_id).in_(transfer_ids))
    return session.execute(statement.order_by(col(Payout.made_at), col(Payout.id))).scalars().all()


def of_expert(session: Session, expert_id: str) -> Sequence[Payout]:
    """Return an expert's payouts, the oldest first."""
    statement = select(Payout).where(col(Payout.expert_id) == expert_id)
    return session.execute(statement.order_by(col(Payout.made_at), col(Payout.id))).scalars().all()


def standing_of(session: Session, owner: ProviderUser | None, currency: str) -> Standing:
    """Return what is known of an expert at a provider."""
    if owner is None:
        return NOBODY
    account = bank_accounts.current(session, owner.id, currency)
    state = RecipientState(account.state) if account else None
    account_id = account.id if account else None
    known = Standing(UserState(owner.state), owner.is_verified, account_id, state)
    if owner.is_verified:
        return known
    is_declared = declarations.is_validated(session, owner)
    return replace(known, is_declared=is_declared, are_papers_valid=identity_papers.are_validated(session, owner))


def _standing(session: Session, transfer: Transfer) -> Standing:
    owner = session.get(ProviderUser, transfer.owner_id) if transfer.owner_id else None
    return standing_of(session, owner, transfer.currency)


def _attempts(found: Sequence[Payout]) -> list[Attempt]:
    return [Attempt(PayoutState(one.state), one.bank_account_id, one.retried_at is not None) for one in found]


def _move(session: Session, payout: Payout, event: PayoutEvent, at: datetime, **values: Any) -> bool:
    if not PAYOUTS.allows(PayoutState(payout.state), event, Party.SYSTEM):
        return False
    lifecycles.move(session, PAYOUTS, payout, event, Party.SYSTEM, actor=SYSTEM, at=at, **values)
    return True


def _mail(session: Session, payout: Payout, at: datetime) -> None:
    """Tell the expert that a payout failed or came back, why, and what to do."""
    account = accounts.owner_of(session, payout.expert_id)
    if account is None or account.email is None:
        return
    transfer = session.get_one(Transfer, payout.transfer_id)
    values: dict[str, object] = {
        "name": account.name,
        "title": session.get_one(Escrow, transfer.escrow_id).title,
        "cents": payout.cents,
        "currency": payout.currency,
        "reason": payout.failure or "",
        "came_back": payout.state == PayoutState.RETURNED,
    }
    mail = Mail(account.email, i18n.known(account.language), "payout_stopped", values)
    mails.write(session, mail, key=f"payout_stopped {payout.id}", at=at)
