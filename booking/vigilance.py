"""Which papers a French company has to ask its contractor for, and how they stand (mission row B11). Pure.

The duty is the company's (code du travail, L. 8222-1): from 5,000 € before tax (R. 8222-1), when the contract is made
and every six months until it ends (D. 8222-5 for sellers in France, D. 8222-7 for those abroad). It is told and
reminded; nothing of it is decided for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from booking import months
from booking.models.papers import PaperKind, WorkPaper
from foundation import currencies

FRANCE = "FR"
THRESHOLD_CENTS = 500_000
"""Before tax, in euros; all contracts for one piece of work count together, however they are cut."""
EVERY_MONTHS = 6
KINDS = frozenset(PaperKind) - {PaperKind.RC_PRO}


@dataclass(frozen=True, slots=True)
class Buyer:
    """Of a client, what the duty depends on."""

    country: str | None
    is_person: bool


@dataclass(frozen=True, slots=True)
class Seller:
    """Of an expert, the same."""

    country: str
    is_registered: bool
    """The status has to be in a register."""
    is_employed: bool
    """A portage company sells, not the expert: it gives the papers."""


class State(StrEnum):
    """How a paper stands."""

    THERE = "there"
    MISSING = "missing"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one wanted paper stands; `until` is the last day on which it holds."""

    kind: PaperKind
    state: State
    paper: WorkPaper | None = None
    until: date | None = None


def wanted(client: Buyer, seller: Seller, net_cents_total: int, currency: str) -> tuple[PaperKind, ...]:
    """Return the papers that a client has to have; none for private clients, and outside French law.

    `net_cents_total` is before tax, over all contracts of the piece of work. In a currency without a known rate any
    amount counts as large: asking for too much harms nobody.
    """
    units = currencies.units_per_eur(currency)
    is_large = not units or net_cents_total >= THRESHOLD_CENTS * units
    if client.is_person or client.country != FRANCE or seller.is_employed or not is_large:
        return ()
    if seller.country == FRANCE:
        return (PaperKind.VIGILANCE, *((PaperKind.REGISTRATION,) if seller.is_registered else ()))
    abroad = (PaperKind.IDENTITY_ABROAD, PaperKind.SOCIAL_ABROAD)
    return (*abroad, *((PaperKind.REGISTRATION_ABROAD,) if seller.is_registered else ()))


def holds_until(paper: WorkPaper) -> date | None:
    """Return the last day on which a paper holds: it says so, or it is less than six months old until then."""
    if paper.kind == PaperKind.RC_PRO:
        return paper.ends_on
    last = months.later(paper.issued_on, EVERY_MONTHS) - timedelta(days=1)
    return min(last, paper.ends_on) if paper.ends_on else last


def standings(kinds: Iterable[PaperKind], papers: Mapping[PaperKind, WorkPaper], on: date) -> tuple[Standing, ...]:
    """Return how each wanted paper stands on a day."""
    return tuple(_standing(kind, papers.get(kind), on) for kind in kinds)


def period(signed_on: date, on: date) -> int:
    """Return how many times six months have gone by since a contract was made: the papers are asked for in each."""
    return months.between(signed_on, on) // EVERY_MONTHS


def period_begins(signed_on: date, count: int) -> date:
    """Return the first day of a period."""
    return months.later(signed_on, count * EVERY_MONTHS)


def _standing(kind: PaperKind, paper: WorkPaper | None, on: date) -> Standing:
    if paper is None:
        return Standing(kind, State.MISSING)
    until = holds_until(paper)
    is_over = until is not None and until < on
    return Standing(kind, State.OUTDATED if is_over else State.THERE, paper, until)
