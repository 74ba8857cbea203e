"""A mission's money on one page, for operators: what is due, came, went back, is held, and all that happened to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts import accounts
from accounts.models.accounts import Account, Client
from billing import chargebacks, payments, payouts, proposals, refund_parts, refunds, transfers
from billing.lifecycle import (
    CHARGEBACKS,
    ESCROWS,
    PAYMENTS,
    PAYOUTS,
    PROPOSALS,
    REFUNDS,
    TRANSFERS,
    EscrowEvent,
    EscrowState,
    RefundState,
)
from billing.models.chargebacks import Chargeback
from billing.models.escrows import Escrow, Payment, Refund, RefundPart, RefundReason
from billing.models.payouts import Payout, Transfer
from billing.models.proposals import MoneyProposal
from booking.models.missions import Mission
from foundation import lifecycles
from foundation.i18n import Language, translate
from foundation.lifecycles import StateChange
from web import money_texts

_MOVING = (EscrowEvent.PAY_IN, EscrowEvent.RELEASE)
_TAKEN = (EscrowEvent.CHARGE_BACK, EscrowEvent.WIN_BACK)
"""Moves of escrows that movements of money stand for."""
_SAID_ELSEWHERE = frozenset({*_MOVING, *_TAKEN, EscrowEvent.DISPUTE})
GONE = frozenset({RefundState.AGREED, RefundState.DONE, RefundState.FAILED})
"""States of refunds whose money is held no more: it went back, or is on its way."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, in words."""

    at: datetime
    text: str
    by: str = ""
    note: str = ""
    cents: int | None = None
    moved_cents: int = 0
    """What it added to what is held."""
    held_cents: int | None = None
    """What was held afterwards; None where nothing moved."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that is known of an escrow."""

    escrow: Escrow
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    parts: Mapping[str, Sequence[RefundPart]]
    transfers: Sequence[Transfer]
    payouts: Sequence[Payout]
    proposals: Sequence[MoneyProposal]
    chargebacks: Sequence[Chargeback]
    changes: Sequence[StateChange]


def context(session: Session, escrow: Escrow, language: Language) -> dict[str, Any]:
    """Return what the page shows."""
    found = read(session, escrow)
    client = session.get(Client, escrow.payer_client_id)
    return {
        "escrow": escrow,
        "amounts": escrow.amounts,
        "mission": session.get(Mission, escrow.reference),
        "client": client.name if client else "",
        "expert": accounts.owner_of(session, escrow.payee_expert_id),
        "payments": found.payments,
        "refunds": [(refund, found.parts[refund.id]) for refund in found.refunds],
        "chargebacks": found.chargebacks,
        "transfers": found.transfers,
        "payouts": found.payouts,
        "lines": timeline(session, found, language),
        "adds_up": adds_up(found),
    }


def read(session: Session, escrow: Escrow) -> Found:
    """Read everything that belongs to an escrow."""
    paid, gone, proposed = (
        payments.of(session, escrow),
        refunds.of(session, escrow),
        proposals.of_escrow(session, escrow.id),
    )
    taken = chargebacks.of(session, escrow)
    moved = transfers.of(session, escrow)
    sent = payouts.of_transfers(session, [transfer.id for transfer in moved])
    objects = {
        ESCROWS.kind: [escrow.id],
        PAYMENTS.kind: [payment.id for payment in paid],
        REFUNDS.kind: [refund.id for refund in gone],
        TRANSFERS.kind: [transfer.id for transfer in moved],
        PAYOUTS.kind: [payout.id for payout in sent],
        PROPOSALS.kind: [proposal.id for proposal in proposed],
        CHARGEBACKS.kind: [chargeback.id for chargeback in taken],
    }
    changes = [change for kind, ids in objects.items() for change in lifecycles.changes(session, kind, ids)]
    parts = {refund.id: refund_parts.parts(session, refund.id) for refund in gone}
    changes = sorted(changes, key=lambda change: change.id or 0)
    return Found(escrow, paid, gone, parts, moved, sent, proposed, taken, changes)


def adds_up(found: Found) -> bool:
    """Tell whether the escrow's sums are those of its payments and refunds. Pure."""
    counted = sum(payment.cents for payment in found.payments if payment.counted_at)
    gone = sum(refund.cents for refund in found.refunds if refund.state in GONE)
    counted -= sum(chargeback.held_cents - chargeback.restored_cents for chargeback in found.chargebacks)
    return (counted, gone) == (found.escrow.paid_cents, found.escrow.refunded_cents)


def timeline(session: Session, found: Found, language: Language) -> list[Line]:
    """Return what happened, the oldest first, each movement of money with what was held after it."""
    escrow = found.escrow
    lines = [
        Line(escrow.opened_at, money_texts.OPENED),
        *_begun(session, found),
        *_moved(session, found),
        *_movements(found),
    ]
    held, told = 0, list[Line]()
    # Of what happened at once, money is shown after what brought it about.
    for line in sorted(lines, key=lambda line: (line.at, line.moved_cents != 0)):
        held += line.moved_cents
        said = replace(line, text=translate(language, line.text))
        told.append(replace(said, held_cents=held) if line.moved_cents else said)
    return told


def _begun(session: Session, found: Found) -> list[Line]:
    """Return how payments, refunds and proposals began, which is no move of theirs."""
    texts = {"card": money_texts.BEGUN_CARD, "wire": money_texts.BEGUN_WIRE}
    return [
        *(
            Line(one.begun_at, texts[one.kind], note=one.wire_text, by=one.wire_sender, cents=one.cents)
            for one in found.payments
        ),
        *(
            Line(
                one.asked_at,
                money_texts.DONE[ESCROWS.kind, EscrowEvent.DISPUTE],
                by=_name(session, one.asked_by),
                note=one.explanation,
                cents=one.cents,
            )
            for one in found.refunds
            if one.reason == RefundReason.ASKED
        ),
        *(
            Line(one.proposed_at, money_texts.PROPOSED, by=_name(session, one.proposed_by), cents=one.cents)
            for one in found.proposals
        ),
    ]


def _moved(session: Session, found: Found) -> list[Line]:
    """Return the moves from state to state, but those that movements of money say better."""
    movements = (
        *found.payments,
        *found.refunds,
        *found.transfers,
        *found.payouts,
        *found.proposals,
        *found.chargebacks,
    )
    cents = {one.id: one.cents for one in movements}
    answers = {one.id: one.answer for one in (*found.refunds, *found.proposals)}
    return [
        Line(
            change.moved_at,
            money_texts.DONE[change.kind, change.event],  # pyright: ignore[reportArgumentType]
            by=_name(session, change.actor_account_id) or change.actor_name,
            note=change.reason or answers.get(change.object_id, ""),
            cents=cents.get(change.object_id),
        )
        for change in found.changes
        if change.kind != ESCROWS.kind or change.event not in _SAID_ELSEWHERE
    ]


def _movements(found: Found) -> list[Line]:
    """Return what came, went back and was released."""
    escrow, done = found.escrow, money_texts.DONE
    came, released = (done[ESCROWS.kind, event] for event in _MOVING)
    lines = [
        Line(one.counted_at, came, cents=one.cents, moved_cents=one.cents)
        for one in found.payments
        if one.counted_at is not None
    ]
    lines += [
        Line(one.consented_at or one.asked_at, money_texts.GOES_BACK, cents=one.cents, moved_cents=-one.cents)
        for one in found.refunds
        if one.state in GONE
    ]
    for one in found.chargebacks:
        lines.append(
            Line(one.taken_at, money_texts.CHARGED_BACK, note=one.reason, cents=one.cents, moved_cents=-one.held_cents)
        )
        if one.restored_cents and one.closed_at is not None:
            text = done[ESCROWS.kind, EscrowEvent.WIN_BACK]
            lines.append(Line(one.closed_at, text, cents=one.back_cents, moved_cents=one.restored_cents))
    if escrow.state == EscrowState.RELEASED and escrow.closed_at is not None:
        cents = escrow.released_cents
        lines.append(Line(escrow.closed_at, released, cents=cents, moved_cents=-cents))
    return lines


def _name(session: Session, account_id: str | None) -> str:
    account = session.get(Account, account_id) if account_id else None
    return account.name if account else ""
