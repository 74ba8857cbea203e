"""Kept cards and their charges at the simulated provider."""

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.models.sandbox import SandboxCard, SandboxSubscription, SandboxTransaction
from billing.provider_states import SubscriptionState
from billing.providers.resources import PAYIN, SUBSCRIPTION, Declined
from billing.providers.sandbox_cards import KEPT_CARDS, LATER_FAILS, UNKNOWN_CARD, digits_of
from billing.providers.sandbox_rows import find, make, make_in, tell
from billing.providers.subscriptions import (
    CardForm,
    CardFormRequest,
    Charge,
    ChargeRequest,
    Subscription,
    SubscriptionRequest,
)
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, NotFound


class SandboxSubscriptions:
    """Cards that are kept and charged."""

    _database: Database

    def begin_card(self, request: CardFormRequest) -> CardForm:
        """Say where a card is typed: on a page of this site's own, which says what it is."""
        fresh = SandboxCard(
            key=request.key,
            user_id=request.user_id,
            currency=request.currency,
            return_path=request.return_path,
            made_at=clock.now(),
        )
        made = make(self._database, fresh)
        return CardForm(made.id, f"/sandbox/kept-card/{made.id}")

    def keep_card(self, provider_id: str, answer: str) -> str:
        """Return the card that was typed, whatever the payer came back with."""
        del answer
        found = find(self._database, SandboxCard, provider_id)
        if found is None or found.number is None:
            raise Declined(UNKNOWN_CARD)
        return found.id

    def subscribe(self, request: SubscriptionRequest) -> Subscription:
        """Allow charges of a kept card."""
        card = find(self._database, SandboxCard, request.card_id)
        if card is None or card.number is None or card.user_id != request.user_id:
            raise Declined(UNKNOWN_CARD)
        fresh = SandboxSubscription(
            key=request.key,
            card_id=card.id,
            wallet_id=request.wallet_id,
            cents=request.cents,
            currency=request.currency,
            period=request.period.value,
            state=SubscriptionState.CREATED.value,
            made_at=clock.now(),
        )
        return _as_subscription(make(self._database, fresh))

    def fetch_subscription(self, provider_id: str) -> Subscription | None:
        """Return a subscription."""
        found = find(self._database, SandboxSubscription, provider_id)
        return _as_subscription(found) if found else None

    def charge(self, request: ChargeRequest) -> Charge:
        """Charge the card; what becomes of it hangs on its number."""

        def try_it(session: Session) -> SandboxTransaction:
            made = session.execute(select(SandboxTransaction).where(col(SandboxTransaction.key) == request.key))
            return made.scalar_one_or_none() or _charge(session, request)

        return _as_charge(self._database.write(try_it))

    def end_subscription(self, provider_id: str) -> None:
        """Allow no more charges."""

        def end(session: Session) -> None:
            found = session.get(SandboxSubscription, provider_id, with_for_update=True)
            if found is not None and found.state != SubscriptionState.ENDED:
                found.state = SubscriptionState.ENDED.value
                tell(session, SUBSCRIPTION, found.id)

        self._database.write(end)


def find_card_to_keep(session: Session, card_id: str) -> SandboxCard:
    """Return a card that is to be typed, for its page; raise NotFound."""
    found = session.get(SandboxCard, card_id)
    if found is None:
        raise NotFound("there is no such card")
    return found


def type_card(session: Session, card_id: str, number: str) -> bool:
    """Keep the card of a number; False for one that is none of the sandbox's. Raises Conflict where one was typed."""
    found = find_card_to_keep(session, card_id)
    session.refresh(found, with_for_update=True)
    if found.number is not None:
        raise Conflict("a card was typed already")
    if digits_of(number) not in KEPT_CARDS:
        return False
    found.number = digits_of(number)
    return True


def follow(session: Session, paid: SandboxTransaction) -> None:
    """Note that the first charge of a subscription succeeded."""
    found = session.get(SandboxSubscription, paid.subscription_id, with_for_update=True)
    if found and paid.state == PaymentState.SUCCEEDED and found.state != SubscriptionState.ENDED:
        found.state = SubscriptionState.ACTIVE.value
        tell(session, SUBSCRIPTION, found.id)


def _charge(session: Session, request: ChargeRequest) -> SandboxTransaction:
    found = session.get(SandboxSubscription, request.subscription_id, with_for_update=True)
    if found is None or found.state == SubscriptionState.ENDED:
        raise Declined("subscription_ended")
    is_first = request.browser is not None
    if not is_first and found.state != SubscriptionState.ACTIVE:
        raise Declined("authentication_needed")
    number = str(session.get_one(SandboxCard, found.card_id).number)
    state, failure = KEPT_CARDS[number]
    if not is_first:
        # Nobody is there to be asked.
        state = PaymentState.SUCCEEDED if state is PaymentState.CHALLENGE else state
        if number == LATER_FAILS:
            state, failure = PaymentState.FAILED, "no_money"
    fresh = SandboxTransaction(
        kind=PaymentKind.CARD.value,
        key=request.key,
        state=state.value,
        failure=failure,
        cents=request.cents,
        fee_cents=request.fee_cents,
        currency=request.currency,
        title=request.text,
        return_path=request.return_path,
        wallet_id=found.wallet_id,
        subscription_id=found.id,
        made_at=clock.now(),
    )
    made = make_in(session, fresh, PAYIN)
    follow(session, made)
    return made


def _as_subscription(found: SandboxSubscription) -> Subscription:
    return Subscription(found.id, SubscriptionState(found.state))


def _as_charge(found: SandboxTransaction) -> Charge:
    url = f"/sandbox/charge/{found.id}" if found.state == PaymentState.CHALLENGE else None
    return Charge(found.id, found.key, PaymentState(found.state), found.cents, found.failure, url)
