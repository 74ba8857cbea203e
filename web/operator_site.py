"""The addresses of the operators' pages: grading results blindly."""

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from foundation import clock
from foundation.database import Database
from search_api import gradings, judgments
from search_api.gradings import Pools
from search_api.judgment_records import QueryRecord, Record
from search_api.pointers import LivePointers
from search_api.searches import Searcher
from web import sign_ins
from web.forms import Form
from web.pages import gradings as pages
from web.rendering import address, language_of, private, render

PATH = "/operator"
GRADING = f"{PATH}/grading"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/grading")
def show_grading(request: Request) -> Response:
    """Show an expert to be graded for a query."""
    return _grading_page(request, _operator(request))


@router.post("/grading")
def grade(request: Request, form: Form) -> Response:
    """Keep a grade, and go on to the next pair."""
    operator = _operator(request)
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
def undo(request: Request) -> Response:
    """Take back what the operator graded last, and show it again."""
    operator = _operator(request)
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
    operator = _operator(request)
    try:
        record = QueryRecord.model_validate({name: form.get(name, "").strip() for name in ("query", "kind")})
    except ValidationError:
        return _grading_page(request, operator, refused=form, status=422)
    with _database(request).writing() as session:
        judgments.add_query(session, record)
    return _on_from(gradings.order_of(operator.name, judgments.id_of(record.query)))


@router.get("/grading/{path:path}")
def lead_on(request: Request, path: str) -> RedirectResponse:
    """Lead from an address that only takes forms, such as in another language, to the page that has them."""
    del path
    language = request.query_params.get("lang")
    return RedirectResponse(address(GRADING, [("lang", language)] if language else []), status_code=303)


def _operator(request: Request) -> SignedIn:
    return sign_ins.required(request, AccountKind.OPERATOR)


def _grading_page(
    request: Request, operator: SignedIn, *, refused: dict[str, str] | None = None, status: int = 200
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
    return private(render(request, "grading.html", language, context, status=status))


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
