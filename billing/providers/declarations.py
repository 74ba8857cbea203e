"""The part of the port to a payment provider that says who owns the business of an owner: its beneficial owners."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

from billing.provider_states import DeclarationState
from billing.providers.parties import Address


@dataclass(frozen=True, slots=True)
class BeneficialOwner:
    """A natural person to whom a business belongs in the end, or who controls it."""

    first_name: str
    last_name: str
    born_on: date
    birth_city: str
    birth_country: str
    """ISO 3166-1 alpha-2, as the next one."""
    nationality: str
    address: Address
    """Where they live."""


@dataclass(frozen=True, slots=True)
class DeclarationRequest:
    """All to whom the business of an owner belongs."""

    key: str
    user_id: str
    people: tuple[BeneficialOwner, ...]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration as the provider has it now.

    It does not carry our key: providers keep none with it, and may take an incomplete one up again for another key.
    """

    provider_id: str
    state: DeclarationState
    reason: str | None = None
    """Why it was refused or is incomplete, as the provider's code."""
    explanation: str = ""
    """The same in words, where there are any."""


class Declarations(Protocol):
    """Declarations."""

    def declare(self, request: DeclarationRequest) -> Declaration:
        """Declare who owns a business, and ask to look at it. Doing so again with one key makes no other."""
        ...

    def fetch_declaration(self, provider_id: str) -> Declaration | None:
        """Return a declaration as it stands."""
        ...


def write(people: Sequence[BeneficialOwner]) -> bytes:
    """Return people as bytes, to be sealed. Pure."""
    return json.dumps([{**asdict(person), "born_on": person.born_on.isoformat()} for person in people]).encode()


def read(content: bytes) -> tuple[BeneficialOwner, ...]:
    """Return people who were written. Pure."""
    return tuple(_person(values) for values in json.loads(content))


def _person(values: dict[str, Any]) -> BeneficialOwner:
    born_on, address = date.fromisoformat(values["born_on"]), Address(**values["address"])
    told: dict[str, Any] = {**values, "born_on": born_on, "address": address}
    return BeneficialOwner(**told)
