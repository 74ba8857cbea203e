"""`portulan ranking promote`, `rollback`, `shadow`, `canary`, `history`: moving pointers between profiles."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from accounts import experts
from foundation.errors import Fault, Invalid
from scripts import authors, databases, tables
from scripts import rankings as commands
from scripts.authors import As, Author
from scripts.rankings import PROFILE, Note, OnSurface
from scripts.tables import AsJson
from search_api import evaluations, rankings, shadows
from search_api.models import MoveRow
from search_api.pointers import LivePointers, Mode, Role, Surface
from search_api.shadows import Report

Off = Annotated[bool, typer.Option("--off", help="End it.")]
REPORT = "report"


def promote(
    name: commands.ProfileName,
    override: Annotated[
        str | None, typer.Option(help="Why it goes live without evidence; kept in the history.")
    ] = None,
    surface: OnSurface = None,
    note: Note = "",
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Make a profile live, in every process within two seconds; refused without evidence that it isn't worse."""
    database = databases.opened()
    by = authors.find(database, author)
    signature = commands.signed(by, note)

    def work(session: Session) -> str:
        profile_id = rankings.find_id(session, name, surface or "search")
        rankings.promote(
            session,
            profile_id,
            commands.surfaces(surface),
            signature,
            refusal=evaluations.refusal,
            override_reason=(override or "").strip() or None,
        )
        details = {"surfaces": list(commands.surfaces(surface)), "override": bool(override)}
        by.note(session, "ranking_promoted", PROFILE, profile_id, at=signature.at, **details)
        return profile_id

    promoted = database.write(work)
    if as_json:
        tables.put_json({"live": promoted, "surfaces": commands.surfaces(surface)})
    else:
        tables.say(f"{promoted} is live. `portulan ranking rollback` goes back.", style="green")


def rollback(surface: OnSurface = None, note: Note = "", author: As = "", as_json: AsJson = False) -> None:
    """Make live what was live before the latest promotion; in every process within two seconds."""
    database = databases.opened()
    by = authors.find(database, author)
    signature = commands.signed(by, note)

    def work(session: Session) -> dict[Surface, str]:
        live = rankings.roll_back(session, commands.surfaces(surface), signature)
        for each, profile_id in live.items():
            by.note(session, "ranking_rolled_back", PROFILE, profile_id, at=signature.at, surfaces=[each])
        return live

    found = database.write(work)
    if as_json:
        tables.put_json(found)
        return
    for moved, profile_id in found.items():
        tables.say(f"{profile_id} is live on {moved} again.", style="green")


def shadow(
    name: Annotated[str, typer.Argument(help="A profile; or `report`, for what it would have changed.")] = REPORT,
    off: Off = False,
    surface: OnSurface = None,
    note: Note = "",
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Have a profile rank along without being seen, or report what it would have changed."""
    if name == REPORT and not off:
        _report_shadows(surface, as_json=as_json)
        return
    _set_role("shadow", None if off else name, surface, author, note, as_json=as_json)


def canary(
    name: Annotated[str | None, typer.Argument(help="A profile.")] = None,
    percent: Annotated[int | None, typer.Argument(help="How many of 100 searches it answers, 1 to 99.")] = None,
    interleave: Annotated[
        bool, typer.Option("--interleave", help="Mix its results with those of the live profile in them.")
    ] = False,
    off: Off = False,
    surface: OnSurface = None,
    note: Note = "",
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Have a profile answer a share of searches, or be mixed in; always the same searches within a week."""
    if not off and (name is None or percent is None):
        raise Invalid([Fault("canary", "missing", "give a profile and a percentage, or --off")])
    target, mode = None if off else name, "interleaved" if interleave else "answers"
    _set_role("canary", target, surface, author, note, percent=percent or 0, mode=mode, as_json=as_json)


def history(surface: OnSurface = None, as_json: AsJson = False) -> None:
    """List every move of every pointer, latest first: who, when, from what to what, and why."""
    with databases.opened().reading() as session:
        moves = rankings.history(session, surface)[::-1]
    if as_json:
        tables.put_json([_told(move) for move in moves])
        return
    tables.put(
        ("when", "who", "what", "surface", "from", "to", "why", "without evidence, because"),
        [
            (
                f"{move.moved_at:%Y-%m-%d %H:%M:%S}",
                move.author,
                _named_move(move),
                move.surface,
                move.from_id,
                move.to_id,
                move.note,
                move.override_reason,
            )
            for move in moves
        ],
    )


def _set_role(
    role: Role,
    name: str | None,
    surface: Surface | None,
    author: str,
    note: str,
    *,
    percent: int = 0,
    mode: Mode = "answers",
    as_json: bool,
) -> None:
    surfaces, database = commands.surfaces(surface), databases.opened()
    by: Author = authors.find(database, author)
    signature = commands.signed(by, note)

    def work(session: Session) -> str | None:
        profile_id = rankings.find_id(session, name, surfaces[0]) if name else None
        if role == "canary":
            rankings.set_canary(session, profile_id, surfaces, signature, percent=percent, mode=mode)
        else:
            rankings.set_shadow(session, profile_id, surfaces, signature)
        action = f"{role}_set" if profile_id else f"{role}_ended"
        by.note(session, action, PROFILE, profile_id or "", at=signature.at, surfaces=list(surfaces))
        return profile_id

    profile_id = database.write(work)
    if as_json:
        share = {"percent": percent, "mode": mode} if percent and profile_id else {}
        tables.put_json({role: profile_id, "surfaces": surfaces, **share})
    elif profile_id is None:
        tables.say(f"There is no {role} on {' and '.join(surfaces)}.")
    else:
        mixed = ", mixed with the live profile" if mode == "interleaved" else ""
        share = f" for {percent} % of searches{mixed}" if percent else ""
        tables.say(f"{profile_id} is {role} on {' and '.join(surfaces)}{share}.", style="green")


def _report_shadows(surface: Surface | None, *, as_json: bool) -> None:
    database = databases.opened()
    live = LivePointers(database).current()
    with database.reading() as session:
        told = [item for item in shadows.report(session) if surface in {None, item.surface}]
        moved = {expert_id for item in told for expert_id, _ in (*item.left, *item.entered)}
        names = {profile.expert.id: profile.expert.ref for profile in experts.load(session, sorted(moved))}
    if as_json:
        tables.put_json(
            [
                {**asdict(item), "left": _named(item.left, names), "entered": _named(item.entered, names)}
                for item in told
            ]
        )
        return
    for each in commands.surfaces(surface):
        shadowing = live[each].shadow
        tables.say(f"Shadow on {each}: {shadowing.id if shadowing else 'none'}")
    for item in told:
        _show_shadow(item, names)


def _show_shadow(item: Report, names: dict[str, str]) -> None:
    tables.put(
        ("first tens that were compared", "value#"),
        [
            ("searches", item.searches),
            ("in common", f"{item.overlap:.1%}"),
            ("rank-biased overlap", f"{item.rank_biased_overlap:.3f}"),
            ("somebody else first", f"{item.other_first / item.searches:.1%}"),
            ("left most often", _list(item.left, names)),
            ("entered most often", _list(item.entered, names)),
        ],
        title=f"{item.shadow_id} instead of {item.live_id} on {item.surface}, "
        f"{item.first_at:%Y-%m-%d %H:%M} to {item.last_at:%Y-%m-%d %H:%M}",
    )


def _named(moved: list[tuple[str, int]], names: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ref": names.get(expert_id), "count": count} for expert_id, count in moved]


def _list(moved: list[tuple[str, int]], names: dict[str, str]) -> str:
    return ", ".join(f"{names.get(expert_id, 'somebody deleted')} ({count})" for expert_id, count in moved)


def _named_move(move: MoveRow) -> str:
    if move.percent:
        return f"{move.action} {move.percent} %{' interleaved' if move.mode == 'interleaved' else ''}"
    return f"{move.action} {move.role}" if move.action == "end" else move.action


def _told(move: MoveRow) -> dict[str, Any]:
    return {
        "at": move.moved_at.isoformat(),
        "author": move.author,
        "action": move.action,
        "surface": move.surface,
        "role": move.role,
        "from": move.from_id,
        "to": move.to_id,
        "percent": move.percent,
        "mode": move.mode,
        "note": move.note,
        "override_reason": move.override_reason,
    }
