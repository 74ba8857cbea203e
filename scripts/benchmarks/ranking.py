"""What ranking costs by itself: ordering 500 candidates with policy and explanation, and tuning weights."""

import time

import numpy as np
from rich.console import Console
from rich.table import Table

from foundation import clock
from indexer.engines.interface import Candidates, Filters, Plan
from ranking import held_skills, metrics, tuning
from ranking.held_skills import HeldSkills
from ranking.judged_windows import JudgedWindow
from ranking.profiles import FIRST, Source
from ranking.scoring import Floats
from scripts.benchmarks import machines
from search_api import orders
from search_api.requests import Parameters, SearchRequest, resolve
from taxonomy.wordlists import LiveWordlists

CANDIDATES = 500
PAGE = 20
ROUNDS = 300
QUERIES, WINDOW = 100, 50
ASKED: frozenset[Source] = frozenset(feature.source for feature in FIRST.features)


def run() -> dict[str, float]:
    """Print the table and return the figures."""
    console = Console(width=120)
    console.print(machines.line())
    figures = {**_ordering(), "ranking.tune_s": _tuning()}
    table = Table(
        title=f"Ranking: {CANDIDATES} candidates; {len(FIRST.features)} weights, {QUERIES} queries of {WINDOW}"
    )
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        table.add_row(name, f"{value:.2f}")
    console.print(table)
    return figures


def _ordering() -> dict[str, float]:
    """Time what a search does after retrieval: learn from the best, score, boost, policy, and explain a page."""
    draws = np.random.default_rng(1)
    request = resolve(Parameters(q="douane", size=PAGE), LiveWordlists().current())
    plan = Plan((), 0.0, 0.0, Filters(), FIRST, ASKED, clock.today())
    candidates = _candidates(draws, CANDIDATES)
    return {
        f"ranking.{CANDIDATES}.p50_ms": _median_ms(plan, candidates, request, PAGE),
        f"ranking.{CANDIDATES}.all_explained.p50_ms": _median_ms(plan, candidates, request, CANDIDATES),
    }


def _median_ms(plan: Plan, candidates: Candidates, request: SearchRequest, shown: int) -> float:
    times: list[float] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        best = orders.learn(plan, candidates)
        rows = orders.order(plan, orders.likened(candidates, best), request, 0, shown)
        times.append(1e3 * (time.perf_counter() - started))
        if len(rows) != shown:
            raise RuntimeError("rows are missing")
    return float(np.median(times))


def _tuning() -> float:
    """Time five folds and the final fit, on queries whose best candidates one can learn to find."""
    draws = np.random.default_rng(2)
    truth: dict[Source, float] = {source: draws.random() for source in sorted(ASKED - {"shared_skills"})}
    windows = [_window(draws, truth, number) for number in range(QUERIES)]
    started = time.perf_counter()
    tuned = tuning.tune(FIRST, windows, metrics.parse("ndcg_linear_full@10"), seed=1)
    seconds = time.perf_counter() - started
    if tuned.training <= tuned.start:
        raise RuntimeError("nothing was learned")
    return seconds


def _window(draws: np.random.Generator, truth: dict[Source, float], number: int) -> JudgedWindow:
    candidates = _candidates(draws, WINDOW)
    score = sum(
        (weight * candidates.raw[source] for source, weight in truth.items()), start=draws.normal(0, 0.5, WINDOW)
    )
    grades = np.zeros(WINDOW, dtype=int)
    best = np.argsort(-score)
    grades[best[:3]], grades[best[3:10]] = 3, 1
    return JudgedWindow(
        f"query {number}", candidates.raw, candidates.held, ASKED, candidates.ties, grades.tolist(), grades.tolist()
    )


def _candidates(draws: np.random.Generator, size: int) -> Candidates:
    raw: dict[Source, Floats] = {source: draws.random(size) for source in sorted(ASKED - {"shared_skills"})}
    raw["review_mean"] = np.where(draws.random(size) < 0.3, np.nan, 1 + 4 * draws.random(size))
    reviews = draws.integers(0, 20, size).astype(np.float64)
    return Candidates(
        ids=[f"expert {number}" for number in range(size)],
        raw={**raw, "review_count": reviews, "days_until_available": draws.integers(0, 90, size).astype(np.float64)},
        boosted=draws.random(size) < 0.1,
        created=clock.today().toordinal() - draws.integers(0, 900, size),
        ties=draws.permutation(size),
        texts=np.arange(size),
        held=_held(draws, size),
    )


def _held(draws: np.random.Generator, size: int) -> HeldSkills:
    lists = [[f"skill {key}" for key in draws.integers(0, 400, 12)] for _ in range(size)]
    return held_skills.join([held_skills.skillset(keys[:7], keys[7:]) for keys in lists])
