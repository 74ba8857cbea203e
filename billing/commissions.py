"""The operator's commission: a share of the price before tax, borne by the expert, taxed like any service (S21).

It is taken only once the quote was accepted and paid. A reduction lets off a share of the commission; shares and rates
are hundredths of a percent, amounts are cents.
"""

from dataclasses import dataclass

from billing import taxes
from billing.taxes import Party, Tax
from foundation.settings import Operator

WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Commission:
    """What the expert owes for a price."""

    rate_bp: int
    before_tax_cents: int
    tax_cents: int

    @property
    def total_cents(self) -> int:
        """Return what is kept back when the expert is paid."""
        return self.before_tax_cents + self.tax_cents


@dataclass(frozen=True, slots=True)
class Price:
    """What was agreed: the price before and with tax, and the commission on all of it."""

    net_cents: int
    gross_cents: int
    commission: Commission

    @classmethod
    def signed(cls, *, net_cents: int, gross_cents: int, rate_bp: int, commission_cents: int) -> "Price":
        """Return it from what quotes keep, where the commission is one figure with its tax."""
        before_tax_cents = taxes.share_cents(net_cents, rate_bp)
        tax_cents = max(0, commission_cents - before_tax_cents)
        return cls(net_cents, gross_cents, Commission(rate_bp, before_tax_cents, tax_cents))


def reduced_bp(standard_bp: int, share_bp: int) -> int:
    """Return the rate that is left when a share of it is let off; never below 0."""
    return max(0, standard_bp - taxes.share_cents(standard_bp, share_bp))


def reckon(net_cents: int, *, rate_bp: int, tax: Tax) -> Commission:
    """Return the commission on a price before tax; raises ValueError where either is negative."""
    if net_cents < 0 or not 0 <= rate_bp <= WHOLE_BP:
        raise ValueError(f"no commission of {rate_bp} hundredths of a percent on {net_cents} cents")
    before_tax_cents = taxes.share_cents(net_cents, rate_bp)
    return Commission(rate_bp, before_tax_cents, taxes.tax_cents(before_tax_cents, tax))


def on_part(price: Price, released_cents: int) -> Commission:
    """Return the commission on what is really released of a price, of which a part may have gone back."""
    whole = price.commission
    if released_cents == price.gross_cents:
        return whole
    net_cents = share(price.net_cents, released_cents, price.gross_cents)
    before_tax_cents = taxes.share_cents(net_cents, whole.rate_bp)
    tax_cents = share(whole.tax_cents, before_tax_cents, whole.before_tax_cents)
    return Commission(whole.rate_bp, before_tax_cents, tax_cents)


def share(cents: int, part: int, whole: int) -> int:
    """Return the same share of cents as a part is of a whole, rounded half up, and never more than the cents. Pure."""
    if part <= 0 or whole <= 0:
        return 0
    return min(cents, (2 * cents * part + whole) // (2 * whole))


def seller(operator: Operator) -> Party:
    """Return the operator as who sells; `taxes.decide` has the expert buy."""
    return Party(operator.country, is_business=True, vat_number=operator.vat_number or None)
