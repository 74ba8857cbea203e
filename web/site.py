"""The addresses of the pages."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from accounts import audiences, experts, letters
from booking import response_times, reviews
from foundation import clock
from foundation.errors import Fault, Invalid
from foundation.http import validation_fault
from foundation.i18n import message, translate
from foundation.lifecycles import Refused
from foundation.settings import Settings
from search_api import requests
from search_api.api import SearchDesk
from search_api.requests import Parameters
from web import lifecycle_texts, recent_profiles, recorders
from web.pages import addresses, homes, profiles, rankings, results
from web.rendering import address, language_of, private, render

_ERROR_TEXTS = {
    404: (
        message("This page does not exist"),
        message("The address is wrong, or the profile is no longer shown."),
    ),
    403: (
        message("This was not accepted"),
        message("You are not signed in, or no longer. Please sign in and try again: nothing was changed."),
    ),
    405: (message("This can’t be done here"), message("The page exists, but not for this kind of request.")),
    422: (message("Something in this search can’t be used"), message("Please change what is listed here.")),
    409: (
        message("This can’t be done as things stand"),
        message("Somebody else changed it, or something else has to be done first. Nothing was changed."),
    ),
    413: (message("This is too large"), message("Please send less at once.")),
    429: (message("Too often"), message("Please try again in a moment.")),
    503: (
        message("Not available just now"),
        message("The directory can’t be searched at this moment. Please try again soon: nothing is lost."),
    ),
    500: (message("Something went wrong"), message("It is our fault, and it was noted. Please try again.")),
}
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """Show the search box and ways in."""
    language = language_of(request)
    searcher = request.app.state.make_searcher()
    context = homes.context(searcher.engine, searcher.wordlists, language)
    return render(request, "home.html", language, {**context, "recent": recent_profiles.shown(request)})


@router.get("/experts")
def find(request: Request) -> HTMLResponse:
    """Show results."""
    language = language_of(request)
    search_desk: SearchDesk = request.app.state.search_desk
    searcher = search_desk.searcher(request)
    try:
        parameters = Parameters.model_validate(addresses.read_parameters(request, language))
    except ValidationError as error:
        raise Invalid([validation_fault(detail, language) for detail in error.errors()]) from None
    checked = requests.resolve(parameters.model_copy(update={"explain": True}), searcher.wordlists)
    found = search_desk.find(searcher, checked)
    page = results.ResultsPage(checked, found, searcher.wordlists)
    answer = render(request, "results.html", language, page.context())
    request.app.state.recorder.note_results(request, checked, found)
    return answer


@router.get("/experts/{slug}")
def show(request: Request, slug: str) -> HTMLResponse:
    """Show a profile."""
    language = language_of(request)
    with request.app.state.database.reading() as session:
        profile = experts.get_shown(session, slug)
        shown_letters = letters.of(session, profile.expert.id, only_shown=True)
        origins = reviews.origins(session, [review.id for review in profile.reviews])
        answers_within = response_times.of(session, profile.expert.id, at=clock.now())
    sort = "rating" if request.query_params.get("reviews") == "rating" else "recent"
    wordlists = request.app.state.index.wordlists.current()
    context = profiles.context(
        profile,
        shown_letters,
        wordlists,
        language,
        origins=origins,
        today=clock.today(),
        sort=sort,
        came=_way(request),
    )
    answer = render(request, "profile.html", language, {**context, "answers_within": answers_within})
    request.app.state.recorder.note_profile(request, profile.expert.id)
    recent_profiles.note(request, answer, slug)
    return answer


@router.get("/ranking")
def explain_ranking(request: Request) -> HTMLResponse:
    """Explain how the ranking works: the live version, or another one that is in use and was asked for."""
    language = language_of(request)
    in_use = rankings.in_use(request.app.state.pointers.current())
    version = rankings.version(in_use, request.query_params.get("version", ""))
    return render(request, "ranking.html", language, rankings.context(version, in_use, language))


@router.get("/legal")
def show_legal_notice(request: Request) -> HTMLResponse:
    """Show who runs the installation."""
    settings: Settings = request.app.state.settings
    return render(request, "legal.html", language_of(request), {"operator": settings.operator})


def error_page(request: Request, status: int, faults: list[Fault]) -> HTMLResponse:
    """Show what went wrong, and what to do about it."""
    language = language_of(request)
    title, text = _ERROR_TEXTS.get(status, _ERROR_TEXTS[500])
    listed = [{"field": fault.field, "message": fault.message} for fault in faults] if status == 422 else []
    context: dict[str, Any] = {
        "status": status,
        "title": translate(language, title),
        "message": translate(language, text),
        "faults": listed,
        "home_url": "/",
        "retry_url": _without_faults(request, faults) if status == 422 and request.method == "GET" else None,
    }
    return render(request, "error.html", language, context, status=status)


_SUBJECTS = ("sheets", "offers", "quotes", "missions")


def refused_page(request: Request, error: Refused) -> HTMLResponse:
    """Show why something can't be done, and what is possible instead, on the page of what it was about."""
    language = language_of(request)
    said = lifecycle_texts.refusal(error, language)
    parts = request.url.path.split("/")
    page = "/".join(parts[:3]) if len(parts) > 2 and parts[1] in _SUBJECTS else ""
    title, _ = _ERROR_TEXTS[409]
    context: dict[str, Any] = {"title": translate(language, title), "refusal": said, "page_url": page, "home_url": "/"}
    return private(render(request, "refused.html", language, context, status=409))


def _without_faults(request: Request, faults: list[Fault]) -> str | None:
    """Return the same search without the parameters that can't be used."""
    wrong = {fault.field for fault in faults} | {"lang"}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in wrong and value]
    return address(addresses.PATH, kept) if request.url.path == addresses.PATH else None


def _way(request: Request) -> profiles.Way:
    """Return the results that a profile was opened from; only addresses of results here are believed."""
    back = request.query_params.get("from", "")
    is_ours = back == addresses.PATH or back.startswith(f"{addresses.PATH}?")
    search = audiences.query_id(request.query_params.get(recorders.SEARCH_PARAMETER, ""))
    return profiles.Way(back if is_ours else None, search or "")
