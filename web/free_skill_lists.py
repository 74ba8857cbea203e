"""Free skills that wait, as the index counts them: quick enough for every look at a page."""

from collections.abc import Collection

from fastapi import Request

from accounts.free_skills import FreeSkill
from search_api.searches import Searcher

MOST = 1_000
FREE = "~"


def waiting(request: Request, decided: Collection[str]) -> list[FreeSkill]:
    """Return the free skills of whoever can be found, most listed first, without those that are decided about."""
    searcher: Searcher = request.app.state.make_searcher()
    found = (item for item in searcher.engine.common_values("skill", MOST) if item.value.startswith(FREE))
    named = ((item, item.value.removeprefix(FREE)) for item in found)
    return [FreeSkill(item.value, name, item.count) for item, name in named if name not in decided]
