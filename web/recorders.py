"""Recording impressions and views: noted by whoever answers a page, kept by a thread that nobody waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID, uuid4

import structlog
from fastapi import Request
from prometheus_client import CollectorRegistry, Counter

from accounts import audiences
from accounts.audiences import Audience, Showing, Shown, Viewing
from foundation import clock
from foundation.backlogs import Backlog
from foundation.database import Database
from search_api import orders
from search_api.requests import SearchRequest
from search_api.searches import Found
from web import visitors
from web.audience_buffers import AudienceBuffer
from web.visitors import Visitor

MOST_WAITING = 2_000
"""Pages that may wait to be recorded: some seconds of the most that a process answers."""
BATCH = 50
"""Pages of one transaction, or of one batch in Redis."""
SEARCH_PARAMETER = "search"
"""Names, in the address of a profile, the query id of the page of results that led there."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SeenPage:
    """A page of results as it was answered."""

    visitor: Visitor
    at: datetime
    request: SearchRequest
    query_id: str
    draw_key: str
    profile_id: str
    canary_id: str | None
    arm: str
    holdout_percent: int
    experts: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class SeenProfile:
    """A profile's page as it was answered."""

    visitor: Visitor
    at: datetime
    expert_id: str
    query_id: str | None


class Recorder:
    """Notes what visitors see. A page never waits for it: what there is no room for is dropped and counted."""

    def __init__(self, database: Database, buffer: AudienceBuffer | None, registry: CollectorRegistry) -> None:
        self._database, self._buffer = database, buffer
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
        shown = _shown(asked, found, visitor.expert_id) if visitor else ()
        if visitor and shown:
            at = clock.now()
            self._note(
                SeenPage(
                    visitor=visitor,
                    at=at,
                    request=asked,
                    query_id=found.query_id,
                    draw_key=orders.draw_key(asked, at.date()),
                    profile_id=found.profile.id,
                    canary_id=found.canary.id if found.canary else None,
                    arm=found.arm,
                    holdout_percent=found.profile.policy.holdout_percent,
                    experts=shown,
                )
            )

    def note_profile(self, request: Request, expert_id: str) -> None:
        """Note that a profile's page was answered."""
        visitor = visitors.read(request)
        if visitor and visitor.expert_id != expert_id:
            query_id = _query_id(request.query_params.get(SEARCH_PARAMETER, ""))
            self._note(SeenProfile(visitor, clock.now(), expert_id, query_id))

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
        return Audience(
            tuple(self._showing(seen) for seen in batch if isinstance(seen, SeenPage)),
            tuple(self._viewing(seen) for seen in batch if isinstance(seen, SeenProfile)),
        )

    def _showing(self, seen: SeenPage) -> Showing:
        return Showing(
            query_id=seen.query_id,
            shown_at=seen.at,
            query=seen.request.parameters.q[: audiences.LONGEST_QUERY],
            draw_key=seen.draw_key,
            profile_id=seen.profile_id,
            arm=seen.arm,
            holdout_percent=seen.holdout_percent,
            visitor_kind=seen.visitor.kind,
            visitor_key=self._key(seen.visitor, seen.at.date()),
            experts=seen.experts,
            canary_id=seen.canary_id,
        )

    def _viewing(self, seen: SeenProfile) -> Viewing:
        key = self._key(seen.visitor, seen.at.date())
        return Viewing(str(uuid4()), seen.expert_id, seen.at, seen.query_id, seen.visitor.kind, key)

    def _key(self, visitor: Visitor, day: date) -> str:
        if day not in self._salts:
            self._salts = {day: self._database.write(partial(audiences.salt_of, day=day))}
        return audiences.visitor_key(self._salts[day], visitor.address, visitor.agent)


def _shown(asked: SearchRequest, found: Found, own_id: str | None) -> tuple[Shown, ...]:
    """Return who is on a page of results and where, the visitor's own profile left out."""
    first = (asked.page - 1) * asked.size + 1
    return tuple(
        Shown(item.document.id, position, item.base, item.score, item.treatment, item.team)
        for position, item in enumerate(found.results or found.near, start=first)
        if item.document.id != own_id
    )


def _query_id(given: str) -> str | None:
    """Return a query id as it was given out; None for anything else that an address may say."""
    try:
        return str(UUID(given)) if len(given) == 36 else None
    except ValueError:
        return None
