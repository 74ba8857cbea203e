"""The cookie by which a browser finds what its owner wrote to an expert before signing up."""

from fastapi import Request, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import Account
from booking import message_drafts
from foundation import http

COOKIE = "draft"
LONGEST_TOKEN = 100


def token_of(request: Request) -> str:
    """Return what the browser's cookie holds; empty where there is none."""
    return request.cookies.get(http.cookie_name(request, COOKIE), "")[:LONGEST_TOKEN]


def remember(request: Request, response: Response, token: str) -> None:
    """Put the token of a draft into its cookie."""
    response.set_cookie(
        http.cookie_name(request, COOKIE),
        token,
        max_age=int(message_drafts.KEPT_FOR.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=http.is_encrypted(request),
    )


def path_waiting(session: Session, request: Request, account: Account) -> str:
    """Return where somebody who comes in was about to write; empty where they were not, or write to nobody."""
    if account.kind not in message_drafts.CLIENTS:
        return ""
    slug = message_drafts.slug_waiting(session, token_of(request), account.id)
    return f"/experts/{slug}/write" if slug else ""
