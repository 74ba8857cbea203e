"""What `portulan ranking evaluate` and `tune` say: tables for people, values for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from ranking import significance
from ranking.profiles import Profile
from ranking.significance import Interval
from scripts import tables
from search_api import evaluations, tunings
from search_api.evaluations import Difference
from search_api.evidence import Basis
from search_api.models import Evaluation

_LEVEL = f"{100 * significance.LEVEL:.0f}%"
_HELD_OUT = "It was tuned on these judgments: each query was searched with the weights of the fold that left it out."


@dataclass(frozen=True, slots=True)
class Tuning:
    """What tuning came to: `before` and `training` are searches with both profiles, `held_out` with the folds'."""

    start: Profile
    draft: Profile
    before: Evaluation
    training: Evaluation
    held_out: Evaluation
    metric: str

    @property
    def difference(self) -> Difference:
        """Return how much better held-out queries rank than by the profile that was tuned."""
        return evaluations.compare(self.held_out, self.before)[self.metric]


def show(row: Evaluation, other: Evaluation | None, differences: Mapping[str, Difference]) -> None:
    """Print an evaluation by kind of query, and how it compares."""
    table = Table(title=f"{row.profile_id}: {len(row.kinds)} judged queries, mean and {_LEVEL} interval ({row.id})")
    table.add_column("kind")
    table.add_column("queries", justify="right")
    for name in row.figures:
        table.add_column(name, justify="right")
    by_metric = {name: evaluations.by_kind(row, name) for name in row.figures}
    counts = _counts(row)
    for kind, count in counts.items():
        cells = [_interval(by_metric[name][kind]) for name in row.figures]
        table.add_row(kind, str(count), *cells, style="bold" if kind == "all" else "")
    tables.console().print(table)
    if row.basis == Basis.HELD_OUT.value:
        tables.console().print(_HELD_OUT, style="yellow")
    if other is not None:
        _show_differences(row, other, differences)


def _show_differences(row: Evaluation, other: Evaluation, differences: Mapping[str, Difference]) -> None:
    table = Table(title=f"{row.profile_id} against {other.profile_id} ({other.id}), query by query")
    for name in ("metric", row.profile_id, other.profile_id, f"difference, {_LEVEL} interval", "p", "p, Holm", ""):
        table.add_column(name, justify="left" if name in {"metric", ""} else "right")
    for name, item in differences.items():
        verdict, style = _verdict(item)
        table.add_row(
            name,
            f"{evaluations.mean(row.figures[name]):.4f}",
            f"{evaluations.mean(other.figures[name]):.4f}",
            _interval(item.interval, "+.4f"),
            _p_value(item.p_value),
            _p_value(item.corrected_p_value),
            verdict,
            style=style,
        )
    tables.console().print(table)


def as_json(row: Evaluation, other: Evaluation | None, differences: Mapping[str, Difference]) -> dict[str, Any]:
    """Return an evaluation and its comparison as values."""
    found: dict[str, Any] = {
        "evaluation": row.id,
        "profile": row.profile_id,
        "basis": row.basis,
        "conditions": row.conditions,
        "queries": _counts(row),
        "metrics": {
            name: {kind: asdict(interval) for kind, interval in evaluations.by_kind(row, name).items()}
            for name in row.figures
        },
    }
    if other is not None:
        found["against"] = {
            "evaluation": other.id,
            "profile": other.profile_id,
            "differences": {name: _difference(item) for name, item in differences.items()},
        }
    return found


def show_tuning(found: Tuning) -> None:
    """Print what tuning came to."""
    if found.draft.id == found.start.id:
        tables.console().print(f"No better weights than those of {found.start.id} were found.")
        return
    table = Table(title=f"{found.draft.id}, a draft tuned from {found.start.id}")
    for name in ("feature", "weight before", "weight now"):
        table.add_column(name, justify="left" if name == "feature" else "right")
    after = tunings.weights(found.draft)
    for source, weight in tunings.weights(found.start).items():
        table.add_row(source, f"{weight:.4f}", f"{after[source]:.4f}")
    tables.console().print(table)
    figures = Table(title=f"{found.metric} of {len(found.before.kinds)} queries, real searches")
    for name in ("", "mean", f"{_LEVEL} interval"):
        figures.add_column(name, justify="left" if not name else "right")
    for label, row in (
        ("before", found.before),
        ("tuned, on what it learned from", found.training),
        ("tuned, on held-out folds", found.held_out),
    ):
        interval = evaluations.by_kind(row, found.metric)["all"]
        figures.add_row(label, f"{interval.mean:.4f}", f"{interval.low:.4f} to {interval.high:.4f}")
    tables.console().print(figures)
    verdict, style = _verdict(found.difference)
    said = f"Held-out folds against before: {_interval(found.difference.interval, '+.4f')}"
    tables.console().print(f"{said}, p {_p_value(found.difference.p_value)}: {verdict}.", style=style)
    tables.console().print(f"Kept as a draft. To look closer: portulan ranking diff {found.start.id} {found.draft.id}")


def tuning_json(found: Tuning) -> dict[str, Any]:
    """Return what tuning came to as values."""
    return {
        "profile": found.draft.id,
        "start": found.start.id,
        "metric": found.metric,
        "weights": tunings.weights(found.draft),
        "before": asdict(evaluations.by_kind(found.before, found.metric)["all"]),
        "training": asdict(evaluations.by_kind(found.training, found.metric)["all"]),
        "held_out": asdict(evaluations.by_kind(found.held_out, found.metric)["all"]),
        "difference": _difference(found.difference),
        "folds": found.held_out.folds,
        "conditions": found.held_out.conditions,
    }


def _difference(item: Difference) -> dict[str, Any]:
    return {
        **asdict(item.interval),
        "p": item.p_value,
        "p_holm": item.corrected_p_value,
        "verdict": _verdict(item)[0],
    }


def _verdict(item: Difference) -> tuple[str, str]:
    """Return what a difference comes to in a word, and its colour."""
    if not item.is_significant:
        return "no clear difference", ""
    return ("better", "green") if item.interval.mean > 0 else ("worse", "red")


def _counts(row: Evaluation) -> dict[str, int]:
    kinds = sorted(set(row.kinds.values()))
    each = list(row.kinds.values())
    return {**{kind: each.count(kind) for kind in kinds}, "all": len(each)}


def _interval(interval: Interval, form: str = ".3f") -> str:
    return f"{interval.mean:{form}} [{interval.low:{form}}, {interval.high:{form}}]"


def _p_value(value: float) -> str:
    return "<.0001" if value < 0.0001 else f"{value:.4f}"
