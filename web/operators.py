"""Who may open the operator's pages, until operators have accounts: whoever knows the installation's token.

The cookie holds a name and when it ends, signed with the token: it can't be made without it, and a new token ends
every cookie. A form carries a second signature of that cookie, which another site can't know (OWASP's "HMAC based
token pattern").
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException

from foundation import clock
from foundation.settings import Settings

COOKIE = "operator"
PATH = "/operator"
LASTS = timedelta(hours=12)
LONGEST_NAME = 60
LONGEST_FORM = 30_000


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who signed in, with the token that forms of theirs carry."""

    name: str
    csrf: str


def token_of(request: Request) -> str:
    """Return the installation's token; where there is none, the operator's pages don't exist."""
    settings: Settings = request.app.state.settings
    token = settings.operator_token.get_secret_value()
    if not token:
        raise HTTPException(404)
    return token


def signed_in(request: Request) -> Operator | None:
    """Return who sent the request, if they have signed in."""
    return read_cookie(token_of(request), request.cookies.get(COOKIE, ""), clock.now())


def is_encrypted(request: Request) -> bool:
    """Tell whether the site is reached over TLS, perhaps through a proxy that takes it off."""
    settings: Settings = request.app.state.settings
    return request.url.scheme == "https" or settings.base_url.startswith("https:")


def check_form(request: Request, form: dict[str, str]) -> Operator:
    """Return who sent a form from one of our own pages; refuse everybody else."""
    operator = signed_in(request)
    if operator is None or not hmac.compare_digest(form.get("csrf", "").encode(), operator.csrf.encode()):
        raise HTTPException(403)
    return operator


def is_token(token: str, given: str) -> bool:
    """Tell whether a token is right, in a time that does not tell how much of it is."""
    return hmac.compare_digest(_signature(token, "token", token), _signature(token, "token", given))


def make_cookie(token: str, name: str, at: datetime) -> str:
    """Return the cookie of somebody who knows the token."""
    content = base64.urlsafe_b64encode(f"{int((at + LASTS).timestamp())}|{name}".encode()).decode().rstrip("=")
    return f"{content}.{_signature(token, 'cookie', content)}"


def read_cookie(token: str, cookie: str, at: datetime) -> Operator | None:
    """Return whose cookie it is; None where it is not ours, or has ended."""
    content, _, signature = cookie.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(token, "cookie", content).encode()):
        return None
    try:
        until, _, name = base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)).decode().partition("|")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Operator(name, _signature(token, "csrf", content)) if at.timestamp() < int(until) else None


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a posted form; refuse what is larger than any form of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            raise HTTPException(413)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError:
        return {}


def _signature(token: str, purpose: str, text: str) -> str:
    return hmac.new(token.encode(), f"{purpose}|{text}".encode(errors="replace"), hashlib.sha256).hexdigest()
