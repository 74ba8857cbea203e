"""Recording impressions and views: noted by whoever answers a page, kept by a thread that nobody waits for."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial
from typing import NamedTuple
from uuid import uuid4

import structlog
from fastapi import Request
from prometheus_client import CollectorRegistry, Counter

from accounts import audiences
from accounts.audiences import Audience, Showing, Shown, Viewing
from foundation import clock
from foundation.backlogs import Backlog
from foundation.database import Database
from ranking.profiles import Profile
from search_api import orders
from search_api.requests import SearchRequest
from search_api.searches import Found
from search_api.units import PLACES, Unit
from taxonomy.wordlists import LiveWordlists, Wordlists
from web import visitors
from web.audience_buffers import AudienceBuffer
from web.visitors import Visitor

MOST_WAITING = 2_000
"""Pages that may wait to be recorded: some seconds of the most that a process answers."""
KEPT_WITHIN_S = 3.0
"""How long a page waits at the most until a killed process can't lose it any more: a second, and the time to write."""
BATCH = 50
"""Pages of one transaction, or of one batch in Redis."""
SEARCH_PARAMETER = "search"
"""Names, in the address of a profile, the query id of the page of results that led there."""

log = structlog.get_logger(__name__)


class SeenPage(NamedTuple):
    """A page of results as it was answered. What it takes to keep it is worked out by the thread that does."""

    visitor: Visitor
    at: datetime
    request: SearchRequest
    query_id: str
    units: tuple[Unit, ...]
    """What was understood in the query."""
    profile: Profile
    canary: Profile | None
    arm: str
    experts: tuple[tuple[str, float, float, str | None, str | None], ...]
    """Who was shown, in order: id, base score, score, treatment, team. Documents would take memory while they wait."""


class SeenProfile(NamedTuple):
    """A profile's page as it was answered; `search` is what its address gave as the search that led there."""

    visitor: Visitor
    at: datetime
    expert_id: str
    search: str


class Recorder:
    """Notes what visitors see. A page never waits for it: what there is no room for is dropped and counted."""

    def __init__(
        self,
        database: Database,
        buffer: AudienceBuffer | None,
        wordlists: LiveWordlists,
        registry: CollectorRegistry,
    ) -> None:
        self._database, self._buffer, self._wordlists = database, buffer, wordlists
        self._salts: dict[date, str] = {}
        self._backlog = Backlog[SeenPage | SeenProfile]("audience", self._keep, size=MOST_WAITING)
        self._recorded = Counter("portulan_audience_recorded", "Pages seen and kept", registry=registry)
        self._dropped = Counter(
            "portulan_audience_dropped", "Pages seen and not kept, by reason", ["reason"], registry=registry
        )

    def start(self) -> None:
        """Begin to keep what is noted."""
        self._backlog.start()

    def stop(self) -> None:
        """Keep what was noted, and stop."""
        self._backlog.stop()

    def note_results(self, request: Request, asked: SearchRequest, found: Found) -> None:
        """Note that a page of results was answered."""
        visitor = visitors.read(request)
        shown = found.results or found.near
        if visitor and shown:
            self._note(
                SeenPage(
                    visitor,
                    clock.now(),
                    asked,
                    found.query_id,
                    found.understood.units,
                    found.profile,
                    found.canary,
                    found.arm,
                    tuple((item.document.id, item.base, item.score, item.treatment, item.team) for item in shown),
                )
            )

    def note_profile(self, request: Request, expert_id: str) -> None:
        """Note that a profile's page was answered."""
        visitor = visitors.read(request)
        if visitor and visitor.expert_id != expert_id:
            self._note(SeenProfile(visitor, clock.now(), expert_id, request.query_params.get(SEARCH_PARAMETER, "")))

    def _note(self, seen: SeenPage | SeenProfile) -> None:
        if not self._backlog.add(seen):
            self._dropped.labels("full").inc()

    def _keep(self, noted: Sequence[SeenPage | SeenProfile]) -> None:
        people = [seen for seen in noted if not visitors.is_bot(seen.visitor.agent)]
        for start in range(0, len(people), BATCH):
            batch = people[start : start + BATCH]
            try:
                reason = self._hand_over(self._audience(batch))
            except Exception as error:  # noqa: BLE001 - whatever is wrong, pages go on
                log.warning("impressions and views are lost", pages=len(batch), error=repr(error))
                reason = "failed"
            if reason:
                self._dropped.labels(reason).inc(len(batch))
            else:
                self._recorded.inc(len(batch))

    def _hand_over(self, audience: Audience) -> str | None:
        """Give a batch to Redis, or to the database where there is none or it is away; return why it is dropped."""
        is_taken = self._buffer.put(audience) if self._buffer else None
        if is_taken is None:
            self._database.write(partial(audiences.record, audience=audience))
        return "buffer_full" if is_taken is False else None

    def _audience(self, batch: Sequence[SeenPage | SeenProfile]) -> Audience:
        showings = (self._showing(seen) for seen in batch if isinstance(seen, SeenPage))
        return Audience(
            # Whoever found only their own profile saw nobody.
            tuple(showing for showing in showings if showing.experts),
            tuple(self._viewing(seen) for seen in batch if isinstance(seen, SeenProfile)),
        )

    def _showing(self, seen: SeenPage) -> Showing:
        return Showing(
            query_id=seen.query_id,
            shown_at=seen.at,
            query=seen.request.parameters.q[: audiences.LONGEST_QUERY],
            draw_key=orders.draw_key(seen.request, seen.at.date()),
            profile_id=seen.profile.id,
            arm=seen.arm,
            holdout_percent=seen.profile.policy.holdout_percent,
            visitor_kind=seen.visitor.kind,
            visitor_key=self._key(seen.visitor, seen.at.date()),
            experts=tuple(_shown(seen)),
            canary_id=seen.canary.id if seen.canary else None,
            places=_places(seen, self._wordlists.current()),
        )

    def _viewing(self, seen: SeenProfile) -> Viewing:
        key = self._key(seen.visitor, seen.at.date())
        return Viewing(str(uuid4()), seen.expert_id, seen.at, audiences.query_id(seen.search), seen.visitor.kind, key)

    def _key(self, visitor: Visitor, day: date) -> str:
        if day not in self._salts:
            self._salts = {day: self._database.write(partial(audiences.salt_of, day=day))}
        return audiences.visitor_key(self._salts[day], visitor.address, visitor.agent)


def _shown(seen: SeenPage) -> Iterable[Shown]:
    """Return who is on a page of results and where, the visitor's own profile left out."""
    first = (seen.request.page - 1) * seen.request.size + 1
    for position, (expert_id, base, score, treatment, team) in enumerate(seen.experts, start=first):
        if expert_id != seen.visitor.expert_id:
            yield Shown(expert_id, position, base, score, treatment, team)


def _places(seen: SeenPage, wordlists: Wordlists) -> tuple[str, ...]:
    """Return the countries and zones that were asked for, in words or by filters."""
    zones = (wordlists.zones.find_zone(name) for name in seen.request.parameters.zone)
    found = {unit.value for unit in seen.units if unit.kind in PLACES}
    return tuple(sorted(found | seen.request.filters.country | {zone.id for zone in zones if zone}))
