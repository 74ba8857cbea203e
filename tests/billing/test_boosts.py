"""Boost subscriptions with money: first payments, renewals, grace, changes of plan, and what is told twice or late."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from accounts import experts, withholdings
from accounts.models.accounts import Account
from accounts.models.experts import Expert
from billing import (
    boost_calls,
    boost_cards,
    boost_charges,
    boost_prices,
    boost_renewals,
    boosts,
    provider_calls,
    reconciliations,
)
from billing.boost_calls import PriceChanged
from billing.boosts import NotShown
from billing.lifecycle import PaymentState
from billing.models.boosts import BoostCard, BoostCharge, BoostSubscription
from billing.models.escrows import Payment
from billing.models.sandbox import SandboxSubscription, SandboxTransaction
from billing.providers.interface import PAYIN, SUBSCRIPTION, Charge, ChargeRequest, Declined
from billing.providers.sandbox import Sandbox
from billing.taxes import Undecided
from foundation.database import Database
from foundation.errors import Conflict, NotFound, Unreachable
from foundation.lifecycles import Refused
from tests.billing import identified, subscribing
from tests.billing.providing import PlayedMangopay, playing
from tests.billing.subscribing import (
    ASKS,
    BACK,
    BAD,
    BROWSER,
    FIRST,
    GOOD,
    LATER_FAILS,
    MONTH,
    NET,
    TAX,
    YEAR,
    Subscriber,
    noon,
)

GROSS = NET + TAX
JANUARY, FEBRUARY = date(2027, 1, 1), date(2027, 2, 1)


@pytest.fixture
def anna(database: Database) -> Subscriber:
    return subscribing.make(database)


def day(number: int, month: int = 1) -> date:
    return date(2027, month, number)


def test_a_first_payment_starts_the_boost_and_is_posted_once_with_its_tax(anna: Subscriber) -> None:
    charge = anna.start()
    assert (charge.state, charge.net_cents, charge.tax_cents, charge.tax_code) == ("succeeded", NET, TAX, "S")
    anna.deliver()
    assert anna.state == ("active", "2026-12-01", "2027-01-01")
    assert anna.boosted_until == "2027-01-01"
    assert anna.charges() == [("first", "succeeded", GROSS)]
    assert anna.posted() == (GROSS, NET, TAX)
    assert anna.told() == ["boost_start"]
    assert anna.rows(Payment) == [], "no payment of an escrow, and none that waits for an operator"
    at = datetime.now(UTC) + timedelta(days=1)
    assert reconciliations.reconcile(anna.database, anna.provider, at=at).differences == []


def test_a_card_that_is_refused_starts_nothing_and_another_one_does(anna: Subscriber) -> None:
    charge = anna.start(number=BAD)
    assert (charge.state, charge.failure) == ("failed", "declined")
    assert (anna.state[0], anna.boosted_until) == ("awaiting", "None")
    anna.pay(anna.type_card(GOOD))
    anna.deliver()
    assert anna.charges() == [("first", "failed", GROSS), ("first", "succeeded", GROSS)]
    assert (anna.state[0], anna.posted()) == ("active", (GROSS, NET, TAX))


@pytest.mark.parametrize(("is_confirmed", "state"), [(True, "active"), (False, "awaiting")])
def test_a_bank_that_asks_is_waited_for(anna: Subscriber, is_confirmed: bool, state: str) -> None:
    charge = anna.start(number=ASKS)
    assert charge.state == "challenge"
    assert charge.action_url == f"/sandbox/charge/{charge.provider_id}"
    assert anna.state[0] == "awaiting"
    again = anna.pay(anna.rows(BoostCard)[0])
    assert again is not None
    assert again.id == charge.id, "who pays once more goes on with the same charge"
    anna.answer(charge, is_confirmed=is_confirmed)
    anna.deliver()
    assert anna.state[0] == state


def test_what_a_provider_says_twice_or_late_changes_nothing(anna: Subscriber) -> None:
    charge = anna.start(number=ASKS)
    key = f"sandbox:{PAYIN}:{charge.provider_id}"
    anna.answer(charge)
    for _ in range(3):
        provider_calls.hear(anna.database, anna.provider, [key], noon(FIRST))
    late = Charge(str(charge.provider_id), charge.id, PaymentState.CHALLENGE, GROSS)
    anna.write(lambda session: boost_charges.take_in(session, charge.id, late, at=noon(FIRST)))
    anna.write(lambda session: boost_charges.take_in(session, "nothing", late, at=noon(FIRST)))
    hooks = [f"sandbox:{kind}:{name}" for kind in (PAYIN, SUBSCRIPTION) for name in ("nothing", "sandbox-0")]
    provider_calls.hear(anna.database, anna.provider, hooks, noon(FIRST))
    assert (anna.state[0], anna.posted(), anna.told()) == ("active", (GROSS, NET, TAX), ["boost_start"])


def test_renewals_are_charged_once_whoever_looks_how_often(anna: Subscriber) -> None:
    anna.start(on=date(2027, 1, 31))
    anna.look_after(date(2027, 2, 27))
    assert len(anna.charges()) == 1, "not before it is due"
    for on in (date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)):
        anna.look_after(on, times=3)
    assert anna.state == ("active", "2027-04-30", "2027-05-31")
    assert anna.charges() == [("first", "succeeded", GROSS), *[("renewal", "succeeded", GROSS)] * 3]
    assert anna.boosted_until == "2027-05-31"
    assert anna.posted() == (4 * GROSS, 4 * NET, 4 * TAX)


def test_a_subscription_keeps_its_price_when_others_pay_more(anna: Subscriber) -> None:
    anna.start()
    anna.settings.boost.month_cents = 9_900
    anna.look_after(JANUARY)
    assert anna.charges()[-1] == ("renewal", "succeeded", GROSS)


def test_a_renewal_that_fails_is_tried_again_and_then_the_boost_ends(anna: Subscriber) -> None:
    anna.start(number=LATER_FAILS)
    states: list[tuple[int, str, int]] = []
    for number in range(1, 13):
        anna.look_after(day(number))
        states.append((number, anna.state[0], len(anna.charges()) - 1))
    assert states == [
        *[(number, "past_due", 1) for number in (1, 2, 3)],
        *[(number, "past_due", 2) for number in (4, 5, 6)],
        *[(number, "past_due", 3) for number in (7, 8, 9, 10)],
        *[(number, "ended", 3) for number in (11, 12)],
    ]
    assert anna.told() == ["boost_start", *["boost_missed"] * 3, "boost_unpaid"]
    assert anna.posted() == (GROSS, NET, TAX)
    assert {row.state for row in anna.rows(SandboxSubscription)} == {"ended"}, "the card can't be charged any more"


def test_the_boost_goes_on_in_the_days_of_grace_and_not_after(anna: Subscriber) -> None:
    anna.start(number=LATER_FAILS)
    anna.look_after(day(1))
    assert (anna.state[0], anna.boosted_until) == ("past_due", "2027-01-10")
    anna.look_after(day(11))
    assert (anna.state[0], anna.boosted_until) == ("ended", "None")


def test_who_pays_in_the_days_of_grace_pays_for_the_days_since(anna: Subscriber) -> None:
    anna.start(number=LATER_FAILS)
    anna.look_after(day(1))
    card = anna.type_card(GOOD, day(5))
    assert anna.pay(card, day(5)) is not None
    anna.deliver(day(5))
    assert anna.state == ("active", "2027-01-01", "2027-02-01")
    assert anna.boosted_until == "2027-02-01"
    kept = {row.id: row.dropped_at is None for row in anna.rows(BoostCard)}
    assert [used for card_id, used in kept.items() if card_id == card.id] == [True]
    assert sum(kept.values()) == 1
    anna.look_after(day(11))
    anna.look_after(FEBRUARY)
    assert anna.state == ("active", "2027-02-01", "2027-03-01"), "the new card is charged from now on"


def test_a_card_that_needs_its_owner_is_confirmed_by_them(anna: Subscriber) -> None:
    anna.start()
    before = date(2026, 12, 20)
    assert anna.pay(anna.type_card(ASKS, before), before) is None, "nothing is to be paid now"
    anna.look_after(JANUARY)
    assert anna.charges()[-1] == ("renewal", "failed", GROSS)
    assert (anna.state[0], anna.told()[-1]) == ("past_due", "boost_confirm")
    card = next(card for card in anna.rows(BoostCard) if card.dropped_at is None)
    charge = anna.pay(card, day(2))
    assert charge is not None
    assert charge.state == "challenge"
    anna.answer(charge)
    anna.deliver(day(2))
    assert anna.state == ("active", "2027-01-01", "2027-02-01")


def test_cancelling_lets_what_is_paid_run_and_can_be_taken_back(anna: Subscriber) -> None:
    anna.start()
    anna.write(lambda session: boosts.cancel(session, anna.who, at=noon(date(2026, 12, 10))))
    assert (anna.state[0], anna.boosted_until) == ("cancelled", "2026-12-31")
    anna.write(lambda session: boosts.resume(session, anna.who, at=noon(date(2026, 12, 31))))
    assert (anna.state[0], anna.boosted_until) == ("active", "2027-01-01")
    anna.write(lambda session: boosts.cancel(session, anna.who, at=noon(date(2026, 12, 31))))
    anna.look_after(JANUARY)
    assert (anna.state[0], anna.boosted_until, len(anna.charges())) == ("ended", "None", 1)
    assert anna.told() == ["boost_start", "boost_cancelled", "boost_cancelled", "boost_ended"]
    with pytest.raises(NotFound):
        anna.write(lambda session: boosts.resume(session, anna.who, at=noon(JANUARY)))


def test_a_cancellation_is_not_taken_back_once_the_days_are_over(anna: Subscriber) -> None:
    anna.start()
    anna.write(lambda session: boosts.cancel(session, anna.who, at=noon(FIRST)))
    with pytest.raises(Conflict):
        anna.write(lambda session: boosts.resume(session, anna.who, at=noon(JANUARY)))
    with pytest.raises(Refused):
        anna.write(lambda session: boosts.cancel(session, anna.who, at=noon(FIRST)))


def test_who_gives_up_a_missed_renewal_owes_nothing(anna: Subscriber) -> None:
    anna.start(number=LATER_FAILS)
    anna.look_after(day(1))
    anna.write(lambda session: boosts.cancel(session, anna.who, at=noon(day(2))))
    anna.look_after(day(4))
    assert (anna.state[0], anna.boosted_until, anna.told()[-1]) == ("ended", "None", "boost_ended")
    assert len(anna.charges()) == 2


def test_an_upgrade_costs_a_year_less_what_is_left_and_begins_now(anna: Subscriber) -> None:
    anna.start()
    on = date(2026, 12, 11)
    with pytest.raises(PriceChanged):
        anna.upgrade(34_800, on)
    assert len(anna.charges()) == 1, "nothing is charged but what was agreed to"
    charge = anna.upgrade(27_035 + 5_407, on)
    assert (charge.state, charge.credit_cents, charge.net_cents) == ("succeeded", 1_965, 27_035)
    anna.deliver(on)
    assert anna.state == ("active", "2026-12-11", "2027-12-11")
    assert anna.posted() == (GROSS + 32_442, NET + 27_035, TAX + 5_407)
    with pytest.raises(Conflict):
        anna.upgrade(1, date(2026, 12, 12))
    assert anna.told()[-1] == "boost_upgrade"


def test_an_upgrade_that_the_bank_refuses_changes_nothing(anna: Subscriber) -> None:
    anna.start(number=LATER_FAILS)
    charge = anna.upgrade(27_035 + 5_407, date(2026, 12, 11))
    anna.deliver()
    assert charge.state == "failed"
    assert anna.state == ("active", "2026-12-01", "2027-01-01")
    assert anna.told() == ["boost_start"]


def test_a_month_begins_when_the_year_is_over(anna: Subscriber) -> None:
    anna.start(YEAR)
    for plan, expected in ((MONTH, "month"), (YEAR, None), (MONTH, "month")):
        price = NET if plan is MONTH else 29_000
        anna.write(lambda session, plan=plan, price=price: boosts.choose_next(session, anna.who, plan, price))
        assert anna.rows(BoostSubscription)[0].next_plan == expected
    anna.look_after(date(2027, 12, 1))
    assert anna.state == ("active", "2027-12-01", "2028-01-01")
    assert anna.charges() == [("first", "succeeded", 34_800), ("renewal", "succeeded", GROSS)]
    found = anna.rows(BoostSubscription)[0]
    assert (found.plan, found.price_cents, found.next_plan) == ("month", NET, None)


def test_who_pays_by_the_year_is_told_of_the_renewal_once_more_than_a_month_before(anna: Subscriber) -> None:
    anna.start(YEAR)
    anna.look_after(date(2027, 10, 16))
    assert anna.told() == ["boost_start"]
    for on in (date(2027, 10, 17), date(2027, 11, 30)):
        anna.look_after(on)
    assert anna.told() == ["boost_start", "boost_soon"]


def test_nobody_pays_for_days_on_which_nobody_was_charged(anna: Subscriber) -> None:
    anna.start()
    anna.look_after(day(20, 2))
    assert anna.state == ("active", "2027-02-20", "2027-03-20")
    assert len(anna.charges()) == 2


def test_a_first_payment_that_never_comes_is_not_waited_for_longer_than_a_day(anna: Subscriber) -> None:
    anna.subscribe()
    anna.look_after(FIRST)
    assert anna.rows(BoostSubscription)[0].state == "awaiting"
    anna.look_after(FIRST + timedelta(days=1))
    assert anna.rows(BoostSubscription)[0].state == "ended"
    anna.start(on=day(5))
    assert anna.state == ("active", "2027-01-05", "2027-02-05")


def test_who_is_in_no_results_or_says_nothing_of_themselves_buys_nothing(anna: Subscriber) -> None:
    with anna.database.writing() as session:
        expert = session.get_one(Expert, anna.expert_id)
        experts.hide(session, expert.ref, at=noon(FIRST))
    with pytest.raises(NotShown):
        anna.subscribe()
    with anna.database.writing() as session:
        experts.show(session, session.get_one(Expert, anna.expert_id).ref, at=noon(FIRST))
    anna.start()
    with pytest.raises(Conflict):
        anna.subscribe()


def test_nothing_is_charged_while_an_operator_keeps_the_profile_back(anna: Subscriber) -> None:
    anna.start()
    with anna.database.writing() as session:
        account = session.get_one(Account, anna.who.account_id)
        account.suspended_at, account.suspension_reason = noon(FIRST), "fraud"
        withholdings.renew(session, anna.expert_id, at=noon(FIRST))
    anna.look_after(JANUARY)
    assert (anna.state[0], len(anna.charges()), anna.boosted_until) == ("ended", 1, "None")


def test_nobody_is_charged_who_is_gone(anna: Subscriber) -> None:
    anna.start()
    anna.write(lambda session: boosts.leave(session, [anna.expert_id], noon(FIRST)))
    anna.look_after(JANUARY)
    assert (anna.state[0], len(anna.charges()), anna.boosted_until) == ("ended", 1, "None")
    assert {row.state for row in anna.rows(SandboxSubscription)} == {"ended"}


def test_money_that_comes_after_the_end_is_posted_and_left_to_operators(anna: Subscriber) -> None:
    charge = anna.start(number=ASKS)
    anna.write(lambda session: boosts.leave(session, [anna.expert_id], noon(FIRST)))
    anna.answer(charge)
    anna.deliver()
    assert (anna.state[0], anna.boosted_until, anna.posted()) == ("ended", "None", (GROSS, NET, TAX))
    assert [row.is_stray for row in anna.rows(BoostCharge)] == [True]
    assert anna.told() == []


@pytest.mark.parametrize(
    ("form", "code", "tax"),
    [
        ({"country": "DE", "vat_number": "DE136695976"}, "AE", 0),
        ({"country": "DE"}, "S", TAX),
        ({"country": "MA"}, "O", 0),
        ({"status": "portage_salarial", "portage_company": "Portage SAS"}, "S", TAX),
    ],
)
def test_the_tax_follows_who_buys(anna: Subscriber, form: dict[str, str], code: str, tax: int) -> None:
    with anna.database.reading() as session:
        account = session.get_one(Account, anna.who.account_id)
    status = {"status": "sole_trader", "registration_number": ""} if "country" in form else {}
    identified.identify(anna.database, account, **{**status, **form})
    charge = anna.start()
    anna.deliver()
    assert (charge.tax_code, charge.tax_cents) == (code, tax)
    assert anna.posted() == (NET + tax, NET, tax)


class Faulty(Sandbox):
    """The sandbox behind a bad line: what is asked reaches it or not, and the answer is lost."""

    def __init__(self, database: Database, *, arrives: bool) -> None:
        super().__init__(database)
        self.arrives, self.is_down = arrives, True

    def charge(self, request: ChargeRequest) -> Charge:
        found = super().charge(request) if self.arrives or not self.is_down else None
        if found is None or self.is_down:
            raise Unreachable("no answer")
        return found


@pytest.mark.parametrize("arrives", [True, False])
def test_an_answer_that_is_lost_charges_nobody_twice(anna: Subscriber, arrives: bool) -> None:
    anna.start()
    faulty = anna.provider = Faulty(anna.database, arrives=arrives)
    made_before = len(anna.rows(SandboxTransaction))
    for _ in range(3):
        look_in_vain(anna, JANUARY)
    assert anna.charges()[-1] == ("renewal", "created", GROSS)
    faulty.is_down = False
    anna.look_after(JANUARY)
    assert anna.state == ("active", "2027-01-01", "2027-02-01")
    assert len(anna.rows(SandboxTransaction)) == made_before + 1
    assert anna.posted() == (2 * GROSS, 2 * NET, 2 * TAX)


def look_in_vain(anna: Subscriber, on: date) -> None:
    """Let the clock bring a renewal while the provider is away."""
    boost_renewals.look_after(anna.database, anna.settings, "sandbox", noon(on))
    for charge_id in [row.id for row in anna.rows(BoostCharge) if row.state == "created"]:
        with pytest.raises(Unreachable):
            boost_calls.send(anna.database, anna.provider, [charge_id], noon(on))


@pytest.mark.parametrize("arrives", [True, False])
def test_a_first_payment_whose_answer_is_lost_is_found_again(anna: Subscriber, arrives: bool) -> None:
    faulty = anna.provider = Faulty(anna.database, arrives=arrives)
    anna.subscribe()
    card = anna.type_card()
    with pytest.raises(Unreachable):
        anna.pay(card)
    with pytest.raises(Unreachable):
        anna.pay(card)
    faulty.is_down = False
    anna.pay(card)
    anna.deliver()
    assert (anna.charges(), anna.state[0]) == ([("first", "succeeded", GROSS)], "active")


def test_a_payer_who_never_came_back_is_given_up_only_if_nothing_was_made(anna: Subscriber) -> None:
    anna.provider = Faulty(anna.database, arrives=False)
    anna.subscribe()
    card = anna.type_card()
    with pytest.raises(Unreachable):
        anna.pay(card)
    anna.provider = Sandbox(anna.database)
    anna.deliver()
    assert anna.charges() == [("first", "failed", GROSS)], "a first payment is not made without its payer"
    anna.pay(card)
    assert anna.charges()[-1] == ("first", "succeeded", GROSS)


@pytest.fixture(params=["sandbox", "mangopay"])
def either(request: pytest.FixtureRequest, database: Database) -> Iterator[Subscriber]:
    with playing(database, request.param) as played:
        found = subscribing.make(database, played.provider)
        found.played = played  # pyright: ignore[reportAttributeAccessIssue]
        yield found


def test_both_providers_take_a_card_charge_it_again_and_stop(either: Subscriber) -> None:
    played = either.played  # pyright: ignore[reportAttributeAccessIssue]
    either.subscribe()
    card_id = either.write(
        lambda session: (
            boost_cards.begin(session, boosts.of_expert(session, either.who), either.provider.name, at=noon(FIRST)).id
        )
    )
    form = boost_calls.open_form(either.database, either.provider, either.who, card_id, "/back", at=noon(FIRST))
    assert form == boost_calls.open_form(either.database, either.provider, either.who, card_id, "/back", at=noon(FIRST))
    answer = played.type_card(form.provider_id)
    keep = (either.database, either.provider, either.settings, either.who, card_id, answer)
    card = boost_calls.keep_card(*keep, at=noon(FIRST))
    assert boost_calls.keep_card(*keep, at=noon(FIRST)).provider_subscription_id == card.provider_subscription_id
    charge = either.pay(card)
    assert charge is not None
    assert (charge.state, bool(charge.action_url)) == ("challenge", True)
    played.pay(str(charge.provider_id))
    hooks = [f"{either.provider.name}:{PAYIN}:{charge.provider_id}"]
    hooks.append(f"{either.provider.name}:{SUBSCRIPTION}:{card.provider_subscription_id}")
    provider_calls.hear(either.database, either.provider, hooks, noon(FIRST))
    assert either.state[0] == "active"
    assert either.rows(BoostCard)[0].subscription_state == "active"
    either.look_after(JANUARY)
    assert either.state == ("active", "2027-01-01", "2027-02-01")
    assert either.posted() == (2 * GROSS, 2 * NET, 2 * TAX)
    assert either.provider.fees("EUR") == 2 * GROSS
    either.write(lambda session: boosts.cancel(session, either.who, at=noon(JANUARY)))
    either.look_after(FEBRUARY)
    ended = either.provider.fetch_subscription(str(card.provider_subscription_id))
    assert (either.state[0], ended and ended.state.value) == ("ended", "ended")


def test_a_card_that_mangopay_does_not_take_is_typed_anew(database: Database) -> None:
    with playing(database, "mangopay") as played:
        assert isinstance(played, PlayedMangopay)
        found = subscribing.make(database, played.provider)
        found.subscribe()
        begun: list[str] = []
        for _ in range(2):
            begun.append(
                found.write(
                    lambda session: (
                        boost_cards.begin(
                            session, boosts.of_expert(session, found.who), played.provider.name, at=noon(FIRST)
                        ).id
                    )
                )
            )
            boost_calls.open_form(database, played.provider, found.who, begun[-1], "/back", at=noon(FIRST))
            with pytest.raises(Declined):
                boost_calls.keep_card(
                    database, played.provider, found.settings, found.who, begun[-1], "errorCode=105202", at=noon(FIRST)
                )
        assert begun[0] != begun[1]


def test_strangers_have_no_part_in_it(anna: Subscriber) -> None:
    anna.start()
    other = subscribing.make(anna.database)
    other.subscribe()
    card = anna.rows(BoostCard)[0]
    with pytest.raises(NotFound):
        other.pay(card)
    with pytest.raises(NotFound):
        boost_calls.open_form(anna.database, anna.provider, other.who, card.id, "/", at=noon(FIRST))
    with pytest.raises(NotFound):
        boost_calls.pay(anna.database, anna.provider, anna.settings, anna.who, "nothing", BROWSER, BACK, at=noon(FIRST))
    with pytest.raises(Conflict):
        boost_calls.open_form(anna.database, anna.provider, anna.who, card.id, "/", at=noon(FIRST))


def test_without_a_legal_identity_nothing_can_be_priced(anna: Subscriber) -> None:
    with anna.database.reading() as session, pytest.raises(Undecided) as error:
        boost_prices.tax_on(session, "nobody", anna.settings.operator, FIRST)
    assert error.value.code == "identity_missing"
