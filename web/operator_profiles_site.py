"""The addresses where operators look at profiles that nobody owns: inviting their experts, keeping them back."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts import accounts, invitations, notice_decisions
from accounts.models.experts import Expert
from accounts.models.notices import Ground
from foundation import audits, clock, i18n
from foundation.errors import Conflict, Invalid, NotFound
from foundation.i18n import message, translate
from web import audit_lines, forms, operator_desk, operator_people_site
from web.forms import Form
from web.rendering import language_of

PATH = f"{operator_desk.PATH}/profiles"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)
_KIND = "expert"
"""What the audit log calls profiles."""
_NOT_INVITED = message("This address has an account already, or the profile has an owner by now.")


@router.get("/{expert_id}")
def show(request: Request, expert_id: str) -> Response:
    """Show a profile that nobody owns; one that has an owner is on its owner's page."""
    operator_desk.operator(request)
    with operator_desk.database(request).reading() as session:
        owner = accounts.owner_of(session, operator_desk.known(expert_id))
    if owner:
        return forms.lead_on(f"{operator_people_site.PATH}/{owner.id}")
    return _page(request, expert_id, {}, {})


@router.post("/{expert_id}/invite")
def invite(request: Request, expert_id: str, form: Form) -> Response:
    """Mail the expert a link with which the profile becomes theirs."""
    operator, at = operator_desk.operator(request), clock.now()
    language = i18n.known(form.get("language"))

    def work(session: Session, expert: Expert) -> None:
        invitations.invite_expert(session, expert.ref, form.get("email", ""), language, operator.actor, at=at)

    try:
        return _act(request, expert_id, "invited", work)
    except Invalid as error:
        return _page(request, expert_id, form, {**forms.faults_by_field(error), "action": "invite"}, status=422)
    except Conflict:
        reason = translate(language_of(request), _NOT_INVITED)
        return _page(request, expert_id, form, {"email": reason, "action": "invite"}, status=409)


@router.post("/{expert_id}/withhold")
def withhold(request: Request, expert_id: str, form: Form) -> Response:
    """Keep a profile back, for reasons that stand among the notices, where it is taken back too."""
    operator, at = operator_desk.operator(request), clock.now()

    def work(session: Session, expert: Expert) -> None:
        ground, verdict = notice_decisions.check_motion(form, language_of(request))
        notice_decisions.hide_profile(session, expert, ground, verdict, operator.actor, at=at)

    try:
        return _act(request, expert_id, "withheld", work)
    except Invalid as error:
        return _page(request, expert_id, form, {**forms.faults_by_field(error), "action": "withhold"}, status=422)
    except Conflict:
        return forms.lead_on(f"{PATH}/{expert_id}", done="overtaken")


def _act(request: Request, expert_id: str, done: str, work: Callable[[Session, Expert], None]) -> Response:
    with operator_desk.database(request).writing() as session:
        work(session, _expert(session, expert_id))
    return forms.lead_on(f"{PATH}/{expert_id}", done=done)


def _expert(session: Session, expert_id: str) -> Expert:
    expert = session.get(Expert, operator_desk.known(expert_id))
    if expert is None:
        raise NotFound("there is no such profile")
    return expert


def _page(
    request: Request, expert_id: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    operator = operator_desk.operator(request)
    with operator_desk.database(request).writing() as session:
        expert = _expert(session, expert_id)
        audits.record(session, operator.actor, operator_people_site.LOOKED_AT, _KIND, expert.id, at=clock.now())
        entries = audits.entries(session, object_kind=_KIND, object_id=expert.id, limit=operator_people_site.SHOWN)
        context: dict[str, Any] = {
            "expert": expert,
            "hidden_by": notice_decisions.hiding(session, expert.id),
            "invited": invitations.to_profile(session, expert.ref, at=clock.now()),
            "grounds": list(Ground),
            "entries": audit_lines.read(session, entries),
        }
    return operator_desk.page(
        request, "profile.html", "people", {**context, "form": form, "faults": faults}, status=status
    )
