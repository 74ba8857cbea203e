"""The addresses of an expert's promo code, what came of it, and their reductions of the commission."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import Client
from billing import reductions, referrals
from foundation import clock
from foundation.database import Database
from web import forms
from web.pages import referrals as pages
from web.pages.referrals import Earned
from web.rendering import language_of, private, render, site_address
from web.space_site import owner_of

PATH = "/my/referrals"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(PATH)
def show_referrals(request: Request) -> Response:
    """Show the code with its link, what came of it, and all reductions."""
    owner, language = owner_of(request), language_of(request)
    with _database(request).reading() as session:
        lines = reductions.of(session, owner.expert_id)
        clients = [line.reduction.client_id for line in lines if line.reduction.client_id]
        named = session.execute(select(Client).where(col(Client.id).in_(clients))).scalars()
        earned = Earned(
            code=referrals.code_of(session, owner.expert_id),
            outcomes=referrals.of(session, owner.expert_id),
            lines=lines,
            clients={client.id: client.name for client in named},
        )
    context = pages.context(earned, request.app.state.settings, site_address(request), language)
    return private(render(request, "my/referrals.html", language, context))


@router.post(PATH)
def make_code(request: Request) -> Response:
    """Give the expert a code, unless they have one."""
    owner = owner_of(request)
    at = clock.now()
    with _database(request).writing() as session:
        referrals.make_code(session, owner.signed_in, at)
    return forms.lead_on(PATH)


def _database(request: Request) -> Database:
    return request.app.state.database
