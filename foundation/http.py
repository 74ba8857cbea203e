"""What every HTTP answer shares: security headers, request ids, rate limits, metrics, one error body."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import structlog
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from prometheus_client import CollectorRegistry, Counter, Histogram
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foundation import deadlines
from foundation.errors import Conflict, DomainError, Fault, Invalid, NotFound, TooMany, Unavailable
from foundation.i18n import Language, message, translate
from foundation.settings import Settings
from foundation.shared import SharedMemory

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
Next = Callable[[Request], Awaitable[Response]]
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HOST_PREFIX = "__Host-"
"""What a cookie's name begins with so that browsers take it from this very host alone, and over TLS (RFC 6265bis)."""
TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains"
"""Browsers that have seen the site over TLS take no other way for a year (RFC 6797)."""
LARGEST_BODY_BYTES = 32_000_000
"""What no request may announce, far above any form of ours: each form has a limit of its own, and says so kindly."""
STATUSES: dict[type[DomainError], int] = {
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}
"""The first that an error is of counts."""
_REASONS = {
    "bool_parsing": message("“true” or “false” is expected."),
    "date_from_datetime_parsing": message("A date is expected, written like 2026-12-31."),
    "date_parsing": message("A date is expected, written like 2026-12-31."),
    "extra_forbidden": message("This parameter is not known."),
    "finite_number": message("A number is expected."),
    "float_parsing": message("A number is expected."),
    "greater_than": message("A number above %(gt)d is expected."),
    "greater_than_equal": message("The lowest value is %(ge)d."),
    "int_parsing": message("A whole number is expected."),
    "less_than_equal": message("The highest value is %(le)d."),
    "literal_error": message("Possible values: %(choices)s."),
    "missing": message("A value is expected."),
    "string_too_long": message("At most %(max_length)s characters are possible."),
    "string_too_short": message("A value is expected."),
    "too_long": message("At most %(max_length)s values are possible."),
}
_QUOTED = re.compile(r"'([^']*)'")
_STATUS_REASONS = {
    403: message("This is not open to you, or it came from another site."),
    404: message("There is nothing at this address."),
    413: message("This is too large."),
    405: message("This address does not take this kind of request."),
    429: message("Too many requests at once. Please try again in a second."),
    500: message("Something went wrong here; it was noted."),
    503: message("Not available just now. Please try again in a moment."),
}

log = structlog.get_logger(__name__)


class ErrorItem(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(examples=["country"])
    code: str = Field(examples=["unknown_country"])
    message: str = Field(examples=["“XX” is no country: give its ISO code or name."])


class ErrorBody(BaseModel):
    """The one error body everywhere."""

    errors: list[ErrorItem]


class Metrics:
    """Counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "portulan_http_requests",
            "Answered requests",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "portulan_http_request_seconds", "Time to answer", ["method", "route"], registry=self.registry
        )
        self.search_seconds = Histogram(
            "portulan_search_phase_seconds",
            "Time of each phase of a search",
            ["phase"],
            registry=self.registry,
        )


class Limits:
    """How often something may be done: counted for all processes together, by each for itself while Redis is away."""

    def __init__(self, shared: SharedMemory | None = None) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = shared
        if shared:
            self._of_all = MovingWindowRateLimiter(RedisStorage("redis://", connection_pool=shared.pool))

    def allows(self, limit: RateLimitItem, *names: str) -> bool:
        """Count one more under `names`, and tell whether it may be done."""
        answer = self._shared.attempt(lambda _: self._of_all.hit(limit, *names)) if self._shared else None
        return self._own.hit(limit, *names) if answer is None else answer

    def check(self, limit: RateLimitItem, *names: str) -> None:
        """Count one more under `names`; raise TooMany if it may not be done."""
        if not self.allows(limit, *names):
            raise TooMany(f"too often: {names[0]}")


class SearchLimit:
    """How many searches one address may make a second."""

    def __init__(self, per_second: int, limits: Limits) -> None:
        self._limit = RateLimitItemPerSecond(per_second)
        self._limits = limits

    def allows(self, request: Request) -> bool:
        """Count a search of the request's address, and tell whether it may be made."""
        return self._limits.allows(self._limit, address_of(request))


def address_of(request: Request) -> str:
    """Return the network address that a request came from."""
    return request.client.host if request.client else "unknown"


def is_encrypted(request: Request) -> bool:
    """Tell whether the site is reached over TLS, perhaps through a proxy that takes it off."""
    settings: Settings = request.app.state.settings
    return request.url.scheme == "https" or settings.base_url.startswith("https:")


def cookie_name(request: Request, name: str) -> str:
    """Return what a cookie is called: over TLS browsers take it from this very host alone, and send it to no other."""
    return f"{HOST_PREFIX}{name}" if is_encrypted(request) else name


def as_download(name: str) -> str:
    """Return the header that has a browser save a file under a name, in whatever letters it is written (RFC 6266)."""
    plain = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\%;' else "_" for sign in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def error_response(status: int, faults: list[Fault], headers: dict[str, str] | None = None) -> JSONResponse:
    """Return faults as the one error body."""
    items = [{"field": fault.field, "code": fault.code, "message": fault.message} for fault in faults]
    return JSONResponse({"errors": items}, status_code=status, headers=headers)


def status_of(error: DomainError) -> int:
    """Return the HTTP status of a domain error."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)


def status_fault(status: int, code: str, language: Language) -> Fault:
    """Return the fault of a request that is refused as a whole."""
    return Fault("request", code, translate(language, _STATUS_REASONS.get(status, _STATUS_REASONS[500])))


def validation_fault(detail: Any, language: Language) -> Fault:
    """Return one of Pydantic's complaints as a fault, with the field's plain name, in the reader's words."""
    path = [str(part) for part in detail["loc"] if part not in {"query", "body", "path"}]
    kind = str(detail["type"])
    reason = _REASONS.get(kind, message("This value can’t be used here."))
    code = "unknown_parameter" if kind == "extra_forbidden" else kind
    values = detail.get("ctx", {})
    choices = ", ".join(_QUOTED.findall(str(values.get("expected", ""))))
    return Fault(path[0] if path else "request", code, translate(language, reason, **values, choices=choices))


async def add_headers(request: Request, call_next: Next) -> Response:
    """Middleware: a request id in log and answer, and the security headers."""
    request.state.request_id = uuid4().hex[:16]
    structlog.contextvars.bind_contextvars(request_id=request.state.request_id)
    try:
        response = await call_next(request)
    finally:
        structlog.contextvars.unbind_contextvars("request_id")
    return with_headers(request, response)


def with_headers(request: Request, response: Response) -> Response:
    """Return a response with the request's id and the security headers."""
    response.headers["X-Request-Id"] = request.state.request_id
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if is_encrypted(request):
        response.headers["Strict-Transport-Security"] = TRANSPORT_SECURITY
    if getattr(request.state, "is_personal", False):
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def count_requests(metrics: Metrics) -> Callable[[Request, Next], Awaitable[Response]]:
    """Return the middleware that counts and times requests by route, never by address."""

    async def count(request: Request, call_next: Next) -> Response:
        started = time.perf_counter()
        status = 500
        try:
            response = await call_next(request)
            status = response.status_code
        finally:
            route = getattr(request.scope.get("route"), "path", "unmatched")
            metrics.requests.labels(request.method, route, status).inc()
            metrics.seconds.labels(request.method, route).observe(time.perf_counter() - started)
        return response

    return count


class AnswerInTime:
    """ASGI middleware: whatever a request waits for, it is answered within some seconds."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with deadlines.within(self._seconds):
            await self._app(scope, receive, send)


class AnswerHead:
    """ASGI middleware: HEAD is GET without the body, as HTTP asks of every address that answers GET (RFC 9110)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            is_body = message["type"] == "http.response.body"
            await send({**message, "body": b""} if is_body else message)

        await self._app({**scope, "method": "GET", "is_head": True}, receive, send_head)


class RefuseLargeBodies:
    """ASGI middleware: a request that announces more than anything here takes is refused before a byte is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        announced = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if announced.isdecimal() and int(announced[:15]) > LARGEST_BODY_BYTES:
            response = error_response(413, [status_fault(413, "too_large", "en")])
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


class RefuseOtherSites:
    """ASGI middleware: nothing is changed on behalf of another site's page (OWASP's cross-site request forgery).

    Browsers say where a request comes from (`Sec-Fetch-Site`); where they don't, `Origin` does. Programs say neither,
    carry no cookies of people, and may go on.
    """

    def __init__(self, app: ASGIApp, site: str = "") -> None:
        self._app = app
        self._site = urlsplit(site).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and self._is_foreign(Headers(scope=scope)):
            log.warning("refused another site's page", method=scope["method"])
            response = error_response(403, [status_fault(403, "other_site", "en")])
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_foreign(self, headers: Headers) -> bool:
        fetched_from = headers.get("sec-fetch-site")
        if fetched_from is not None:
            return fetched_from not in {"same-origin", "none"}
        origin = headers.get("origin")
        return origin is not None and urlsplit(origin).netloc not in {headers.get("host", ""), self._site or None}
