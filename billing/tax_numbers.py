"""Tax identification numbers: of persons by their countries' rules, where those are known (OECD TIN portal). Pure."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from stdnum.exceptions import ValidationError

from accounts.legal_identities import FRANCE, FRENCH_LANDS

SHORTEST, LONGEST = 4, 30
_OF_PERSONS: Mapping[str, tuple[str, ...]] = {
    "AT": ("at.tin",),
    "BE": ("be.nn",),
    "BG": ("bg.egn",),
    "DE": ("de.idnr",),
    "DK": ("dk.cpr",),
    "EE": ("ee.ik",),
    "ES": ("es.nif",),
    "FI": ("fi.hetu",),
    "FR": ("fr.nif",),
    "HR": ("hr.oib",),
    "IE": ("ie.pps",),
    "IT": ("it.codicefiscale",),
    "LT": ("lt.asmens",),
    "NL": ("nl.bsn",),
    "PL": ("pl.pesel", "pl.nip"),
    "PT": ("pt.nif",),
    "RO": ("ro.cnp",),
}


def state_of(country: str) -> str:
    """Return the state that a country code belongs to: the French departments overseas have codes of their own."""
    return FRANCE if country in FRENCH_LANDS else country


def read(text: str, country: str, *, is_person: bool) -> str | None:
    """Return a number as its state writes it; None where it can't be one of that state's.

    Those of companies are told by their length alone: each state gives them others. A French company's is its SIREN.
    """
    number = "".join(sign for sign in text.upper() if sign.isalnum())
    if not number.isascii() or not SHORTEST <= len(number) <= LONGEST:
        return None
    rules = _OF_PERSONS.get(state_of(country), ()) if is_person else _of_companies(state_of(country))
    for name in rules:
        module: Any = import_module(f"stdnum.{name}")
        try:
            return module.compact(module.validate(text))
        except ValidationError:
            continue
    return None if rules else number


def _of_companies(state: str) -> tuple[str, ...]:
    return ("fr.siren",) if state == FRANCE else ()
