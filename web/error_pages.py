"""From errors to answers, for people and for programs."""

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from foundation import http
from foundation.errors import DomainError, Fault, Invalid
from foundation.i18n import Language
from foundation.lifecycles import Refused
from web import site
from web.sign_ins import SignInNeeded

API_PREFIX = "/api/"
log = structlog.get_logger(__name__)


def add(app: FastAPI) -> None:
    """Have every error answered: as a page, or as the one error body where programs ask."""

    @app.exception_handler(DomainError)
    def on_domain_error(request: Request, error: DomainError) -> Response:
        status = http.status_of(error)
        faults = error.faults if isinstance(error, Invalid) else [_whole(request, status, type(error).__name__.lower())]
        response = _answer(request, status, faults)
        if status in {429, 503}:
            response.headers["Retry-After"] = "1"
        return response

    @app.exception_handler(Refused)
    def on_refused(request: Request, error: Refused) -> Response:
        if _wants_json(request):
            return on_domain_error(request, error)
        return site.refused_page(request, error)

    @app.exception_handler(SignInNeeded)
    def on_sign_in_needed(request: Request, error: SignInNeeded) -> Response:
        if _wants_json(request):
            return http.error_response(403, [_whole(request, 403, "sign_in_needed")])
        return RedirectResponse(error.path, status_code=303)

    @app.exception_handler(RequestValidationError)
    def on_bad_request(request: Request, error: RequestValidationError) -> Response:
        return _answer(request, 422, [http.validation_fault(detail, _language(request)) for detail in error.errors()])

    @app.exception_handler(HTTPException)
    def on_http_error(request: Request, error: HTTPException) -> Response:
        code = f"http_{error.status_code}"
        response = _answer(request, error.status_code, [_whole(request, error.status_code, code)])
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    def on_surprise(request: Request, error: Exception) -> Response:
        # This runs outside of every middleware: what they add has to be added again.
        request_id = request.state.request_id
        log.error("request failed", route=_route(request), error=repr(error), exc_info=error, request_id=request_id)
        return http.with_headers(request, _answer(request, 500, [_whole(request, 500, "internal")]))


def _answer(request: Request, status: int, faults: list[Fault]) -> Response:
    if status in {403, 429}:
        log.warning("request refused", status=status, method=request.method, route=_route(request))
    if _wants_json(request):
        return http.error_response(status, faults)
    return site.error_page(request, status, faults)


def _route(request: Request) -> str:
    """Return the route that a request took: its path may hold what opens something."""
    return getattr(request.scope.get("route"), "path", "unmatched")


def _whole(request: Request, status: int, code: str) -> Fault:
    return http.status_fault(status, code, _language(request))


def _language(request: Request) -> Language:
    """Return the language of JSON answers: the parameter's, French where it says none of ours."""
    return "en" if request.query_params.get("lang") == "en" else "fr"


def _wants_json(request: Request) -> bool:
    path = request.url.path
    return path.startswith(API_PREFIX) or path in {"/healthz", "/readyz", "/metrics", "/openapi.json"}
