"""The form in which an expert says who is paid: what is known already, and what is wrong with what was typed."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from accounts import accounts, legal_identities
from billing import owner_rules
from billing.models.identity_papers import OwnerDetails
from billing.provider_parties import names_of
from billing.provider_states import OwnerKind
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from taxonomy import zones

LONGEST: Mapping[str, int] = {
    "first_name": 100,
    "last_name": 100,
    "name": 200,
    "company_number": 40,
    "line": 200,
    "city": 100,
    "postal_code": 20,
    "region": 100,
    "birth_city": 100,
}
COUNTRIES = ("nationality", "residence", "country")
OF_PERSONS = {"first_name", "last_name", "nationality", "residence"}
ADULT_YEARS, OLDEST_YEARS = 18, 120
Refuse = Callable[..., None]


def proposed(session: Session, expert_id: str, kind: OwnerKind) -> dict[str, str]:
    """Return what can be filled in before: what was given last, and what account and legal identity say.

    With another legal status the person stays, and the business is another.
    """
    account, identity = accounts.owner_of(session, expert_id), legal_identities.of(session, expert_id)
    first, last = names_of(account.name) if account else ("", "")
    found = {"first_name": first, "last_name": "" if last == first else last}
    if identity is not None:
        line, postal_code, city = split_address(identity.address)
        found |= {
            "name": identity.legal_name,
            "company_number": identity.registration_number or "",
            "line": line,
            "postal_code": postal_code,
            "city": city,
            "country": identity.country,
            "residence": identity.country,
        }
    known = session.get(OwnerDetails, expert_id)
    if known is None:
        return found
    stays = {*LONGEST, *COUNTRIES} if known.kind == kind else OF_PERSONS
    return {**found, **known.model_dump(include=stays), "born_on": known.born_on.isoformat()}


def split_address(address: str) -> tuple[str, str, str]:
    """Return street, postal code and city of an address of several lines, as far as they can be told. Pure."""
    lines = [line.strip() for line in address.splitlines() if line.strip()]
    if len(lines) < 2:
        return (lines[0] if lines else ""), "", ""
    postal_code, _, city = lines[-1].partition(" ")
    if not any(sign.isdecimal() for sign in postal_code):
        return ", ".join(lines[:-1]), "", lines[-1]
    return ", ".join(lines[:-1]), postal_code, city.strip()


def check(form: Mapping[str, str], kind: OwnerKind, language: Language, today: date) -> dict[str, Any]:
    """Return the columns that a form gives; raise Invalid with every fault."""
    faults: list[Fault] = []

    def refuse(field: str, code: str, reason: str, **values: object) -> None:
        faults.append(Fault(field, code, translate(language, reason, **values)))

    is_person = kind is OwnerKind.PERSON
    values: dict[str, Any] = {"kind": kind.value}
    for name in ("nationality", "residence", *(() if is_person else ("country",))):
        values[name] = form.get(name, "")
        if values[name] not in zones.country_codes():
            refuse(name, "no_country", message("Please choose a country."))
    values["born_on"] = birthday_of(form.get("born_on", ""), today, refuse)
    if is_person:
        values["country"] = values["residence"]
    for name in ("first_name", "last_name", "line", "city"):
        values[name] = text_of(form, name, refuse)
    # Some countries have no postal codes; those of the European Economic Area all do.
    has_codes = owner_rules.is_in_eea(values["country"])
    values["postal_code"] = text_of(form, "postal_code", refuse, is_needed=has_codes)
    if is_person:
        values |= {"name": f"{values['first_name']} {values['last_name']}", "company_number": ""}
    else:
        values["name"] = text_of(form, "name", refuse)
        is_needed = kind is OwnerKind.BUSINESS
        values["company_number"] = text_of(form, "company_number", refuse, is_needed=is_needed)
    if form.get("terms") != "yes":
        refuse("terms", "not_accepted", message("The payment provider pays only those who accept its terms."))
    if faults:
        raise Invalid(faults)
    return values


def text_of(form: Mapping[str, str], name: str, refuse: Refuse, *, is_needed: bool = True) -> str:
    """Return a text that was typed, on one line; tell `refuse` what is wrong with it."""
    text = " ".join(form.get(name, "").split())
    if not text and is_needed:
        refuse(name, "missing", message("Please fill this in."))
    elif len(text) > LONGEST[name]:
        refuse(name, "too_long", message("At most %(most)d characters, please."), most=LONGEST[name])
    elif not text.isprintable():
        refuse(name, "bad_characters", message("There are signs in it that can’t be used."))
    return text


def birthday_of(text: str, today: date, refuse: Refuse, *, youngest_years: int = ADULT_YEARS) -> date | None:
    """Return a birthday that was typed; tell `refuse` what is wrong with it."""
    try:
        born_on = date.fromisoformat(text.strip())
    except ValueError:
        refuse("born_on", "no_day", message("Please give the day, like 1980-12-31."))
        return None
    age_years = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    if not 0 <= age_years <= OLDEST_YEARS:
        refuse("born_on", "unlikely", message("This can’t be a birthday: please look again."))
    elif age_years < youngest_years:
        refuse("born_on", "underage", message("The payment provider pays nobody under 18."))
    return born_on
