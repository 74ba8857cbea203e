"""Whose mission sheets a request is about: the client's who has signed in, else that of the browser's cookie.

The cookie is given to whoever saves a first draft, and to nobody for looking around.
"""

import secrets

from fastapi import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Membership, Role
from accounts.shortlist_rows import Owner
from booking import sheets
from booking.sheets import Author
from foundation import clock, http
from foundation.database import Database
from foundation.errors import NotFound, Unavailable
from web import sign_ins

COOKIE = "sheet"


def token_of(request: Request) -> str | None:
    """Return what the browser's cookie holds."""
    return request.cookies.get(http.cookie_name(request, COOKIE))


def reader_of(request: Request) -> Owner:
    """Return whose sheets may be read; raise NotFound for a browser that never drafted one."""
    signed_in, token = sign_ins.current(request), token_of(request)
    if signed_in and signed_in.client_id and not signed_in.is_suspended:
        return Owner(client_id=signed_in.client_id)
    if not token:
        raise NotFound("there is no such sheet")
    return Owner(token=token)


def author_of(request: Request) -> Author:
    """Return whose sheets may be changed; raise NotFound for who may only read, or never drafted one."""
    signed_in = sign_ins.current(request)
    if signed_in and signed_in.client_id and not signed_in.is_suspended:
        return sheets.author(signed_in)
    return Author(reader_of(request))


def author_to_begin(request: Request) -> Author:
    """Return who begins a sheet, a new browser if need be; raise NotFound for colleagues who may only read."""
    signed_in = sign_ins.current(request)
    if (signed_in and signed_in.client_id and not signed_in.is_suspended) or token_of(request):
        return author_of(request)
    return Author(Owner(token=secrets.token_urlsafe(32)))


def believed(session: Session, author: Author) -> Author:
    """Return an author whose token we know, or a new one: a token that somebody else put there is not believed."""
    if author.owner.client_id or sheets.of(session, author.owner):
        return author
    return Author(Owner(token=secrets.token_urlsafe(32)))


def remember(request: Request, response: Response, author: Author) -> None:
    """Keep a browser's token in its cookie, for as long again."""
    if author.owner.token is not None:
        response.set_cookie(
            http.cookie_name(request, COOKIE),
            author.owner.token,
            max_age=int(sheets.KEPT_UNUSED.total_seconds()),
            path="/",
            httponly=True,
            samesite="lax",
            secure=http.is_encrypted(request),
        )


def carry_over(request: Request, response: Response, account_id: str) -> str | None:
    """Give the browser's draft to the client of somebody who has just signed in; return its path.

    Whoever may not write sheets leaves it with the browser, and so does everybody while the database is away.
    """
    token = token_of(request)
    if not token:
        return None
    database: Database = request.app.state.database
    try:
        with database.writing() as session:
            is_writer = col(Membership.role).in_([Role(role).value for role in sheets.MAY_WRITE])
            statement = select(Membership).where(col(Membership.account_id) == account_id, is_writer)
            membership = session.execute(statement).scalar_one_or_none()
            if membership is None:
                return None
            adopted = sheets.adopt(session, token, membership.client_id, account_id, at=clock.now())
    except Unavailable:
        return None
    response.delete_cookie(
        http.cookie_name(request, COOKIE), path="/", secure=http.is_encrypted(request), httponly=True, samesite="lax"
    )
    return f"/sheets/{adopted.id}" if adopted else None
