"""Rendering templates in the reader's language."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from accounts.sign_ins import SignedIn
from booking import thread_lists
from foundation import http, i18n
from foundation.errors import Unavailable
from foundation.i18n import Language, long_date, preferred, translations
from foundation.settings import ROOT, Settings
from taxonomy import languages, zones
from web import assets, news_texts, shortlists, sign_ins

Text = TypeVar("Text", bound=str)
PARIS = ZoneInfo("Europe/Paris")
"""Where operators are: what they read of the log agrees with their clocks."""
LANGUAGE_COOKIE = "lang"
OWN_WAY = frozenset({"from", "reviews", "search"})
"""Parameters that say how a page was come by or is looked at, and make no other page of it."""
_APOSTROPHE = re.compile(r"(\w|</mark>)(?:'|&#x27;|&#39;)(?=\w|<mark>)")
_FRENCH_MARK = re.compile(r"(?<=\S) (?=[;:!?»%€](?:\s|[.,)»]|$))|(?<=«) ")


@lru_cache(maxsize=4)
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "web" / "templates"),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # pyright: ignore[reportAttributeAccessIssue]
    names: dict[str, Any] = {
        "lang": language,
        "static": assets.address,
        "news_words": partial(news_texts.words, language),
    }
    filters: dict[str, Any] = {
        "money": lambda amount, currency: money(amount, currency, language),
        "cents": lambda cents, currency: money(Decimal(cents) / 100, currency, language),
        "long_date": lambda day: long_date(day, language),
        "short_date": lambda day: format_date(day, format="d MMM", locale=language),
        "bytes": lambda size: file_size(size, language),
        "number": lambda value: number(value, language),
        "decimal": lambda value: format_decimal(value, format="#,##0.0", locale=language),
        "country": lambda code: typeset(zones.country_label(code, language), language),
        "language": lambda code: languages.label(code, language),
        "moment": lambda at: format_datetime(at, format="long", locale=language),
        "short_moment": lambda at: short_moment(at, language),
        "paris_moment": lambda at: format_datetime(at, format="medium", tzinfo=PARIS, locale=language),
        "duration": lambda minutes: duration(minutes, language),
        "typeset": lambda text, written_in=language: typeset(text, written_in),
    }
    environment.globals.update(names)
    environment.filters.update(filters)
    return environment


def template(name: str, language: Language) -> Template:
    """Return a template in a language; what it is given is HTML unless its name ends in `.txt`."""
    return _environment(language).get_template(name)


def render(
    request: Request, template: str, language: Language, context: dict[str, Any], *, status: int = 200
) -> HTMLResponse:
    """Render a page."""
    signed_in = _signed_in(request)
    shared: dict[str, Any] = {
        "path_with_lang": lambda other: _path_with_lang(request, other),
        "page_address": lambda other=None: _page_address(request, other),
        "search_q": context.get("q", ""),
        "boost_off": _has_boost_off(request),
        "signed_in": signed_in,
        "unread": _unread(request),
        "shortlisted": shortlists.shown_ids(request),
        "may_shortlist": shortlists.may_change(signed_in),
        "here": _path_with_lang(request, None),
        "notices": notices(request, language),
        "is_sample": request.app.state.holds_sample(),
    }
    body = _environment(language).get_template(template).render({**shared, **context})
    response = HTMLResponse(body, status_code=status)
    response.headers["Vary"] = "Cookie, Accept-Language"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Language"] = language
    if request.query_params.get("lang") in {"fr", "en"}:
        response.set_cookie(
            http.cookie_name(request, LANGUAGE_COOKIE),
            language,
            max_age=365 * 86_400,
            path="/",
            httponly=True,
            samesite="lax",
            secure=http.is_encrypted(request),
        )
    return response


def lead_away(request: Request, url: str, page: str) -> Response:
    """Lead to a page of the payment provider; the sandbox's are ours."""
    if url.startswith("/"):
        return RedirectResponse(url, status_code=303)
    # Browsers hold redirects of forms to `form-action` too, which is this site alone: a page leads on.
    return private(render(request, page, language_of(request), {"url": url}))


def private(response: HTMLResponse) -> HTMLResponse:
    """Return a page that is one person's: kept by no cache, listed nowhere, its address told to no other site."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _signed_in(request: Request) -> SignedIn | None:
    """Return who is signed in; a page that says what is wrong is shown without, if that can't be asked."""
    try:
        return sign_ins.current(request)
    except Unavailable:
        return None


def _unread(request: Request) -> int:
    """Return how many messages wait for who is signed in; none is said where that can't be asked."""
    who = _signed_in(request)
    if who is None or not who.may_act:
        return 0
    try:
        with request.app.state.database.reading() as session:
            return thread_lists.count_unread(session, who)
    except Unavailable:
        return 0


def _has_boost_off(request: Request) -> bool:
    """Tell whether the reader switched boosts off, here or in the results that led here: they stay off."""
    parameters = request.query_params
    came_from = parse_qs(parameters.get("from", "").partition("?")[2])
    return "false" in (parameters.get("boost"), *came_from.get("boost", []))


def language_of(request: Request) -> Language:
    """Return the language to answer in: the address says, else the cookie, else the browser."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(http.cookie_name(request, LANGUAGE_COOKIE))):
        if wanted in {"fr", "en"}:
            return i18n.known(wanted)
    return preferred(request.headers.get("accept-language"), default="fr")


def notices(request: Request, language: Language) -> list[str]:
    """Return what every page should say at the moment."""
    gettext = translations(language).gettext
    if request.app.state.index.encoder is None:
        return [gettext("Search works by words only at the moment, not by meaning.")]
    return []


def site_address(request: Request) -> str:
    """Return the site's public address, without a slash at its end."""
    settings: Settings = request.app.state.settings
    return (settings.base_url or str(request.base_url)).rstrip("/")


def address(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return a path with parameters."""
    return f"{path}?{urlencode(parameters)}" if parameters else path


def short_moment(at: datetime, language: Language) -> str:
    """Return an instant in Paris without its seconds."""
    return f"{format_date(at.astimezone(PARIS), locale=language)}, {format_time(at, 'short', PARIS, language)}"


def number(value: float, language: Language) -> str:
    """Return a number with its separators; small whole ones, of which pages are full, have none."""
    is_plain = isinstance(value, int) and 0 <= value < 1_000
    return str(value) if is_plain else format_decimal(value, locale=language)


def file_size(size_bytes: int, language: Language) -> str:
    """Return the size of a file in words, in the unit that suits it."""
    unit, size = ("megabyte", 1_000_000) if size_bytes >= 1_000_000 else ("kilobyte", 1_000)
    amount = round(size_bytes / size, 1) if unit == "megabyte" else max(1, round(size_bytes / size))
    return format_unit(amount, f"digital-{unit}", length="short", locale=language)


def duration(minutes: int, language: Language) -> str:
    """Return a time span in words, in the largest unit that says it exactly; days from two on."""
    for unit, size, least in (("day", 1_440, 2_880), ("hour", 60, 60)):
        if minutes >= least and minutes % size == 0:
            return format_unit(minutes // size, f"duration-{unit}", locale=language)
    return format_unit(minutes, "duration-minute", locale=language)


def money(amount: float | Decimal, currency: str, language: Language) -> str:
    """Return an amount in its currency, without cents where there are none."""
    pattern = None if amount % 1 else ("#,##0\xa0¤" if language == "fr" else "¤#,##0")
    return format_currency(amount, currency, format=pattern, locale=language, currency_digits=False)


def typeset(text: Text, language: str) -> Text:
    """Return a text, of ours or of an expert, as print writes it.

    Typewriter apostrophes between letters become curly, and in French a space before a mark keeps it on its line.
    """
    curly = _APOSTROPHE.sub("\\1\u2019", str(text))
    set_text = _FRENCH_MARK.sub("\u202f", curly) if language == "fr" else curly
    return type(text)(set_text)


def _path_with_lang(request: Request, other: str | None, *, dropped: Collection[str] = ()) -> str:
    parameters = [
        (name, value) for name, value in request.query_params.multi_items() if name != "lang" and name not in dropped
    ]
    return address(request.url.path, [*parameters, ("lang", other)] if other else parameters)


def _page_address(request: Request, other: str | None) -> str:
    """Return the page's own full address in a language, or in whichever the reader wants."""
    return site_address(request) + _path_with_lang(request, other, dropped=OWN_WAY)
