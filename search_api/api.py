"""The JSON edge of searching: parse, call, shape."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from foundation import clock
from foundation.errors import TooMany
from foundation.http import ErrorBody, Metrics, SearchLimit
from search_api import pointers, requests, results, suggestions
from search_api.pointers import LivePointers
from search_api.requests import Parameters, SearchRequest, SuggestParameters
from search_api.searches import Found, Searcher

Observer = Callable[[SearchRequest, Found], None]
router = APIRouter(prefix="/api/v1", tags=["search"])

_ERRORS: dict[int | str, dict[str, Any]] = {
    422: {"model": ErrorBody, "description": "A parameter is unknown or wrong."},
    429: {"model": ErrorBody, "description": "Too many searches from this address."},
    503: {"model": ErrorBody, "description": "The index is not ready yet."},
}


class SearchDesk:
    """What the application hands to this edge: a searcher for each request, what ranks it, limits and counters.

    `observers` hear of every answer; they must neither wait nor fail.
    """

    def __init__(
        self,
        make_searcher: Callable[[], Searcher],
        live_pointers: LivePointers,
        limit: SearchLimit,
        metrics: Metrics,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._make_searcher = make_searcher
        self._pointers = live_pointers
        self._limit = limit
        self._metrics = metrics
        self._observers = observers

    def searcher(self, request: Request) -> Searcher:
        """Return a searcher over the present state, or refuse."""
        if not self._limit.allows(request):
            raise TooMany("too many searches from this address; try again in a second")
        return self._make_searcher()

    def find(self, searcher: Searcher, request: SearchRequest) -> Found:
        """Search by what the request's surface and arm rank by, and count the time of each phase."""
        choice = pointers.choose(self._pointers.current()[pointers.surface_of(request)], request, clock.today())
        found = replace(searcher, profile=choice.profile, arm=choice.arm, canary=choice.canary).find(request)
        for phase, milliseconds in found.timings_ms.items():
            self._metrics.search_seconds.labels(phase).observe(milliseconds / 1e3)
        for observe in self._observers:
            observe(request, found)
        return found


def desk(request: Request) -> SearchDesk:
    """Return the desk that the application set up."""
    found: SearchDesk = request.app.state.search_desk
    return found


Desk = Annotated[SearchDesk, Depends(desk)]


@router.get("/experts", summary="Find experts", response_model=results.Answer, responses=_ERRORS)
def find_experts(request: Request, parameters: Annotated[Parameters, Query()], found_desk: Desk) -> Response:
    """Find experts by skill, zone and keyword, best first. Repeated filters are OR within one, AND between."""
    searcher = found_desk.searcher(request)
    checked = requests.resolve(parameters, searcher.wordlists)
    found = found_desk.find(searcher, checked)
    return _json(results.answer(found, checked, searcher.wordlists))


@router.get("/suggest", summary="Suggest what to search for", response_model=results.Suggestions, responses=_ERRORS)
def suggest(
    request: Request,
    found_desk: Desk,
    parameters: Annotated[SuggestParameters, Query()],
) -> Response:
    """Suggest skills, zones, sectors and names for what was typed so far; popular ones for nothing."""
    searcher = found_desk.searcher(request)
    found = suggestions.suggest(
        parameters.q, searcher.wordlists, searcher.engine, parameters.lang, searcher.still_findable, parameters.kind
    )
    return _json(results.suggestions(found))


def _json(body: dict[str, Any]) -> Response:
    # The shapes are built here and checked against their models in the tests: validating each answer
    # again would cost more than the search.
    return Response(orjson.dumps(body), media_type="application/json")
