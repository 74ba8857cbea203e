"""When an expert can be paid, for what a payout waits, and by when it arrives (mission row S23). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing import working_days
from billing.provider_states import PayoutState, RecipientState, UserState

EURO = frozenset("AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK".split())
"""Countries whose money is the euro (since 2026 Bulgaria is one)."""
SEPA = EURO | frozenset("AD AL CH CZ DK GB GI HU IS LI MC MD ME MK NO PL RO RS SE SM VA".split())
"""Countries that euro transfers are the same in as at home (European Payments Council, EPC409-09)."""
EURO_DAYS, SEPA_DAYS, OTHER_DAYS = 2, 3, 4
"""Working days: the two to four that experts are told (S23).

A euro transfer is there on the next working day (directive 2015/2366, article 83), counted from the one after for what
misses the provider's cut-off. Accounts in other currencies may take longer (article 82: four days in all).
"""


class Wait(StrEnum):
    """For what a payout waits; in the order in which an expert sees to it."""

    IDENTITY = "identity"
    """The provider does not know the expert."""
    PROVIDER = "provider"
    """The expert has to do something at the provider's page."""
    CLOSED = "closed"
    """The provider closed what it had of the expert: an operator has to look."""
    BANK_DETAILS = "bank_details"
    CONFIRMATION = "confirmation"
    """The expert has to confirm the bank account at the provider."""
    NEW_BANK_DETAILS = "new_bank_details"
    """What was sent to this account failed or came back: another one is needed, or an operator's retry."""
    DECLARATION = "declaration"
    """The provider does not know yet who owns the expert's company."""
    PAPERS = "papers"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an expert at a provider."""

    owner: UserState | None
    """None: the provider does not know them."""
    is_verified: bool
    account_id: str | None
    """The bank account that they want to be paid to."""
    account: RecipientState | None
    is_declared: bool = True
    """Who owns the expert's company is validated, or there is none."""
    are_papers_valid: bool = False
    """Each that is needed was validated, whatever the provider makes of it all."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One payout of a transfer."""

    state: PayoutState
    account_id: str
    is_retried: bool
    """An operator had it tried again, to the same account."""

    @property
    def is_under_way(self) -> bool:
        """Tell whether it was paid, or is being."""
        return self.state in {PayoutState.CREATED, PayoutState.SUCCEEDED}


NOBODY = Standing(None, is_verified=False, account_id=None, account=None)


def waits_for(standing: Standing, attempts: Sequence[Attempt] = ()) -> tuple[Wait, ...]:
    """Return all that is missing before what came to an expert's wallet can be paid out; nothing: it may go."""
    found = [_of_owner(standing.owner), _of_account(standing, attempts)]
    if standing.owner is not None and not standing.is_verified:
        found += [] if standing.is_declared else [Wait.DECLARATION]
        found += [] if standing.are_papers_valid and not standing.is_declared else [Wait.PAPERS]
    return tuple(wait for wait in found if wait is not None)


def is_open(attempts: Sequence[Attempt]) -> bool:
    """Tell whether a transfer is neither paid out nor on its way."""
    return not any(attempt.is_under_way for attempt in attempts)


def may_go(standing: Standing, attempts: Sequence[Attempt]) -> bool:
    """Tell whether to pay what came to an expert's wallet: not while it is under way, nor once it was paid."""
    return is_open(attempts) and not waits_for(standing, attempts)


def days_to(country: str) -> int:
    """Return how many working days a payout to a country may take."""
    if country in EURO:
        return EURO_DAYS
    return SEPA_DAYS if country in SEPA else OTHER_DAYS


def expected_on(sent_on: date, country: str) -> date:
    """Return by when a payout that is sent on a day is on an account in a country."""
    return working_days.after(sent_on, days_to(country))


def _of_owner(state: UserState | None) -> Wait | None:
    if state is None:
        return Wait.IDENTITY
    return {UserState.PENDING: Wait.PROVIDER, UserState.CLOSED: Wait.CLOSED}.get(state)


def _of_account(standing: Standing, attempts: Sequence[Attempt]) -> Wait | None:
    if standing.account is None or standing.account is RecipientState.CLOSED:
        return Wait.BANK_DETAILS
    stopped = [one for one in attempts if not one.is_under_way and not one.is_retried]
    if any(one.account_id == standing.account_id for one in stopped):
        return Wait.NEW_BANK_DETAILS
    return Wait.CONFIRMATION if standing.account is RecipientState.PENDING else None
