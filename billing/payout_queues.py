"""What of transfers and payouts is not over: for whoever tries again, and for operators (row S23)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import payouts, provider_parties, transfers
from billing.lifecycle import TransferState
from billing.models.escrows import Escrow
from billing.models.payouts import BankAccount, Payout, Transfer
from billing.models.provider_parties import ProviderUser
from billing.payout_rules import Wait
from billing.provider_states import PayoutState, RecipientState
from billing.providers.interface import PAYOUT, RECIPIENT, RELEASE, USER, Resource
from foundation.audits import Actor
from foundation.errors import Conflict, NotFound

_UNPAID = (PayoutState.FAILED.value, PayoutState.RETURNED.value)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Experts who may be paid something, and what their provider may have news of."""

    expert_ids: Sequence[str]
    resources: Sequence[Resource]


@dataclass(frozen=True, slots=True)
class Case:
    """What was released and is not paid out, with why."""

    transfer: Transfer
    escrow: Escrow
    waits: tuple[Wait, ...]
    payout: Payout | None
    """What was tried last."""

    @property
    def is_paid(self) -> bool:
        """Tell whether it is paid out, on its way, or nothing that is paid."""
        is_under_way = self.payout is not None and self.payout.state not in _UNPAID
        return is_under_way or self.transfer.net_cents == 0

    @property
    def is_failed(self) -> bool:
        """Tell whether an operator may have it tried again."""
        is_stopped = self.payout is not None and self.payout.state in _UNPAID and self.payout.retried_at is None
        return self.transfer.state == TransferState.FAILED or is_stopped

    @property
    def since(self) -> datetime:
        """Return since when it waits."""
        return self.transfer.done_at or self.transfer.made_at


def unfinished(session: Session) -> Unfinished:
    """Return what is to be tried again, and asked about, since calls about it may be lost."""
    found = session.execute(_open_transfers()).scalars().all()
    expert_ids = list(dict.fromkeys(transfer.payee_expert_id for transfer in found))
    resources = [
        *_resources(RELEASE, (one for one in found if one.state == TransferState.CREATED)),
        *_resources(USER, _owners(session, expert_ids)),
        *_resources(PAYOUT, session.execute(_under_way()).scalars()),
        *_resources(RECIPIENT, session.execute(_pending()).scalars()),
    ]
    return Unfinished(expert_ids, resources)


def waiting(session: Session, *, limit: int = 100) -> list[Case]:
    """Return what waits or failed, what failed first, and the oldest first: the operators' queue."""
    oldest_first = (col(Transfer.made_at), col(Transfer.id))
    found = session.execute(_open_transfers(with_failed=True).order_by(*oldest_first)).scalars()
    cases = [case for transfer in found if not (case := case_of(session, transfer)).is_paid]
    return sorted(cases, key=lambda case: not case.is_failed)[:limit]


def of_expert(session: Session, expert_id: str) -> list[Case]:
    """Return all that was released to an expert, paid out or not, the oldest first."""
    is_theirs = (col(Transfer.payee_expert_id) == expert_id, col(Transfer.retried_at).is_(None))
    statement = select(Transfer).where(*is_theirs).order_by(col(Transfer.made_at), col(Transfer.id))
    return [case_of(session, transfer) for transfer in session.execute(statement).scalars().all()]


def count_failed(session: Session) -> int:
    """Count what an operator may have tried again."""
    return sum(case.is_failed for case in waiting(session))


def owners_to_pay(
    session: Session, provider: str, now: ProviderUser | None, cases: Sequence[Case]
) -> list[ProviderUser]:
    """Return as whom an expert is paid: as whom they are now, and as whom they were when something came."""
    unpaid = {case.transfer.owner_id for case in cases if not case.is_paid}
    before = [session.get_one(ProviderUser, owner_id) for owner_id in sorted(filter(None, unpaid))]
    others = [owner for owner in before if owner.provider == provider and owner is not now]
    return [now, *others] if now else others


def retry(session: Session, transfer_id: str, actor: Actor, *, at: datetime) -> None:
    """Have a transfer that failed, or its payout that failed or came back, be tried again; raise Conflict otherwise."""
    transfer = session.get(Transfer, transfer_id)
    if transfer is None:
        raise NotFound("there is no such transfer")
    case = case_of(session, transfer)
    if case.transfer.state == TransferState.FAILED:
        transfers.retry(session, transfer.id, actor, at=at)
    elif case.payout is not None:
        payouts.retry(session, case.payout.id, actor, at=at)
    else:
        raise Conflict("nothing of this failed")


def case_of(session: Session, transfer: Transfer) -> Case:
    """Return how far a transfer and its payout are."""
    escrow = session.get_one(Escrow, transfer.escrow_id)
    if transfer.state == TransferState.FAILED:
        return Case(transfer, escrow, (), None)
    if transfer.state == TransferState.CREATED:
        known = transfer.owner_id or provider_parties.owner_of(session, transfer.provider, transfer.payee_expert_id)
        return Case(transfer, escrow, () if known else (Wait.IDENTITY,), None)
    due = payouts.due_of(session, transfer)
    found = payouts.of_transfers(session, [transfer.id])
    if due is None:
        return Case(transfer, escrow, (), next(one for one in found if one.state not in _UNPAID))
    return Case(transfer, escrow, due.waits, due.last)


def _open_transfers(*, with_failed: bool = False) -> Select[Transfer]:
    """Return transfers that are not over, or not paid out."""
    paid = select(col(Payout.transfer_id)).where(
        col(Payout.state).not_in(_UNPAID), col(Payout.provider_id).is_not(None)
    )
    is_unpaid = (
        (col(Transfer.state) == TransferState.SUCCEEDED.value)
        & (col(Transfer.cents) > col(Transfer.fee_cents))
        & col(Transfer.id).not_in(paid)
    )
    is_failed = (col(Transfer.state) == TransferState.FAILED.value) & col(Transfer.retried_at).is_(None)
    conditions = [col(Transfer.state) == TransferState.CREATED.value, is_unpaid]
    return select(Transfer).where(or_(*conditions, *([is_failed] if with_failed else [])))


def _owners(session: Session, expert_ids: Sequence[str]) -> Iterable[ProviderUser]:
    """Return the experts whom a provider knows and may by now have verified."""
    waiting = select(ProviderUser).where(
        col(ProviderUser.party_id).in_(expert_ids), col(ProviderUser.role) != provider_parties.PAYER
    )
    return session.execute(waiting).scalars().all()


def _under_way() -> Select[Payout]:
    return select(Payout).where(col(Payout.state) == PayoutState.CREATED.value)


def _pending() -> Select[BankAccount]:
    return select(BankAccount).where(
        col(BankAccount.state) == RecipientState.PENDING.value, col(BankAccount.replaced_at).is_(None)
    )


def _resources(kind: str, rows: Iterable[Transfer | ProviderUser | Payout | BankAccount]) -> list[Resource]:
    return [Resource(row.provider, kind, row.provider_id) for row in rows if row.provider_id]
