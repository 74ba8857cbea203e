"""Whom a demonstration lets one be: fictional people, one of each kind that there is most to see of."""

from dataclasses import dataclass

from accounts.models.accounts import AccountKind
from foundation.i18n import message

PASSWORD = "sextant boussole portulan"  # noqa: S105 - of fictional people, told to everybody who tries it out


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demonstration."""

    kind: AccountKind
    name: str
    email: str
    role: str
    """What they are there to show, for the page that lists them."""


PEOPLE = (
    Person(
        AccountKind.COMPANY,
        "Claire Fontaine",
        "company@demo.example",
        message("Owner of a company: shortlist, saved searches, colleagues"),
    ),
    Person(
        AccountKind.EXPERT,
        "Hervé Pralognan",
        "expert@demo.example",
        message("Expert: profile, audience, dashboard"),
    ),
    Person(
        AccountKind.OPERATOR,
        "Olga Petit",
        "operator@demo.example",
        message("Operator: people, notices, deliveries, audit log"),
    ),
)
