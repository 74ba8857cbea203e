"""What commands print: tables in colour for people, JSON for programs."""

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def console() -> Console:
    """Return what prints for people, as wide as the terminal is now."""
    return Console(highlight=False)


def put_json(value: Any) -> None:
    """Write a value as JSON, one line."""
    sys.stdout.write(orjson.dumps(value).decode() + "\n")


def put(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Write a table; a column whose name ends with `#` holds numbers."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        is_number = column.endswith("#")
        table.add_column(column.removesuffix("#"), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console().print(table)


def cell(value: object) -> str:
    """Return a value as people read it."""
    if value is None or value == "":
        return "[dim]-[/]"
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))


def say(text: str, *, style: str = "") -> None:
    """Write a sentence."""
    console().print(escape(text), style=style, soft_wrap=True)


def amount(cents: int) -> str:
    """Return cents as an amount with thousands apart."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02}"
