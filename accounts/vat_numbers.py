"""Asking the European Commission's VIES whether a VAT number is registered, and keeping its answer as proof.

The port is `Ask`; the one adapter speaks VIES' REST interface. While a member state does not answer, the outbox tries
again later.
"""

import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import structlog
from sqlalchemy import select
from sqlmodel import col

from accounts.clients import EU
from accounts.models.accounts import Client
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


def check(database: Database, ask: Ask | None, client_ids: Sequence[str]) -> None:
    """Ask for clients' numbers, and keep the answers; one that changed meanwhile is left to its own check."""
    if ask is None:
        return
    with database.reading() as session:
        found = session.execute(select(Client).where(col(Client.id).in_(client_ids))).scalars().all()
        numbers = {client.id: client.vat_number for client in found if client.vat_number}
    for client_id, number in numbers.items():
        if _ISO.get(number[:2], number[:2]) not in EU:
            continue
        answer = ask(number)
        with database.writing() as session:
            client = session.get(Client, client_id, with_for_update=True)
            if client and client.vat_number == number:
                client.vat_proof = {name: str(value) for name, value in asdict(answer).items()}
                session.add(client)
