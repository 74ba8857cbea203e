"""Whatever an expert, the bank, the clock and the provider do in whatever order, nobody pays twice for a day."""

from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from billing import boost_calls, boosts, provider_calls, reconciliations
from billing.boost_periods import ChargeReason, boosted_until
from billing.lifecycle import BoostState, PaymentState
from billing.models.boosts import BoostCard, BoostCharge, BoostSubscription
from billing.models.sandbox import SandboxTransaction
from billing.providers.interface import PAYIN, Charge, ChargeRequest
from billing.providers.sandbox import Sandbox
from billing.providers.sandbox_cards import KEPT_CARDS
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, NotFound, Unreachable
from tests import builders
from tests.billing import subscribing
from tests.billing.subscribing import FIRST, MONTH, YEAR, noon

PLANS = st.sampled_from([MONTH, YEAR])
TOLD = (Conflict, NotFound, Unreachable)


class Unreliable(Sandbox):
    """The sandbox, whose answers are lost while `loses` is set."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.loses = False

    def charge(self, request: ChargeRequest) -> Charge:
        found = super().charge(request)
        if self.loses:
            raise Unreachable("no answer")
        return found


class Boosts(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        database = builders.database_of(builders.settings_in(Path(self._folder.name)))
        self.provider = Unreliable(database)
        self.anna = subscribing.make(database, self.provider)
        self.on = FIRST

    def teardown(self) -> None:
        self.provider.loses = False
        self.anna.deliver(self.on)
        self.what_was_paid_is_posted_and_gives_the_boost()
        at = clock.now() + timedelta(days=1)
        assert reconciliations.reconcile(self.anna.database, self.provider, at=at).differences == []
        self.anna.database.close()
        self._folder.cleanup()

    @rule(plan=PLANS)
    def subscribe(self, plan: subscribing.Period) -> None:
        with suppress(*TOLD):
            self.anna.subscribe(plan, self.on)

    @rule(number=st.sampled_from(list(KEPT_CARDS)))
    def pay_with_a_card(self, number: str) -> None:
        with suppress(*TOLD):
            self.anna.pay(self.anna.type_card(number, self.on), self.on)

    @rule()
    def pay_once_more(self) -> None:
        for card in self.anna.rows(BoostCard):
            with suppress(*TOLD):
                self.anna.pay(card, self.on)

    @rule(is_confirmed=st.booleans())
    def answer_the_bank(self, is_confirmed: bool) -> None:
        for charge in self.anna.rows(BoostCharge):
            if charge.state == PaymentState.CHALLENGE:
                with suppress(*TOLD):
                    self.anna.answer(charge, is_confirmed=is_confirmed)

    @rule(days=st.sampled_from([1, 3, 10, 31, 366]))
    def let_days_pass(self, days: int) -> None:
        self.on += timedelta(days=days)
        with suppress(Unreachable):
            self.anna.look_after(self.on, times=1)

    @rule()
    def cancel(self) -> None:
        with suppress(*TOLD):
            self.anna.write(lambda session: boosts.cancel(session, self.anna.who, at=noon(self.on)))

    @rule()
    def resume(self) -> None:
        with suppress(*TOLD):
            self.anna.write(lambda session: boosts.resume(session, self.anna.who, at=noon(self.on)))

    @rule()
    def upgrade(self) -> None:
        with suppress(*TOLD):
            with self.anna.database.reading() as session:
                found = boosts.live(session, self.anna.expert_id)
                if found is None:
                    return
                _, price = boost_calls.quote_upgrade(session, self.anna.settings, found, noon(self.on))
            self.anna.upgrade(price.gross_cents, self.on)

    @rule(plan=PLANS)
    def choose_next(self, plan: subscribing.Period) -> None:
        with suppress(*TOLD):
            self.anna.write(lambda session: boosts.choose_next(session, self.anna.who, plan, 2_900))

    @rule()
    def hear_everything_again(self) -> None:
        keys = [f"sandbox:{PAYIN}:{row.id}" for row in self.anna.rows(SandboxTransaction)]
        provider_calls.hear(self.anna.database, self.provider, keys, noon(self.on))

    @rule(loses=st.booleans())
    def lose_answers(self, loses: bool) -> None:
        self.provider.loses = loses

    @rule()
    def deliver(self) -> None:
        with suppress(Unreachable):
            self.anna.deliver(self.on)

    @invariant()
    def what_was_paid_is_posted_and_gives_the_boost(self) -> None:
        charges = sorted(self.anna.rows(BoostCharge), key=lambda row: (row.settled_at or noon(self.on), row.made_at))
        paid = [charge for charge in charges if charge.state == PaymentState.SUCCEEDED]
        assert self.anna.posted()[0] == sum(charge.gross_cents for charge in paid)
        for before, after in pairwise(charge for charge in paid if not charge.is_stray):
            is_upgrade = after.reason == ChargeReason.UPGRADE
            assert is_upgrade or after.starts_on >= before.ends_on, "no day is paid twice"
            assert (after.credit_cents > 0) <= is_upgrade
        made = {row.key: row for row in self.anna.rows(SandboxTransaction) if row.state == PaymentState.SUCCEEDED}
        assert set(made) >= {charge.id for charge in paid}
        live = [row for row in self.anna.rows(BoostSubscription) if row.state != BoostState.ENDED]
        assert len(live) <= 1
        until = [boosted_until(BoostState(row.state), row.ends_on, row.grace_ends_on) for row in live]
        assert self.anna.boosted_until == str(until[0] if until else None)


Boosts.TestCase.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
TestBoosts = Boosts.TestCase
