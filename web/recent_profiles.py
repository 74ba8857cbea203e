"""Profiles that a browser opened last, where its reader asked for that.

They are kept in a cookie of its own and nowhere else, until it is closed. Nobody gets the cookie unasked: it is a
comfort, not something that the site can't do without (directive 2002/58/EC, article 5(3)).
"""

import re
from typing import Any

from fastapi import Request, Response

from accounts import experts
from foundation import http
from foundation.database import Database
from foundation.errors import Unavailable
from web import visitors
from web.pages import cards

COOKIE = "seen"
MOST = 10
NONE_YET = "."
_SLUG = re.compile(r"[a-z0-9-]{1,80}")


def slugs(request: Request) -> list[str]:
    """Return the addresses of profiles as the cookie holds them, the last opened first; anything else is dropped."""
    given = request.cookies.get(http.cookie_name(request, COOKIE), "")[: 100 * MOST].split(".")
    return list(dict.fromkeys(slug for slug in given if _SLUG.fullmatch(slug)))[:MOST]


def note(request: Request, response: Response, slug: str) -> None:
    """Remember that a profile was opened, if the reader wants that; fetching it ahead is no opening."""
    if not is_kept(request) or visitors.read(request) is None or not _SLUG.fullmatch(slug):
        return
    _keep(request, response, [slug, *(other for other in slugs(request) if other != slug)][:MOST])


def begin(request: Request, response: Response) -> None:
    """Keep from now on which profiles are opened."""
    _keep(request, response, slugs(request))


def is_kept(request: Request) -> bool:
    """Tell whether the reader asked for it."""
    return http.cookie_name(request, COOKIE) in request.cookies


def _keep(request: Request, response: Response, kept: list[str]) -> None:
    response.set_cookie(
        http.cookie_name(request, COOKIE),
        ".".join(kept) or NONE_YET,
        path="/",
        httponly=True,
        samesite="lax",
        secure=http.is_encrypted(request),
    )


def forget(request: Request, response: Response) -> None:
    """Take the cookie back."""
    name = http.cookie_name(request, COOKIE)
    response.delete_cookie(name, path="/", secure=http.is_encrypted(request), httponly=True, samesite="lax")


def shown(request: Request) -> list[dict[str, Any]]:
    """Return those profiles that are still shown, as pages list them; none while the database is away."""
    wanted = slugs(request)
    if not wanted:
        return []
    database: Database = request.app.state.database
    try:
        with database.reading() as session:
            found = {expert.slug: expert for expert in experts.shown_among(session, wanted)}
    except Unavailable:
        return []
    return [cards.link(found[slug]) for slug in wanted if slug in found]
