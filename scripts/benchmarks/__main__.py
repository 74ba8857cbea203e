"""`scripts/bench NAME [--json FILE]`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from scripts.benchmarks import (
    audience,
    comparisons,
    documents,
    freshness,
    ledger,
    machines,
    ranking,
    rates,
    relevance,
    speed,
)

app = typer.Typer(no_args_is_help=True, add_completion=False)
JsonFile = Annotated[Path | None, typer.Option("--json", help="Where to write the figures.")]


class Engine(StrEnum):
    """Where the documents are."""

    EMBEDDED = "embedded"
    OPENSEARCH = "opensearch"


def _numbers(sizes: str) -> list[int]:
    return [int(size) for size in sizes.split(",")]


def _write(figures: dict[str, float], file: Path | None) -> None:
    if file is not None:
        file.write_bytes(orjson.dumps({"machine": machines.describe(), "figures": figures}, option=orjson.OPT_INDENT_2))


@app.command("relevance")
def measure_relevance(json: JsonFile = None) -> None:
    """How good the order is: the judged set over the sample directory, and the job titles of MELO."""
    _write(relevance.run(), json)


@app.command("ranking")
def measure_ranking(json: JsonFile = None) -> None:
    """How long ordering 500 candidates with policy and explanation takes, and tuning the weights."""
    _write(ranking.run(), json)


@app.command("search")
def measure_search(
    json: JsonFile = None,
    sizes: Annotated[str, typer.Option(help="Numbers of generated experts, in thousands.")] = "",
    engine: Annotated[Engine, typer.Option(help="Which engine holds the documents.")] = Engine.EMBEDDED,
    growth: Annotated[bool, typer.Option("--growth", help="With OpenSearch: at 10, 100 and 300 thousand.")] = False,
) -> None:
    """How fast searching is: by phase and over HTTP, or on OpenSearch beside what one would take instead."""
    if engine is Engine.EMBEDDED:
        _write(speed.search(_numbers(sizes or "10,100")), json)
    else:
        _write(comparisons.search(_numbers(sizes or ("10,100,300" if growth else "100"))), json)


@app.command("index")
def measure_index(json: JsonFile = None) -> None:
    """How fast import, text index and vectors of 2,000 experts are, and what bounds each."""
    _write(rates.index(), json)


@app.command("freshness")
def measure_freshness(
    json: JsonFile = None,
    engine: Annotated[Engine, typer.Option(help="Which engine holds the documents.")] = Engine.EMBEDDED,
) -> None:
    """How soon a committed change is found, at fifty changes a second over HTTP."""
    _write(freshness.run(engine), json)


@app.command("audience")
def measure_audience(json: JsonFile = None) -> None:
    """Measure what recording impressions costs a page of results."""
    _write(audience.run(), json)


@app.command("ledger")
def measure_ledger(
    json: JsonFile = None,
    size: Annotated[int, typer.Option("--postings", min=1, help="How many postings to fill the ledger with.")] = 10**6,
) -> None:
    """How fast facts are posted and balances read among a million postings, on SQLite and PostgreSQL."""
    _write(ledger.run(size), json)


@app.command("documents")
def measure_documents(json: JsonFile = None) -> None:
    """How many invoices are checked, issued and made a second, and what one costs when a report is validated."""
    _write(documents.run(), json)


if __name__ == "__main__":
    app()
