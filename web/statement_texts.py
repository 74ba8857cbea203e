"""What lines and columns of statements of account are called, for the side that reads them."""

from collections.abc import Mapping

from billing.models.ledger import FactKind
from billing.statements import Column, Side
from foundation.i18n import message

FACTS: Mapping[Side, Mapping[FactKind, str]] = {
    Side.EXPERT: {
        FactKind.RELEASE: message("Released by the client"),
        FactKind.PAYOUT: message("Paid out to your bank account"),
        FactKind.PAYOUT_RETURN: message("Sent back by your bank"),
        FactKind.REFUND: message("Gone back to the client by agreement"),
        FactKind.BOOST: message("Visibility Boost, paid by card"),
    },
    Side.CLIENT: {
        FactKind.PAY_IN: message("Payment received"),
        FactKind.ASSIGNMENT: message("Payment received, and assigned to its mission"),
        FactKind.RETURN: message("Payment received for nothing that is due: it goes back"),
        FactKind.CHARGEBACK: message("Taken back by your bank"),
        FactKind.CHARGEBACK_RETURN: message("Given back by your bank"),
        FactKind.RELEASE: message("Released to the expert"),
        FactKind.REPAYMENT: message("Sent back to you"),
        FactKind.REPAYMENT_RETURN: message("Your bank did not take what was sent back"),
    },
}
COLUMNS: Mapping[Side, Mapping[Column, str]] = {
    Side.EXPERT: {
        Column.RELEASED: message("Released to you"),
        Column.COMMISSION: message("Commission with its VAT"),
        Column.PAID_OUT: message("Paid out to you"),
    },
    Side.CLIENT: {
        Column.PAID: message("Paid"),
        Column.TAKEN_BACK: message("Taken back by your bank"),
        Column.RELEASED: message("Released to experts"),
        Column.SENT_BACK: message("Sent back to you"),
    },
}
TAKEN_BACK = message("Correction, taken back: %(what)s")
