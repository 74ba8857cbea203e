"""What operators do with money by hand; above a limit a second one has to confirm it (four eyes).

This is the way to assign a payment that nobody knew, to send one back, and to try a refund again: below the limit it
is done at once, above it is proposed. Whoever proposed may take that back, never confirm it; `money_proposals` holds
that by a CHECK as well. A deed is decided on as it was proposed: what it is about is locked, and looked at afresh.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from billing import escrows, payments, refunds
from billing.lifecycle import PROPOSALS, Deed, Party, ProposalEvent, ProposalState, RefundState
from billing.models.escrows import Escrow, Payment, Refund
from billing.models.proposals import MoneyProposal
from foundation import audits, i18n, lifecycles
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate

KIND = PROPOSALS.kind
LASTS = timedelta(days=7)
LONGEST_REASON = 500


class OwnProposal(Conflict):
    """Somebody would confirm or decline what they proposed themselves."""


class WaitsForAnother(Conflict):
    """A deed for this payment or refund waits for a second operator already."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Above how many cents a second operator is needed, whatever the currency; and whose words faults are in."""

    cents: int
    language: Language


def assign(
    session: Session, who: SignedIn, payment_id: str, number: str, limit: Limit, *, at: datetime
) -> MoneyProposal | None:
    """Count a payment for the escrow of a number, or propose it and return the proposal.

    Raises Invalid for a number that takes no such payment, Conflict where somebody was quicker.
    """
    payment = payments.take_waiting(session, payment_id)
    _check_free(session, payment_id=payment.id, at=at)
    escrow = payments.escrow_for(session, payment, number, limit.language)
    if payment.cents <= limit.cents:
        payments.assign(session, payment.id, number, limit.language, who.actor, at=at)
        return None
    return _propose(session, who, Deed.ASSIGN, payment, at, payment_id=payment.id, escrow_id=escrow.id)


def give_back(session: Session, who: SignedIn, payment_id: str, limit: Limit, *, at: datetime) -> MoneyProposal | None:
    """Send a payment back that is for nothing, or propose it and return the proposal."""
    payment = payments.take_waiting(session, payment_id)
    _check_free(session, payment_id=payment.id, at=at)
    if payment.cents <= limit.cents:
        payments.give_back(session, payment.id, who.actor, at=at)
        return None
    return _propose(session, who, Deed.RETURN, payment, at, payment_id=payment.id)


def retry(session: Session, who: SignedIn, refund_id: str, limit: Limit, *, at: datetime) -> MoneyProposal | None:
    """Have a refund tried again that could not be sent, or propose it and return the proposal."""
    refund = _take_refund(session, refund_id)
    if refund.state != RefundState.FAILED:
        raise Conflict("this refund did not fail")
    _check_free(session, refund_id=refund.id, at=at)
    if refund.cents <= limit.cents:
        refunds.retry(session, refund.id, who.actor, at=at)
        return None
    return _propose(session, who, Deed.RETRY, refund, at, refund_id=refund.id, escrow_id=refund.escrow_id)


def confirm(session: Session, who: SignedIn, proposal_id: str, *, at: datetime) -> MoneyProposal:
    """Do what another operator proposed.

    Raises OwnProposal for who proposed it, Conflict where it is over or can't be done any more: then nothing changes.
    """
    proposal = _take_others(session, who, proposal_id, at)
    # Decided first: were the deed done before, a second one who confirms at once would do it again.
    values: dict[str, Any] = {"decided_by": who.account_id, "decided_at": at}
    lifecycles.move(
        session, PROPOSALS, proposal, ProposalEvent.CONFIRM, Party.OPERATOR, actor=who.actor, at=at, **values
    )
    _do(session, proposal, who, at)
    _audit(session, who, "money_confirmed", proposal, at)
    return proposal


def decline(session: Session, who: SignedIn, proposal_id: str, reason: str, limit: Limit, *, at: datetime) -> None:
    """Refuse what another operator proposed, and say why."""
    proposal = _take_others(session, who, proposal_id, at)
    said = " ".join(reason.split())
    if not 0 < len(said) <= LONGEST_REASON:
        text = message("Please say why, in at most %(most)d characters: who proposed it reads it.")
        raise Invalid([Fault("reason", "bad_reason", translate(limit.language, text, most=LONGEST_REASON))])
    values: dict[str, Any] = {"decided_by": who.account_id, "decided_at": at, "answer": said}
    lifecycles.move(
        session, PROPOSALS, proposal, ProposalEvent.DECLINE, Party.OPERATOR, actor=who.actor, at=at, **values
    )
    _audit(session, who, "money_declined", proposal, at)


def withdraw(session: Session, who: SignedIn, proposal_id: str, *, at: datetime) -> None:
    """Take back what one proposed oneself."""
    proposal = _take(session, proposal_id)
    if proposal.proposed_by != who.account_id:
        raise Conflict("this is another operator's proposal")
    lifecycles.move(session, PROPOSALS, proposal, ProposalEvent.WITHDRAW, Party.OPERATOR, actor=who.actor, at=at)
    _audit(session, who, "money_withdrawn", proposal, at)


def expire_due(database: Database, at: datetime) -> None:
    """Let proposals expire that nobody decided on in time; may be repeated."""

    def work(session: Session) -> None:
        is_late = col(MoneyProposal.state) == ProposalState.PROPOSED.value, col(MoneyProposal.expires_at) <= at
        found = select(col(MoneyProposal.id)).where(*is_late).order_by(col(MoneyProposal.id))
        for proposal_id in session.execute(found).scalars().all():
            proposal = _take(session, proposal_id)
            if proposal.state == ProposalState.PROPOSED:
                _expire(session, proposal, at)

    database.write(work)


def open_ones(session: Session, *, at: datetime, limit: int = 100) -> Sequence[MoneyProposal]:
    """Return the proposals that wait for a second operator, the oldest first."""
    found = _is_open(at)
    statement = select(MoneyProposal).where(*found).order_by(col(MoneyProposal.proposed_at), col(MoneyProposal.id))
    return session.execute(statement.limit(limit)).scalars().all()


def open_about(session: Session, object_ids: Collection[str], *, at: datetime) -> dict[str, MoneyProposal]:
    """Return what waits for a second operator, by the payment or refund that it is about."""
    is_about = or_(col(MoneyProposal.payment_id).in_(object_ids), col(MoneyProposal.refund_id).in_(object_ids))
    found = session.execute(select(MoneyProposal).where(*_is_open(at), is_about)).scalars()
    return {str(proposal.payment_id or proposal.refund_id): proposal for proposal in found}


def decided(session: Session, *, limit: int = 100) -> Sequence[MoneyProposal]:
    """Return what became of proposals, the latest first."""
    statement = select(MoneyProposal).where(col(MoneyProposal.state) != ProposalState.PROPOSED.value)
    latest_first = statement.order_by(col(MoneyProposal.proposed_at).desc(), col(MoneyProposal.id))
    return session.execute(latest_first.limit(limit)).scalars().all()


def count_for(session: Session, account_id: str, *, at: datetime) -> int:
    """Count the proposals on which an operator may decide."""
    statement = select(func.count()).select_from(MoneyProposal)
    return session.execute(statement.where(*_is_open(at), col(MoneyProposal.proposed_by) != account_id)).scalar_one()


def of_escrow(session: Session, escrow_id: str) -> Sequence[MoneyProposal]:
    """Return what was proposed about an escrow, the oldest first."""
    statement = select(MoneyProposal).where(col(MoneyProposal.escrow_id) == escrow_id)
    return session.execute(statement.order_by(col(MoneyProposal.proposed_at), col(MoneyProposal.id))).scalars().all()


def _propose(
    session: Session,
    who: SignedIn,
    deed: Deed,
    about: Payment | Refund,
    at: datetime,
    *,
    payment_id: str | None = None,
    refund_id: str | None = None,
    escrow_id: str | None = None,
) -> MoneyProposal:
    proposal = MoneyProposal(
        deed=deed.value,
        payment_id=payment_id,
        refund_id=refund_id,
        escrow_id=escrow_id,
        cents=about.cents,
        currency=about.currency,
        proposed_by=who.account_id,
        proposed_at=at,
        expires_at=at + LASTS,
    )
    session.add(proposal)
    session.flush()
    _audit(session, who, "money_proposed", proposal, at)
    return proposal


def _do(session: Session, proposal: MoneyProposal, who: SignedIn, at: datetime) -> None:
    match Deed(proposal.deed):
        case Deed.ASSIGN:
            number = session.get_one(Escrow, proposal.escrow_id).number
            try:
                payments.assign(session, str(proposal.payment_id), number, i18n.known(who.language), who.actor, at=at)
            except Invalid as error:
                raise Conflict("the payment can't be counted for this any more") from error
        case Deed.RETURN:
            payments.give_back(session, str(proposal.payment_id), who.actor, at=at)
        case Deed.RETRY:
            refunds.retry(session, str(proposal.refund_id), who.actor, at=at)


def _take(session: Session, proposal_id: str) -> MoneyProposal:
    """Return a proposal, taken: what it is about first, as whoever proposes does."""
    found = session.get(MoneyProposal, proposal_id)
    if found is None:
        raise NotFound("there is no such proposal")
    if found.payment_id is not None:
        session.get_one(Payment, found.payment_id, with_for_update=True)
    else:
        _take_refund(session, str(found.refund_id))
    session.refresh(found, with_for_update=True)
    return found


def _take_refund(session: Session, refund_id: str) -> Refund:
    """Return a refund, taken: its escrow first, as everywhere."""
    found = session.get(Refund, refund_id)
    if found is None:
        raise NotFound("there is no such refund")
    if found.escrow_id is not None:
        escrows.take(session, found.escrow_id)
    session.refresh(found, with_for_update=True)
    return found


def _take_others(session: Session, who: SignedIn, proposal_id: str, at: datetime) -> MoneyProposal:
    """Return another operator's proposal on which may still be decided."""
    proposal = _take(session, proposal_id)
    if proposal.proposed_by == who.account_id:
        raise OwnProposal("nobody decides on what they proposed themselves")
    if proposal.state == ProposalState.PROPOSED and proposal.expires_at <= at:
        raise Conflict("this proposal has expired")
    return proposal


def _check_free(session: Session, *, at: datetime, payment_id: str | None = None, refund_id: str | None = None) -> None:
    """Raise WaitsForAnother where a deed is proposed already; one that has expired makes room."""
    is_about = col(MoneyProposal.payment_id) == payment_id if payment_id else col(MoneyProposal.refund_id) == refund_id
    statement = select(MoneyProposal).where(is_about, col(MoneyProposal.state) == ProposalState.PROPOSED.value)
    found = session.execute(statement).scalar_one_or_none()
    if found is not None and found.expires_at > at:
        raise WaitsForAnother("this waits for a second operator")
    if found is not None:
        _expire(session, found, at)


def _expire(session: Session, proposal: MoneyProposal, at: datetime) -> None:
    lifecycles.move(session, PROPOSALS, proposal, ProposalEvent.EXPIRE, Party.SYSTEM, actor=SYSTEM, at=at)


def _is_open(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(MoneyProposal.state) == ProposalState.PROPOSED.value, col(MoneyProposal.expires_at) > at


def _audit(session: Session, who: SignedIn, action: str, proposal: MoneyProposal, at: datetime) -> None:
    details = {"deed": proposal.deed, "cents": proposal.cents, "currency": proposal.currency}
    about = proposal.payment_id or proposal.refund_id
    audits.record(session, who.actor, action, KIND, proposal.id, at=at, about=about, **details)
