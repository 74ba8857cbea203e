"""The yearly report of a platform operator on its sellers (DAC7). Pure: values in, values out.

Directive (EU) 2021/514, annex V; French general tax code, articles 1649 ter A to E. Whoever works here provides
personal services (annex V, section I, A, 11). Consideration is what is credited to a seller, net of fees and taxes
that the operator withholds: what a release posts as payable, in the quarter of the release, in its own currency
(section III, A, 4). Fees are commissions, taxes the VAT on them. A boost is advertising that is bought apart.

Excluded are only governments, entities that are traded on a stock exchange, large hotels, and small sellers of goods
(section I, B, 4): nobody here. Reported are residents of the European Union; other states come in by their agreements.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from accounts.legal_identities import is_in_eu
from billing.tax_numbers import state_of

QUARTERS = 4


class Missing(StrEnum):
    """A fact without which a seller can't be reported as they have to be."""

    IDENTITY = "identity"
    """Legal name and address."""
    NAME = "name"
    """First and last name of a person."""
    BORN_ON = "born_on"
    TIN = "tin"
    BIRTH_PLACE = "birth_place"
    """Of a person whose state gives no tax identification number."""
    REGISTRATION_NUMBER = "registration_number"


@dataclass(frozen=True, slots=True)
class Quarter:
    """What a quarter came to."""

    consideration_cents: int = 0
    activities: int = 0
    fees_cents: int = 0
    taxes_cents: int = 0

    def plus(self, other: "Quarter") -> "Quarter":
        """Return both together."""
        return Quarter(
            self.consideration_cents + other.consideration_cents,
            self.activities + other.activities,
            self.fees_cents + other.fees_cents,
            self.taxes_cents + other.taxes_cents,
        )


@dataclass(frozen=True, slots=True)
class Activity:
    """Personal services of a seller in one currency."""

    currency: str
    quarters: Sequence[Quarter]

    @property
    def year(self) -> Quarter:
        """Return what the year came to."""
        total = Quarter()
        for quarter in self.quarters:
            total = total.plus(quarter)
        return total


@dataclass(frozen=True, slots=True)
class Address:
    """Where a seller lives or has its seat."""

    country: str
    line: str
    city: str = ""
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class BankAccountEnd:
    """What is held of an account that a seller is paid to: the number itself is only at the payment provider."""

    country: str
    ending: str


@dataclass(frozen=True, slots=True)
class Seller:
    """A seller as they are reported."""

    expert_id: str
    is_person: bool
    name: str = ""
    """Legal name of an entity; of a person, under which they work."""
    first_name: str = ""
    last_name: str = ""
    address: Address | None = None
    tin: str = ""
    tin_country: str = ""
    has_no_tin: bool = False
    vat_number: str = ""
    registration_number: str = ""
    born_on: date | None = None
    birth_city: str = ""
    birth_country: str = ""
    accounts: Sequence[BankAccountEnd] = ()
    activities: Sequence[Activity] = field(default_factory=tuple)

    @property
    def residence(self) -> str:
        """Return the state in which a seller is resident: that of the address; empty where none is known."""
        return state_of(self.address.country) if self.address else ""

    @property
    def is_reported(self) -> bool:
        """Tell whether a seller belongs into the report: one of whom nobody knows where they live does."""
        return not self.residence or is_in_eu(self.residence)

    @property
    def missing(self) -> Sequence[Missing]:
        """Return what is missing."""
        return [fact for fact in Missing if fact in _missing(self)]


@dataclass(frozen=True, slots=True)
class Report:
    """A year's report."""

    year: int
    sellers: Sequence[Seller]
    """Whoever is reported."""
    others: Sequence[Seller] = ()
    """Whoever is resident elsewhere."""

    @property
    def due_on(self) -> date:
        """Return by when it has to be filed, and by when sellers have their copies."""
        return date(self.year + 1, 1, 31)

    @property
    def incomplete(self) -> Sequence[Seller]:
        """Return the sellers of whom something is missing."""
        return [seller for seller in self.sellers if seller.missing]


def _missing(seller: Seller) -> set[Missing]:
    found: set[Missing] = set()
    if not seller.name or seller.address is None:
        found.add(Missing.IDENTITY)
    if not seller.tin and not (seller.is_person and seller.has_no_tin):
        found.add(Missing.TIN)
    if not seller.is_person:
        return found if seller.registration_number else found | {Missing.REGISTRATION_NUMBER}
    if not (seller.first_name and seller.last_name):
        found.add(Missing.NAME)
    if seller.born_on is None:
        found.add(Missing.BORN_ON)
    if not seller.tin and seller.has_no_tin and not (seller.birth_city and seller.birth_country):
        found.add(Missing.BIRTH_PLACE)
    return found
