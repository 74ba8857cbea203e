"""The QR code from which a banking app fills in a transfer (European Payments Council, EPC069-12 version 2). Pure.

The scheme has euros and accounts of the SEPA only, a name of 70 signs, and error correction M. What does not fit gets
no code: the words beside it say the same.
"""

from decimal import Decimal

import segno
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from segno import helpers

CURRENCY = "EUR"


def code_for(
    *, holder: str, account_number: str, bic: str, cents: int, currency: str, reference: str
) -> segno.QRCode | None:
    """Return the code of a transfer; None where it is in no euros, to no SEPA account, or holds more than fits."""
    if currency != CURRENCY or not is_sepa(account_number):
        return None
    try:
        return helpers.make_epc_qr(
            holder, account_number.replace(" ", ""), Decimal(cents) / 100, text=reference, bic=bic or None
        )
    except ValueError:
        return None


def is_sepa(account_number: str) -> bool:
    """Tell whether a text is the IBAN of an account in the Single Euro Payments Area."""
    try:
        return IBAN(account_number).in_sepa_zone
    except SchwiftyException:
        return False
