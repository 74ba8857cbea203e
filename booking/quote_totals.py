"""From lines to amounts: before tax, tax, what the client pays, what is left for the expert. Pure, in cents.

Each line is rounded by itself, so that what is printed adds up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from billing import commissions, taxes
from billing.commissions import Commission
from billing.taxes import Tax
from booking.quote_contents import Days, Item


@dataclass(frozen=True, slots=True)
class Totals:
    """What a quote comes to."""

    days_cents: tuple[int, ...]
    """Of each line of days, in their order."""
    items_cents: tuple[int, ...]
    net_cents: int
    tax_cents: int

    @property
    def gross_cents(self) -> int:
        """Return what the client pays."""
        return self.net_cents + self.tax_cents


@dataclass(frozen=True, slots=True)
class Share:
    """What becomes of the price; None for the commission where a portage company collects."""

    commission: Commission | None
    left_cents: int
    """What is paid out to the expert, tax to be handed on included."""

    @property
    def commission_cents(self) -> int:
        """Return what the expert gets less."""
        return self.commission.total_cents if self.commission else 0


def reckon(day_rate_cents: int | None, days: Sequence[Days], items: Sequence[Item], tax: Tax | None) -> Totals:
    """Return the amounts of lines; no tax where it is another's to decide."""
    of_days = tuple(_half_up(line.half_days * (day_rate_cents or 0)) for line in days)
    of_items = tuple(item.cents for item in items)
    net_cents = sum(of_days) + sum(of_items)
    return Totals(of_days, of_items, net_cents, taxes.tax_cents(net_cents, tax) if tax else 0)


def share(totals: Totals, *, rate_bp: int, tax: Tax | None) -> Share:
    """Return what the operator keeps back and what is left; `tax` is the one on the commission, None in portage."""
    if tax is None:
        return Share(None, totals.gross_cents)
    commission = commissions.reckon(totals.net_cents, rate_bp=rate_bp, tax=tax)
    return Share(commission, totals.gross_cents - commission.total_cents)


def day_rate_for(wanted_cents: int, rate_bp: int) -> int:
    """Return the day rate of which so much is left when the commission, before tax, is taken; rounded up."""
    return -(-wanted_cents * commissions.WHOLE_BP // (commissions.WHOLE_BP - rate_bp))


def _half_up(doubled_cents: int) -> int:
    """Return half of an amount that is not negative; half a cent goes up."""
    return (doubled_cents + 1) // 2
