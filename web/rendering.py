"""Rendering templates in the reader's language."""

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from foundation.i18n import Language, preferred, translations
from foundation.settings import ROOT
from taxonomy import languages, zones

LANGUAGE_COOKIE = "lang"
STATIC = ROOT / "web" / "static"


@lru_cache(maxsize=4)
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "web" / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # pyright: ignore[reportAttributeAccessIssue]
    environment.globals.update(lang=language, static=static_url)
    environment.filters.update(
        money=lambda amount, currency: _money(amount, currency, language),
        long_date=lambda day: format_date(day, format="long", locale=language),
        number=lambda value: format_decimal(value, locale=language),
        country=lambda code: zones.country_label(code, language),
        language=lambda code: languages.label(code, language),
    )
    return environment


def render(
    request: Request, template: str, language: Language, context: dict[str, Any], *, status: int = 200
) -> HTMLResponse:
    """Render a page."""
    shared: dict[str, Any] = {
        "path_with_lang": lambda other: _path_with_lang(request, other),
        "search_q": context.get("q", ""),
        "notices": notices(request, language),
        "is_sample": request.app.state.holds_sample(),
    }
    body = _environment(language).get_template(template).render({**shared, **context})
    response = HTMLResponse(body, status_code=status)
    response.headers["Vary"] = "Cookie, Accept-Language"
    response.headers["Content-Language"] = language
    if request.query_params.get("lang") in {"fr", "en"}:
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=365 * 86_400, httponly=True, samesite="lax", path="/"
        )
    return response


def language_of(request: Request) -> Language:
    """Return the language to answer in: the address says, else the cookie, else the browser."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted == "fr" or wanted == "en":
            return wanted
    return preferred(request.headers.get("accept-language"), default="fr")


def notices(request: Request, language: Language) -> list[str]:
    """Return what every page should say at the moment."""
    gettext = translations(language).gettext
    if request.app.state.index.encoder is None:
        return [gettext("Search works by words only at the moment, not by meaning.")]
    return []


@lru_cache(maxsize=64)
def static_url(name: str) -> str:
    """Return the address of a static file, which changes with its content."""
    mark = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={mark}"


def address(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return a path with parameters."""
    return f"{path}?{urlencode(parameters)}" if parameters else path


def parse_day(text: str | None) -> date | None:
    """Return a day from an ISO date, if it is one."""
    return date.fromisoformat(text) if text else None


def _money(amount: float, currency: str, language: Language) -> str:
    pattern = None if amount % 1 else ("#,##0 ¤" if language == "fr" else "¤#,##0")
    return format_currency(amount, currency, format=pattern, locale=language, currency_digits=False)


def _path_with_lang(request: Request, other: str) -> str:
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return address(request.url.path, [*parameters, ("lang", other)])
