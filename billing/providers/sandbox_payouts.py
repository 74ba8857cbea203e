"""Releases and payouts of the simulated provider.

Releases happen at once, if the wallet has the money. Payouts arrive after two working days, as wires do; what becomes
of one hangs on its account number, as that of a card payment on the card's.
"""

from datetime import datetime, timedelta

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import working_days
from billing.lifecycle import PaymentState
from billing.models.sandbox import SandboxMovement, SandboxRecipient, SandboxUser, SandboxWallet
from billing.provider_states import PayoutState, RecipientState
from billing.providers.payins import Repaid
from billing.providers.payouts import (
    Payout,
    PayoutRequest,
    Recipient,
    RecipientRequest,
    Release,
    ReleaseRequest,
    ReturnRequest,
)
from billing.providers.resources import PAYOUT, RECIPIENT, REFUND, RELEASE, Declined
from billing.providers.sandbox_parties import balance, is_verified
from billing.providers.sandbox_rows import find, make, make_in, tell
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, NotFound

AT_ONCE, FAILS, RETURNS, ASKS, LATE = "at_once", "fails", "returns", "asks", "late"
ACCOUNTS = {
    "FR7699999000010000000010106": AT_ONCE,
    "FR7699999000010000000020291": FAILS,
    "FR7699999000010000000030379": RETURNS,
    "FR7699999000010000000040467": ASKS,
}
"""Account numbers with what becomes of payouts to them: paid at once; refused by the bank; paid at once and sent back
after two working days; one that its owner has to confirm first. Any other one is paid after two working days."""
NO_MONEY, NOT_VERIFIED, NOT_ACTIVE = "insufficient_balance", "papers_missing", "recipient_not_active"
CLOSED = "account_closed"


class SandboxPayouts:
    """Releases, recipients and payouts."""

    _database: Database

    def release(self, request: ReleaseRequest) -> Release:
        """Move what is held at once; without enough in the wallet it fails."""

        def move(session: Session) -> SandboxMovement:
            is_there = _has(session, request.from_wallet_id, request.cents)
            return make_in(
                session,
                SandboxMovement(
                    key=request.key,
                    kind=RELEASE,
                    state=(PayoutState.SUCCEEDED if is_there else PayoutState.FAILED).value,
                    cents=request.cents,
                    fee_cents=request.fee_cents,
                    currency=request.currency,
                    from_wallet_id=request.from_wallet_id,
                    to_wallet_id=request.to_wallet_id,
                    failure=None if is_there else NO_MONEY,
                    made_at=clock.now(),
                    done_at=clock.now(),
                ),
                RELEASE,
            )

        return _as_release(self._database.write(move))

    def fetch_release(self, provider_id: str) -> Release | None:
        """Return a release."""
        found = find(self._database, SandboxMovement, provider_id)
        return _as_release(found) if found and found.kind == RELEASE else None

    def take_back(self, request: ReturnRequest) -> Repaid:
        """Move what was released back at once."""

        def move(session: Session) -> SandboxMovement:
            released = session.get(SandboxMovement, request.release_id, with_for_update=True)
            if released is None or released.kind != RELEASE or released.state != PayoutState.SUCCEEDED:
                raise Declined("not_refundable")
            if request.cents > released.cents - released.fee_cents or request.fee_cents > released.fee_cents:
                raise Declined("more_than_was_released")
            is_there = _has(session, str(released.to_wallet_id), request.cents)
            return make_in(
                session,
                SandboxMovement(
                    key=request.key,
                    kind="return",
                    state=(PayoutState.SUCCEEDED if is_there else PayoutState.FAILED).value,
                    cents=request.cents,
                    fee_cents=-request.fee_cents,
                    currency=request.currency,
                    from_wallet_id=str(released.to_wallet_id),
                    to_wallet_id=released.from_wallet_id,
                    returned_id=released.id,
                    failure=None if is_there else NO_MONEY,
                    made_at=clock.now(),
                    done_at=clock.now(),
                ),
                REFUND,
            )

        return as_repaid(self._database.write(move))

    def add_recipient(self, request: RecipientRequest) -> Recipient:
        """Make a bank account known; one of them has to be confirmed."""
        try:
            number = IBAN(request.account_number).compact
        except SchwiftyException:
            raise Declined("invalid_iban") from None
        outcome = ACCOUNTS.get(number, LATE)
        made = make(
            self._database,
            SandboxRecipient(
                key=request.key,
                user_id=request.user_id,
                outcome=outcome,
                state=(RecipientState.PENDING if outcome == ASKS else RecipientState.ACTIVE).value,
                return_path=request.return_path,
                made_at=clock.now(),
            ),
        )
        return _as_recipient(made)

    def fetch_recipient(self, provider_id: str, return_path: str = "/") -> Recipient | None:
        """Return a recipient, which keeps to where its owner comes back from the beginning."""
        del return_path
        found = find(self._database, SandboxRecipient, provider_id)
        return _as_recipient(found) if found else None

    def pay_out(self, request: PayoutRequest) -> Payout:
        """Send money to a bank account: without papers, money or a confirmed account it is declined."""

        def send(session: Session) -> SandboxMovement:
            made = session.execute(select(SandboxMovement).where(col(SandboxMovement.key) == request.key))
            return made.scalar_one_or_none() or _send(session, request)

        return _as_payout(self._database.write(send))

    def fetch_payout(self, provider_id: str) -> Payout | None:
        """Return a payout."""
        found = find(self._database, SandboxMovement, provider_id)
        return _as_payout(found) if found and found.kind == PAYOUT else None


def find_recipient(session: Session, recipient_id: str) -> SandboxRecipient:
    """Return a recipient, for the page that asks its owner to confirm it; raise NotFound."""
    found = session.get(SandboxRecipient, recipient_id)
    if found is None:
        raise NotFound("there is no such recipient")
    return found


def answer_recipient(session: Session, recipient_id: str, *, is_confirmed: bool) -> None:
    """Answer, as its owner, whether a bank account is to be paid to; raise Conflict where that was answered."""
    found = find_recipient(session, recipient_id)
    session.refresh(found, with_for_update=True)
    if found.state != RecipientState.PENDING:
        raise Conflict("this was answered already")
    found.state = (RecipientState.ACTIVE if is_confirmed else RecipientState.CLOSED).value
    tell(session, RECIPIENT, found.id)


def let_payouts_arrive(session: Session, *, at: datetime, is_now: bool = False) -> int:
    """Let the bank do what it will do with payouts whose time has come, or with all; return with how many it did."""
    statement = select(SandboxMovement).where(col(SandboxMovement.due_at).is_not(None))
    due = statement if is_now else statement.where(col(SandboxMovement.due_at) <= at)
    rows = session.execute(due.order_by(col(SandboxMovement.id)).with_for_update()).scalars().all()
    for row in rows:
        if row.state == PayoutState.CREATED:
            row.state, row.done_at = PayoutState.SUCCEEDED.value, at
        else:
            row.state, row.failure, row.came_back_at = PayoutState.RETURNED.value, CLOSED, at
        row.due_at = None
        tell(session, PAYOUT, row.id)
    return len(rows)


def as_repaid(found: SandboxMovement) -> Repaid:
    """Return a release that was taken back as refunds are told."""
    return Repaid(found.id, found.key, PaymentState(found.state), found.failure)


def return_id_of(payout: SandboxMovement) -> str:
    """Return the id of the transaction by which a payout came back."""
    return f"{payout.id}-back"


def _send(session: Session, request: PayoutRequest) -> SandboxMovement:
    recipient = session.get(SandboxRecipient, request.recipient_id)
    user = session.get(SandboxUser, request.user_id)
    if user is None or not is_verified(session, user):
        raise Declined(NOT_VERIFIED)
    if recipient is None or recipient.user_id != user.id or recipient.state != RecipientState.ACTIVE:
        raise Declined(NOT_ACTIVE)
    at, outcome = clock.now(), recipient.outcome
    is_there = _has(session, request.wallet_id, request.cents)
    failure = (CLOSED if outcome == FAILS else None) if is_there else NO_MONEY
    is_sent = not failure and outcome in {AT_ONCE, RETURNS}
    is_due = not failure and outcome != AT_ONCE
    state = PayoutState.FAILED if failure else PayoutState.SUCCEEDED if is_sent else PayoutState.CREATED
    fresh = SandboxMovement(
        key=request.key,
        kind=PAYOUT,
        state=state.value,
        cents=request.cents,
        currency=request.currency,
        from_wallet_id=request.wallet_id,
        sent_to=recipient.id,
        failure=failure,
        made_at=at,
        done_at=at if failure or is_sent else None,
        due_at=_arrives_at(at) if is_due else None,
    )
    return make_in(session, fresh, PAYOUT)


def _has(session: Session, wallet_id: str, cents: int) -> bool:
    """Tell whether so much is in a wallet, which nobody else takes from until this transaction ends."""
    wallet = session.get(SandboxWallet, wallet_id, with_for_update=True)
    if wallet is None:
        raise Declined("unknown_wallet")
    return balance(session, wallet) >= cents


def _arrives_at(at: datetime) -> datetime:
    return at + timedelta(days=(working_days.wire_seen_on(at.date()) - at.date()).days)


def _as_release(found: SandboxMovement) -> Release:
    state = PaymentState(found.state)
    return Release(found.id, found.key, state, found.cents, found.fee_cents, found.currency, found.failure)


def _as_recipient(found: SandboxRecipient) -> Recipient:
    is_pending = found.state == RecipientState.PENDING
    url = f"/sandbox/recipient/{found.id}" if is_pending else None
    return Recipient(found.id, RecipientState(found.state), url)


def _as_payout(found: SandboxMovement) -> Payout:
    return_id = return_id_of(found) if found.state == PayoutState.RETURNED else None
    state = PayoutState(found.state)
    return Payout(found.id, found.key, state, found.cents, found.currency, found.failure, return_id)
