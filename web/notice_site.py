"""The addresses where anybody reports a profile or a review, and an expert objects to a review."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import experts, notices
from accounts.experts import Profile
from accounts.models.experts import Review
from accounts.models.notices import Ground
from accounts.notices import Notifier
from accounts.sign_ins import SignedIn
from foundation import clock
from foundation.errors import Invalid, NotFound
from foundation.http import address_of
from foundation.i18n import translate
from web import arrivals, attempts, forms, sign_ins
from web.forms import Form
from web.rendering import language_of, private, render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/experts/{slug}/report")
def show_form(request: Request, slug: str) -> Response:
    """Ask what is wrong with a profile, or with one of its reviews."""
    return _page(request, slug, request.query_params.get("review", ""), {}, {})


@router.post("/experts/{slug}/report")
def send(request: Request, slug: str, form: Form) -> Response:
    """Take a notice, and confirm it by mail."""
    language, who, review_id = language_of(request), sign_ins.current(request), form.get("review", "")
    known = Notifier(who.name, who.email, who.account_id) if who else None
    try:
        draft = notices.check(form, language, known=known)
    except Invalid as error:
        return _page(request, slug, review_id, form, forms.faults_by_field(error), status=422)
    if not attempts.may_mail(request, f"notice {draft.notifier.email or address_of(request)}"):
        faults = {"form": translate(language, arrivals.TOO_OFTEN)}
        return _page(request, slug, review_id, form, faults, status=429)
    with request.app.state.database.writing() as session:
        profile = experts.get_shown(session, slug)
        notice = notices.send(session, draft, profile.expert, _review(profile, review_id), at=clock.now())
    return forms.lead_on(f"/experts/{slug}/report", sent=notices.number(notice))


def _page(
    request: Request, slug: str, review_id: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    with request.app.state.database.reading() as session:
        profile = experts.get_shown(session, slug)
    who, review = sign_ins.current(request), _review(profile, review_id)
    context: dict[str, Any] = {
        "expert": profile.expert,
        "review": review,
        "is_muted": review is not None and review.id in profile.muted,
        "is_objection": review is not None and _is_own(who, profile),
        "who": who,
        "grounds": list(Ground),
        "nameless": notices.NAMELESS,
        "sent": request.query_params.get("sent", "")[:8] if request.method == "GET" else "",
        "form": {"ground": Ground.FALSE_REVIEW.value if review else "", **form},
        "faults": faults,
    }
    return private(render(request, "report.html", language_of(request), context, status=status))


def _review(profile: Profile, review_id: str) -> Review | None:
    """Return the review that is meant, None for the whole profile; raise NotFound for one that is not shown on it."""
    if not review_id:
        return None
    found = next((review for review in profile.reviews if review.id == review_id), None)
    if found is None:
        raise NotFound("this review is not shown on this profile")
    return found


def _is_own(who: SignedIn | None, profile: Profile) -> bool:
    return who is not None and who.expert_id == profile.expert.id
