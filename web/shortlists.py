"""Whose shortlist a request is about: the client's who has signed in, else that of the browser's cookie.

The cookie is given to whoever puts a first expert on a list, and to nobody for looking around.
"""

import secrets
from typing import Any

from fastapi import Request, Response
from sqlalchemy.orm import Session

from accounts import shortlists
from accounts.models.accounts import Membership
from accounts.shortlist_rows import Owner
from accounts.sign_ins import SignedIn
from foundation import clock, http
from foundation.database import Database
from foundation.errors import Unavailable
from web import sign_ins

COOKIE = "shortlist"


def owner_of(request: Request) -> Owner | None:
    """Return whose list is meant; None for a browser that never made one."""
    token = token_of(request)
    return client_of(request) or (Owner(token=token) if token else None)


def token_of(request: Request) -> str | None:
    """Return what the browser's cookie holds."""
    return request.cookies.get(http.cookie_name(request, COOKIE))


def client_of(request: Request) -> Owner | None:
    """Return the client for whom the request's sender acts, as the owner of its list."""
    signed_in = sign_ins.current(request)
    if signed_in is None or signed_in.client_id is None or signed_in.is_suspended:
        return None
    return Owner(client_id=signed_in.client_id, may_change=may_change(signed_in))


def may_change(signed_in: SignedIn | None) -> bool:
    """Tell whether the list that somebody sees is theirs to change: everybody's is, but a viewer's company's."""
    return signed_in is None or signed_in.role is None or signed_in.role in shortlists.MAY_CHANGE


def owner_to_write(session: Session, token: str | None, client: Owner | None) -> Owner:
    """Return whose list is to be changed, a new browser's if there is none. A token that we don't know is not believed.

    What the browser had before its owner signed in is joined with the client's list first.
    """
    if client:
        if token:
            shortlists.adopt(session, token, client, at=clock.now())
        return client
    if token and shortlists.find(session, Owner(token=token)):
        return Owner(token=token)
    return Owner(token=secrets.token_urlsafe(32))


def settle(request: Request) -> None:
    """Join a browser's list with the client's who has signed in meanwhile; note that a browser's list is in use.

    The one of a viewer's browser stays as it was.
    """
    token, client, at = token_of(request), client_of(request), clock.now()
    if not token or (client and not client.may_change):
        return
    database: Database = request.app.state.database
    with database.reading() as session:
        found = shortlists.find(session, Owner(token=token))
        is_due = found is not None and (client is not None or at - found.used_at >= shortlists.SEEN_EVERY)
    if not is_due:
        return
    with database.writing() as session:
        if client is None:
            shortlists.mark_used(session, Owner(token=token), at=at)
        else:
            shortlists.adopt(session, token, client, at=at)


def carry_over(request: Request, response: Response, account_id: str) -> None:
    """Join the browser's list with the client's of somebody who has just signed in; later if the database is away."""
    token = token_of(request)
    if not token:
        return
    database: Database = request.app.state.database
    try:
        with database.writing() as session:
            membership = session.get(Membership, account_id)
            if membership is None or membership.role not in shortlists.MAY_CHANGE:
                return
            client = Owner(client_id=membership.client_id)
            shortlists.adopt(session, token, client, at=clock.now())
    except Unavailable:
        return
    remember(request, response, client)


def remember(request: Request, response: Response, owner: Owner) -> None:
    """Keep a browser's token in its cookie, for as long again; of a client none is needed any more."""
    name, is_secure = http.cookie_name(request, COOKIE), http.is_encrypted(request)
    if owner.token is None:
        if token_of(request):
            response.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="lax")
        return
    response.set_cookie(
        name,
        owner.token,
        max_age=int(shortlists.KEPT_UNUSED.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure,
    )


def shown_ids(request: Request) -> list[str]:
    """Return who is on the list, for the number that every page shows; nobody while the database is away."""
    found: Any = getattr(request.state, "shortlisted", None)
    if found is None:
        found = request.state.shortlisted = _read(request)
    return found


def _read(request: Request) -> list[str]:
    database: Database = request.app.state.database
    try:
        owner = owner_of(request)
        if owner is None:
            return []
        with database.reading() as session:
            return shortlists.shown_ids(session, owner)
    except Unavailable:
        return []
