"""What every HTTP answer shares: security headers, request ids, rate limits, metrics, one error body."""

import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from prometheus_client import CollectorRegistry, Counter, Histogram
from pydantic import BaseModel, Field

from foundation.errors import Conflict, DomainError, Fault, Invalid, NotFound, Unavailable

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
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
STATUSES: dict[type[DomainError], int] = {NotFound: 404, Conflict: 409, Invalid: 422, Unavailable: 503}

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


class SearchLimit:
    """How many searches one address may make a second."""

    def __init__(self, per_second: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerSecond(per_second)

    def allows(self, request: Request) -> bool:
        """Count a search of the request's address, and tell whether it may be made."""
        return self._limiter.hit(self._limit, request.client.host if request.client else "unknown")


def error_response(status: int, faults: list[Fault], headers: dict[str, str] | None = None) -> JSONResponse:
    """Return faults as the one error body."""
    items = [{"field": fault.field, "code": fault.code, "message": fault.message} for fault in faults]
    return JSONResponse({"errors": items}, status_code=status, headers=headers)


def status_of(error: DomainError) -> int:
    """Return the HTTP status of a domain error."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)


def faults_of(error: DomainError) -> list[Fault]:
    """Return a domain error as faults."""
    if isinstance(error, Invalid):
        return error.faults
    return [Fault("request", type(error).__name__.lower(), str(error))]


def validation_faults(error: RequestValidationError) -> list[Fault]:
    """Return FastAPI's complaints as faults, each with the field's plain name."""
    return [validation_fault(detail) for detail in error.errors()]


def validation_fault(detail: Any) -> Fault:
    """Return one of Pydantic's complaints as a fault."""
    path = [str(part) for part in detail["loc"] if part not in {"query", "body", "path"}]
    kind = str(detail["type"])
    name = path[0] if path else "request"
    if kind == "extra_forbidden":
        return Fault(name, "unknown_parameter", "This parameter is not known.")
    return Fault(name, kind, str(detail["msg"]))


async def add_headers(request: Request, call_next: Next) -> Response:
    """Middleware: a request id in log and answer, and the security headers."""
    request_id = uuid4().hex[:16]
    structlog.contextvars.bind_contextvars(request_id=request_id)
    try:
        response = await call_next(request)
    finally:
        structlog.contextvars.unbind_contextvars("request_id")
    response.headers["X-Request-Id"] = request_id
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def count_requests(metrics: Metrics) -> Callable[[Request, Next], Awaitable[Response]]:
    """Return the middleware that counts and times requests by route, never by address."""

    async def count(request: Request, call_next: Next) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "unmatched")
        metrics.requests.labels(request.method, route, response.status_code).inc()
        metrics.seconds.labels(request.method, route).observe(time.perf_counter() - started)
        return response

    return count
