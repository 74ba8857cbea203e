"""By which numbers a company is the same wherever it is named: a SIREN, another register's number, a VAT number."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.legal_identities import FRANCE, FRENCH_LANDS
from accounts.models.accounts import Client

_FRENCH_VAT = re.compile(r"FR..(\d{9})")
_SIREN_LENGTH = 9
_SEPARATORS = " .-/"


def siren(country: str | None, registration_number: str | None, vat_number: str | None) -> str | None:
    """Return the SIREN that a French number holds: a SIRET begins with it, a VAT number ends with it. Pure."""
    if found := _FRENCH_VAT.fullmatch(plain(vat_number)):
        return found[1]
    number = plain(registration_number)
    return number[:_SIREN_LENGTH] if country in FRENCH_LANDS and number[:_SIREN_LENGTH].isdigit() else None


def numbers_of(country: str | None, registration_number: str | None, vat_number: str | None) -> frozenset[str]:
    """Return under which numbers a company is known, with their country: French ones by the SIREN they hold. Pure."""
    found: set[str] = set()
    for registered, taxed in ((registration_number, None), (None, vat_number)):
        if french := siren(country, registered, taxed):
            found.add(f"{FRANCE} {french}")
        elif number := plain(registered or taxed):
            found.add(f"{country} {number}")
    return frozenset(found)


def plain(number: str | None) -> str:
    """Return a number without what only parts its signs. Pure."""
    return "".join(sign for sign in (number or "").upper() if sign not in _SEPARATORS)


def known_before(
    session: Session,
    before: datetime,
    *,
    country: str | None,
    registration_number: str | None,
    vat_number: str | None,
    besides: str | None = None,
) -> Sequence[str]:
    """Return the clients, besides one, that were here before an instant and have one of a company's numbers."""
    wanted: list[Any] = []
    if french := siren(country, registration_number, vat_number):
        wanted.append(
            col(Client.country).in_(FRENCH_LANDS) & plain_column(Client.registration_number).startswith(french)
        )
        wanted.append(plain_column(Client.vat_number).like(f"FR__{french}"))
    elif plain(registration_number):
        is_same = plain_column(Client.registration_number) == plain(registration_number)
        wanted.append((col(Client.country) == country) & is_same)
    if plain(vat_number):
        wanted.append(plain_column(Client.vat_number) == plain(vat_number))
    if not wanted:
        return ()
    others = (
        or_(*wanted),
        col(Client.is_person).is_(False),
        col(Client.erased_at).is_(None),
        col(Client.created_at) < before,
        col(Client.id) != (besides or ""),
    )
    return session.execute(select(col(Client.id)).where(*others).order_by(col(Client.id))).scalars().all()


def plain_column(column: Any) -> Any:
    """Return what `plain` makes of a column, for the database."""
    found = func.upper(func.coalesce(column, ""))
    for sign in _SEPARATORS:
        found = func.replace(found, sign, "")
    return found
