"""The form in which an expert says who owns their company: its rows, and what is wrong with what was typed. Pure.

Who counts is said by law: a natural person who holds more than 25 % of the capital or of the votes, directly or through
others, or who controls the company in another way; where there is none, whoever represents it (code monétaire et
financier, L. 561-2-2 and R. 561-1). More than 25 % can't be held by more than three, so four leave room for control.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from billing import owner_rules
from billing.models.identity_papers import OwnerDetails
from billing.owner_forms import Refuse, birthday_of, text_of
from billing.providers.interface import Address, BeneficialOwner
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from taxonomy import zones

MOST_PEOPLE = 4
PEOPLE, ONLY_ME, COMPLETE = "people", "only_me", "complete"
OF_A_PERSON = ("first_name", "last_name", "born_on", "nationality")
"""What is known already of whoever represents the company by law."""
OF_A_LIFE = ("birth_city", "birth_country", "line", "postal_code", "city", "region", "country")
FIELDS = (*OF_A_PERSON, *OF_A_LIFE)
COUNTRIES = ("nationality", "birth_country", "country")
WITH_REGIONS = frozenset({"US", "CA", "MX"})
"""Countries whose addresses Mangopay takes with a region only (docs.mangopay.com, api-reference/ubo-declarations)."""
ADD, REMOVE = "add", "remove"


def named(place: int, field: str) -> str:
    """Return what a field of a person is called in the form."""
    return f"p{place}_{field}"


def count(form: Mapping[str, str]) -> int:
    """Return how many people a form has room for."""
    given = form.get(PEOPLE, "")
    return min(max(int(given), 1), MOST_PEOPLE) if given.isdecimal() and len(given) == 1 else 1


def reshape(form: Mapping[str, str], wanted: str) -> dict[str, str] | None:
    """Return a form with room for one person more, or without one of them; None where nothing of it is wanted."""
    people = count(form)
    what, _, place = wanted.partition("-")
    if what == ADD:
        return {**form, PEOPLE: str(min(people + 1, MOST_PEOPLE))}
    if what != REMOVE or not place.isdecimal() or not 1 <= int(place[:3]) <= people:
        return None
    rows = [_row(form, one) for one in range(1, people + 1) if one != int(place)]
    rest = {name: value for name, value in form.items() if not _is_of_a_row(name)}
    kept = {named(one, field): row[field] for one, row in enumerate(rows, start=1) for field in FIELDS}
    return {**rest, **kept, PEOPLE: str(max(len(rows), 1))}


def proposed(details: OwnerDetails) -> dict[str, str]:
    """Return what can be filled in before: whoever represents the company by law, as the provider knows them."""
    known = {
        "first_name": details.first_name,
        "last_name": details.last_name,
        "born_on": details.born_on.isoformat(),
        "nationality": details.nationality,
        "country": details.residence,
    }
    return {PEOPLE: "1", **{named(1, field): value for field, value in known.items()}}


def check(
    form: Mapping[str, str], details: OwnerDetails, language: Language, today: date
) -> tuple[BeneficialOwner, ...]:
    """Return the people whom a form names; raise Invalid with every fault."""
    faults: list[Fault] = []

    def refuse(field: str, code: str, reason: str, **values: object) -> None:
        faults.append(Fault(field, code, translate(language, reason, **values)))

    is_only_me = form.get(ONLY_ME) == "yes"
    if is_only_me and any(any(_row(form, one).values()) for one in range(2, count(form) + 1)):
        refuse(ONLY_ME, "not_only", message("You named others: please take them out, or leave this unticked."))
    if is_only_me:
        form = {**form, **{name: value for name, value in proposed(details).items() if name != named(1, "country")}}
    people = [_person(form, place, refuse, today) for place in range(1, count(form) + 1)]
    for place, person in enumerate(people, start=1):
        if any(_who(person) == _who(other) for other in people[: place - 1]) and person["first_name"]:
            refuse(named(place, "first_name"), "twice", message("This person is named twice."))
    if form.get(COMPLETE) != "yes":
        refuse(COMPLETE, "not_complete", message("The payment provider takes complete declarations only."))
    if faults:
        raise Invalid(faults)
    return tuple(_owner(person) for person in people)


def _person(form: Mapping[str, str], place: int, refuse: Refuse, today: date) -> dict[str, Any]:
    row = _row(form, place)

    def refuse_here(field: str, code: str, reason: str, **values: object) -> None:
        refuse(named(place, field), code, reason, **values)

    values: dict[str, Any] = {}
    for field in COUNTRIES:
        values[field] = row[field]
        if row[field] not in zones.country_codes():
            refuse_here(field, "no_country", message("Please choose a country."))
    for field in ("first_name", "last_name", "birth_city", "line", "city"):
        values[field] = text_of(row, field, refuse_here)
    values["postal_code"] = text_of(row, "postal_code", refuse_here, is_needed=owner_rules.is_in_eea(values["country"]))
    values["region"] = text_of(row, "region", refuse_here, is_needed=values["country"] in WITH_REGIONS)
    values["born_on"] = birthday_of(row["born_on"], today, refuse_here, youngest_years=0)
    return values


def _owner(values: Mapping[str, Any]) -> BeneficialOwner:
    address = Address(values["line"], values["city"], values["postal_code"], values["country"], values["region"])
    return BeneficialOwner(
        values["first_name"],
        values["last_name"],
        values["born_on"],
        values["birth_city"],
        values["birth_country"],
        values["nationality"],
        address,
    )


def _who(person: Mapping[str, Any]) -> tuple[str, str, object]:
    return person["first_name"].casefold(), person["last_name"].casefold(), person["born_on"]


def _row(form: Mapping[str, str], place: int) -> dict[str, str]:
    return {field: form.get(named(place, field), "") for field in FIELDS}


def _is_of_a_row(name: str) -> bool:
    return any(name == named(place, field) for place in range(1, MOST_PEOPLE + 1) for field in FIELDS)
