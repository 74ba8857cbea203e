"""Asking the European Commission's VIES whether a VAT number is registered, and keeping its answer as proof.

Asked of both sides of a deal: clients, and experts' legal identities. The port is `Ask`; the one adapter speaks VIES'
REST interface. While a member state does not answer, the outbox tries again later; until then a number counts whose
check digits are right, and quotes say that its confirmation is pending. One that the register refused never counts.
"""

import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import orjson
import structlog
from sqlalchemy import select
from sqlmodel import col

from accounts.clients import EU
from accounts.models.accounts import Client
from accounts.models.profiles import LegalIdentity
from foundation.database import Database
from foundation.settings import Settings

TIMEOUT_S = 15.0
_ISO = {"EL": "GR"}
log = structlog.get_logger(__name__)


class VatServiceAway(Exception):
    """The service, or a member state behind it, can't say anything now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said of a number, and by which consultation."""

    vat_number: str
    valid: bool
    requested_at: str
    consultation: str
    name: str


Ask = Callable[[str], Answer]


def vies(settings: Settings) -> Ask | None:
    """Return what asks VIES; None where the installation has not been told its address."""
    if not settings.vies_url:
        return None

    def ask(vat_number: str) -> Answer:
        body = orjson.dumps({"countryCode": vat_number[:2], "vatNumber": vat_number[2:]})
        request = urllib.request.Request(  # noqa: S310 - the installation's own setting
            f"{settings.vies_url.rstrip('/')}/check-vat-number", data=body, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
                said: dict[str, Any] = orjson.loads(response.read(100_000))
        except (OSError, orjson.JSONDecodeError) as error:
            raise VatServiceAway(f"VIES does not answer: {error}") from error
        if said.get("actionSucceed") is False or "valid" not in said:
            errors = [wrapper.get("error") for wrapper in said.get("errorWrappers", [])]
            raise VatServiceAway(f"VIES can't say: {errors}")
        return Answer(
            vat_number,
            bool(said["valid"]),
            str(said.get("requestDate", "")),
            str(said.get("requestIdentifier", "")),
            str(said.get("name", "")),
        )

    return ask


class Standing(StrEnum):
    """What is known of a VAT number beyond its check digits."""

    NONE = "none"
    """There is no number."""
    UNCHECKED = "unchecked"
    """The register was not asked yet, or can't say anything now; it never is outside the Union."""
    CONFIRMED = "confirmed"
    REFUSED = "refused"


def standing(vat_number: str | None, proof: Mapping[str, str] | None) -> Standing:
    """Return how a number stands by what was kept of the register's answer."""
    if not vat_number:
        return Standing.NONE
    if not proof or proof.get("vat_number") != vat_number:
        return Standing.UNCHECKED
    return Standing.CONFIRMED if proof.get("valid") == "True" else Standing.REFUSED


def check(database: Database, ask: Ask | None, client_ids: Sequence[str]) -> None:
    """Ask for clients' numbers, and keep the answers; one that changed meanwhile is left to its own check."""
    _check(database, ask, Client, col(Client.id), client_ids)


def check_experts(database: Database, ask: Ask | None, expert_ids: Sequence[str]) -> None:
    """Do the same for the legal identities of experts."""
    _check(database, ask, LegalIdentity, col(LegalIdentity.expert_id), expert_ids)


def _check(
    database: Database, ask: Ask | None, table: type[Client | LegalIdentity], key: Any, keys: Sequence[str]
) -> None:
    if ask is None:
        return
    with database.reading() as session:
        numbers = session.execute(select(key, col(table.vat_number)).where(key.in_(keys))).all()
    for found, number in numbers:
        if not number or _ISO.get(number[:2], number[:2]) not in EU:
            continue
        answer = ask(number)
        with database.writing() as session:
            row = session.get(table, found, with_for_update=True)
            if row and row.vat_number == number:
                row.vat_proof = {name: str(value) for name, value in asdict(answer).items()}
                session.add(row)
