"""Which profile ranks what: read from the database every second or so, and drawn for each search.

The first phase is compiled from the profile that is drawn: a canary may therefore look at another window than the
live profile does. Its answers are what it would give if it were live.
"""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, get_args

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation.database import Database
from ranking import profiles
from ranking.profiles import FIRST, Profile
from search_api.models import PointerRow, ProfileRow
from search_api.requests import SearchRequest

Surface = Literal["search", "browse"]
"""Something was typed, or nothing was."""
Role = Literal["live", "canary", "shadow"]
Mode = Literal["answers", "interleaved"]
"""A canary answers its share of searches alone, or is mixed with the live profile in them."""
Arm = Literal["live", "canary", "interleaved"]
SURFACES: tuple[Surface, ...] = get_args(Surface)
READ_EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pointers:
    """The profiles of one surface. `live_since` is None where nothing was ever promoted."""

    live: Profile = FIRST
    live_since: datetime | None = None
    canary: Profile | None = None
    canary_percent: int = 0
    canary_mode: Mode = "answers"
    canary_since: datetime | None = None
    shadow: Profile | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What one search is ranked by; `canary` is mixed with `profile` where both are interleaved."""

    profile: Profile
    arm: Arm
    canary: Profile | None = None


AllPointers = Mapping[Surface, Pointers]


def surface_of(request: SearchRequest) -> Surface:
    """Return which surface a search belongs to."""
    return "search" if request.q else "browse"


def choose(pointers: Pointers, request: SearchRequest, today: date) -> Choice:
    """Return what a search is ranked by: the same on each of its pages, in every process, for a week."""
    if pointers.canary is not None and draw(request, today) < pointers.canary_percent:
        if pointers.canary_mode == "interleaved":
            return Choice(pointers.live, "interleaved", pointers.canary)
        return Choice(pointers.canary, "canary")
    return Choice(pointers.live, "live")


def draw(request: SearchRequest, today: date) -> int:
    """Return a number from 0 to 99 that only query, filters and week decide."""
    text = f"arm|{request.key_in(today)}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") % 100


def read(session: Session, known: Mapping[str, Profile]) -> AllPointers:
    """Return the pointers of every surface; `known` spares reading profiles again."""
    statement = select(PointerRow, col(ProfileRow.content)).join(
        ProfileRow, col(ProfileRow.id) == col(PointerRow.profile_id)
    )
    found: dict[str, dict[str, PointerRow]] = {}
    by_id = dict(known)
    for pointer, content in session.execute(statement):
        found.setdefault(pointer.surface, {})[pointer.role] = pointer
        if pointer.profile_id not in by_id:
            by_id[pointer.profile_id] = profiles.load(content)
    return {surface: _pointers(found.get(surface, {}), by_id) for surface in SURFACES}


def _pointers(roles: Mapping[str, PointerRow], by_id: Mapping[str, Profile]) -> Pointers:
    live, canary, shadow = (roles.get(role) for role in get_args(Role))
    return Pointers(
        live=by_id[live.profile_id] if live else FIRST,
        live_since=live.moved_at if live else None,
        canary=by_id[canary.profile_id] if canary else None,
        canary_percent=canary.percent or 0 if canary else 0,
        canary_mode="interleaved" if canary and canary.mode == "interleaved" else "answers",
        canary_since=canary.moved_at if canary else None,
        shadow=by_id[shadow.profile_id] if shadow else None,
    )


@dataclass
class LivePointers:
    """The pointers as they are now, at most a second old; the last known ones while the database is away."""

    database: Database
    read_every_seconds: float = READ_EVERY_SECONDS
    _current: AllPointers = field(default_factory=lambda: dict.fromkeys(SURFACES, Pointers()))
    _read_at: float = -1e9
    _is_behind: bool = False
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def current(self) -> AllPointers:
        """Return the pointers; whoever comes while another one reads takes the last known."""
        if time.monotonic() - self._read_at >= self.read_every_seconds and self._reading.acquire(blocking=False):
            try:
                self._read()
            finally:
                self._read_at = time.monotonic()
                self._reading.release()
        return self._current

    def _read(self) -> None:
        known = {
            profile.id: profile
            for pointers in self._current.values()
            for profile in (pointers.live, pointers.canary, pointers.shadow)
            if profile is not None
        }
        try:
            with self.database.reading() as session:
                self._current = read(session, known)
            self._is_behind = False
        except Exception as error:  # noqa: BLE001 - whatever is wrong, searches go on as they were
            if not self._is_behind:
                log.warning("ranking pointers can't be read: the last known stay in use", reason=str(error))
            self._is_behind = True
