"""What moves of money are called, for operators: each as what was done."""

from collections.abc import Mapping
from enum import StrEnum

from billing.lifecycle import CHARGEBACKS, ESCROWS, PAYMENTS, PAYOUTS, PROPOSALS, REFUNDS, TRANSFERS
from billing.lifecycle import ChargebackEvent as Taken
from billing.lifecycle import EscrowEvent as Held
from billing.lifecycle import PaymentEvent as Paid
from billing.lifecycle import PayoutEvent as PaidOut
from billing.lifecycle import ProposalEvent as Proposed
from billing.lifecycle import RefundEvent as Back
from billing.lifecycle import TransferEvent as Moved
from foundation.i18n import message

DONE: Mapping[tuple[str, StrEnum], str] = {
    (ESCROWS.kind, Held.PAY_IN): message("A payment was counted"),
    (ESCROWS.kind, Held.COVER): message("All that is due is held"),
    (ESCROWS.kind, Held.CHANGE_DUE): message("Another price is due"),
    (ESCROWS.kind, Held.RAISE_DUE): message("A higher price is due: a top-up is awaited"),
    (ESCROWS.kind, Held.RETURN_SURPLUS): message("What was too much goes back"),
    (ESCROWS.kind, Held.DISPUTE): message("The client asks for money back: nothing is released meanwhile"),
    (ESCROWS.kind, Held.SETTLE): message("The refund in question is settled, and all that is due is held"),
    (ESCROWS.kind, Held.SETTLE_SHORT): message("The refund in question is settled, and a part is awaited"),
    (ESCROWS.kind, Held.REFUND): message("All that was held goes back by agreement"),
    (ESCROWS.kind, Held.GIVE_BACK): message("All that was held goes back by right"),
    (ESCROWS.kind, Held.CHARGE_BACK): message("What was held is held no more: the payer’s bank took it back"),
    (ESCROWS.kind, Held.WIN_BACK): message("What the bank had taken is held again"),
    (ESCROWS.kind, Held.RELEASE): message("Released to the expert"),
    (ESCROWS.kind, Held.CANCEL): message("Nothing is awaited any more"),
    (PAYMENTS.kind, Paid.CHALLENGE): message("The payer’s bank asks who pays"),
    (PAYMENTS.kind, Paid.SUCCEED): message("A payment arrived"),
    (PAYMENTS.kind, Paid.FAIL): message("A payment failed"),
    (REFUNDS.kind, Back.CONSENT): message("The expert agreed to a refund"),
    (REFUNDS.kind, Back.REFUSE): message("The expert did not agree to a refund"),
    (REFUNDS.kind, Back.WITHDRAW): message("The client took the request back"),
    (REFUNDS.kind, Back.FINISH): message("A refund was sent"),
    (REFUNDS.kind, Back.FAIL): message("A refund could not be sent"),
    (REFUNDS.kind, Back.BOUNCE): message("The bank returned a refund that had been sent"),
    (REFUNDS.kind, Back.RETRY): message("A refund is tried again"),
    (TRANSFERS.kind, Moved.SUCCEED): message("What was released is in the expert’s wallet, the commission in ours"),
    (TRANSFERS.kind, Moved.FAIL): message("The provider could not bring what was released to the expert’s wallet"),
    (PAYOUTS.kind, PaidOut.SEND): message("A payout was sent to the expert’s bank"),
    (PAYOUTS.kind, PaidOut.FAIL): message("A payout failed"),
    (PAYOUTS.kind, PaidOut.RETURN): message("A payout came back from the bank"),
    (CHARGEBACKS.kind, Taken.LOSE): message("The bank keeps what it took back"),
    (CHARGEBACKS.kind, Taken.WIN): message("The bank gave back what it had taken"),
    (PROPOSALS.kind, Proposed.CONFIRM): message("A second operator confirmed"),
    (PROPOSALS.kind, Proposed.DECLINE): message("A second operator declined"),
    (PROPOSALS.kind, Proposed.WITHDRAW): message("A proposal was taken back"),
    (PROPOSALS.kind, Proposed.EXPIRE): message("A proposal expired"),
}
CHARGED_BACK = message("The payer’s bank took a card payment back")
GOES_BACK = message("Money goes back to the client")
OPENED = message("Payment is awaited")
BEGUN_CARD, BEGUN_WIRE = message("A card payment was begun"), message("A transfer was seen")
PROPOSED = message("An operator proposed it, a second one is needed")
