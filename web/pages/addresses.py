"""Addresses of results: what is asked of one, and how one is written."""

from typing import Any

from fastapi import Request

from foundation.i18n import Language
from search_api.requests import Parameters

PATH = "/experts"
PAGE_LINKS = 2
"""Pages linked on each side of the present one."""

Pairs = list[tuple[str, str]]


def pairs(parameters: Parameters) -> Pairs:
    """Return parameters as an address carries them, those at their default left out; the language is a cookie's."""
    found: Pairs = []
    for name, value in parameters.model_dump(exclude_defaults=True, exclude={"lang", "explain"}).items():
        if isinstance(value, list):
            found.extend((name, str(item)) for item in value)
        elif isinstance(value, bool):
            found.append((name, str(value).lower()))
        elif value is not None and value != "":
            found.append((name, plain(value) if isinstance(value, float) else str(value)))
    return found


def read_parameters(request: Request, language: Language) -> dict[str, Any]:
    """Return the page's parameters; empty ones, as forms send them, are absent."""
    values: dict[str, Any] = {}
    for name in request.query_params:
        given = [value for value in request.query_params.getlist(name) if value.strip()]
        if given:
            field = Parameters.model_fields.get(name)
            is_list = field is not None and field.default_factory is list
            values[name] = given if is_list else given[-1]
    return {**values, "lang": language}


def page_numbers(page: int, last: int) -> list[int | None]:
    """Return the pages to link: first, last and those around; None where numbers are left out."""
    shown = {1, last, *range(max(1, page - PAGE_LINKS), min(last, page + PAGE_LINKS) + 1)}
    numbers: list[int | None] = []
    for number in sorted(shown):
        if numbers and number - (numbers[-1] or 0) > 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def plain(amount: float | None) -> str:
    """Return an amount as addresses and fields hold it: digits alone, cents where there are some."""
    return "" if amount is None else f"{amount:.2f}".removesuffix("00").removesuffix(".")
