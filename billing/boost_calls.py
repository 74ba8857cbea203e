"""What is asked of the payment provider for Boost subscriptions, outside of transactions, and what comes of it here."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid5

import structlog
from sqlalchemy.orm import Session

from accounts.sign_ins import SignedIn
from billing import boost_cards, boost_charges, boost_periods, boost_prices, boosts, provider_parties
from billing.boost_charges import ABANDONED, AUTHENTICATION_NEEDED
from billing.boost_periods import ChargeReason, Due
from billing.boost_prices import Price
from billing.lifecycle import BoostState, PaymentState
from billing.models.boosts import BoostCard, BoostCharge, BoostSubscription
from billing.provider_states import Period, SubscriptionState
from billing.providers.interface import (
    Browser,
    CardForm,
    CardFormRequest,
    Charge,
    ChargeRequest,
    Declined,
    Payin,
    Provider,
    SubscriptionRequest,
)
from foundation.database import Database
from foundation.errors import Conflict
from foundation.settings import Settings

TEXT = "PORTULAN"
"""On bank statements."""
log = structlog.get_logger(__name__)


class PriceChanged(Conflict):
    """Something else is to be paid than was shown."""


def open_form(
    database: Database, provider: Provider, who: SignedIn, card_id: str, return_path: str, *, at: datetime
) -> CardForm:
    """Return where a card is typed; raise NotFound, Conflict for one that was typed, Unreachable, Declined."""
    expert_id = str(who.expert_id)
    with database.reading() as session:
        card, subscription = boost_cards.of_expert(session, expert_id, card_id)
    if card.typed_at or card.dropped_at or card.provider != provider.name:
        raise Conflict("another card is to be typed")
    place = provider_parties.payer(database, provider, expert_id, subscription.currency, at=at)
    form = provider.begin_card(CardFormRequest(card.id, place.user_id, subscription.currency, return_path))
    database.write(lambda session: boost_cards.note_form(session, card.id, form.provider_id))
    return form


def keep_card(
    database: Database,
    provider: Provider,
    settings: Settings,
    who: SignedIn,
    card_id: str,
    answer: str,
    *,
    at: datetime,
) -> BoostCard:
    """Keep the card that was typed; `answer` is the query with which its owner came back. May be repeated.

    Raises NotFound, Conflict where none was asked for, Unreachable, and Declined where another one has to be typed.
    """
    expert_id = str(who.expert_id)
    with database.reading() as session:
        card, subscription = boost_cards.of_expert(session, expert_id, card_id)
        due = due_now(subscription, at.date()) or boosts.next_due(subscription)
        net_cents = due.net_cents if due else subscription.price_cents
        tax = boost_prices.tax_on(session, expert_id, settings.operator, at.date())
    if card.typed_at:
        return card
    if card.form_id is None or card.dropped_at or card.provider != provider.name:
        raise Conflict("no card is to be typed")
    place = provider_parties.payer(database, provider, expert_id, subscription.currency, at=at)
    try:
        kept_id = provider.keep_card(card.form_id, answer)
        key = str(uuid5(UUID(card.id), "subscribe"))
        cents = Price(net_cents, tax).gross_cents
        request = SubscriptionRequest(
            key, place.user_id, place.wallet_id, kept_id, cents, subscription.currency, Period(subscription.plan)
        )
        allowed = provider.subscribe(request)
    except Declined:
        database.write(lambda session: boost_cards.refuse(session, card.id, at))
        raise
    return database.write(lambda session: boost_cards.note_typed(session, card.id, allowed, at))


def pay(
    database: Database,
    provider: Provider,
    settings: Settings,
    who: SignedIn,
    card_id: str,
    browser: Browser,
    return_path: str,
    *,
    at: datetime,
) -> BoostCharge | None:
    """Charge what is to be paid now from a card that was typed, its owner being there; None where nothing is.

    `return_path` may hold `{charge_id}`. Whoever does so twice pays once. Raises NotFound, Conflict, Undecided and
    Unreachable.
    """
    with database.writing() as session:
        subscription = boosts.of_expert(session, who)
        card, _ = boost_cards.of_expert(session, str(who.expert_id), card_id)
        is_its = card.subscription_id == subscription.id and card.provider == provider.name
        if not is_its or card.typed_at is None or card.dropped_at is not None:
            raise Conflict("this card is not to be charged")
        due = due_now(subscription, at.date())
        if due is None:
            boost_cards.use(session, subscription, card.id, at)
            return None
        tax = boost_prices.tax_on(session, subscription.expert_id, settings.operator, at.date())
        charge = boost_charges.begin(session, subscription, due, tax, card.id, provider.name, is_attended=True, at=at)
    return ask(database, provider, charge.id, browser, return_path, at=at)


def upgrade(
    database: Database,
    provider: Provider,
    settings: Settings,
    who: SignedIn,
    shown_cents: int,
    browser: Browser,
    return_path: str,
    *,
    at: datetime,
) -> BoostCharge:
    """Have a year begin at once, less what is left of the month; `shown_cents` is what its owner agreed to, with tax.

    Raises PriceChanged, Conflict where nothing can be changed, Undecided and Unreachable.
    """
    with database.writing() as session:
        subscription = boosts.of_expert(session, who)
        due, price = quote_upgrade(session, settings, subscription, at)
        under_way = boosts.open_charge(session, subscription.id)
        if under_way is not None and under_way.reason != ChargeReason.UPGRADE:
            raise Conflict("another charge is under way")
        if under_way is None and price.gross_cents != shown_cents:
            raise PriceChanged("the price has changed")
        charge = under_way or boost_charges.begin(
            session, subscription, due, price.tax, str(subscription.card_id), provider.name, is_attended=True, at=at
        )
    return ask(database, provider, charge.id, browser, return_path, at=at)


def quote_upgrade(
    session: Session, settings: Settings, subscription: BoostSubscription, at: datetime
) -> tuple[Due, Price]:
    """Return what a year costs that begins now, less what is left; raise Conflict where none can begin."""
    paid = boosts.paid_of(subscription)
    if paid is None or subscription.state != BoostState.ACTIVE:
        raise Conflict("no other plan can begin now")
    try:
        due = boost_periods.upgrade(paid, Period.YEAR, boost_prices.of(settings.boost, Period.YEAR), at.date())
    except ValueError as error:
        raise Conflict(str(error)) from error
    tax = boost_prices.tax_on(session, subscription.expert_id, settings.operator, at.date())
    return due, Price(due.net_cents, tax)


def due_now(subscription: BoostSubscription, on: date) -> Due | None:
    """Return what its owner has to pay now: the first period, or a renewal that was missed."""
    if subscription.state == BoostState.AWAITING:
        return boost_periods.first(Period(subscription.plan), subscription.price_cents, on)
    return boosts.next_due(subscription) if subscription.state == BoostState.PAST_DUE else None


def ask(
    database: Database, provider: Provider, charge_id: str, browser: Browser, return_path: str, *, at: datetime
) -> BoostCharge:
    """Have a charge made for which the payer is there, and return what became of it; may be repeated."""
    charge, card = _read(database, charge_id)
    if charge.state == PaymentState.CREATED and charge.provider_id is None:
        allowed = provider.fetch_subscription(card.provider_subscription_id or "")
        is_asked_for = allowed is None or allowed.state is not SubscriptionState.ACTIVE
        path = return_path.replace("{charge_id}", charge.id)
        _charge(database, provider, charge, card, browser if is_asked_for else None, path, at)
        charge, _ = _read(database, charge_id)
    return charge


def send(database: Database, provider: Provider, charge_ids: Sequence[str], at: datetime) -> None:
    """Make the charges for which nobody has to be there, and find out what became of others. May be repeated."""
    for charge_id in charge_ids:
        charge, card = _read(database, charge_id)
        if charge.state not in boosts.OPEN or charge.provider != provider.name:
            continue
        if charge.provider_id is not None:
            if payin := provider.fetch_payin(charge.provider_id):
                hear_of_charge(database, charge_id, payin, at)
        elif charge.asked_at is not None or _may_be_charged(database, provider, charge, card, at):
            _charge(database, provider, charge, card, None, "/", at)


def hear_of_charge(database: Database, charge_id: str, payin: Payin, at: datetime) -> None:
    """Apply what a provider says of the payment of a charge."""
    told = Charge(payin.provider_id, payin.key, payin.state, payin.cents, payin.failure)
    database.write(lambda session: boost_charges.take_in(session, charge_id, told, at=at))


def hear_of_subscription(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    """Ask whether a card can be charged, and note it; of what is nobody's nothing is noted."""
    del at
    allowed = provider.fetch_subscription(provider_id)
    if allowed is not None:
        database.write(lambda session: boost_cards.take_in(session, provider.name, allowed))


def drop_cards(database: Database, provider: Provider, card_ids: Sequence[str]) -> None:
    """Allow no more charges of cards. May be repeated."""
    for card_id in card_ids:
        with database.reading() as session:
            card = session.get_one(BoostCard, card_id)
        if card.provider_subscription_id is None or card.provider != provider.name:
            continue
        try:
            provider.end_subscription(card.provider_subscription_id)
        except Declined as error:
            log.warning("a card can still be charged at the provider", card_id=card_id, reason=str(error))


def _may_be_charged(database: Database, provider: Provider, charge: BoostCharge, card: BoostCard, at: datetime) -> bool:
    """Tell whether a charge that nobody asked for yet can be made without its payer; else give it up."""
    failure = ABANDONED
    if not charge.is_attended:
        allowed = provider.fetch_subscription(card.provider_subscription_id or "")
        if allowed is not None:
            database.write(lambda session: boost_cards.take_in(session, provider.name, allowed))
            if allowed.state is SubscriptionState.ACTIVE:
                return True
        failure = AUTHENTICATION_NEEDED
    database.write(lambda session: boost_charges.refuse(session, charge.id, failure, at=at))
    return False


def _charge(
    database: Database,
    provider: Provider,
    charge: BoostCharge,
    card: BoostCard,
    browser: Browser | None,
    return_path: str,
    at: datetime,
) -> None:
    """Ask the provider, and apply its answer: with the same key as before, where it was asked before."""
    if not database.write(lambda session: boost_charges.note_asked(session, charge.id, at)):
        return
    cents = charge.gross_cents
    request = ChargeRequest(
        charge.id,
        card.provider_subscription_id or "",
        cents,
        cents,
        charge.currency,
        browser,
        return_path,
        TEXT,
    )
    try:
        found = provider.charge(request)
    except Declined as error:
        found = Charge("", charge.id, PaymentState.FAILED, cents, str(error))
    database.write(lambda session: boost_charges.take_in(session, charge.id, found, at=at))


def _read(database: Database, charge_id: str) -> tuple[BoostCharge, BoostCard]:
    with database.reading() as session:
        charge = session.get_one(BoostCharge, charge_id)
        return charge, session.get_one(BoostCard, charge.card_id)
