"""Who sends a request: the cookie, and what it opens."""

from urllib.parse import quote

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from accounts import passwords, sign_ins
from accounts.models.accounts import Account, AccountKind
from accounts.sign_ins import SignedIn
from foundation import clock, http
from foundation.database import Database

PATH = "/sign-in"
COOKIE = "portulan"
_UNREAD = object()


class SignInNeeded(Exception):
    """A page is for people who have signed in, or gone further with it; `path` is where to do so."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(path)


def current(request: Request) -> SignedIn | None:
    """Return who is signed in, asked of the database once a request; nobody's cookie costs nothing."""
    found = anyone(request)
    return None if found is None or found.needs_second_factor else found


def anyone(request: Request) -> SignedIn | None:
    """Return who is signed in, or waits for the second factor."""
    found = getattr(request.state, "signed_in", _UNREAD)
    if found is _UNREAD:
        found = _read(request)
        request.state.signed_in = found
    return found  # pyright: ignore[reportReturnType] - `_UNREAD` was replaced


def knows_password(request: Request, who: SignedIn, password: str) -> bool:
    """Tell whether somebody types their own password, before what a thief of a session would do."""
    database: Database = request.app.state.database
    with database.reading() as session:
        account = session.get(Account, who.account_id)
    return passwords.matches(password, account.password_hash if account else None)


def required(request: Request, *kinds: AccountKind) -> SignedIn:
    """Return who is signed in, if they are of one of `kinds` (any, where none is named).

    Raises SignInNeeded for those who can do something about it, 403 for the wrong kind. Whatever is answered is theirs
    alone: `foundation.http.with_headers` sees to it that nobody keeps it.
    """
    found = anyone(request)
    request.state.is_personal = True
    if found is None or found.needs_second_factor:
        raise SignInNeeded(_with_next(request, PATH if found is None else f"{PATH}/code"))
    if found.must_set_up_second_factor:
        raise SignInNeeded(_with_next(request, "/account/second-factor"))
    if kinds and found.is_suspended:
        raise SignInNeeded("/account")
    if kinds and found.kind not in kinds:
        raise HTTPException(403)
    return found


def remember(request: Request, response: Response, token: str, kind: AccountKind) -> None:
    """Put the token of a new sign-in into its cookie."""
    response.set_cookie(
        http.cookie_name(request, COOKIE),
        token,
        max_age=int(sign_ins.lifetime_of(kind).whole.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=http.is_encrypted(request),
    )


def forget(request: Request, response: Response) -> None:
    """Take the cookie back."""
    name = http.cookie_name(request, COOKIE)
    response.delete_cookie(name, path="/", secure=http.is_encrypted(request), httponly=True)


def safe_next(path: str) -> str:
    """Return where to go on after signing in: a page of ours, else the home page (no open redirect)."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else "/"


def _read(request: Request) -> SignedIn | None:
    token = request.cookies.get(http.cookie_name(request, COOKIE))
    if not token:
        return None
    database: Database = request.app.state.database
    at = clock.now()
    with database.reading() as session:
        found = sign_ins.find(session, token, at=at)
    if found is None:
        return None
    signed_in, is_due = found
    if is_due:
        with database.writing() as session:
            sign_ins.mark_seen(session, signed_in.sign_in_id, at=at)
    return signed_in


def _with_next(request: Request, path: str) -> str:
    if request.method != "GET":
        return path
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{path}?next={quote(wanted, safe='/')}"
