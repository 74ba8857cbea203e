"""What is looked at after an answer has left: shadow profiles rank along, searches that found nobody are counted."""

from collections.abc import Sequence

from foundation import clock
from foundation.backlogs import Backlog
from foundation.database import Database
from search_api import empties, pointers, shadows
from search_api.empties import EmptySearch
from search_api.pointers import LivePointers
from search_api.requests import SearchRequest
from search_api.searches import Found
from search_api.shadows import Seen

MOST_SHADOWED = 32
"""A second: ranking a window takes a millisecond or two of everybody's processor."""
MOST_EMPTY = 1_000


class Observers:
    """Hears of every answer, and leaves what is to be done about it to threads of its own."""

    def __init__(self, database: Database, live_pointers: LivePointers) -> None:
        self._database = database
        self._pointers = live_pointers
        self._shadows = Backlog[Seen]("shadows", self._compare, size=MOST_SHADOWED)
        self._empties = Backlog[EmptySearch]("empty searches", self._count, size=MOST_EMPTY)

    def start(self) -> None:
        """Begin to work off what was seen."""
        self._shadows.start()
        self._empties.start()

    def stop(self) -> None:
        """Work off what is left, and stop."""
        self._shadows.stop()
        self._empties.stop()

    def observe(self, request: SearchRequest, found: Found) -> None:
        """Leave an answer to be looked at; dropped where too much waits already."""
        surface = pointers.surface_of(request)
        shadow = self._pointers.current()[surface].shadow
        if shadow is not None and found.arm == "live" and request.page == 1 and len(found.candidates.ids):
            self._shadows.add(Seen(surface, shadow, found.plan, found.candidates, request))
        empty = empties.noted(request, found)
        if empty is not None:
            self._empties.add(empty)

    def _compare(self, seen: Sequence[Seen]) -> None:
        compared = [shadows.compare(item) for item in seen]
        self._database.write(lambda session: shadows.add(session, compared, clock.now()))

    def _count(self, found: Sequence[EmptySearch]) -> None:
        self._database.write(lambda session: empties.add(session, found, clock.today()))
