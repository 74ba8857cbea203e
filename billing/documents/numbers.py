"""Numbers that name companies, read off what people gave: SIREN, SIRET, VAT numbers, and addresses for invoices."""

import re

from stdnum.exceptions import ValidationError
from stdnum.fr import siren as sirens
from stdnum.fr import siret as sirets
from stdnum.util import get_cc_module

from accounts import company_numbers
from accounts.legal_identities import FRENCH_LANDS
from billing import taxes
from billing.documents.contents import Side

_DIGITS = re.compile(r"\d+")
_SIREN_LENGTH, _SIRET_LENGTH = 9, 14
_OF_UNION = {"GR": "EL"}
_SIREN_ADDRESS, _MAIL_ADDRESS = "0225", "EM"
"""Schemes of electronic addresses: of the French directory, and mail (EAS code list)."""
_SIREN, _VAT_IN_UNION, _ELSEWHERE = "0002", "0223", "0227"
"""Schemes of legal identifiers (ISO 6523 with the French additions of XP Z12-012)."""


def is_french(side: Side) -> bool:
    """Tell whether French rules hold for a side: France with its departments overseas."""
    return side.country in FRENCH_LANDS


def siren(side: Side) -> str | None:
    """Return the SIREN of a French business; None where there is none to read, right or wrong."""
    if not is_french(side):
        return None
    registered = _registered(side)
    if registered:
        return registered[:_SIREN_LENGTH]
    return company_numbers.siren(side.country, None, side.vat_number)


def siret(side: Side) -> str | None:
    """Return the SIRET where that was given."""
    registered = _registered(side) if is_french(side) else ""
    return registered if len(registered) == _SIRET_LENGTH else None


def vat_number(side: Side) -> str | None:
    """Return a VAT number as the Union writes it: capitals, no spaces, EL for Greece."""
    number = company_numbers.plain(side.vat_number)
    if not number:
        return None
    if not number[:2].isalpha():
        number = side.country + number
    return _OF_UNION.get(number[:2], number[:2]) + number[2:]


def legal_id(side: Side) -> tuple[str, str] | None:
    """Return under which number a business is registered, and that number's scheme."""
    if found := siren(side):
        return found, _SIREN
    if not side.is_business:
        return None
    if taxes.is_in_union(side.country) and (number := vat_number(side)):
        return number, _VAT_IN_UNION
    if number := company_numbers.plain(side.registration_number):
        return (number, "") if taxes.is_in_union(side.country) else (f"{side.country}{number}"[:18], _ELSEWHERE)
    return None


def electronic_address(side: Side) -> tuple[str, str] | None:
    """Return where electronic invoices reach a side, and by which scheme."""
    if side.is_business and (found := siren(side)):
        return found, _SIREN_ADDRESS
    return (side.email, _MAIL_ADDRESS) if side.email else None


def is_right_siren(number: str) -> bool:
    """Tell whether a SIREN's check digit is right."""
    return sirens.is_valid(number)


def is_right_siret(number: str) -> bool:
    """Tell whether a SIRET's check digits are right."""
    return sirets.is_valid(number)


def is_right_vat_number(number: str) -> bool:
    """Tell whether the check digits of a VAT number are right; of countries whose rule nobody knows, any are."""
    country = {"EL": "GR", "XI": "GB"}.get(number[:2], number[:2])
    module = get_cc_module(country, "vat")
    if module is None:
        return number[:2].isalpha()
    try:
        module.validate(number)
    except ValidationError:
        return False
    return True


def _registered(side: Side) -> str:
    """Return the digits of a French registration number, however it was written."""
    return "".join(_DIGITS.findall(side.registration_number or ""))
