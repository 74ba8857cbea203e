"""What a Boost costs an expert: the plan's price, and the tax on what the operator sells them."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from accounts import legal_identities
from accounts.models.experts import LegalStatus
from billing import commissions, parties, taxes
from billing.provider_states import Period
from billing.taxes import Party, Tax, Undecided
from foundation.settings import Boost, Operator

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Price:
    """An amount before tax, and the tax on it."""

    net_cents: int
    tax: Tax

    @property
    def tax_cents(self) -> int:
        """Return the tax."""
        return taxes.tax_cents(self.net_cents, self.tax)

    @property
    def gross_cents(self) -> int:
        """Return what the card is charged."""
        return self.net_cents + self.tax_cents


def of(boost: Boost, plan: Period) -> int:
    """Return what a plan costs who subscribes now, in cents before tax."""
    return {Period.MONTH: boost.month_cents, Period.YEAR: boost.year_cents}[plan]


def tax_on(session: Session, expert_id: str, operator: Operator, on: date) -> Tax:
    """Return the tax on a boost that an expert buys on a day; raise Undecided, `identity_missing` before there is one.

    Who works in portage salarial buys as a private person: the portage company is no party to it.
    """
    identity = legal_identities.of(session, expert_id)
    if identity is None:
        raise Undecided("identity_missing")
    if identity.status == LegalStatus.PORTAGE_SALARIAL:
        buyer = Party(identity.country, is_business=False)
    else:
        buyer = parties.expert(identity)
    return taxes.decide(commissions.seller(operator), buyer, on)
