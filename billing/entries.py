"""What happens to money, posted to the ledger in the transaction in which it happens."""

from datetime import datetime

from sqlalchemy.orm import Session

from billing import commissions, ledger, postings
from billing.commissions import Price
from billing.models.boosts import BoostCharge
from billing.models.chargebacks import BoostChargeback, Chargeback
from billing.models.escrows import Escrow, Payment, Refund, RefundPart
from billing.models.ledger import LedgerKind
from billing.models.payouts import Payout, Transfer
from billing.postings import Amount, External
from billing.providers.interface import CHARGEBACK, CHARGEBACK_RETURN, PAYIN, PAYOUT, PAYOUT_RETURN, REFUND, RELEASE


def pay_in(session: Session, payment: Payment, escrow: Escrow, at: datetime) -> None:
    """Post that a payment counts for an escrow: at once, or after it was found out what it is for."""
    unassigned = postings.unassigned_pay_in(payment.id, _paid(payment), _came(payment))
    if ledger.find(session, unassigned.key):
        to = (escrow.reference, escrow.payer_client_id, payment.provider)
        fact = postings.assignment(payment.id, _paid(payment), *to)
    else:
        to = (escrow.reference, escrow.payer_client_id)
        fact = postings.pay_in(payment.id, _paid(payment), *to, _came(payment))
    ledger.post(session, fact, at=at)


def unassigned_pay_in(session: Session, payment: Payment, at: datetime) -> None:
    """Post that a payment came, and counts for nothing yet."""
    ledger.post(session, postings.unassigned_pay_in(payment.id, _paid(payment), _came(payment)), at=at)


def give_back(session: Session, payment: Payment, refund: Refund, at: datetime) -> None:
    """Post that a payment that is for nothing is to go back."""
    ledger.post(session, postings.return_(payment.id, refund.id, _paid(payment)), at=at)


def refund(session: Session, refund: Refund, escrow: Escrow, at: datetime) -> None:
    """Post that a part of what an escrow holds is to go back."""
    due = Amount(refund.cents, refund.currency)
    ledger.post(session, postings.refund(refund.id, due, escrow.reference), at=at)


def charge_back(
    session: Session, chargeback: Chargeback, payment: Payment, escrow: Escrow | None, *, is_waiting: bool, at: datetime
) -> None:
    """Post that the payer's bank took money back; `is_waiting`: of a payment that counted for nothing yet."""
    taken = External(payment.provider, CHARGEBACK, chargeback.provider_id)
    held = Amount(chargeback.held_cents, chargeback.currency)
    if is_waiting:
        fact = postings.unassigned_chargeback(payment.id, held, taken)
    else:
        of = (escrow.reference, escrow.payer_client_id) if escrow else ("", "")
        fact = postings.chargeback(held, chargeback.lost_cents, *of, taken)
    ledger.post(session, fact, at=at)


def win_back(
    session: Session,
    chargeback: Chargeback,
    payment: Payment,
    escrow: Escrow | None,
    held_cents: int,
    refund: Refund | None,
    *,
    at: datetime,
) -> None:
    """Post that the bank gave back: it is held again, or goes to the payer by a refund; the rest is the operator's."""
    back, currency = External(payment.provider, CHARGEBACK_RETURN, chargeback.provider_id), chargeback.currency
    reference, payer = (escrow.reference, escrow.payer_client_id) if escrow else ("", None)
    to = postings.on_its_way(refund.id, currency) if refund else postings.escrow(reference, currency)
    held, won_cents = Amount(held_cents, currency), chargeback.back_cents - held_cents
    ledger.post(session, postings.chargeback_return(held, won_cents, to, payer, back), at=at)


def repay_returned(session: Session, part: RefundPart, back_id: str, at: datetime) -> None:
    """Post that a bank sent a part of a refund back, which is owed as before."""
    payment = session.get_one(Payment, part.payment_id)
    escrow = session.get_one(Escrow, payment.escrow_id) if payment.counted_at and payment.escrow_id else None
    back = External(payment.provider, PAYOUT_RETURN, back_id)
    sent = Amount(part.cents, payment.currency)
    payer = escrow.payer_client_id if escrow else None
    ledger.post(session, postings.repayment_return(part.id, part.refund_id, sent, payer, back), at=at)


def repay(session: Session, part: RefundPart, at: datetime) -> None:
    """Post that the provider sent a part of a refund back."""
    payment = session.get_one(Payment, part.payment_id)
    escrow = session.get_one(Escrow, payment.escrow_id) if payment.counted_at and payment.escrow_id else None
    gone = External(payment.provider, REFUND, str(part.provider_id))
    sent = Amount(part.cents, payment.currency)
    payer = escrow.payer_client_id if escrow else None
    ledger.post(session, postings.repayment(part.id, part.refund_id, sent, payer, gone), at=at)


def release(session: Session, escrow: Escrow, price: Price, at: datetime) -> None:
    """Post that an escrow is the expert's, but for the commission on what is really released."""
    released = Amount(escrow.released_cents, escrow.currency)
    commission = commissions.on_part(price, escrow.released_cents)
    ledger.post(session, postings.release(escrow.reference, escrow.payee_expert_id, released, commission), at=at)


def fee_cents(session: Session, escrow: Escrow) -> int:
    """Return the commission, with its tax, that was taken when an escrow was released; 0 while it was not."""
    posted = ledger.find(session, postings.release_key(escrow.reference))
    if posted is None:
        return 0
    taken = (LedgerKind.COMMISSION, LedgerKind.VAT)
    return sum(-cents for name, cents in ledger.legs_of(session, posted.id).items() if name.kind in taken)


def transfer(session: Session, transfer: Transfer, at: datetime) -> None:
    """Post that the provider brought what was released to the expert's wallet, and the fee to the operator's."""
    escrow = session.get_one(Escrow, transfer.escrow_id)
    moved = Amount(transfer.cents, transfer.currency)
    done = External(transfer.provider, RELEASE, str(transfer.provider_id))
    parties = (escrow.payer_client_id, transfer.payee_expert_id)
    ledger.post(session, postings.transfer(moved, transfer.fee_cents, *parties, done), at=at)


def payout(session: Session, payout: Payout, at: datetime) -> None:
    """Post that the provider paid an expert."""
    gone = External(payout.provider, PAYOUT, str(payout.provider_id))
    ledger.post(session, postings.payout(Amount(payout.cents, payout.currency), payout.expert_id, gone), at=at)


def payout_return(session: Session, payout: Payout, at: datetime) -> None:
    """Post that a bank sent a payout back."""
    back = External(payout.provider, PAYOUT_RETURN, str(payout.return_id))
    ledger.post(session, postings.payout_return(Amount(payout.cents, payout.currency), payout.expert_id, back), at=at)


def boost(session: Session, charge: BoostCharge, at: datetime) -> None:
    """Post that an expert paid for a boost: the operator's at once, with the tax on it."""
    came = External(charge.provider, PAYIN, str(charge.provider_id))
    ledger.post(session, postings.boost(Amount(charge.net_cents, charge.currency), charge.tax_cents, came), at=at)


def charge_boost_back(session: Session, chargeback: BoostChargeback, at: datetime) -> None:
    """Post that a bank took a charge for a boost back: the operator's loss."""
    taken, nothing = External(chargeback.provider, CHARGEBACK, chargeback.provider_id), Amount(0, chargeback.currency)
    ledger.post(session, postings.chargeback(nothing, chargeback.cents, "", "", taken), at=at)


def win_boost_back(session: Session, chargeback: BoostChargeback, at: datetime) -> None:
    """Post that the bank gave it back."""
    back = External(chargeback.provider, CHARGEBACK_RETURN, chargeback.provider_id)
    nothing, currency = Amount(0, chargeback.currency), chargeback.currency
    to = postings.escrow("", currency)
    ledger.post(session, postings.chargeback_return(nothing, chargeback.back_cents, to, None, back), at=at)


def _paid(payment: Payment) -> Amount:
    return Amount(payment.cents, payment.currency)


def _came(payment: Payment) -> External:
    return External(payment.provider, PAYIN, str(payment.provider_id))
