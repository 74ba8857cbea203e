"""`portulan skills`: widening the reviewed skills, and seeing to those on profiles that no concept knows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from accounts import free_skills
from foundation import clock, logs
from foundation.database import Database
from foundation.errors import Fault, Invalid
from foundation.settings import Settings
from indexer import embeddings, encoders, near_concepts
from scripts import authors, databases, tables
from scripts.authors import As
from scripts.tables import AsJson
from taxonomy import decisions, esco, imported_skills
from taxonomy.concepts import LANGUAGES, Language, is_reviewed
from taxonomy.models import SkillDecision
from taxonomy.wordlists import LiveWordlists, Wordlists

app = typer.Typer(help="Widen the skills, name free ones, merge them into concepts.", no_args_is_help=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)
BAD_INPUT = 2
MOST_LISTED = 200
NEXT = "Searches use it within seconds; profiles and facets do when the index is rebuilt, which is owed now."

KIND = "skill"
"""What the audit log calls them."""
Skill = Annotated[str, typer.Argument(help="A skill as profiles say it.")]


@app.command("import-esco")
def import_esco(
    folder: Annotated[Path, typer.Argument(help="The folder of ESCO's CSV files, skills_fr*.csv and skills_en*.csv.")],
    language: Annotated[str, typer.Option(help="Which languages to read, such as fr,en.")] = "fr,en",
    release: Annotated[str, typer.Option(help="The release of ESCO, to be kept with its words.")] = "unknown",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Take over ESCO's skills: more names for our concepts where the labels match, new concepts where not.

    What was imported before is replaced.
    """
    found = esco.read(folder, _languages(language))
    if found.faults:
        if as_json:
            tables.put_json({"faults": [_fault(fault) for fault in found.faults]})
        else:
            for fault in found.faults:
                errors.print(str(fault), markup=False)
            errors.print(f"{len(found.faults)} faults: nothing was imported.")
        raise typer.Exit(BAD_INPUT)
    database, wordlists = _opened()
    by = authors.find(database, author)
    matched = imported_skills.match(found.concepts, wordlists.skills, esco.SOURCE)
    with database.writing() as session:
        change = imported_skills.keep(
            session,
            esco.SOURCE,
            matched,
            release=release,
            digest=found.digest,
            author=by.name,
            at=clock.now(),
        )
        details = {"release": release, "concepts": matched.new, "names": matched.names}
        by.note(session, "skills_imported", "skill_source", esco.SOURCE, at=clock.now(), **details)
        if dry_run:
            session.rollback()
    told = {
        "source": esco.SOURCE,
        "release": release,
        "digest": found.digest,
        "read": matched.read,
        "widened_concepts": matched.widened,
        "new_names": matched.names,
        "new_concepts": matched.new,
        "ambiguous": matched.ambiguous,
        **change.dump(),
        "dry_run": dry_run,
    }
    if as_json:
        tables.put_json(told)
        return
    for name, value in told.items():
        typer.echo(f"{name.replace('_', ' '):<18} {value}")
    if not dry_run:
        typer.echo("Nothing has changed." if change.is_none else NEXT)


@app.command()
def forget(
    source: Annotated[str, typer.Argument(help="What was imported: esco.")], author: As = "", as_json: AsJson = False
) -> None:
    """Take out all words that were imported from a source."""
    database, _ = _opened()
    by = authors.find(database, author)
    with database.writing() as session:
        dropped, lost = imported_skills.forget(session, source)
        by.note(session, "skills_forgotten", "skill_source", source, at=clock.now(), concepts=dropped)
    if as_json:
        tables.put_json({"source": source, "removed": dropped, "without_concept": lost})
        return
    typer.echo(f"{dropped} concepts of {source} are forgotten. {NEXT}")
    for skill in lost:
        typer.echo(f"“{skill}” was merged into one of them, and is free again.")


@app.command("list")
def list_skills(
    free: Annotated[bool, typer.Option("--free", help="Those on profiles that no concept knows.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many to print.")] = MOST_LISTED,
    as_json: AsJson = False,
) -> None:
    """List the skills that are known; or with --free those that wait, most listed first, with what they may mean."""
    database, wordlists = _opened()
    rows = _free_rows(database, wordlists, limit) if free else _known_rows(wordlists)[:limit]
    if as_json:
        tables.put_json(rows)
    elif free:
        _print_free(rows)
    else:
        for row in rows:
            typer.echo(f"{row['id']:<40} {row['fr']} / {row['en']}")


@app.command()
def name(
    skill: Skill,
    fr: Annotated[str, typer.Option(help="Its label in French.")],
    en: Annotated[str, typer.Option(help="Its label in English.")],
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Make a concept of a free skill."""
    database, wordlists = _opened()
    by, at = authors.find(database, author), clock.now()
    with database.writing() as session:
        concept = decisions.name(session, skill, fr=fr, en=en, wordlists=wordlists, author=by.name, at=at)
        by.note(session, "skill_named", KIND, skill, at=at, concept=concept)
    _tell({"skill": skill, "concept": concept}, f"“{skill}” is the concept {concept} now.", as_json=as_json)


@app.command()
def merge(
    skill: Skill,
    concept: Annotated[str, typer.Argument(help="A concept, by its id or any of its labels.")],
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Make a free skill a name of a concept."""
    database, wordlists = _opened()
    by, at = authors.find(database, author), clock.now()
    with database.writing() as session:
        found = decisions.merge(session, skill, concept, wordlists=wordlists, author=by.name, at=at)
        by.note(session, "skill_merged", KIND, skill, at=at, concept=found)
    _tell({"skill": skill, "concept": found}, f"“{skill}” is a name of {found} now.", as_json=as_json)


@app.command()
def ignore(skill: Skill, author: As = "", as_json: AsJson = False) -> None:
    """Leave a free skill as it is; it is listed no more."""
    database, _ = _opened()
    by, at = authors.find(database, author), clock.now()
    with database.writing() as session:
        decisions.ignore(session, skill, author=by.name, at=at)
        by.note(session, "skill_ignored", KIND, skill, at=at)
    if as_json:
        tables.put_json({"skill": skill})
    else:
        typer.echo(f"“{skill}” stays as it is, and waits no more.")


@app.command()
def undo(skill: Skill, author: As = "", as_json: AsJson = False) -> None:
    """Take back what was decided about a skill."""
    database, _ = _opened()
    by, at = authors.find(database, author), clock.now()
    with database.writing() as session:
        decision = decisions.undo(session, skill, author=by.name, at=at)
        by.note(session, "skill_decision_undone", KIND, skill, at=at, kind=decision.kind)
    _tell({"skill": skill, "kind": decision.kind}, f"“{skill}” is no more {decision.kind}.", as_json=as_json)


@app.command()
def history(as_json: AsJson = False) -> None:
    """Tell who decided what and when, undone decisions too, the latest first; and what was imported."""
    database, _ = _opened()
    with database.reading() as session:
        found = [_decision(item) for item in decisions.history(session)]
        sources = [item.model_dump(mode="json") for item in imported_skills.sources(session)]
    if as_json:
        tables.put_json({"decisions": found, "sources": sources})
        return
    for item in found:
        undone = f", undone by {item['undone_by']} {item['undone_at']:.10}" if item["undone_at"] else ""
        concept = f" → {item['concept']}" if item["concept"] else ""
        typer.echo(f"{item['decided_at']:.10} {item['author']}: {item['kind']} “{item['name']}”{concept}{undone}")
    for item in sources:
        typer.echo(f"{item['imported_at']:.10} {item['author']}: {item['source']} {item['release']}")


def _free_rows(database: Database, wordlists: Wordlists, limit: int) -> list[dict[str, Any]]:
    with database.reading() as session:
        decided = decisions.decisions(session)
        waiting = free_skills.waiting(session, wordlists)
    # Whatever was decided is in effect at the latest after the next rebuild: it waits no more.
    waiting = [skill for skill in waiting if skill.key.removeprefix("~") not in decided][:limit]
    by_meaning = _near_by_meaning(database, wordlists, [skill.name for skill in waiting])
    return [
        {
            "skill": skill.name,
            "experts": skill.experts,
            "near": [
                {"concept": near.id, "by": near.by, "nearness": near.nearness}
                for near in (*near_concepts.by_letters(skill.name, wordlists), *by_meaning.get(skill.name, ()))
            ],
        }
        for skill in waiting
    ]


def _near_by_meaning(
    database: Database, wordlists: Wordlists, skills: Sequence[str]
) -> dict[str, list[near_concepts.NearConcept]]:
    encoder = encoders.load(Settings(), background=False) if skills else None
    if encoder is None:
        return {}
    embeddings.adopt_shipped(database, encoder)
    concepts = embeddings.concepts(database, encoder, wordlists, only_known=True)
    return near_concepts.by_meaning(skills, wordlists, database, encoder.name, concepts)


def _known_rows(wordlists: Wordlists) -> list[dict[str, Any]]:
    concepts = (*wordlists.skills.concepts, *wordlists.skills.imported)
    return [
        {"id": concept.id, "fr": concept.label("fr"), "en": concept.label("en"), "reviewed": is_reviewed(concept.id)}
        for concept in concepts
    ]


def _print_free(rows: Sequence[dict[str, Any]]) -> None:
    table = Table("experts", "skill", "what it may mean")
    for row in rows:
        near = ", ".join(f"{item['concept']} ({item['by']} {item['nearness']:.2f})" for item in row["near"])
        table.add_row(str(row["experts"]), row["skill"], near)
    Console(highlight=False, markup=False).print(table)


def _tell(values: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        tables.put_json(values)
    else:
        typer.echo(f"{sentence} {NEXT}")


def _fault(fault: esco.EscoFault) -> dict[str, Any]:
    return {"file": fault.file, "line": fault.line, "column": fault.column, "reason": fault.reason}


def _decision(item: SkillDecision) -> dict[str, Any]:
    return item.model_dump(mode="json")


def _languages(value: str) -> tuple[Language, ...]:
    wanted = [part.strip() for part in value.split(",") if part.strip()]
    found: tuple[Language, ...] = tuple(language for language in LANGUAGES if wanted.count(language))
    if not found or set(wanted) - set(LANGUAGES):
        raise Invalid([Fault("language", "unknown_language", f"“{value}”: give fr, en or fr,en")])
    return found


def _opened() -> tuple[Database, Wordlists]:
    settings = Settings()
    logs.configure(settings.model_copy(update={"log_level": "warning"}))
    database = databases.opened(settings)
    return database, LiveWordlists(database=database).refresh()
