"""Charts as geometry: where bars, lines, ticks and labels stand, for templates to draw as SVG without script or style.

Everything is in percent of the plot, whose height the style sheet gives: a chart is as wide as its page, and its
letters stay as large as the page's on a phone. `y` grows downwards, as in SVG.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

GAP = 0.25
"""Share of a bar's room that is left empty."""
MOST_TICKS = 5
MOST_LABELS = 4
"""More would touch each other on a phone."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the plot, and the value that it stands for."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Label:
    """What stands below the plot: the place in the series, where it is and how it is aligned."""

    at: int
    x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar; `kind` is its place in the stack."""

    kind: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of parts, the first at the bottom; parts without height are left out."""

    x: float
    width: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of stacked bars."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of days, from the left."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Spans of days one below the other, and the days that are written along the edge."""

    spans: tuple[Span, ...]
    labels: tuple[tuple[Label, date], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A chart of one line. `path` and `area` are SVG paths in a square of 100 by 100, to be stretched."""

    path: str
    area: str
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]


def plan(spans: Sequence[tuple[date, date]], *, most_labels: int = MOST_LABELS) -> Plan:
    """Return spans of days, both ends among them, between the first day and the last of all."""
    first = min((begins for begins, _ in spans), default=date.min)
    last = max((ends for _, ends in spans), default=date.min)
    days = (last - first).days + 1
    drawn = tuple(
        Span(_rounded(100 * (begins - first).days / days), _rounded(100 * ((ends - begins).days + 1) / days))
        for begins, ends in spans
    )
    steps = min(most_labels - 1, days - 1) if spans else 0
    chosen = [first + timedelta(days=round(number * (days - 1) / max(1, steps))) for number in range(steps + 1)]
    places = _labels([100 * (day - first).days / days for day in chosen], most_labels)
    return Plan(drawn, tuple((label, chosen[label.at]) for label in places) if spans else ())


def bars(stacks: Sequence[Sequence[int]], *, most_labels: int = MOST_LABELS) -> Bars:
    """Return bars of counts that are not negative, each as its parts from the bottom up."""
    values = scale(max((sum(stack) for stack in stacks), default=0))
    room = 100 / max(1, len(stacks))
    drawn = tuple(
        Bar(_rounded(number * room + room * GAP / 2), _rounded(room * (1 - GAP)), _parts(stack, values[-1]))
        for number, stack in enumerate(stacks)
    )
    middles = [(number + 0.5) * room for number in range(len(stacks))]
    return Bars(drawn, _ticks(values), _labels(middles, most_labels))


def line(values: Sequence[int], *, most_labels: int = MOST_LABELS) -> Line:
    """Return a line through values that are not negative, from the left edge to the right; one value is level."""
    ticks = scale(max(values, default=0))
    step = 100 / max(1, len(values) - 1)
    points = [(_rounded(number * step), _y(value, ticks[-1])) for number, value in enumerate(values)]
    if len(points) == 1:
        points.append((100.0, points[0][1]))
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points) if points else ""
    area = f"{path}L100 100L0 100z" if points else ""
    return Line(path, area, _ticks(ticks), _labels([number * step for number in range(len(values))], most_labels))


def scale(most: int) -> list[int]:
    """Return round values from 0 to at least `most`, evenly apart, `MOST_TICKS` at the most."""
    least_step = max(1, most) / (MOST_TICKS - 1)
    power = 10 ** math.floor(math.log10(least_step))
    step = max(1, math.ceil(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least_step)))
    return [step * number for number in range(math.ceil(max(1, most) / step) + 1)]


def _parts(stack: Sequence[int], top: int) -> tuple[Part, ...]:
    found: list[Part] = []
    below = 0
    for kind, count in enumerate(stack):
        if count:
            y = _y(below + count, top)
            found.append(Part(kind, y, _rounded(_y(below, top) - y)))
        below += count
    return tuple(found)


def _ticks(values: Sequence[int]) -> tuple[Tick, ...]:
    return tuple(Tick(_y(value, values[-1]), value) for value in values)


def _labels(places: Sequence[float], most: int) -> tuple[Label, ...]:
    """Choose evenly spaced places to label: the first and the last are among them, and stay within the plot."""
    last = len(places) - 1
    if last < 1:
        return tuple(Label(0, _rounded(x), "middle") for x in places)
    steps = min(most - 1, last)
    chosen = sorted({round(number * last / steps) for number in range(steps + 1)})
    anchors = {0: "start", last: "end"}
    edges = {0: 0.0, last: 100.0}
    return tuple(Label(at, edges.get(at, _rounded(places[at])), anchors.get(at, "middle")) for at in chosen)


def _y(value: int, top: int) -> float:
    return _rounded(100 - 100 * value / top)


def _rounded(value: float) -> float:
    return round(value, 2)
