"""`portulan ranking`: looking at ranking profiles and making drafts of new ones."""

from contextlib import suppress
from dataclasses import asdict, replace
from typing import Annotated, Any

import orjson
import typer
from sqlalchemy.orm import Session

from foundation import clock
from foundation.errors import Fault, Invalid, Unavailable
from foundation.settings import Settings
from indexer.engines import choices
from ranking import changes, profiles
from ranking.changes import Difference, Refused
from ranking.profiles import CONSTANTS, FIRST, Inputs, Profile
from scripts import authors, databases, groups, tables
from scripts.authors import As, Author
from scripts.tables import AsJson
from search_api import rankings
from search_api.models import ProfileRow
from search_api.pointers import SURFACES, AllPointers, LivePointers, Surface
from search_api.rankings import FIRST_AUTHOR, FIRST_NOTE, Signature
from taxonomy import wordlists

ELSEWHERE = {
    **{name: f"scripts.promotions:{name}" for name in ("promote", "rollback", "shadow", "canary", "history")},
    **{name: f"scripts.explanations:{name}" for name in ("explain", "compare")},
    **{name: f"scripts.evaluations:{name}" for name in ("evaluate", "tune")},
    "empty": "scripts.emptiness:empty",
    **{name: f"scripts.lifts:{name}" for name in ("lift", "traffic")},
    "judgments": "scripts.judgments:app",
    "interleave": "scripts.interleavings:app",
}
app = typer.Typer(
    cls=groups.of(ELSEWHERE), help="Look at what decides the order, change it, and go back.", no_args_is_help=True
)
OnSurface = Annotated[
    Surface | None, typer.Option("--surface", help="Only searches with a query, or only lists without one; else both.")
]
Note = Annotated[str, typer.Option(help="Why, for those who read the history.")]
PROFILE = "ranking_profile"
"""What the audit log calls profiles."""
ProfileName = Annotated[str, typer.Argument(help="An id or its beginning, live, canary, shadow, or first.")]


@app.command("list")
def list_profiles(as_json: AsJson = False) -> None:
    """List all profiles, latest first, with what they are used for now."""
    database = databases.opened()
    now = loaded_inputs()
    with database.reading() as session:
        saved = rankings.rows(session)
    roles = roles_of(LivePointers(database).current())
    listed = [_described(row, roles) for row in saved]
    if not any(item["id"] == FIRST.id for item in listed):
        listed.append(_first(roles))
    if as_json:
        tables.put_json([{**item, "changed": list(_inputs(item).changed(now))} for item in listed])
        return
    tables.put(
        ("id", "used for", "made on", "by", "from", "note", "made with other"),
        [
            (
                item["id"],
                ", ".join(item["roles"]),
                str(item["created_at"] or "")[:16].replace("T", " "),
                item["author"],
                item["parent"],
                item["note"],
                ", ".join(_inputs(item).changed(now)),
            )
            for item in listed
        ],
    )


@app.command()
def show(name: ProfileName = "live", surface: OnSurface = None, as_json: AsJson = False) -> None:
    """Show every number of a profile, and how much each feature counts where everything is asked."""
    database = databases.opened()
    with database.reading() as session:
        profile = rankings.get(session, rankings.find_id(session, name, surface or "search"))
    changed = profile.inputs.changed(loaded_inputs())
    roles = roles_of(LivePointers(database).current()).get(profile.id, [])
    if as_json:
        content: dict[str, Any] = orjson.loads(profiles.dump(profile))
        tables.put_json({"id": profile.id, "roles": roles, "changed": list(changed), **content})
        return
    _show_features(profile, ", ".join(roles))
    tables.put(("policy", "value#"), [(name.upper(), value) for name, value in asdict(profile.policy).items()])
    tables.put(("made with", ""), asdict(profile.inputs).items())
    for item in changed:
        tables.say(
            f"{item} is another now than this profile was made with: it ranks all the same; "
            "`portulan ranking set` without numbers makes a draft with what is loaded.",
            style="yellow",
        )


@app.command()
def diff(before: ProfileName, after: ProfileName, as_json: AsJson = False) -> None:
    """Show what two profiles don't share."""
    with databases.opened().reading() as session:
        pair = [rankings.get(session, rankings.find_id(session, name)) for name in (before, after)]
    show_differences(changes.differences(*pair), as_json=as_json)


@app.command("set")
def make_draft(
    numbers: Annotated[
        list[str] | None, typer.Argument(help="Like TEXT_WEIGHT=0.4 ZONE_LOW=0 BOOST=0.05; `show` has all names.")
    ] = None,
    base: Annotated[str, typer.Option("--from", help="What to start from: an id, or a role.")] = "live",
    note: Note = "",
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Make a draft: a profile with some numbers set, and with the words and encoder of now. It ranks nobody yet."""
    database = databases.opened()
    wanted = _parsed(numbers or [])
    with database.reading() as session:
        parent = rankings.get(session, rankings.find_id(session, base))
    try:
        changed = changes.apply(parent, wanted)
    except Refused as refused:
        raise Invalid([Fault(fault.field, fault.code, fault.message) for fault in refused.faults]) from None
    draft = replace(changed, inputs=loaded_inputs())
    by = authors.find(database, author)
    signature = signed(by, note or " ".join(f"{name}={value}" for name, value in wanted.items()))

    def work(session: Session) -> None:
        rankings.save(session, draft, signature, parent_id=parent.id)
        by.note(session, "ranking_drafted", PROFILE, draft.id, at=signature.at, parent=parent.id)

    database.write(work)
    differences = changes.differences(parent, draft)
    if as_json:
        tables.put_json({"id": draft.id, "parent": parent.id, "differences": [asdict(item) for item in differences]})
        return
    show_differences(differences)
    tables.say(f"{draft.id} is a draft: see what it changes with `portulan ranking compare live {draft.id} --query …`.")


def surfaces(chosen: Surface | None) -> tuple[Surface, ...]:
    """Return one surface, or both."""
    return (chosen,) if chosen else SURFACES


def signed(author: Author, note: str = "") -> Signature:
    """Return who does something now, and why."""
    return Signature(author.name, clock.now(), note)


def loaded_inputs() -> Inputs:
    """Return the words that are here, and the encoder that the index was made with; none while it can't be asked."""
    encoder: str | None = None
    with suppress(Unavailable), choices.generations_of(Settings(), None).held() as held:
        encoder = held.property("encoder") if held else None
    return rankings.inputs_of(wordlists.read(), encoder)


def show_differences(differences: list[Difference], *, as_json: bool = False) -> None:
    """Print what two profiles don't share."""
    if as_json:
        tables.put_json([asdict(item) for item in differences])
    elif differences:
        tables.put(("number", "before#", "after#"), [(item.name, item.before, item.after) for item in differences])
    else:
        tables.say("They are the same.")


def roles_of(pointers: AllPointers) -> dict[str, list[str]]:
    """Return what each profile that is in use is used for, by its id."""
    found: dict[str, list[str]] = {}
    for surface, each in pointers.items():
        for role, profile in (("live", each.live), ("canary", each.canary), ("shadow", each.shadow)):
            if profile is not None:
                mixed = " interleaved" if each.canary_mode == "interleaved" else ""
                share = f" {each.canary_percent} %{mixed}" if role == "canary" else ""
                found.setdefault(profile.id, []).append(f"{role} on {surface}{share}")
    return found


def _described(row: ProfileRow, roles: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "roles": roles.get(row.id, []),
        "created_at": row.created_at.isoformat(),
        "author": row.author,
        "parent": row.parent_id,
        "note": row.note,
        "inputs": asdict(profiles.load(row.content).inputs),
    }


def _first(roles: dict[str, list[str]]) -> dict[str, Any]:
    """Return the first profile, which has no row until another one is saved."""
    unsaved = ProfileRow(
        id=FIRST.id, content=profiles.dump(FIRST), author=FIRST_AUTHOR, note=FIRST_NOTE, created_at=clock.now()
    )
    return {**_described(unsaved, roles), "created_at": None}


def _inputs(item: dict[str, Any]) -> Inputs:
    return Inputs(**item["inputs"])


def _show_features(profile: Profile, used_for: str) -> None:
    total = sum(feature.weight for feature in profile.features)
    rows: list[tuple[object, ...]] = []
    for feature in sorted(profile.features, key=lambda item: -item.weight):
        transform = feature.transform
        constants = (f"{name} {getattr(transform, name):g}" for name in CONSTANTS[transform.kind])
        counts = "always" if feature.is_always_on else "when asked"
        shape = f"{transform.kind}: {', '.join(constants)}"
        rows.append((feature.source, feature.weight, f"{feature.weight / total:.1%}", shape, feature.missing, counts))
    title = f"{profile.id}{f' ({used_for})' if used_for else ''}"
    tables.put(("feature", "weight#", "share#", "transform", "missing#", "counts"), rows, title=title)


def _parsed(numbers: list[str]) -> dict[str, str]:
    """Return what is to be set; raise Invalid for what is not written NAME=VALUE."""
    pairs = [item.partition("=") for item in numbers]
    faults = [
        Fault(item, "no_value", f"“{item}” has to be written NAME=VALUE")
        for item, (name, equals, value) in zip(numbers, pairs, strict=True)
        if not (name and equals and value)
    ]
    if faults:
        raise Invalid(faults)
    return {name: value for name, _, value in pairs}
