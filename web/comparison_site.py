"""The addresses of comparing experts side by side, and of remembering which profiles one opened."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from accounts import experts, shortlists
from foundation import clock
from web import recent_profiles
from web.forms import Form
from web.pages import comparisons
from web.rendering import language_of, render
from web.sign_ins import safe_next

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/compare")
def compare(request: Request) -> HTMLResponse:
    """Show up to three experts side by side."""
    language = language_of(request)
    # PostgreSQL takes no NUL in a text, not even to say that there is none like it.
    slugs = list(dict.fromkeys(slug.replace("\0", "") for slug in request.query_params.getlist("expert")))
    wanted = slugs[: comparisons.MOST]
    with request.app.state.database.reading() as session:
        ids = {expert.slug: expert.id for expert in experts.shown_among(session, wanted)}
        profiles = shortlists.shown_profiles(session, list(ids.values()))
        found = [profiles[ids[slug]] for slug in wanted if slug in ids and ids[slug] in profiles]
    context = comparisons.context(
        found,
        request.app.state.index.wordlists.current(),
        language,
        today=clock.today(),
        gone=len(wanted) - len(found),
        left_out=len(slugs) - len(wanted),
    )
    return render(request, "compare.html", language, context)


@router.post("/seen/keep")
def keep_seen(request: Request, form: Form) -> Response:
    """Remember from now on which profiles are opened."""
    response = RedirectResponse(safe_next(form.get("next", "")), status_code=303)
    recent_profiles.begin(request, response)
    return response


@router.post("/seen/clear")
def clear_seen(request: Request, form: Form) -> Response:
    """Forget which profiles were opened."""
    response = RedirectResponse(safe_next(form.get("next", "")), status_code=303)
    recent_profiles.forget(request, response)
    return response
