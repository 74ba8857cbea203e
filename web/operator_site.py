"""The addresses of the operator's pages: signing in, and grading results blindly."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from foundation import clock
from foundation.database import Database
from search_api import gradings, judgments
from search_api.gradings import Pools
from search_api.judgment_records import QueryRecord, Record
from search_api.pointers import LivePointers
from search_api.searches import Searcher
from web import operators
from web.operators import Operator
from web.pages import gradings as pages
from web.rendering import address, language_of, render

GRADING = f"{operators.PATH}/grading"
Form = Annotated[dict[str, str], Depends(operators.read_form)]
router = APIRouter(prefix=operators.PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/grading")
def show_grading(request: Request) -> Response:
    """Show an expert to be graded for a query, or ask for the token first."""
    operator = operators.signed_in(request)
    if operator is None:
        return _ask_for_token(request, is_wrong=False)
    return _grading_page(request, operator)


@router.post("/sign-in")
def sign_in(request: Request, form: Form) -> Response:
    """Give a cookie to who knows the token."""
    token = operators.token_of(request)
    name = " ".join(form.get("name", "").split())[: operators.LONGEST_NAME]
    if not operators.is_token(token, form.get("token", "")) or not name.isprintable():
        return _ask_for_token(request, is_wrong=True)
    response = RedirectResponse(GRADING, status_code=303)
    response.set_cookie(
        operators.COOKIE,
        operators.make_cookie(token, name or "operator", clock.now()),
        max_age=int(operators.LASTS.total_seconds()),
        path=operators.PATH,
        httponly=True,
        samesite="strict",
        secure=operators.is_encrypted(request),
    )
    return response


@router.post("/sign-out")
def sign_out(request: Request, form: Form) -> Response:
    """Take the cookie back."""
    operators.check_form(request, form)
    response = RedirectResponse(GRADING, status_code=303)
    response.delete_cookie(operators.COOKIE, path=operators.PATH)
    return response


@router.post("/grading")
def grade(request: Request, form: Form) -> Response:
    """Keep a grade, and go on to the next pair."""
    operator = operators.check_form(request, form)
    try:
        record = Record.model_validate(
            {name: form.get(name, "") for name in ("query", "kind", "expert", "grade")} | {"author": operator.name}
        )
    except ValidationError:
        raise HTTPException(422) from None
    with _database(request).writing() as session:
        judgments.store(session, [record], at=clock.now())
    return _on_from(gradings.key_of(operator.name, judgments.id_of(record.query), record.expert) + "0")


@router.post("/grading/undo")
def undo(request: Request, form: Form) -> Response:
    """Take back what the operator graded last, and show it again."""
    operator = operators.check_form(request, form)
    with _database(request).writing() as session:
        last = gradings.latest(session, operator.name)
        if last is None:
            return _on_from("")
        query, judgment = last
        judgments.forget(session, query.text, judgment.expert_ref, author=operator.name)
    return _on_from(gradings.key_of(operator.name, query.id, judgment.expert_ref))


@router.post("/grading/queries")
def add_query(request: Request, form: Form) -> Response:
    """Add a query to be judged."""
    operator = operators.check_form(request, form)
    try:
        record = QueryRecord.model_validate({name: form.get(name, "").strip() for name in ("query", "kind")})
    except ValidationError:
        return _grading_page(request, operator, refused=form, status=422)
    with _database(request).writing() as session:
        judgments.add_query(session, record)
    return _on_from(gradings.order_of(operator.name, judgments.id_of(record.query)))


@router.get("/{path:path}")
def lead_on(request: Request, path: str) -> Response:
    """Lead from an address that only takes forms, such as in another language, to the page that has them."""
    del path
    operators.token_of(request)
    language = request.query_params.get("lang")
    return RedirectResponse(address(GRADING, [("lang", language)] if language else []), status_code=303)


def _grading_page(
    request: Request, operator: Operator, *, refused: dict[str, str] | None = None, status: int = 200
) -> HTMLResponse:
    with _database(request).reading() as session:
        queries = gradings.waiting(session)
        can_undo = gradings.latest(session, operator.name) is not None
    searchers = _searchers(request)
    start = request.query_params.get("from", "")
    following = gradings.find_next(_pools(request), searchers, queries, operator.name, start=start)
    language = language_of(request)
    context = pages.context(
        following,
        queries,
        operator,
        searchers[0].wordlists,
        language,
        is_partial=bool(start),
        can_undo=can_undo,
        refused=refused,
    )
    return _unlisted(render(request, "grading.html", language, context, status=status))


def _ask_for_token(request: Request, *, is_wrong: bool) -> HTMLResponse:
    operators.token_of(request)
    status = 403 if is_wrong else 200
    return _unlisted(render(request, "sign_in.html", language_of(request), {"is_wrong": is_wrong}, status=status))


def _unlisted(response: HTMLResponse) -> HTMLResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _on_from(start: str) -> RedirectResponse:
    return RedirectResponse(address(GRADING, [("from", start)] if start else []), status_code=303)


def _searchers(request: Request) -> Sequence[Searcher]:
    """Return a searcher for each profile that searches with a query are ranked by, or may be soon."""
    searcher: Searcher = request.app.state.make_searcher()
    live_pointers: LivePointers = request.app.state.pointers
    found = live_pointers.current()["search"]
    on_trial = [profile for profile in (found.canary, found.shadow) if profile is not None]
    return [replace(searcher, profile=profile) for profile in dict.fromkeys([found.live, *on_trial])]


def _database(request: Request) -> Database:
    return request.app.state.database


def _pools(request: Request) -> Pools:
    return request.app.state.pools
