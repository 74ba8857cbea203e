"""Ranking profiles over time: drafts are saved and never change, pointers move, and every move is kept.

An installation without rows ranks by `profiles.FIRST`; the first row that is written brings that profile along, so
that later versions of the code can still go back to it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation.database import hold, insert
from foundation.errors import Conflict, Fault, Invalid, NotFound
from indexer.encoders import Encoder
from indexer.engines import checks as engine_checks
from ranking import checks, profiles
from ranking.profiles import FIRST, Inputs, Profile
from search_api.models import MoveRow, PointerRow, ProfileRow
from search_api.pointers import Mode, Role, Surface
from taxonomy.wordlists import Wordlists

FIRST_AUTHOR = "portulan"
FIRST_NOTE = "the profile that a new installation starts with"
SHORTEST_ID = 6
Refusal = Callable[[Session, str, str], str | None]
"""Tells why a profile may not go live instead of another (candidate, live); None where nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who does something to a ranking, when, and why."""

    author: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of 100 searches a canary takes part in, and how."""

    percent: int
    mode: Mode = "answers"


def inputs_of(wordlists: Wordlists, encoder: Encoder | str | None) -> Inputs:
    """Return what is loaded now, for a profile to name; the encoder or its name."""
    name = encoder if isinstance(encoder, str) else encoder.name if encoder else ""
    return Inputs(
        taxonomy=wordlists.hashes["taxonomy"],
        synonyms=wordlists.hashes["synonyms"],
        zones=wordlists.hashes["zones"],
        encoder=name,
    )


def faults(profile: Profile) -> list[Fault]:
    """Return everything that keeps a profile from ranking, on whichever engine."""
    found = checks.check(profile) or engine_checks.check(profile)
    return [Fault(fault.field, fault.code, fault.message) for fault in found]


def save(session: Session, profile: Profile, signature: Signature, *, parent_id: str | None = None) -> str:
    """Keep a profile and return its id; the same content again is the same row. Raise Invalid with every fault."""
    found = faults(profile)
    if found:
        raise Invalid(found)
    _add(session, FIRST, Signature(FIRST_AUTHOR, signature.at, FIRST_NOTE), None)
    _add(session, profile, signature, parent_id)
    return profile.id


def get(session: Session, profile_id: str) -> Profile:
    """Return a profile; raise NotFound."""
    if profile_id == FIRST.id:
        return FIRST
    row = session.get(ProfileRow, profile_id)
    if row is None:
        raise NotFound(f"there is no ranking profile {profile_id}: see `portulan ranking list`")
    return profiles.load(row.content)


def find_id(session: Session, name: str, surface: Surface = "search") -> str:
    """Return the id that somebody means by an id, the beginning of one, a role, or `first`; raise NotFound."""
    if name == "first":
        return FIRST.id
    if name in {"live", "canary", "shadow"}:
        pointer = session.get(PointerRow, (surface, name))
        if pointer is None and name != "live":
            raise NotFound(f"there is no {name} on {surface}")
        return pointer.profile_id if pointer else FIRST.id
    begins = col(ProfileRow.id).startswith(name, autoescape=True)
    known = {FIRST.id} if FIRST.id.startswith(name) else set[str]()
    found = known.union(session.execute(select(col(ProfileRow.id)).where(begins)).scalars())
    if len(name) < SHORTEST_ID or len(found) != 1:
        several = f"{len(found)} ranking profiles begin with" if len(found) > 1 else "there is no ranking profile"
        raise NotFound(f"{several} {name}: see `portulan ranking list`")
    return found.pop()


def rows(session: Session) -> list[ProfileRow]:
    """Return all saved profiles, latest first."""
    return list(session.scalars(select(ProfileRow).order_by(col(ProfileRow.created_at).desc(), col(ProfileRow.id))))


def promote(
    session: Session,
    profile_id: str,
    surfaces: Iterable[Surface],
    signature: Signature,
    *,
    refusal: Refusal,
    override_reason: str | None = None,
) -> None:
    """Make a profile live. Raise Conflict with the reason where `refusal` gives one and nothing overrides it."""
    _take(session, profile_id, signature)
    chosen: list[Surface] = [surface for surface in surfaces if _live_id(session, surface) != profile_id]
    if not chosen:
        raise Conflict(f"{profile_id} is live already")
    for surface in chosen:
        reason = refusal(session, profile_id, _live_id(session, surface))
        if reason and not override_reason:
            raise Conflict(f"{reason}. To promote it all the same, give a reason with --override, which is kept.")
        _move(session, surface, "live", profile_id, "promote", signature, override_reason=override_reason)
        _end_roles(session, surface, profile_id, signature)


def roll_back(session: Session, surfaces: Iterable[Surface], signature: Signature) -> dict[Surface, str]:
    """Make live what was live before the latest promotion; return what that is, by surface. Raise Conflict."""
    hold(session, "ranking pointers")
    targets: dict[Surface, str | None] = {surface: previous(history(session, surface, "live")) for surface in surfaces}
    found: dict[Surface, str] = {surface: target for surface, target in targets.items() if target is not None}
    if not found:
        raise Conflict("there is nothing to roll back to: no profile has been promoted since the first one")
    for surface, target in found.items():
        _move(session, surface, "live", target, "rollback", signature)
        _end_roles(session, surface, target, signature)
    return found


def set_shadow(session: Session, profile_id: str | None, surfaces: Iterable[Surface], signature: Signature) -> None:
    """Have a profile rank along without being seen; None ends it. Raise Conflict where it is live."""
    _set_role(session, "shadow", profile_id, surfaces, signature)


def set_canary(
    session: Session,
    profile_id: str | None,
    surfaces: Iterable[Surface],
    signature: Signature,
    *,
    percent: int = 0,
    mode: Mode = "answers",
) -> None:
    """Have a profile answer `percent` of searches, 1 to 99, or be mixed in; None ends it. Raise Invalid or Conflict."""
    if profile_id is not None and not 1 <= percent <= 99:
        raise Invalid([Fault("PERCENT", "out_of_range", f"a canary answers 1 to 99 % of searches, not {percent}")])
    if profile_id is None:
        _set_role(session, "canary", None, surfaces, signature)
    else:
        _set_role(session, "canary", profile_id, surfaces, signature, Share(percent, mode))


def history(session: Session, surface: Surface | None = None, role: Role | None = None) -> list[MoveRow]:
    """Return the moves, in the order in which they were made."""
    statement = select(MoveRow).order_by(col(MoveRow.id))
    if surface:
        statement = statement.where(col(MoveRow.surface) == surface)
    if role:
        statement = statement.where(col(MoveRow.role) == role)
    return list(session.scalars(statement))


def previous(moves: Sequence[MoveRow]) -> str | None:
    """Return what was live before the latest promotion that was not rolled back, by the moves of one surface."""
    before: list[str] = []
    for move in moves:
        if move.action == "rollback":
            before.pop()
        else:
            before.append(move.from_id or FIRST.id)
    return before[-1] if before else None


def _set_role(
    session: Session,
    role: Role,
    profile_id: str | None,
    surfaces: Iterable[Surface],
    signature: Signature,
    share: Share | None = None,
) -> None:
    _take(session, profile_id, signature)
    for surface in surfaces:
        if profile_id is not None and _live_id(session, surface) == profile_id:
            raise Conflict(f"{profile_id} is live on {surface}: there is nothing to try")
        _move(session, surface, role, profile_id, role, signature, share=share)


def _take(session: Session, profile_id: str | None, signature: Signature) -> None:
    """Let nobody else move pointers in the meantime, and see to it that the profile is there and can rank."""
    hold(session, "ranking pointers")
    _add(session, FIRST, Signature(FIRST_AUTHOR, signature.at, FIRST_NOTE), None)
    if profile_id is not None and (found := faults(get(session, profile_id))):
        raise Invalid(found)


def _live_id(session: Session, surface: Surface) -> str:
    pointer = session.get(PointerRow, (surface, "live"), populate_existing=True)
    return pointer.profile_id if pointer else FIRST.id


def _end_roles(session: Session, surface: Surface, profile_id: str, signature: Signature) -> None:
    """Take the other roles from a profile that is live now: it can't be compared with itself."""
    roles: tuple[Role, ...] = ("canary", "shadow")
    for role in roles:
        pointer = session.get(PointerRow, (surface, role), populate_existing=True)
        if pointer is not None and pointer.profile_id == profile_id:
            _move(session, surface, role, None, "end", signature)


def _move(
    session: Session,
    surface: Surface,
    role: Role,
    to_id: str | None,
    action: str,
    signature: Signature,
    *,
    share: Share | None = None,
    override_reason: str | None = None,
) -> None:
    percent, mode = (share.percent, share.mode) if share else (None, None)
    pointer = session.get(PointerRow, (surface, role), populate_existing=True)
    from_id = pointer.profile_id if pointer else FIRST.id if role == "live" else None
    if to_id is None and pointer is None:
        return
    if to_id is None:
        session.delete(pointer)
    elif pointer is None:
        at = signature.at
        session.add(PointerRow(surface=surface, role=role, profile_id=to_id, percent=percent, mode=mode, moved_at=at))
    else:
        pointer.profile_id, pointer.percent, pointer.mode = to_id, percent, mode
        pointer.moved_at = signature.at
    session.add(
        MoveRow(
            surface=surface,
            role=role,
            action=action,
            from_id=from_id,
            to_id=to_id,
            percent=percent,
            mode=mode,
            author=signature.author,
            note=signature.note,
            override_reason=override_reason,
            moved_at=signature.at,
        )
    )
    session.flush()


def _add(session: Session, profile: Profile, signature: Signature, parent_id: str | None) -> None:
    """Add a row unless the content has one already."""
    values = {
        "id": profile.id,
        "content": profiles.dump(profile),
        "parent_id": parent_id,
        "author": signature.author,
        "note": signature.note,
        "created_at": signature.at,
    }
    session.execute(insert(session, ProfileRow).values(**values).on_conflict_do_nothing())
