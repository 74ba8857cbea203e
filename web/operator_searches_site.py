"""The address where operators see searches that found nobody, and what would help each."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError

from foundation import clock
from foundation.errors import Invalid
from foundation.i18n import Language
from search_api import empties, pointers, remedies, requests, units
from search_api.empties import Emptied
from search_api.pointers import LivePointers
from search_api.remedies import Advice
from search_api.searches import Searcher
from web import operator_desk
from web.pages import addresses
from web.rendering import address, language_of

PATH = f"{operator_desk.PATH}/searches"
LISTED = 10
"""Each is searched once more while the page waits."""
SPANS = (7, 30, empties.KEPT_DAYS)
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """List searches without result, the most frequent first."""
    operator_desk.operator(request)
    asked, language = request.query_params.get("days", ""), language_of(request)
    days = next((span for span in SPANS if str(span) == asked), SPANS[0])
    searcher: Searcher = request.app.state.make_searcher()
    with operator_desk.database(request).reading() as session:
        since = clock.today() - timedelta(days=days - 1)
        found = empties.most_frequent(session, since=since, limit=LISTED)
    advised = [_row(_advise(request, searcher, item), item, searcher, language) for item in found]
    context: dict[str, Any] = {"searches": advised, "days": days, "spans": SPANS, "most": LISTED}
    return operator_desk.page(request, "searches.html", "searches", context)


def _advise(request: Request, searcher: Searcher, item: Emptied) -> Advice | None:
    """Return what would help; None for a search that can't be made any more, such as by a zone that is gone."""
    live: LivePointers = request.app.state.pointers
    try:
        checked = remedies.request_of(item, searcher)
    except (ValidationError, Invalid):
        return None
    profile = live.current()[pointers.surface_of(checked)].live
    return remedies.advise(replace(searcher, profile=profile), checked, item)


def _row(advice: Advice | None, item: Emptied, searcher: Searcher, language: Language) -> dict[str, Any]:
    query = [("q", item.search.query)] if item.search.query else []
    filters = [(name, value) for name, value in _pairs(item.search.filters)]
    return {
        "query": item.search.query,
        "filters": filters,
        "count": item.count,
        "last_on": item.last_on,
        "url": address(addresses.PATH, [*query, *filters]),
        "advice": advice,
        "understood": [units.label(unit, searcher.wordlists, language) for unit in advice.understood] if advice else [],
    }


def _pairs(filters: str) -> list[tuple[str, str]]:
    return [
        (name, str(one))
        for name, value in requests.parse(filters).items()
        for one in (value if isinstance(value, list) else [value])
    ]
