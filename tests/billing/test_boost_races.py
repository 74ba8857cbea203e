"""Two tabs, a clock and a provider at once: one subscription, one charge, and money posted once."""

from datetime import date

import pytest

from billing import boost_calls, boost_cards, boost_renewals, boosts, provider_calls
from billing.models.boosts import BoostCard, BoostSubscription
from billing.models.sandbox import SandboxSubscription, SandboxTransaction
from billing.providers import sandbox_subscriptions
from billing.providers.interface import PAYIN
from foundation.database import Database
from tests.billing import subscribing
from tests.billing.subscribing import FIRST, GOOD, NET, TAX, Subscriber, noon
from tests.billing.test_escrow_races import at_once

GROSS = NET + TAX
JANUARY = date(2027, 1, 1)


@pytest.fixture
def anna(database: Database) -> Subscriber:
    return subscribing.make(database)


def test_two_tabs_that_subscribe_at_once_make_one_subscription_and_one_charge(anna: Subscriber) -> None:
    assert at_once(*[anna.subscribe] * 3) == ["done"] * 3
    assert len(anna.rows(BoostSubscription)) == 1

    def begin() -> None:
        card_id = anna.write(
            lambda session: (
                boost_cards.begin(session, boosts.of_expert(session, anna.who), "sandbox", at=noon(FIRST)).id
            )
        )
        boost_calls.open_form(anna.database, anna.provider, anna.who, card_id, "/back", at=noon(FIRST))

    assert at_once(*[begin] * 3) == ["done"] * 3
    (card,) = anna.rows(BoostCard)
    anna.write(lambda session: sandbox_subscriptions.type_card(session, card.form_id, GOOD))

    def come_back() -> None:
        kept = boost_calls.keep_card(anna.database, anna.provider, anna.settings, anna.who, card.id, "", at=noon(FIRST))
        anna.pay(kept)

    assert at_once(*[come_back] * 3) == ["done"] * 3
    anna.deliver()
    assert anna.charges() == [("first", "succeeded", GROSS)]
    assert len(anna.rows(SandboxTransaction)) == len(anna.rows(SandboxSubscription)) == 1
    assert (anna.state[0], anna.posted(), anna.told()) == ("active", (GROSS, NET, TAX), ["boost_start"])


def test_an_upgrade_that_is_clicked_twice_is_charged_once(anna: Subscriber) -> None:
    anna.start()
    on = date(2026, 12, 11)
    came = at_once(*[lambda: anna.upgrade(27_035 + 5_407, on)] * 3)
    assert set(came) <= {"done", "too late"}
    anna.deliver(on)
    assert anna.charges() == [("first", "succeeded", GROSS), ("upgrade", "succeeded", 32_442)]
    assert anna.posted() == (GROSS + 32_442, NET + 27_035, TAX + 5_407)


def test_the_clock_the_owner_and_the_provider_at_once(anna: Subscriber) -> None:
    anna.start()

    def look() -> None:
        boost_renewals.look_after(anna.database, anna.settings, "sandbox", noon(JANUARY))

    def cancel() -> None:
        anna.write(lambda session: boosts.cancel(session, anna.who, at=noon(JANUARY)))

    came = at_once(look, cancel, look)
    anna.deliver(JANUARY)
    hooks = [f"sandbox:{PAYIN}:{row.id}" for row in anna.rows(SandboxTransaction)]
    hear = [lambda: provider_calls.hear(anna.database, anna.provider, hooks, noon(JANUARY))] * 2
    assert at_once(*hear, lambda: anna.look_after(JANUARY)) == ["done"] * 3
    renewed = anna.charges()[1:]
    if came[1] == "done":
        assert (anna.state[0], renewed) in [("ended", []), ("cancelled", [("renewal", "succeeded", GROSS)])]
    else:
        assert (anna.state[0], renewed) == ("active", [("renewal", "succeeded", GROSS)])
    assert anna.posted()[0] == GROSS * (1 + len(renewed))
