"""An expert who subscribes to a Boost at the sandbox, day by day: for tests of paying and of what the clock brings."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from accounts import experts
from accounts.models.accounts import AccountKind
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from billing import boost_calls, boost_cards, boost_renewals, boosts, ledger, ledger_checks
from billing.models.boosts import BoostCard, BoostCharge, BoostSubscription
from billing.models.ledger import LedgerKind
from billing.postings import Name
from billing.provider_states import Period
from billing.providers import sandbox, sandbox_subscriptions
from billing.providers.interface import Browser, Provider
from billing.providers.sandbox import Sandbox
from billing.providers.sandbox_cards import KEPT_CARDS
from foundation import clock, outbox
from foundation.database import Database
from foundation.mails import MailRow
from foundation.outbox import OutboxRow
from foundation.settings import Settings
from tests import signed_in
from tests.billing import identified
from web import reactions

GOOD, ASKS, BAD, POOR, LATER_FAILS = KEPT_CARDS
BROWSER = Browser("192.0.2.1", "a test")
BACK = "/my/boost?charge={charge_id}"
FIRST = date(2026, 12, 1)
MONTH, YEAR = Period.MONTH, Period.YEAR
NET, TAX = 2_900, 580


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


@dataclass
class Subscriber:
    """An expert in France who charges VAT, and the provider."""

    database: Database
    who: SignedIn
    provider: Provider
    settings: Settings = field(default_factory=Settings)

    @property
    def expert_id(self) -> str:
        return str(self.who.expert_id)

    def write(self, work: Any) -> Any:
        return self.database.write(work)

    def subscribe(self, plan: Period = MONTH, on: date = FIRST) -> BoostSubscription:
        prices = {MONTH: self.settings.boost.month_cents, YEAR: self.settings.boost.year_cents}
        return self.write(lambda session: boosts.subscribe(session, self.who, plan, prices[plan], at=noon(on)))

    def type_card(self, number: str = GOOD, on: date = FIRST) -> BoostCard:
        """Have a card typed at the sandbox, and kept."""

        def begin(session: Session) -> str:
            subscription = boosts.of_expert(session, self.who)
            return boost_cards.begin(session, subscription, self.provider.name, at=noon(on)).id

        card_id = self.write(begin)
        form = boost_calls.open_form(self.database, self.provider, self.who, card_id, "/back", at=noon(on))
        self.write(lambda session: sandbox_subscriptions.type_card(session, form.provider_id, number))
        return boost_calls.keep_card(self.database, self.provider, self.settings, self.who, card_id, "", at=noon(on))

    def pay(self, card: BoostCard, on: date = FIRST) -> BoostCharge | None:
        return boost_calls.pay(
            self.database, self.provider, self.settings, self.who, card.id, BROWSER, BACK, at=noon(on)
        )

    def start(self, plan: Period = MONTH, number: str = GOOD, on: date = FIRST) -> BoostCharge:
        """Subscribe, and pay the first period."""
        self.subscribe(plan, on)
        charge = self.pay(self.type_card(number, on), on)
        assert charge is not None
        return charge

    def upgrade(self, cents: int, on: date) -> BoostCharge:
        return boost_calls.upgrade(
            self.database, self.provider, self.settings, self.who, cents, BROWSER, BACK, at=noon(on)
        )

    def answer(self, charge: BoostCharge, *, is_confirmed: bool = True) -> None:
        """Answer the question of the bank."""
        self.write(
            lambda session: sandbox.answer_challenge(session, str(charge.provider_id), is_confirmed=is_confirmed)
        )

    def look_after(self, on: date, times: int = 2) -> None:
        """Let the clock bring what is due on a day, more than once, and deliver what is owed."""
        for _ in range(times):
            boost_renewals.look_after(self.database, self.settings, self.provider.name, noon(on))
            self.deliver(on)

    def deliver(self, on: date = FIRST) -> None:
        self.write(lambda session: session.execute(update(OutboxRow).values(due_at=clock.now())))
        for lane in reactions.money_table(self.provider, self.database, lambda: noon(on)):
            while outbox.drain(self.database, lane.topic, lane.reaction, batch=lane.batch):
                pass

    def rows(self, table: type[SQLModel]) -> list[Any]:
        with self.database.reading() as session:
            return list(session.execute(select(table)).scalars())

    @property
    def state(self) -> tuple[str, str, str]:
        """Return the latest subscription: state, and the days that are paid."""
        found = max(self.rows(BoostSubscription), key=lambda row: row.made_at)
        return found.state, str(found.starts_on), str(found.ends_on)

    @property
    def boosted_until(self) -> str:
        with self.database.reading() as session:
            return str(session.get_one(Expert, self.expert_id).boosted_until)

    def charges(self) -> list[tuple[str, str, int]]:
        """Return what was tried, in order: for what, what became of it, and the cents with tax."""
        rows = sorted(self.rows(BoostCharge), key=lambda row: row.made_at)
        return [(row.reason, row.state, row.gross_cents) for row in rows]

    def told(self) -> list[str]:
        """Return what was mailed, in order."""
        rows = sorted(self.rows(MailRow), key=lambda row: row.written_at)
        return [row.values["code"] for row in rows if row.template == "news"]

    def posted(self) -> tuple[int, int, int]:
        """Return what the ledger has: in the fees' wallet, earned by boosts, and of tax; all of it is sound."""
        with self.database.reading() as session:
            assert ledger_checks.check(session) == []
            return tuple(  # pyright: ignore[reportReturnType]
                ledger.balance(session, Name(kind, "", "EUR", provider))
                for kind, provider in (
                    (LedgerKind.FEES_WALLET, self.provider.name),
                    (LedgerKind.BOOST, ""),
                    (LedgerKind.VAT, ""),
                )
            )


def make(database: Database, provider: Provider | None = None, **settings: Any) -> Subscriber:
    """Make an expert who is found and has a legal identity."""
    account = signed_in.make(database, AccountKind.EXPERT)
    identified.identify(database, account)
    with database.writing() as session:
        found = experts.take(session, str(account.expert_id))
        shown = {"headline": "Export", "summary": "Exporter.", "is_visible": True}
        experts.apply(session, found, shown, at=noon(FIRST))
    return Subscriber(database, identified.who_is(account), provider or Sandbox(database), Settings(**settings))
