"""The Boost subscribers of a demonstration: one who renews, one whose renewal failed, one who cancelled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, legal_identities, passwords, registrations
from accounts.models.accounts import Account, AccountKind
from accounts.models.experts import Expert
from accounts.registrations import Registration
from accounts.sign_ins import SignedIn
from billing import boost_calls, boost_cards, boost_invoices, boost_prices, boost_renewals, boosts
from billing.models.boosts import BoostSubscription
from billing.provider_states import Period
from billing.providers import sandbox_subscriptions
from billing.providers.interface import Browser
from billing.providers.sandbox import Sandbox
from billing.providers.sandbox_cards import KEPT_CARDS, LATER_FAILS
from foundation import audits
from foundation.database import Database
from foundation.settings import Settings
from web.demo_people import PASSWORD

PHONE, SIREN = "+33123456789", "732829320"
"""Numbers that are nobody's."""
GOOD = next(iter(KEPT_CARDS))


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An expert of the sample, and what they did."""

    ref: str
    plan: Period
    card: str
    days: int
    """How long ago they subscribed."""
    is_cancelled: bool = False


SUBSCRIBERS = (
    Subscriber("E003", Period.YEAR, GOOD, 45),
    Subscriber("E004", Period.MONTH, LATER_FAILS, 33),
    Subscriber("E006", Period.MONTH, GOOD, 12, is_cancelled=True),
)


def add(settings: Settings, database: Database, at: datetime) -> None:
    """Make the subscribers who are not there yet, with what was charged."""
    provider = Sandbox(database)
    for one in SUBSCRIBERS:
        with database.writing() as session:
            who = _who(session, one.ref, at)
            if session.execute(
                select(BoostSubscription).where(col(BoostSubscription.expert_id) == who.expert_id)
            ).first():
                continue
        _subscribe(settings, database, provider, who, one, at - timedelta(days=one.days))
        if one.is_cancelled:
            database.write(lambda session, who=who: boosts.cancel(session, who, at=at))
    boost_renewals.look_after(database, settings, provider.name, at)
    with database.reading() as session:
        under_way = [
            charge.id
            for found in session.execute(select(BoostSubscription)).scalars()
            if (charge := boosts.open_charge(session, found.id))
        ]
    boost_calls.send(database, provider, under_way, at)
    with database.reading() as session:
        paid = boost_invoices.owed(session)
    boost_invoices.issue(database, settings.operator, paid, at)


def _subscribe(
    settings: Settings, database: Database, provider: Sandbox, who: SignedIn, one: Subscriber, at: datetime
) -> None:
    price = boost_prices.of(settings.boost, one.plan)

    def begin(session: Session) -> str:
        found = boosts.subscribe(session, who, one.plan, price, at=at)
        return boost_cards.begin(session, found, provider.name, at=at).id

    card_id = database.write(begin)
    form = boost_calls.open_form(database, provider, who, card_id, boosts.PATH, at=at)
    database.write(lambda session: sandbox_subscriptions.type_card(session, form.provider_id, one.card))
    here = (database, provider, settings, who, card_id)
    boost_calls.keep_card(*here, "", at=at)
    boost_calls.pay(*here, Browser("127.0.0.1", "demonstration"), boosts.PATH, at=at)


def _who(session: Session, ref: str, at: datetime) -> SignedIn:
    """Return an expert as if they were signed in; the account and its legal identity are made where there is none."""
    expert = session.execute(select(Expert).where(col(Expert.ref) == ref)).scalar_one()
    account: Account | None = accounts.owner_of(session, expert.id)
    if account is None:
        email = f"{ref.lower()}@demo.example"
        registration = Registration(AccountKind.EXPERT, expert.name, "", email, PHONE, "fr", PASSWORD)
        account = registrations.create_bare(session, registration, passwords.hashed(PASSWORD), at=at)
        account.email_confirmed_at = at
        accounts.give_profile(session, account, expert.id)
        identity = {
            "status": "sole_trader",
            "country": "FR",
            "legal_name": f"{expert.name} EI",
            "address": "1 rue du Port\n44000 Nantes",
            "registration_number": SIREN,
        }
        legal_identities.save(session, expert.id, identity, actor=audits.SYSTEM, at=at)
    return SignedIn(
        "", account.id, AccountKind.EXPERT, account.name, str(account.email), account.language, account.expert_id
    )
