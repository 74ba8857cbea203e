"""`scripts/bench NAME [--json FILE]`."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from scripts.benchmarks import machines, rates, relevance, speed

app = typer.Typer(no_args_is_help=True, add_completion=False)
JsonFile = Annotated[Path | None, typer.Option("--json", help="Where to write the figures.")]


def _write(figures: dict[str, float], file: Path | None) -> None:
    if file is not None:
        file.write_bytes(orjson.dumps({"machine": machines.describe(), "figures": figures}, option=orjson.OPT_INDENT_2))


@app.command("relevance")
def measure_relevance(json: JsonFile = None) -> None:
    """How good the order is: the judged set over the sample directory, and the job titles of MELO."""
    _write(relevance.run(), json)


@app.command("search")
def measure_search(
    json: JsonFile = None,
    sizes: Annotated[str, typer.Option(help="Numbers of generated experts, in thousands.")] = "10,100",
) -> None:
    """How fast searching is, in process and over HTTP, split by phase."""
    _write(speed.search([int(size) for size in sizes.split(",")]), json)


@app.command("index")
def measure_index(json: JsonFile = None) -> None:
    """How fast import, text index and vectors of 2,000 experts are, and what bounds each."""
    _write(rates.index(), json)


if __name__ == "__main__":
    app()
