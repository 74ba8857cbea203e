"""How the demonstration's expert is paid: to one bank account, and once to one that sends back what it gets."""

from datetime import datetime

from accounts.sign_ins import SignedIn
from billing import bank_accounts, payee_calls, payouts, provider_calls
from billing.bank_accounts import Given
from billing.providers import sandbox, sandbox_payouts
from billing.providers.interface import PAYOUT, Resource
from billing.providers.sandbox import Sandbox
from foundation import clock, keys
from foundation.database import Database
from foundation.settings import Settings

HOLDER = "Pralognan Conseil"
NUMBERS = {outcome: number for number, outcome in sandbox_payouts.ACCOUNTS.items()}


def change_account(settings: Settings, database: Database, expert: SignedIn, outcome: str, at: datetime) -> None:
    """Have the expert be paid to another of the sandbox's accounts."""
    number = NUMBERS[outcome]
    given = Given(HOLDER, number, number[:2], "EUR")
    secret = keys.derived(settings, bank_accounts.PURPOSE)
    payee_calls.add_bank_account(database, Sandbox(database), expert, given, secret, "/my/payouts", at=at)


def pay_out(database: Database, expert: SignedIn, at: datetime) -> None:
    """Pay what was released to the expert."""
    payee_calls.go_on(database, Sandbox(database), [str(expert.expert_id)], at)


def let_come_back(database: Database, expert: SignedIn, at: datetime) -> None:
    """Have banks send back what they can't book."""
    with database.writing() as session:
        sandbox_payouts.let_payouts_arrive(session, at=clock.now(), is_now=True)
    with database.reading() as session:
        found = payouts.of_expert(session, str(expert.expert_id))
    keys_of_all = [Resource(sandbox.NAME, PAYOUT, str(payout.provider_id)).key for payout in found]
    provider_calls.hear(database, Sandbox(database), keys_of_all, at)
