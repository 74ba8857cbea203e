"""An expert's own pages: the profile's form with what is wrong beside each field, the preview, what to do next."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import pycountry

from accounts import availabilities, experts, profile_forms
from accounts.completeness import Completeness
from accounts.experts import Profile
from accounts.models.experts import Expert
from accounts.models.profiles import ReferenceLetter
from accounts.records import MAX_REFERENCES
from foundation import currencies
from foundation.errors import Fault
from foundation.i18n import Language, message, translate
from taxonomy import languages, texts, zones
from taxonomy.wordlists import Wordlists
from web.pages import cards

FIRST_CURRENCIES = ("EUR", "CHF", "GBP", "USD")
_REASONS = {
    "missing": message("Please fill this in."),
    "string_too_long": message("This is too long."),
    "too_long": message("This is more than a profile can hold."),
    "no_number": message("Please write an amount, like 650 or 650,50."),
    "greater_than": message("Please give an amount above zero."),
    "less_than_equal": message("This amount is too high."),
    "needed_to_be_shown": message("A profile that is shown needs this."),
    "says_too_little": message(
        "Before the profile can be shown, it needs a name, a headline, and a summary or skills."
    ),
    "too_large": message("This file is too large."),
    "no_file": message("Please choose a file."),
    "no_image": message("This is no JPEG, PNG or WebP image that can be read."),
    "too_small": message("This image is too small: 96 pixels a side are needed."),
    "too_many_pixels": message("This image has too many pixels."),
    "no_pdf": message("This is no PDF that can be read."),
    "encrypted": message("This PDF is protected by a password. Please send one that opens without."),
    "too_many_pages": message("A letter has ten pages at most."),
    "active_content": message(
        "This PDF holds a program or opens something. Please print it to a new PDF and send that."
    ),
    "no_place_left": message("There are three letters already. Remove one first."),
}
_UNKNOWN = {
    "countries": message("“%(typed)s” is no country or zone that we know."),
    "languages": message("“%(typed)s” is no language that we know."),
    "based_in": message("“%(typed)s” is no country that we know."),
}
_BY_FIELD = {
    "day_rate_currency": message("Please choose a currency."),
    "available_from": message("Please give the day, like 2026-12-31."),
    "day_rate_amount": message("Please write an amount, like 650 or 650,50."),
}
_CHANGED = message(
    "This was changed elsewhere meanwhile. What you typed is still here: save again to put it in its place."
)
_STEPS = {
    "headline": message(
        "Say in one line what you do: it is the first thing that is read, and weighs most in a search."
    ),
    "summary": message("Describe your work in at least 60 words: searches by meaning find you by them."),
    "skills": message("Name at least three skills: searches for them, or for similar ones, find you first."),
    "countries": message(
        "Say in which countries you work: most searches name one, and experts of that place come first."
    ),
    "languages": message("Name your working languages: companies filter by them."),
    "sectors": message("Name the sectors that you know: searches for them rank you higher."),
    "day_rate": message("Give a day rate: who gives none is left out when companies filter by rate."),
    "availability": message("Say when you are available: who is free now ranks a little above who has not said."),
    "portrait": message("Add a portrait: readers trust a face. It changes nothing in the ranking."),
    "references": message("Describe a mission for a client: readers look for it, and its words are searched too."),
    "based_in": message("Say where you are based: companies look for somebody near."),
}
SHOWN_STEPS = 4


@dataclass(frozen=True)
class Refused:
    """A form that was not saved: what was typed, and why."""

    form: Mapping[str, str]
    faults: Sequence[Fault]


def touched(form: Mapping[str, str], expert: Expert, language: Language, today: date) -> dict[str, str]:
    """Return a form without the fields that came back as they were shown: saving them is no edit of theirs.

    What an import brought may read back otherwise, such as two names of one skill. Availability stays: saying it again
    confirms it.
    """
    shown = form_values(expert, language, today)
    parts: dict[str, list[str]] = {}
    for name in shown:
        parts.setdefault(re.sub("_[0-9]_.*|_amount|_currency", "", name), []).append(name)
    same = {
        name
        for names in parts.values()
        if all(form.get(name) == shown[name].replace("\r\n", "\n") for name in names)
        for name in names
    }
    return {name: value for name, value in form.items() if name not in same - {"availability", "available_from"}}


@dataclass(frozen=True)
class OwnProfile:
    """What an owner sees of their own profile."""

    profile: Profile
    letters: Sequence[ReferenceLetter]
    completeness: Completeness
    can_undo: bool


def form_values(expert: Expert, language: Language, today: date) -> dict[str, str]:
    """Return the profile as its form holds it: lists one a line, codes by their names."""
    rate = expert.day_rate_cents
    found = {
        "name": expert.name,
        "headline": expert.headline,
        "summary": expert.summary,
        "skills": _lines(expert.skills),
        "soft_skills": _lines(expert.soft_skills),
        "sectors": _lines(expert.sectors),
        "countries": _lines(country_name(code, language) for code in expert.countries),
        "languages": _lines(languages.label(code, language) for code in expert.languages),
        "based_in": expert.based_in or "",
        "city": expert.city or "",
        "day_rate_amount": "" if rate is None else f"{rate / 100:.2f}".removesuffix(".00"),
        "day_rate_currency": expert.day_rate_currency or "EUR",
        "availability": _answer(expert, today),
        "available_from": expert.available_from.isoformat() if expert.available_from else "",
        "visible": "on" if expert.is_visible else "",
    }
    for number in range(1, MAX_REFERENCES + 1):
        given = expert.client_references[number - 1 : number]
        for part in ("client", "text"):
            found[f"reference_{number}_{part}"] = given[0][part] if given else ""
    return found


def context(
    own: OwnProfile, wordlists: Wordlists, language: Language, *, today: date, refused: Refused | None, saved: str
) -> dict[str, Any]:
    """Return the values of the profile's form; `saved` says what was done to lead here."""
    profile, letters = own.profile, own.letters
    expert = profile.expert
    values = form_values(expert, language, today)
    values["letter_title"] = ""
    return {
        **aside(own, wordlists, language, today),
        "values": values | dict(refused.form if refused else {}),
        "faults": said_faults(refused.faults, language) if refused else {},
        "stored": values,
        "seen": profile_forms.dump_marks(profile_forms.marks(experts.columns(expert))),
        "can_undo": own.can_undo,
        "saved": saved,
        "countries": country_choices(language),
        "language_names": _language_choices(language),
        "currencies": list(dict.fromkeys([*currency_choices(), values["day_rate_currency"]])),
        "reference_numbers": range(1, MAX_REFERENCES + 1),
        "letters": letters,
        "letter_places": 3 - len(letters),
        "ends_on": availabilities.ends_on(expert),
        "has_lapsed": (availabilities.ends_on(expert) or today) < today,
        "today": today,
    }


def aside(own: OwnProfile, wordlists: Wordlists, language: Language, today: date) -> dict[str, Any]:
    """Return what stands beside the form and changes with each save."""
    profile, completeness = own.profile, own.completeness
    expert = profile.expert
    return {
        "card": cards.preview(profile, wordlists, language, today),
        "is_visible": expert.is_visible,
        "is_withheld": expert.is_withheld,
        "is_available": expert.is_available,
        "public_url": f"/experts/{expert.slug}",
        "percent": completeness.percent,
        "steps": [
            {"code": step.code, "text": translate(language, _STEPS[step.code]), "share": step.share}
            for step in completeness.next_steps[:SHOWN_STEPS]
        ],
        "free_skills": [label for label in expert.skills if wordlists.skill_key(label).startswith("~")],
    }


def said_faults(faults: Sequence[Fault], language: Language) -> dict[str, str]:
    """Return what is wrong with each field, in words; a field with several faults says the first."""
    found: dict[str, str] = {}
    for fault in faults:
        found.setdefault(fault.field, said(fault, language))
    return found


def said(fault: Fault, language: Language) -> str:
    """Return what is wrong, in words."""
    if fault.code == "changed_meanwhile":
        return translate(language, _CHANGED)
    if fault.code == "unknown" and fault.field in _UNKNOWN:
        return translate(language, _UNKNOWN[fault.field], typed=fault.message)
    if fault.code in {"missing", "value_error"} and fault.field in _BY_FIELD:
        return translate(language, _BY_FIELD[fault.field])
    return translate(language, _REASONS.get(fault.code, message("This can’t be used here.")))


def country_name(code: str, language: Language) -> str:
    """Return the name by which a form shows a country, which is understood when it comes back."""
    return zones.country_label(code, language)


@lru_cache(maxsize=2)
def country_choices(language: Language) -> list[tuple[str, str]]:
    """Return all countries, by code and name, in the order of their names."""
    named = [(code, country_name(code, language)) for code in zones.country_codes()]
    return sorted(named, key=lambda item: texts.fold(item[1]))


@lru_cache(maxsize=2)
def _language_choices(language: Language) -> list[str]:
    return sorted((languages.label(code, language) for code in languages.codes()), key=texts.fold)


@lru_cache(maxsize=1)
def currency_choices() -> list[str]:
    """Return the currencies that can be reckoned with, the usual ones first."""
    codes = sorted(currency.alpha_3 for currency in pycountry.currencies)  # pyright: ignore[reportAttributeAccessIssue]
    rated = (code for code in codes if currencies.units_per_eur(code) is not None)
    return list(dict.fromkeys([*FIRST_CURRENCIES, *rated]))


def _answer(expert: Expert, today: date) -> str:
    if not expert.is_available:
        return profile_forms.NOT
    return profile_forms.FROM if expert.available_from and expert.available_from > today else profile_forms.NOW


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(" ".join(part.split()) for part in parts)
