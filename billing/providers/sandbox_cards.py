"""The cards of the simulated provider."""

import re

from billing.lifecycle import PaymentState

LATER_FAILS = "4970100000000055"
"""Pays, and has no money left when a subscription charges it again."""
CARDS = {
    "4970100000000014": (PaymentState.SUCCEEDED, None),
    "4970100000000022": (PaymentState.CHALLENGE, None),
    "4970100000000030": (PaymentState.FAILED, "declined"),
    "4970100000000048": (PaymentState.FAILED, "no_money"),
}
"""The cards that there are, with what becomes of a payment. No other number is taken: a real card is refused."""
KEPT_CARDS = {**CARDS, LATER_FAILS: (PaymentState.SUCCEEDED, None)}
"""The same where a card is kept for later charges."""
UNKNOWN_CARD = "unknown_card"
_SPACES = re.compile(r"[\s-]")


def digits_of(number: str) -> str:
    """Return a card number as it is compared."""
    return _SPACES.sub("", number)
