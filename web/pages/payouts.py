"""The page on which an expert sees how they are paid: what is missing, to which account, and what was paid out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from accounts import legal_identities
from billing import bank_accounts, payout_queues, payout_rules, payouts, provider_parties
from billing.models.payouts import BankAccount
from billing.payout_queues import Case
from billing.payout_rules import Wait
from billing.providers import sandbox_payouts
from foundation.i18n import Language, translate
from web import payout_texts

EURO = "EUR"
OUTCOMES = tuple(sandbox_payouts.ACCOUNTS.items())


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of how an expert is paid."""

    is_known: bool
    """The provider knows them: without that it takes no bank details."""
    waits: Sequence[Wait]
    accounts: Sequence[BankAccount]
    cases: Sequence[Case]
    endings: Mapping[str, str]
    """The last four signs of the accounts that something was sent to."""
    holder: str
    """Whose account it probably is."""

    @property
    def currencies(self) -> list[str]:
        """Return in which currencies something came, the euro first."""
        others = {case.transfer.currency for case in self.cases} - {EURO}
        return [EURO, *sorted(others)]


def read(session: Session, provider: str, expert_id: str, name: str) -> Found:
    """Read all of it."""
    owner = provider_parties.owner_of(session, provider, expert_id)
    cases = payout_queues.of_expert(session, expert_id)
    asked = {case.transfer.currency for case in cases if not case.is_paid} or {EURO}
    waits = {
        wait for currency in asked for wait in payout_rules.waits_for(payouts.standing_of(session, owner, currency))
    }
    waits |= {wait for case in cases for wait in case.waits}
    identity = legal_identities.of(session, expert_id)
    owners = payout_queues.owners_to_pay(session, provider, owner, cases)
    accounts = [account for one in owners for account in bank_accounts.of_owner(session, one.id)]
    holder = identity.legal_name if identity else name
    endings = {one.id: one.ending for one in bank_accounts.of_expert(session, expert_id)}
    return Found(owner is not None, [wait for wait in Wait if wait in waits], accounts, cases, endings, holder)


def context(found: Found, language: Language, *, is_sandbox: bool) -> dict[str, Any]:
    """Return what the page shows."""
    to_do = [(wait.value, *payout_texts.TO_DO[wait]) for wait in found.waits]
    return {
        "is_known": found.is_known,
        "to_do": [(name, translate(language, text), path) for name, text, path in to_do],
        "accounts": found.accounts,
        "rows": [
            {
                "case": case,
                "ending": found.endings.get(case.payout.bank_account_id, "") if case.payout else "",
            }
            for case in reversed(found.cases)
        ],
        "currencies": [(currency, currency) for currency in found.currencies],
        "is_sandbox": is_sandbox,
        "played": OUTCOMES if is_sandbox else (),
    }
