"""What is asked of everybody who signs up: a name, an email address, a phone number (mission row S9)."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from foundation.errors import Fault
from foundation.i18n import Language, message, translate

LONGEST_NAME = 120
LONGEST_EMAIL = 254
HOME = "FR"
"""Where numbers without a country code are taken to be."""


def read_name(given: str) -> str | None:
    """Return a name as it is kept; None where it is no name."""
    name = " ".join(given.split())
    return name if 0 < len(name) <= LONGEST_NAME and name.isprintable() else None


def read_email(given: str) -> str | None:
    """Return an address as it is kept, in small letters; None where it can't be one."""
    if len(given) > LONGEST_EMAIL:
        return None
    try:
        return validate_email(given.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


def read_phone(given: str) -> str | None:
    """Return a number as E.164, such as +33612345678; None where it can't be dialled."""
    if len(given) > 40:
        return None
    try:
        number = phonenumbers.parse(given, HOME)
    except phonenumbers.NumberParseException:
        return None
    is_valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if is_valid else None


def name_fault(language: Language, field: str = "name") -> Fault:
    """Return what is said of something that is no name."""
    reason = message("A name of at most %(most)d characters is expected.")
    return Fault(field, "bad_name", translate(language, reason, most=LONGEST_NAME))


def email_fault(language: Language, field: str = "email") -> Fault:
    """Return what is said of something that is no address."""
    return Fault(field, "bad_email", translate(language, message("An address like name@company.com is expected.")))


def phone_fault(language: Language, field: str = "phone") -> Fault:
    """Return what is said of something that is no phone number."""
    reason = message("A phone number is expected, from abroad with its country code, such as +49 30 1234567.")
    return Fault(field, "bad_phone", translate(language, reason))
