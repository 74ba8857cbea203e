"""What a Boost subscription owes, for which days: renewals, a longer or shorter period, grace. Pure: values in and out.

Days are those of UTC, as in the index. A period begins on its first day and ends before the first day of the next
one. Renewals are counted in calendar months from one day, the anchor: who begins on 31 January is renewed on the last
day of February and on 31 March, never on the 28th for good.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from billing import commissions
from billing.lifecycle import BoostState
from billing.provider_states import Period

MONTHS = {Period.MONTH: 1, Period.YEAR: 12}


class ChargeReason(StrEnum):
    """What a charge is for."""

    FIRST = "first"
    RENEWAL = "renewal"
    UPGRADE = "upgrade"


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid last: a period at its whole price before tax, and the day that renewals are counted from."""

    plan: Period
    price_cents: int
    anchor_on: date
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be charged, before tax."""

    reason: ChargeReason
    plan: Period
    price_cents: int
    anchor_on: date
    starts_on: date
    ends_on: date
    """The first day that is not paid by it."""
    credit_cents: int = 0
    """What is left of the period that it replaces."""

    @property
    def net_cents(self) -> int:
        """Return what is charged."""
        return self.price_cents - self.credit_cents


def first(plan: Period, price_cents: int, on: date) -> Due:
    """Return the first period, from a day on."""
    return Due(ChargeReason.FIRST, plan, price_cents, on, on, next_renewal(on, plan, on))


def renewal(paid: Paid, plan: Period, price_cents: int) -> Due:
    """Return the period after the one that was paid, by the same plan or another; it begins when that one ends."""
    ends_on = next_renewal(paid.anchor_on, plan, paid.ends_on)
    return Due(ChargeReason.RENEWAL, plan, price_cents, paid.anchor_on, paid.ends_on, ends_on)


def upgrade(paid: Paid, plan: Period, price_cents: int, on: date) -> Due:
    """Return a longer period from a day on, less what is left of the one that was paid; raise ValueError for others."""
    if MONTHS[plan] <= MONTHS[paid.plan] or not paid.starts_on <= on < paid.ends_on:
        raise ValueError(f"no {plan} begins on {on} within what was paid")
    credit = min(left_cents(paid, on), price_cents)
    return Due(ChargeReason.UPGRADE, plan, price_cents, on, on, next_renewal(on, plan, on), credit)


def left_cents(paid: Paid, on: date) -> int:
    """Return which part of a period's price is for a day and those after it, rounded half up."""
    days = (paid.ends_on - paid.starts_on).days
    return commissions.share(paid.price_cents, (paid.ends_on - max(on, paid.starts_on)).days, days)


def next_renewal(anchor_on: date, plan: Period, after: date) -> date:
    """Return the first day after another one on which a plan that is counted from an anchor is renewed."""
    step = MONTHS[plan]
    months = (after.year - anchor_on.year) * 12 + after.month - anchor_on.month
    count = max(1, months // step)
    while (found := add_months(anchor_on, count * step)) <= after:
        count += 1
    return found


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last one of that month where it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def retry_on(due_on: date, attempts: int, retry_days: Sequence[int]) -> date | None:
    """Return when a renewal is tried next after so many attempts; None where it is not tried again."""
    if attempts == 0:
        return due_on
    return due_on + timedelta(days=retry_days[attempts - 1]) if attempts <= len(retry_days) else None


def grace_ends_on(due_on: date, grace_days: int) -> date:
    """Return the first day on which a renewal that was not paid has no boost any more."""
    return due_on + timedelta(days=grace_days)


def boosted_until(state: BoostState, ends_on: date | None, grace_until: date | None) -> date | None:
    """Return the last day of the boost, as search reads it.

    On the day of a renewal the boost goes on: it is charged in the course of that day.
    """
    if state is BoostState.ACTIVE:
        return ends_on
    over = {BoostState.PAST_DUE: grace_until, BoostState.CANCELLED: ends_on}.get(state)
    return over - timedelta(days=1) if over else None
