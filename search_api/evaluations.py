"""Evaluations: what a profile reaches on judged queries by real searches, kept with all that decided it.

A figure means something only beside another under the same conditions: judgments, documents, words, encoder, engine,
code and day. Whatever differs is named, and no comparison is made.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from uuid import uuid4

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation import clock
from foundation.errors import Conflict, NotFound
from foundation.settings import ROOT
from ranking import significance
from ranking.metrics import DEPTH, Metric, parse
from ranking.significance import Interval
from search_api import requests
from search_api.evidence import METRIC, Basis, Conditions, Evidence
from search_api.evidence import refusal as judge
from search_api.judgments import JudgedSet
from search_api.models import Evaluation
from search_api.requests import Parameters
from search_api.searches import Searcher

Progress = Callable[[int], None]
Figures = Mapping[str, Mapping[str, float]]
"""By metric, then by query."""
_CODE = ("foundation", "indexer", "ranking", "search_api", "taxonomy")
"""The packages that an order may depend on."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How one evaluation compares with another: the mean difference with its interval, and the chance of it."""

    interval: Interval
    p_value: float
    corrected_p_value: float
    """After Holm, for all metrics that were compared."""

    @property
    def is_significant(self) -> bool:
        """Tell whether chance hardly makes such a difference."""
        return self.corrected_p_value < 1.0 - significance.LEVEL


def conditions(searcher: Searcher, judged: JudgedSet, engine_name: str) -> Conditions:
    """Return everything besides the profile that decides figures now."""
    return Conditions(
        judgments=judged.sha,
        corpus=corpus(searcher.engine.versions()),
        words=searcher.wordlists.fingerprint,
        encoder=searcher.encoder.name if searcher.encoder else "none",
        engine=engine_name,
        code=code(),
        day=clock.today().isoformat(),
    )


def corpus(versions: Mapping[str, int]) -> str:
    """Return the hash of the documents that can be found: their ids and versions."""
    return _hash("\n".join(f"{expert_id} {version}" for expert_id, version in sorted(versions.items())).encode())


@lru_cache(maxsize=1)
def code() -> str:
    """Return the hash of the sources that an order depends on: exact, also where nobody counts versions."""
    paths = sorted(path for package in _CODE for path in (ROOT / package).rglob("*.py"))
    return _hash(b"\0".join(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() for path in paths))


def rank(searcher: Searcher, queries: Sequence[str], progress: Progress = lambda _: None) -> dict[str, list[str]]:
    """Search each query, and return the refs of the first results, near matches where nothing was found."""
    found: dict[str, list[str]] = {}
    for query in queries:
        request = requests.resolve(Parameters(q=query, size=DEPTH), searcher.wordlists)
        answer = searcher.find(request)
        found[query] = [item.document.ref for item in (*answer.results, *answer.near)]
        progress(1)
    return found


def measure(judged: JudgedSet, ranked: Mapping[str, Sequence[str]], metrics: Sequence[Metric]) -> Figures:
    """Return each metric of each query."""
    return {
        metric.name: {item.query: metric.of(ranked[item.query], item.grades) for item in judged.queries}
        for metric in metrics
    }


def evaluation(
    profile_id: str,
    judged: JudgedSet,
    figures: Figures,
    given: Conditions,
    *,
    basis: Basis,
    author: str,
    at: datetime,
    folds: Sequence[dict[str, object]] = (),
) -> Evaluation:
    """Return a row that says what was measured."""
    return Evaluation(
        id=f"ev_{uuid4().hex[:12]}",
        profile_id=profile_id,
        basis=basis.value,
        conditions=asdict(given),
        kinds={item.query: item.kind for item in judged.queries},
        figures={name: dict(values) for name, values in figures.items()},
        folds=list(folds),
        author=author,
        created_at=at,
    )


def tuning_of(session: Session, profile_id: str, judgments_sha: str) -> Evaluation | None:
    """Return what a profile reached on held-out folds when it was tuned on some judgments; None where it wasn't."""
    rows = [row for row in _rows(session, profile_id) if row.basis == Basis.HELD_OUT.value]
    return next((row for row in rows if row.conditions["judgments"] == judgments_sha), None)


def get(session: Session, evaluation_id: str) -> Evaluation:
    """Return a kept evaluation; raise NotFound."""
    row = session.get(Evaluation, evaluation_id)
    if row is None:
        raise NotFound(f"there is no evaluation {evaluation_id!r}")
    return row


def evidence(session: Session, profile_ids: Sequence[str]) -> list[Evidence]:
    """Return what has been measured of some profiles, for `search_api.evidence.refusal`."""
    return [
        Evidence(row.profile_id, Conditions(**row.conditions), Basis(row.basis), row.created_at, row.figures[METRIC])
        for profile_id in profile_ids
        for row in _rows(session, profile_id)
        if METRIC in row.figures
    ]


def refusal(session: Session, candidate_id: str, live_id: str) -> str | None:
    """Return why a profile may not go live instead of another; None where what was measured speaks for it."""
    return judge(candidate_id, live_id, evidence(session, [candidate_id, live_id]))


def compare(item: Evaluation, other: Evaluation) -> dict[str, Difference]:
    """Return by metric of quality how much better one evaluation is than another, query by query.

    Raise Conflict that names what differs where their conditions do, or where they have no metric in common.
    """
    differing = Conditions(**item.conditions).differing(Conditions(**other.conditions))
    if differing:
        raise Conflict(f"{item.id} and {other.id} can't be compared, they differ in {'; '.join(differing)}")
    shared = [name for name in item.figures if name in other.figures and not _only_describes(name)]
    if not shared:
        raise Conflict(f"{item.id} and {other.id} have no metric of quality in common")
    by_metric = {name: differences(item.figures[name], other.figures[name]) for name in shared}
    p_values = {name: significance.randomization(values) for name, values in by_metric.items()}
    corrected = significance.holm(p_values)
    return {
        name: Difference(significance.bootstrap(values), p_values[name], corrected[name])
        for name, values in by_metric.items()
    }


def differences(values: Mapping[str, float], others: Mapping[str, float]) -> list[float]:
    """Return by how much values exceed others, in the order of the queries."""
    return [values[query] - others[query] for query in sorted(values)]


def by_kind(item: Evaluation, metric: str) -> dict[str, Interval]:
    """Return the mean of a metric for each kind of query, and for `all`."""
    values: dict[str, list[float]] = defaultdict(list)
    for query, value in item.figures[metric].items():
        values[item.kinds[query]].append(value)
    every = [value for each in values.values() for value in each]
    return {kind: significance.bootstrap(each) for kind, each in (*sorted(values.items()), ("all", every))}


def mean(values: Mapping[str, float]) -> float:
    """Return the mean over queries."""
    return float(np.mean(list(values.values())))


def _only_describes(metric: str) -> bool:
    """Tell whether a metric says how far others can be trusted: more or less of it is neither better nor worse."""
    return parse(metric).measure == "judged"


def _rows(session: Session, profile_id: str) -> Sequence[Evaluation]:
    statement = select(Evaluation).where(col(Evaluation.profile_id) == profile_id).order_by(col(Evaluation.created_at))
    return session.execute(statement).scalars().all()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
