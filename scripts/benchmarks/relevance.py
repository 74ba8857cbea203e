"""How good the order is.

The judged set: queries over the sample directory with grades 0 to 3, nDCG@10. A second collection of other experts
and queries, written and graded by somebody who knew neither the first nor our word lists. MELO (Retyk et al. 2024):
French job titles to be matched with ESCO's, put in as headlines; mean average precision of the first 100.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from foundation import clock
from foundation.settings import ROOT
from ranking import metrics
from scripts import demos
from scripts.benchmarks import directories, machines
from scripts.benchmarks.directories import Directory
from search_api import requests, understanding
from search_api.requests import Parameters, SearchRequest
from search_api.searches import Searcher
from taxonomy import texts

JUDGMENTS = ROOT / "data" / "sample" / "judgments.jsonl"
HELD_OUT = ROOT / "data" / "held_out"
MELO = ROOT.parent / "shared" / "data" / "melo"
DEPTH = 100
Ranker = Callable[[str], list[str]]


def run() -> dict[str, float]:
    """Print the tables and return the figures."""
    console = Console(width=120)
    console.print(machines.line())
    figures = _judged(console, "judged", "sample", demos.lines(clock.today()), JUDGMENTS)
    others = (HELD_OUT / "experts.jsonl").read_bytes().splitlines(keepends=True)
    figures |= _judged(console, "held_out", "held_out", others, HELD_OUT / "judgments.jsonl")
    for name, folder in (("fr_fr", "fra_q_fr_c_fr"), ("fr_en", "fra_q_fr_c_en")):
        if (MELO / folder).exists():
            figures.update(_melo(console, name, MELO / folder))
        else:
            console.print(f"MELO {name}: no data at {MELO / folder}, left out")
    return figures


def rankers(directory: Directory, size: int) -> dict[str, Ranker]:
    """Return the three ways to rank that are compared."""
    both = directory.searcher()
    return {
        "words": lambda query: _refs(directory.searcher(with_meaning=False), query, size),
        "meaning": lambda query: _by_meaning(both, query, size),
        "both": lambda query: _refs(both, query, size),
    }


def _request(searcher: Searcher, query: str, size: int) -> SearchRequest:
    return requests.resolve(Parameters(q=query, size=size), searcher.wordlists)


def _refs(searcher: Searcher, query: str, size: int) -> list[str]:
    found = searcher.find(_request(searcher, query, size))
    return [item.document.ref for item in (*found.results, *found.near)]


def _by_meaning(searcher: Searcher, query: str, size: int) -> list[str]:
    """Rank by cosine alone."""
    request = _request(searcher, query, size)
    text = texts.without_doublets(query)
    plan = searcher.plan(request, understanding.Understanding(text=text), clock.today())
    policy = replace(plan.profile.policy, similarity_floor=-1.0, lone_floor=-1.0, neighbours=size)
    plan = replace(plan, profile=replace(plan.profile, policy=policy))
    candidates = searcher.engine.retrieve(plan).candidates
    best = np.argsort(-candidates.raw["semantic"], kind="stable")[:size]
    ids = [candidates.ids[int(place)] for place in best]
    documents = searcher.engine.documents(ids)
    return [documents[expert_id].ref for expert_id in ids]


def _judged(console: Console, name: str, folder: str, lines: Iterable[bytes], judgments: Path) -> dict[str, float]:
    directories.remove(directories.FOLDER / folder / "index")
    directory = directories.load(folder, lines)
    judged = [orjson.loads(line) for line in judgments.read_bytes().splitlines()]
    table = Table(title=f"{name}: nDCG@10 of {len(judged)} queries")
    table.add_column("kind")
    by_ranker: dict[str, dict[str, list[float]]] = {}
    for ranker, rank in rankers(directory, 10).items():
        table.add_column(ranker, justify="right")
        by_ranker[ranker] = defaultdict(list)
        for item in judged:
            by_ranker[ranker][item["kind"]].append(metrics.ndcg(rank(item["query"]), item["grades"], 10))
    directory.close()
    for kind in by_ranker["both"]:
        table.add_row(kind, *(f"{np.mean(kinds[kind]):.3f}" for kinds in by_ranker.values()))
    means = {ranker: _mean(kinds) for ranker, kinds in by_ranker.items()}
    table.add_row("all", *(f"{mean:.3f}" for mean in means.values()), style="bold")
    console.print(table)
    return {
        f"relevance.{name}.ndcg10": means["both"],
        f"relevance.{name}.words.ndcg10": means["words"],
        f"relevance.{name}.meaning.ndcg10": means["meaning"],
    }


def _mean(kinds: Mapping[str, list[float]]) -> float:
    return float(np.mean([value for values in kinds.values() for value in values]))


def _melo(console: Console, name: str, folder: Path) -> dict[str, float]:
    directory = directories.load(f"melo_{name}", _titles(folder))
    queries = dict(_rows(folder / "queries.tsv"))
    relevant: dict[str, set[str]] = defaultdict(set)
    for query, _, title, grade in _rows(folder / "annotations.tsv"):
        if int(grade) > 0:
            relevant[query].add(title)
    table = Table(title=f"MELO {name}: mean average precision of the first {DEPTH}, {len(relevant)} titles")
    figures: dict[str, float] = {}
    row: list[str] = []
    for ranker, rank in rankers(directory, DEPTH).items():
        table.add_column(ranker, justify="right")
        values = [metrics.average_precision(rank(queries[query]), relevant[query], DEPTH) for query in relevant]
        row.append(f"{np.mean(values):.3f}")
        suffix = "" if ranker == "both" else f".{ranker}"
        figures[f"relevance.melo.{name}{suffix}.map100"] = float(np.mean(values))
    directory.close()
    table.add_row(*row)
    console.print(table)
    return figures


def _titles(folder: Path) -> Iterator[bytes]:
    for ref, title in _rows(folder / "corpus_elements.tsv"):
        yield orjson.dumps({"ref": ref, "name": ref, "headline": title, "summary": title})


def _rows(path: Path) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield line.split("\t")
