"""Banks take charges of boosts back: the operator's loss, a period that is not paid, and a card that is left alone."""

from collections.abc import Iterator
from datetime import date

import pytest

from billing import boost_calls, boost_cards, boost_chargebacks, boosts, ledger, provider_calls, reconciliations
from billing.models.boosts import BoostCard, BoostCharge, BoostSubscription
from billing.models.chargebacks import BoostChargeback
from billing.models.ledger import LedgerKind
from billing.postings import Name
from billing.providers import sandbox_chargebacks
from billing.providers.interface import CHARGEBACK
from foundation.database import Database
from tests.billing import subscribing
from tests.billing.providing import Played, playing
from tests.billing.subscribing import FIRST, NET, TAX, YEAR, Subscriber, noon

GROSS = NET + TAX


@pytest.fixture
def anna(database: Database) -> Subscriber:
    return subscribing.make(database)


def december(number: int) -> date:
    return date(2026, 12, number)


def taken(anna: Subscriber, charge: BoostCharge, on: date, cents: int = GROSS) -> str:
    """Have the bank take a charge back, and the provider say so twice."""
    name = anna.write(
        lambda session: sandbox_chargebacks.take(session, str(charge.provider_id), at=noon(on), cents=cents)
    )
    hear(anna, name, on)
    return name


def decided(anna: Subscriber, name: str, on: date, *, is_won: bool) -> None:
    anna.write(lambda session: sandbox_chargebacks.decide(session, name, is_won=is_won))
    hear(anna, name, on)


def hear(anna: Subscriber, name: str, on: date) -> None:
    for _ in range(2):
        provider_calls.hear(anna.database, anna.provider, [f"{anna.provider.name}:{CHARGEBACK}:{name}"], noon(on))


def lost(anna: Subscriber) -> int:
    """Return what the ledger has as the operator's loss; it is what the provider says."""
    assert reconciliations.reconcile(anna.database, anna.provider, at=noon(date(2027, 6, 1))).differences == []
    with anna.database.reading() as session:
        return ledger.balance(session, Name(LedgerKind.CHARGEBACKS, "", "EUR"))


def test_a_charge_that_was_taken_back_is_lost_and_waits_for_operators(anna: Subscriber) -> None:
    charge = anna.start()
    taken(anna, charge, december(10))
    assert (anna.posted(), lost(anna)) == ((0, NET, TAX), GROSS)
    with anna.database.reading() as session:
        [(found, of, expert)] = boost_chargebacks.waiting(session)
        assert boost_chargebacks.count_waiting(session) == 1
    assert (found.cents, of.id, expert.id if expert else "") == (GROSS, charge.id, anna.expert_id)


def test_its_period_is_not_paid_and_the_card_is_not_charged_by_itself(anna: Subscriber) -> None:
    charge = anna.start()
    taken(anna, charge, december(10))
    anna.look_after(december(10))
    assert anna.state == ("past_due", "2026-12-01", "2026-12-10")
    # Ten days of grace, as after a renewal that was missed.
    assert anna.boosted_until == "2026-12-19"
    assert anna.told() == ["boost_start", "boost_taken_back"]
    for day in (11, 13, 16, 19):
        anna.look_after(december(day))
    assert anna.charges() == [("first", "succeeded", GROSS)]
    anna.look_after(december(20))
    assert (anna.state[0], anna.told()[-1]) == ("ended", "boost_unpaid")
    assert lost(anna) == GROSS


def test_who_pays_again_goes_on_from_the_day_it_was_taken_back(anna: Subscriber) -> None:
    charge = anna.start()
    taken(anna, charge, december(10))
    anna.look_after(december(10))
    paid = anna.pay(anna.rows(BoostCard)[0], december(12))
    assert paid is not None
    anna.deliver(december(12))
    assert anna.state == ("active", "2026-12-10", "2027-01-10")
    anna.look_after(date(2027, 1, 10))
    assert anna.state == ("active", "2027-01-10", "2027-02-10"), "what was taken back before is no matter any more"
    # What the bank gives back for a period that is over changes what the operator has, and nothing else.
    [row] = anna.rows(BoostChargeback)
    decided(anna, row.provider_id, date(2027, 1, 11), is_won=True)
    anna.look_after(date(2027, 1, 11))
    assert (anna.state[0], lost(anna)) == ("active", 0)


def test_what_the_bank_gives_back_is_paid_again(anna: Subscriber) -> None:
    charge = anna.start()
    name = taken(anna, charge, december(10))
    anna.look_after(december(10))
    decided(anna, name, december(12), is_won=True)
    anna.look_after(december(12))
    assert anna.state == ("active", "2026-12-01", "2027-01-01")
    assert (anna.boosted_until, anna.posted(), lost(anna)) == ("2027-01-01", (GROSS, NET, TAX), 0)
    assert anna.told() == ["boost_start", "boost_taken_back", "boost_given_back"]
    with anna.database.reading() as session:
        assert boost_chargebacks.waiting(session) == []
    anna.look_after(date(2027, 1, 1))
    assert anna.state == ("active", "2027-01-01", "2027-02-01"), "it is renewed as any other"


def test_what_is_decided_against_us_stays_lost(anna: Subscriber) -> None:
    charge = anna.start()
    name = taken(anna, charge, december(10))
    decided(anna, name, december(12), is_won=False)
    anna.look_after(december(12))
    assert (anna.state[0], lost(anna)) == ("past_due", GROSS)
    assert [row.state for row in anna.rows(BoostChargeback)] == ["lost"]


def test_a_part_is_between_the_operator_and_the_bank(anna: Subscriber) -> None:
    charge = anna.start()
    taken(anna, charge, december(10), cents=100)
    anna.look_after(december(10))
    assert (anna.state[0], lost(anna)) == ("active", 100)


def test_one_that_was_cancelled_ends(anna: Subscriber) -> None:
    charge = anna.start()
    anna.write(lambda session: boosts.cancel(session, anna.who, at=noon(december(5))))
    taken(anna, charge, december(10))
    anna.look_after(december(10))
    assert (anna.state[0], anna.told()[-1]) == ("ended", "boost_ended")


def test_a_period_that_another_one_replaced_is_the_operators_matter(anna: Subscriber) -> None:
    first = anna.start()
    anna.upgrade(34_800 - GROSS, FIRST)
    anna.deliver()
    assert anna.rows(BoostSubscription)[0].plan == YEAR
    taken(anna, first, december(10))
    anna.look_after(december(10))
    assert (anna.state[0], lost(anna)) == ("active", GROSS)


def test_it_may_be_heard_of_before_the_charge_itself(anna: Subscriber) -> None:
    anna.subscribe()
    card = anna.type_card(subscribing.ASKS)
    charge = anna.pay(card)
    assert charge is not None
    anna.answer(charge)
    taken(anna, charge, FIRST)
    assert anna.state[0] == "active", "that it came was lost on its way"
    anna.look_after(FIRST)
    assert (anna.state, lost(anna)) == (("past_due", "2026-12-01", "2026-12-02"), GROSS)


@pytest.fixture(params=["sandbox", "mangopay"])
def both(request: pytest.FixtureRequest, database: Database) -> Iterator[Played]:
    with playing(database, request.param) as found:
        yield found


def test_both_providers_tell_of_it(both: Played) -> None:
    anna = subscribing.make(both.database, both.provider)
    anna.subscribe()
    card_id = anna.write(
        lambda session: (
            boost_cards.begin(session, boosts.of_expert(session, anna.who), anna.provider.name, at=noon(FIRST)).id
        )
    )
    form = boost_calls.open_form(anna.database, anna.provider, anna.who, card_id, "/back", at=noon(FIRST))
    answer = both.type_card(form.provider_id)
    card = boost_calls.keep_card(anna.database, anna.provider, anna.settings, anna.who, card_id, answer, at=noon(FIRST))
    charge = anna.pay(card)
    assert charge is not None
    if charge.state != "succeeded":
        both.pay(str(charge.provider_id))
    name = both.take_back(str(charge.provider_id), GROSS)
    hear(anna, name, FIRST)
    anna.look_after(FIRST)
    assert (anna.state[0], lost(anna)) == ("past_due", GROSS)
    both.decide(name, is_won=True)
    hear(anna, name, FIRST)
    anna.look_after(FIRST)
    assert (anna.state[0], lost(anna)) == ("active", 0)
