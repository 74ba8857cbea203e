"""`portulan documents`: listing what was issued, reading it, checking that it is whole, taking files along."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from accounts.audience_days import ZONE
from billing.documents import archives, deliveries, issues, listings
from billing.documents.contents import Content, Kind
from billing.documents.deliveries import Standing
from billing.documents.issues import Damaged
from billing.documents.listings import Listed, Wanted
from billing.models.deliveries import DocumentDelivery
from billing.models.documents import DocumentFile
from booking.documents import pages, purchase_orders, quotes
from booking.documents.contents import Print
from foundation import clock, folders
from foundation.errors import Conflict, NotFound
from scripts import databases, tables
from scripts.tables import AsJson

app = typer.Typer(help="List, read, check and export documents of accounting.", no_args_is_help=True)
OFF = 1
PAGE = 50
Source = Callable[[Session, Wanted], Iterator[tuple[str, Callable[[], bytes]]]]
"""Yields numbers, each with what reads or sets its file."""


class Exported(StrEnum):
    """What has files to take along."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    COMMISSION = "commission"
    BOOST = "boost"
    PURCHASE_ORDER = "purchase_order"
    QUOTE = "quote"


def _issued(kind: Kind, session: Session, wanted: Wanted) -> Iterator[tuple[str, Callable[[], bytes]]]:
    for listed in listings.find_all(session, replace(wanted, kind=kind.value)):
        yield listed.number, partial(issues.file_of, session, listed.id)


def _set(
    all_of: Callable[..., Iterator[Print]], session: Session, wanted: Wanted
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    for found in all_of(session, expert_id=wanted.expert_id, client_id=wanted.client_id):
        if wanted.year in {None, found.made_at.astimezone(ZONE).year}:
            yield found.number, partial(pages.render, found)


SOURCES: Mapping[Exported, Source] = {
    **{Exported(kind.value): partial(_issued, kind) for kind in Kind},
    Exported.PURCHASE_ORDER: partial(_set, purchase_orders.all_of),
    Exported.QUOTE: partial(_set, quotes.all_of),
}
"""By kind, what has files to take along."""

IssuedKind = Annotated[Kind | None, typer.Option("--kind", help="Only this kind.")]
ExportedKind = Annotated[Exported | None, typer.Option("--kind", help="Only this kind.")]
Year = Annotated[int | None, typer.Option(min=2000, max=2200, help="Issued in this year.")]
Expert = Annotated[str, typer.Option(help="Only those of an expert, by id.")]
Client = Annotated[str, typer.Option(help="Only those of a client, by id.")]


@app.command("list")
def list_(
    kind: IssuedKind = None,
    year: Year = None,
    expert: Expert = "",
    client: Client = "",
    query: Annotated[str, typer.Option(help="A number, title, party or order number, or a part of one.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = PAGE,
    after: Annotated[str, typer.Option(help="Go on after this number.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what was issued, the newest first."""
    database = databases.opened()
    wanted = Wanted(kind.value if kind else "", year, expert, client, "", query, after)
    with database.reading() as session:
        found = listings.find(session, wanted, limit=limit + 1)
        standings = deliveries.standings(session, [listed.id for listed in found[:limit]])
        rows = [_row(listed, standings[listed.id]) for listed in found[:limit]]
    more = rows[-1]["number"] if len(found) > limit else None
    if as_json:
        tables.put_json({"documents": rows, "next_after": more})
        return
    columns = (
        "number",
        "kind",
        "issued_on",
        "seller",
        "buyer",
        "net#",
        "tax#",
        "gross#",
        "currency",
        "file",
        "sending",
    )
    tables.put(columns, [[_cell(row, column.removesuffix("#")) for column in columns] for row in rows])
    if more:
        tables.say(f"There are more: --after {more}")


@app.command()
def show(number: Annotated[str, typer.Argument(help="Such as COM-2026-1.")], as_json: AsJson = False) -> None:
    """Show what a document says, its hashes, and what became of it."""
    database = databases.opened()
    with database.reading() as session:
        document = listings.get(session, number)
        file = session.get(DocumentFile, document.id)
        found: dict[str, Any] = {
            "id": document.id,
            "reference": document.reference,
            "expert_id": document.expert_id,
            "client_id": document.client_id,
            "issued_at": document.issued_at,
            "content_sha256": document.content_hash,
            "file_sha256": file.sha256 if file else None,
            "rendered_at": file.rendered_at if file else None,
            "problems": [problem.value for problem in archives.judge(document, file, at=clock.now())],
            "log": [_line(line) for line in deliveries.log(session, document.id)],
            "content": document.content,
        }
    if as_json:
        tables.put_json(found)
        return
    tables.put(("", number), _facts(Content.model_validate(found["content"])))
    tables.put(("kept", ""), [(name, _listed(found[name])) for name in found if name not in {"content", "log"}])
    columns = ("at", "way", "party", "state", "code", "detail")
    tables.put(columns, [[line[column] for column in columns] for line in found["log"]], title="What became of it")


@app.command()
def verify(
    number: Annotated[str, typer.Argument(help="Only this one; empty: all, and their series.")] = "",
    as_json: AsJson = False,
) -> None:
    """Compute all hashes anew, look for files and numbers that are missing; exit with 1 if something is wrong."""
    database = databases.opened()
    with database.reading() as session:
        if number:
            listings.get(session, number)
        rows = [asdict(finding) for finding in archives.verify(session, at=clock.now(), number=number)]
    if as_json:
        tables.put_json({"findings": rows})
    elif rows:
        columns = ("problem", "number", "document_id")
        tables.put(columns, [[row[column] for column in columns] for row in rows], title="Not as it was issued")
    else:
        tables.say("All is as it was issued.", style="green")
    raise typer.Exit(OFF if rows else 0)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where NUMBER.pdf is written; made if it is not there.")],
    kind: ExportedKind = None,
    year: Year = None,
    expert: Expert = "",
    client: Client = "",
    as_json: AsJson = False,
) -> None:
    """Write the files of documents; what is there with other bytes stays. Exit with 1 if one is not written."""
    database = databases.opened()
    folder.mkdir(parents=True, exist_ok=True)
    counts = {"written": 0, "there_already": 0}
    left: list[dict[str, str]] = []
    with database.reading() as session:
        for exported, source in SOURCES.items():
            if kind and exported is not kind:
                continue
            for number, read in source(session, Wanted("", year, expert, client)):
                try:
                    is_new = folders.put(folder, f"{number}.pdf", read())
                except (Conflict, Damaged, NotFound) as error:
                    left.append({"number": number, "reason": str(error)})
                else:
                    counts["written" if is_new else "there_already"] += 1
    if as_json:
        tables.put_json({**counts, "left_out": left})
    else:
        tables.say(f"{counts['written']} written to {folder}, {counts['there_already']} there already.")
        if left:
            tables.put(("number", "reason"), [tuple(row.values()) for row in left], title="Not written")
    raise typer.Exit(OFF if left else 0)


def _row(listed: Listed, standings: Sequence[Standing]) -> dict[str, Any]:
    said = [
        {"way": one.way.value, "party": one.party, "state": one.state.value, "at": one.at, "waits": one.waits}
        for one in standings
    ]
    stands = ", ".join(f"{one['party'] or one['way']} {one['state']}" for one in said)
    return {
        **asdict(listed),
        "file": "rendered" if listed.rendered_at else "being made",
        "standings": said,
        "sending": stands,
    }


def _line(line: DocumentDelivery) -> dict[str, Any]:
    return {
        "at": line.at,
        "way": line.way,
        "party": line.party,
        "state": line.state,
        "code": line.code,
        "detail": line.detail,
    }


def _cell(row: dict[str, Any], column: str) -> object:
    cents = row.get(f"{column}_cents")
    return row[column] if cents is None else tables.amount(cents)


def _listed(value: object) -> object:
    return ", ".join(value) if isinstance(value, list) else value


def _facts(content: Content) -> Iterator[tuple[str, object]]:
    """Yield what a document says, line by line."""
    yield "kind", content.kind.value
    yield "issued on", content.issued_on
    yield "title", content.title
    for name, side in (("seller", content.seller), ("buyer", content.buyer)):
        numbers = ", ".join(filter(None, (side.registration_number, side.vat_number)))
        yield name, f"{side.name}, {side.address.replace(chr(10), ', ')}, {side.country} ({numbers or 'no number'})"
    yield "issuer", content.issuer or content.seller.name
    yield "mission", content.reference
    yield "order", content.order_number
    yield "work", f"{content.starts_on or ''} to {content.ends_on}" if content.ends_on else ""
    if content.preceding:
        yield "takes back", f"{content.preceding.number} of {content.preceding.issued_on}: {content.reason}"
    for line in content.lines:
        amounts = f"{line.halves / 2:g} × {tables.amount(line.price_cents)} = {tables.amount(line.net_cents)}"
        yield "line", f"{line.label}: {amounts}"
    if content.reduction_cents:
        yield "reduction", tables.amount(-content.reduction_cents)
    yield "before tax", f"{tables.amount(content.net_cents)} {content.currency}"
    yield f"tax {content.taxation.rate_bp / 100:g} %", f"{tables.amount(content.tax_cents)} {content.currency}"
    yield "total", f"{tables.amount(content.gross_cents)} {content.currency}"
    yield "paid", f"{content.paid_on}, by {content.means.name.lower()}"
    for mention in (*content.taxation.mentions, *(note.text for note in content.notes)):
        yield "mention", mention
