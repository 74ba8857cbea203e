"""The addresses of an expert's papers, of the statement to have other clients, and of the papers' files."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from booking import duties, papers
from booking.duty_mails import policy_of
from foundation import clock, deadlines
from foundation.database import Database
from foundation.errors import Invalid, NotFound
from web import forms, sign_ins, uploads
from web.files_site import LETTER_POLICY, LOOKED_THROUGH_S
from web.forms import Form
from web.pages import papers as pages
from web.rendering import language_of, private, render
from web.space_site import Owner, owner_of
from web.uploads import Upload

PATH = "/my/papers"
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


async def receive_paper(request: Request) -> Upload:
    """Receive the form of a paper."""
    return await uploads.receive(request, papers.FIELD, papers.MOST_BYTES)


@router.get(PATH)
def show_papers(request: Request) -> Response:
    """Show the papers with how each stands, and the form for another."""
    return _page(request, owner_of(request))


@router.post(PATH)
def send_paper(request: Request, upload: Annotated[Upload, Depends(receive_paper)]) -> Response:
    """Take a paper, in the place of an earlier one of its kind."""
    owner = owner_of(request)
    with deadlines.within(LOOKED_THROUGH_S):
        try:
            draft, checked = papers.check_all(
                upload.fields, upload.content, clock.today(), is_too_large=upload.is_too_large
            )
        except Invalid as error:
            return _page(request, owner, upload.fields, error, status=422)
        actor, at = owner.signed_in.actor, clock.now()
        with _database(request).writing() as session:
            papers.put(session, owner.expert_id, draft, checked, actor=actor, at=at)
    return forms.lead_on(PATH, done="sent")


@router.post(f"{PATH}/clients")
def attest_other_clients(request: Request, form: Form) -> Response:
    """Keep the statement to have other clients; without the tick nothing is stated."""
    owner = owner_of(request)
    if form.get("has_other_clients") != "yes":
        return _page(request, owner, form, Invalid([papers.unticked()]), status=422)
    with _database(request).writing() as session:
        duties.attest(session, owner.signed_in, at=clock.now())
    return forms.lead_on(PATH, done="stated")


@router.post(f"{PATH}/{{paper_id}}/remove")
def remove_paper(request: Request, paper_id: str) -> Response:
    """Delete a paper."""
    owner = owner_of(request)
    with _database(request).writing() as session:
        papers.remove(session, owner.expert_id, paper_id, actor=owner.signed_in.actor, at=clock.now())
    return forms.lead_on(PATH, done="removed")


@router.get("/papers/{paper_id}")
def read_paper(request: Request, paper_id: str) -> Response:
    """Send a paper as a download to its owner, to operators, or to a company that has a contract with the expert."""
    who = sign_ins.current(request)
    if who is None or not who.may_act:
        raise NotFound("there is no such paper")
    with _database(request).reading() as session:
        paper, file = papers.read(session, who, paper_id)
    ending = file.media_type.rpartition("/")[2]
    headers = {
        "Content-Disposition": f'attachment; filename="{paper.kind}-{paper.issued_on}.{ending}"',
        "Content-Security-Policy": LETTER_POLICY,
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


def _page(
    request: Request,
    owner: Owner,
    form: dict[str, str] | None = None,
    error: Invalid | None = None,
    *,
    status: int = 200,
) -> Response:
    language, today = language_of(request), duties.day_of(clock.now())
    with _database(request).reading() as session:
        found = papers.of(session, owner.expert_id)
        stated = duties.attested(session, owner.expert_id)
    policy = policy_of(request.app.state.settings)
    context = pages.context(found, stated, policy, language, today=today, form=form or {}, error=error)
    context["done"] = request.query_params.get("done", "")
    return private(render(request, "my/papers.html", language, context, status=status))


def _database(request: Request) -> Database:
    return request.app.state.database
