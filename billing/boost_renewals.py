"""What the clock brings to Boost subscriptions: renewals, further attempts, and the end of what was paid.

A charge that is under way is waited for; who is erased or kept out of results by an operator is not charged.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.experts import Expert
from billing import boost_chargebacks, boost_charges, boost_periods, boost_prices, boosts
from billing.boost_periods import ChargeReason
from billing.boost_prices import Price
from billing.events import BOOST_CHARGE_WANTED
from billing.lifecycle import BoostEvent, BoostState, Party, PaymentState
from billing.models.boosts import BoostCharge, BoostSubscription
from billing.provider_states import Period
from billing.taxes import Tax, TaxCode, Undecided
from foundation import outbox
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.settings import Settings

ABANDONED_AFTER = timedelta(days=1)
"""For how long a first payment is awaited."""
REMINDED_BEFORE = timedelta(days=45)
"""When who pays by the year is told of the renewal: between three months and one before it (French consumer code,
article L. 215-1, which whoever is no business is owed)."""


def look_after(database: Database, settings: Settings, provider: str, at: datetime) -> None:
    """Renew and end what is due; may be repeated."""
    is_unpaid = and_(
        col(BoostSubscription.state) == BoostState.AWAITING.value,
        col(BoostSubscription.made_at) <= at - ABANDONED_AFTER,
    )
    is_over = and_(col(BoostSubscription.state) != BoostState.ENDED.value, col(BoostSubscription.ends_on) <= at.date())
    with database.reading() as session:
        statement = select(col(BoostSubscription.id)).where(or_(is_unpaid, is_over))
        due = session.execute(statement.order_by(col(BoostSubscription.id))).scalars().all()
        soon = session.execute(_renewed_soon(at)).scalars().all()
        taken_back = boost_chargebacks.due(session)
    days = settings.boost.grace_days
    for subscription_id in taken_back:
        database.write(lambda session, found=subscription_id: boost_chargebacks.follow(session, found, days, at=at))
    for subscription_id in due:
        database.write(lambda session, found=subscription_id: _look_at(session, found, settings, provider, at))
    for subscription_id in soon:
        database.write(lambda session, found=subscription_id: _remind(session, found, settings, at))


def _look_at(session: Session, subscription_id: str, settings: Settings, provider: str, at: datetime) -> None:
    found = boosts.take(session, subscription_id)
    today = at.date()
    under_way = boosts.open_charge(session, found.id)
    if under_way is not None and under_way.state == PaymentState.CREATED:
        # Nobody may ever tell what became of it: the provider is asked.
        outbox.record(session, BOOST_CHARGE_WANTED, [under_way.id])
    elif found.state == BoostState.PAST_DUE and found.grace_ends_on and found.grace_ends_on <= today:
        _end(session, found, BoostEvent.LAPSE, "boost_unpaid", at)
    elif under_way is not None:
        outbox.record(session, BOOST_CHARGE_WANTED, [under_way.id])
    elif found.state == BoostState.AWAITING:
        if found.made_at <= at - ABANDONED_AFTER:
            boosts.end(session, found, BoostEvent.LAPSE, Party.SYSTEM, SYSTEM, at)
    elif found.ends_on is not None and found.ends_on <= today:
        if found.state == BoostState.CANCELLED:
            _end(session, found, BoostEvent.LAPSE, "boost_ended", at)
        else:
            _renew(session, found, settings, provider, at)


def _renew(session: Session, found: BoostSubscription, settings: Settings, provider: str, at: datetime) -> None:
    expert = session.get(Expert, found.expert_id)
    if expert is None or expert.is_withheld:
        _end(session, found, BoostEvent.LEAVE, "boost_ended", at)
        return
    today = at.date()
    if found.state == BoostState.ACTIVE and found.ends_on and (today - found.ends_on).days > 1:
        # Nothing was charged for days, as while the installation stood still: nobody pays for days without a boost.
        found.anchor_on = found.ends_on = today
    due, tries = boosts.next_due(found), _tries(session, found)
    if due is None or found.card_id is None or boost_chargebacks.stands(session, found):
        return
    on = boost_periods.retry_on(due.starts_on, tries, settings.boost.retry_days)
    if on is None or on > today:
        return
    if found.grace_ends_on is None:
        found.grace_ends_on = boost_periods.grace_ends_on(due.starts_on, settings.boost.grace_days)
    session.add(found)
    tax = _tax(session, found, settings, today)
    boost_charges.begin(session, found, due, tax, found.card_id, provider, is_attended=False, at=at)


def _renewed_soon(at: datetime) -> Select[str]:
    """Select who pays by the year, and is renewed before long."""
    return select(col(BoostSubscription.id)).where(
        col(BoostSubscription.state) == BoostState.ACTIVE.value,
        col(BoostSubscription.plan) == Period.YEAR.value,
        col(BoostSubscription.ends_on) > at.date(),
        col(BoostSubscription.ends_on) <= (at + REMINDED_BEFORE).date(),
    )


def _remind(session: Session, subscription_id: str, settings: Settings, at: datetime) -> None:
    """Tell of a renewal, once for each."""
    found = boosts.take(session, subscription_id)
    due = boosts.next_due(found)
    if found.state != BoostState.ACTIVE or due is None:
        return
    amount = Price(due.net_cents, _tax(session, found, settings, at.date())).gross_cents
    boosts.tell(session, found, "boost_soon", at=at, key=str(found.ends_on), day=found.ends_on, amount_cents=amount)


def _tries(session: Session, found: BoostSubscription) -> int:
    """Count how often we tried to charge the renewal that is due."""
    is_it = (
        col(BoostCharge.subscription_id) == found.id,
        col(BoostCharge.reason) == ChargeReason.RENEWAL.value,
        col(BoostCharge.starts_on) == found.ends_on,
        col(BoostCharge.is_attended).is_(False),
    )
    return session.execute(select(func.count()).select_from(BoostCharge).where(*is_it)).scalar_one()


def _tax(session: Session, found: BoostSubscription, settings: Settings, on: date) -> Tax:
    """Return the tax of a renewal; where it can't be decided any more, that of the charge before."""
    try:
        return boost_prices.tax_on(session, found.expert_id, settings.operator, on)
    except Undecided:
        before = boosts.charges_of(session, found.expert_id, limit=1)[0]
        return Tax(
            TaxCode(before.tax_code),
            before.tax_rate_bp,
            before.tax_country,
            before.tax_exemption,
            tuple(before.tax_mentions),
        )


def _end(session: Session, found: BoostSubscription, event: BoostEvent, code: str, at: datetime) -> None:
    boosts.end(session, found, event, Party.SYSTEM, SYSTEM, at)
    boosts.tell(session, found, code, at=at, day=found.ends_on)
