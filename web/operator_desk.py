"""What all of the operators' pages share: who may open them, and how they are rendered."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing.proposals import Limit, OwnProposal, WaitsForAnother
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from web import forms, sign_ins
from web.rendering import language_of, private, render

PATH = "/operator"
PAGE = 50
"""Rows of one page of a list."""


def operator(request: Request) -> SignedIn:
    """Return the operator who sends a request; others are led to sign in, or refused."""
    return sign_ins.required(request, AccountKind.OPERATOR)


def database(request: Request) -> Database:
    """Return the installation's database."""
    return request.app.state.database


def page(request: Request, template: str, area: str, context: dict[str, Any], *, status: int = 200) -> HTMLResponse:
    """Show a page of an area; `done` in its address says what was just done."""
    shared: dict[str, Any] = {
        "area": area,
        "form": {},
        "faults": {},
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, f"operator/{template}", language_of(request), {**shared, **context}, status=status))


def limit_of(request: Request) -> Limit:
    """Return above which amount a second operator is needed."""
    return Limit(request.app.state.settings.refund_four_eyes_cents, language_of(request))


def known(row_id: str) -> str:
    """Return an id out of an address; raise NotFound for what can't be one, of which PostgreSQL would complain."""
    if "\0" in row_id or len(row_id) > 100:
        raise NotFound("there is no such thing")
    return row_id


def act(path: str, done: str, work: Callable[[], object]) -> RedirectResponse:
    """Do what a button asks for, and lead on; if somebody was quicker, the page shows how things stand now."""
    try:
        work()
    except OwnProposal:
        return forms.lead_on(path, done="own")
    except WaitsForAnother:
        return forms.lead_on(path, done="waits")
    except Conflict:
        return forms.lead_on(path, done="overtaken")
    return forms.lead_on(path, done=done)


def act_on_money(request: Request, path: str, done: str, work: Callable[[Session], object]) -> RedirectResponse:
    """Do the same with money; what was only proposed, as `work` returns it, waits for a second operator."""
    proposed: list[object] = []

    def act_once() -> None:
        with database(request).writing() as session:
            proposed.append(work(session))

    answer = act(path, done, act_once)
    return forms.lead_on(path, done="proposed") if any(proposed) else answer
