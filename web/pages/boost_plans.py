"""What an expert reads of the own Boost: prices before buying, how it stands, what it has cost and brought."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts import audience_days, audience_sources, experts, outcomes
from accounts.audience_sources import Reach
from accounts.audiences import KEPT_FOR
from accounts.models.experts import Expert
from billing import boost_calls, boost_chargebacks, boost_prices, boosts
from billing.boost_periods import ChargeReason
from billing.boost_prices import Price
from billing.lifecycle import BoostState, PaymentState
from billing.models.boosts import BoostCard, BoostCharge, BoostSubscription
from billing.provider_states import Period, SubscriptionState
from billing.taxes import Tax, TaxCode, Undecided
from foundation.errors import Conflict
from foundation.i18n import Language, message, translate
from foundation.settings import Settings
from ranking import lifts
from ranking.lifts import Lift
from ranking.profiles import Policy
from web.pages import boosts as effects

SINCE_DAYS = KEPT_FOR.days
PLANS = {Period.MONTH: message("By the month"), Period.YEAR: message("By the year")}
REASONS = {
    ChargeReason.FIRST: message("First payment"),
    ChargeReason.RENEWAL: message("Renewal"),
    ChargeReason.UPGRADE: message("Change to the year"),
}
STATES = {
    BoostState.AWAITING: message("Waits for the first payment"),
    BoostState.ACTIVE: message("Running"),
    BoostState.PAST_DUE: message("The renewal was not paid"),
    BoostState.CANCELLED: message("Cancelled, still running"),
    BoostState.ENDED: message("No longer running"),
}
CHARGE_STATES = {
    PaymentState.CREATED: message("Under way"),
    PaymentState.CHALLENGE: message("Your bank asks you"),
    PaymentState.SUCCEEDED: message("Paid"),
    PaymentState.FAILED: message("Not paid"),
}
_FAILURES = {
    "authentication_needed": message("Your bank wants you to confirm it yourself."),
    "no_money": message("There was not enough money in the account."),
    "challenge_failed": message("Your bank’s question was not answered with yes."),
}
_REFUSED = message("Your bank has refused it.")


@dataclass(frozen=True, slots=True)
class Found:
    """All that is known of an expert's Boost."""

    expert: Expert
    subscription: BoostSubscription | None
    last: BoostSubscription | None
    charges: tuple[BoostCharge, ...]
    under_way: BoostCharge | None
    is_taken_back: bool
    """The bank took back what was paid for this period."""
    card: BoostCard | None
    tax: Tax | None
    """None before there is a legal identity."""
    undecided: str
    reach: Reach
    """What results of the last days came to."""
    firsts: int
    """Of these, how many were among the first."""
    lift: Lift | None
    """Measured for this expert; None where no boost ever had anything to do with it."""


def read(session: Session, settings: Settings, expert: Expert, now: datetime) -> Found:
    """Read an expert's Boost, with the figures of their own results."""
    subscription = boosts.live(session, expert.id)
    begin, end = audience_days.span((now - KEPT_FOR).date(), now.date())
    own = outcomes.boost_draws(session, now - KEPT_FOR, expert.id)
    tax, undecided = None, ""
    try:
        tax = boost_prices.tax_on(session, expert.id, settings.operator, now.date())
    except Undecided as error:
        undecided = error.code
    return Found(
        expert=expert,
        subscription=subscription,
        last=boosts.last_ended(session, expert.id),
        charges=tuple(boosts.charges_of(session, expert.id)),
        under_way=boosts.open_charge(session, subscription.id) if subscription else None,
        is_taken_back=subscription is not None and boost_chargebacks.stands(session, subscription),
        card=session.get(BoostCard, subscription.card_id) if subscription and subscription.card_id else None,
        tax=tax,
        undecided=undecided,
        reach=audience_sources.reach(audience_sources.read(session, expert.id, begin, end)),
        firsts=outcomes.count_firsts(session, expert.id, begin),
        lift=lifts.measure(own, confidence=effects.CONFIDENCE) if own else None,
    )


def context(found: Found, settings: Settings, policy: Policy, now: datetime, language: Language) -> dict[str, Any]:
    """Return what the page shows."""
    subscription, today = found.subscription, now.date()
    state = subscription.state if subscription else ""
    due = boost_calls.due_now(subscription, today) if subscription else None
    renewal = boosts.next_due(subscription) if subscription else None
    return {
        "expert": found.expert,
        "is_found": experts.is_findable(found.expert),
        "subscription": subscription,
        "state": state,
        "state_name": translate(language, STATES[BoostState(state)]) if state else "",
        "plan_name": translate(language, PLANS[Period(subscription.plan)]) if subscription else "",
        "plans": [_plan(plan, settings, found.tax, language) for plan in PLANS],
        "tax": found.tax,
        "tax_words": tax_words(found.tax, language) if found.tax else "",
        "undecided": found.undecided,
        "due": _amount(due.net_cents, found.tax) if due else None,
        "renewal": _amount(renewal.net_cents, found.tax) if renewal else None,
        "next_plan_name": translate(language, PLANS[Period(subscription.next_plan)])
        if subscription and subscription.next_plan
        else "",
        "needs_owner": needs_owner(found.card),
        "under_way": found.under_way,
        "is_taken_back": found.is_taken_back,
        "failure": _last_failure(found, language),
        "charges": [_charge(charge, language) for charge in found.charges],
        "last": found.last,
        "granted_until": _still(found.expert.boost_granted_until, today),
        "limits": {
            "bound": f"{100 * policy.boost:g}",
            "floor": round(100 * policy.relevance_floor),
            "cap": policy.boosted_at_top,
            "top": policy.top,
            "holdout": policy.holdout_percent,
        },
        "since_days": SINCE_DAYS,
        "first_places": outcomes.FIRST_PLACES,
        "reach": found.reach,
        "firsts": found.firsts,
        "lift": effects.effect(found.lift, language) if found.lift else None,
    }


def needs_owner(card: BoostCard | None) -> bool:
    """Tell whether the next charge of a card needs its owner, as the provider said last."""
    return card is not None and card.subscription_state != SubscriptionState.ACTIVE


def tax_words(tax: Tax, language: Language) -> str:
    """Return in words what of a price is tax."""
    if tax.code is TaxCode.STANDARD:
        rate = f"{tax.rate_bp / 100:g}".replace(".", "," if language == "fr" else ".")
        return translate(language, message("%(rate)s%% VAT included"), rate=rate)
    if tax.code is TaxCode.REVERSE_CHARGE:
        return translate(language, message("no VAT: you owe it where you are (reverse charge)"))
    return translate(language, message("no VAT"))


def _plan(plan: Period, settings: Settings, tax: Tax | None, language: Language) -> dict[str, Any]:
    net_cents = boost_prices.of(settings.boost, plan)
    return {
        "value": plan.value,
        "name": translate(language, PLANS[plan]),
        "net_cents": net_cents,
        "gross_cents": _amount(net_cents, tax),
    }


def _amount(net_cents: int, tax: Tax | None) -> int | None:
    return Price(net_cents, tax).gross_cents if tax else None


def _still(day: date | None, today: date) -> date | None:
    return day if day is not None and day >= today else None


def _last_failure(found: Found, language: Language) -> str:
    """Return why the latest charge of a subscription was not paid, where it was not."""
    if found.subscription is None or found.under_way is not None:
        return ""
    latest = next((charge for charge in found.charges if charge.subscription_id == found.subscription.id), None)
    if latest is None or latest.state != PaymentState.FAILED:
        return ""
    return translate(language, _FAILURES.get(latest.failure or "", _REFUSED))


def _charge(charge: BoostCharge, language: Language) -> dict[str, Any]:
    return {
        "row": charge,
        "reason": translate(language, REASONS[ChargeReason(charge.reason)]),
        "plan": translate(language, PLANS[Period(charge.plan)]),
        "state": translate(language, CHARGE_STATES[PaymentState(charge.state)]),
        "gross_cents": charge.gross_cents,
    }


def change(session: Session, settings: Settings, expert_id: str, now: datetime, language: Language) -> dict[str, Any]:
    """Return what the page of another plan shows; raise Conflict where no plan can be changed, and Undecided."""
    subscription = boosts.live(session, expert_id)
    if subscription is None or subscription.state != BoostState.ACTIVE or boosts.open_charge(session, subscription.id):
        raise Conflict("no plan can be changed now")
    tax = boost_prices.tax_on(session, expert_id, settings.operator, now.date())
    is_yearly = subscription.plan == Period.YEAR
    other = Period.MONTH if is_yearly else Period.YEAR
    due, price = (None, None) if is_yearly else boost_calls.quote_upgrade(session, settings, subscription, now)
    return {
        "subscription": subscription,
        "other": other.value,
        "other_name": translate(language, PLANS[other]),
        "other_cents": _amount(boost_prices.of(settings.boost, other), tax),
        "due": due,
        "price": price,
        "tax_words": tax_words(tax, language),
    }
