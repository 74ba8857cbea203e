"""The form in which sellers give what the yearly report to the tax authority needs, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from billing import owner_forms, tax_numbers
from billing.platform_reports import Seller
from billing.tax_details import Details
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from taxonomy import zones


@dataclass(frozen=True, slots=True)
class Asked:
    """What a seller is asked for."""

    is_person: bool
    has_name: bool
    """First and last name, and the birthday: the payment provider was not told them yet."""

    @property
    def has_birth_place(self) -> bool:
        """Tell whether the place of birth is asked for: of persons, if they have no number."""
        return self.is_person


def asked_of(seller: Seller, *, is_known_to_provider: bool) -> Asked | None:
    """Return what a seller is asked for; None where all is known: a French company has its SIREN."""
    if not seller.is_person and seller.address is not None and tax_numbers.state_of(seller.address.country) == "FR":
        return None if seller.tin else Asked(is_person=False, has_name=False)
    return Asked(seller.is_person, seller.is_person and not is_known_to_provider)


def check(form: Mapping[str, str], asked: Asked, language: Language, today: date) -> Details:
    """Return what a form gives; raise Invalid with every fault."""
    faults: list[Fault] = []

    def refuse(field: str, code: str, reason: str, **values: object) -> None:
        faults.append(Fault(field, code, translate(language, reason, **values)))

    has_no_tin = asked.is_person and form.get("has_no_tin") == "yes"
    tin, tin_country = "", ""
    if not has_no_tin:
        tin, tin_country = _number(form, asked, refuse)
    first = last = city = country = ""
    born_on = None
    if asked.has_name:
        first, last = (owner_forms.text_of(form, name, refuse) for name in ("first_name", "last_name"))
        born_on = owner_forms.birthday_of(form.get("born_on", ""), today, refuse, youngest_years=0)
    if asked.has_birth_place:
        city = owner_forms.text_of(form, "birth_city", refuse, is_needed=has_no_tin)
        country = form.get("birth_country", "")
        if (city or has_no_tin or country) and country not in zones.country_codes():
            refuse("birth_country", "no_country", message("Please choose a country."))
        if country and not city and not has_no_tin:
            refuse("birth_city", "missing", message("Please fill this in."))
    if faults:
        raise Invalid(faults)
    return Details(
        tin=tin,
        tin_country=tin_country,
        has_no_tin=has_no_tin,
        first_name=first,
        last_name=last,
        born_on=born_on,
        birth_city=city,
        birth_country=country,
    )


def _number(form: Mapping[str, str], asked: Asked, refuse: owner_forms.Refuse) -> tuple[str, str]:
    """Return a tax number with the state that issued it."""
    text, country = form.get("tin", "").strip(), form.get("tin_country", "")
    if country not in zones.country_codes():
        refuse("tin_country", "no_country", message("Please choose a country."))
        country = ""
    if not text:
        refuse("tin", "missing", message("Please fill this in."))
        return "", country
    number = tax_numbers.read(text, country, is_person=asked.is_person)
    if number is None:
        refuse("tin", "no_such_number", message("This is no tax number of that country: please compare it."))
    return number or "", tax_numbers.state_of(country)
