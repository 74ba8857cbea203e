"""Judged queries as tuning sees them: what their candidates are like, and what some weights are worth on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ranking import likeness, metrics, scoring
from ranking.held_skills import HeldSkills
from ranking.metrics import Metric
from ranking.profiles import Profile, Source
from ranking.scoring import Flags, Floats, RawValues

FLOORS: Mapping[Source, float] = {"review_mean": 0.010, "review_count": 0.002, "days_until_available": 0.005}
"""Shares of all weight that these keep: judges look at words, and visitors are promised that reviews count too."""
CEILING = 0.5
"""The share of all weight that one feature may have at most."""
FACTORS = (0.0, 0.4, 0.7, 0.85, 0.95, 1.05, 1.18, 1.4, 2.0, 3.0)
STEPS = (0.01, 0.04, 0.1)
"""Where to look for a better weight: multiples of the present one, and shares of all weight besides."""
DIGITS = 4

Indexes = NDArray[np.intp]


@dataclass(frozen=True)
class JudgedWindow:
    """The candidates of one judged query as ranking gets them, with the grade of each; no two of a row."""

    query: str
    raw: RawValues
    """Without `shared_skills`, which is learned here."""
    held: HeldSkills
    asked: frozenset[Source]
    ties: NDArray[np.int64]
    grades: Sequence[int]
    """A candidate's grade, 0 where it has none."""
    judged: Sequence[int]
    """All grades of the query, those of experts outside the window too: they make the ideal."""


@dataclass(frozen=True)
class Problem:
    """Windows side by side: q queries, f features, n candidates at most, p relevant candidates in all.

    `columns` (f, q, n) are transformed values, 0 where a query does not ask for the feature; candidates stand in the
    order that breaks ties. `lead` of a candidate over a relevant one: by how much its score is higher.
    """

    windows: Sequence[JudgedWindow]
    columns: Floats
    counts: Flags
    """(f, q): whether the query asks for the feature."""
    orders: Sequence[Indexes]
    """Each window's candidates in the order of their ties."""
    owners: Indexes
    """(p,): the query of a relevant candidate."""
    places: Indexes
    """(p,): its place among the candidates of the query."""
    worth: Floats
    """(p,): its gain as a share of the query's ideal."""
    k: int
    shared_row: int | None
    lowest: Floats
    highest: Floats
    total: float

    @staticmethod
    def of(profile: Profile, windows: Sequence[JudgedWindow], metric: Metric) -> "Problem":
        """Lay windows side by side."""
        sources: list[Source] = [feature.source for feature in profile.features]
        size = max((len(window.ties) for window in windows), default=0)
        columns = np.zeros((len(sources), len(windows), size))
        counts = np.zeros((len(sources), len(windows)), dtype=np.bool_)
        orders: list[Indexes] = []
        pairs: list[tuple[int, int, float]] = []
        for query, window in enumerate(windows):
            order = np.argsort(window.ties, kind="stable")
            orders.append(order)
            scores = scoring.score(profile, window.raw, window.asked, len(order))
            rows = [sources.index(feature.source) for feature in scores.features]
            counts[rows, query] = True
            columns[rows, query, : len(order)] = scores.values[:, order]
            gains = [metrics.gain_of(window.grades[int(candidate)], metric.gain) for candidate in order]
            every = sorted((metrics.gain_of(grade, metric.gain) for grade in window.judged), reverse=True)
            ideal = metrics.discounted(every[: metric.k])
            pairs.extend((query, place, gain / ideal) for place, gain in enumerate(gains) if gain > 0)
        total = sum(feature.weight for feature in profile.features)
        return Problem(
            windows=windows,
            columns=columns,
            counts=counts,
            orders=orders,
            owners=np.array([query for query, _, _ in pairs], dtype=np.intp),
            places=np.array([place for _, place, _ in pairs], dtype=np.intp),
            worth=np.array([share for _, _, share in pairs], dtype=np.float64),
            k=metric.k,
            shared_row=sources.index("shared_skills") if "shared_skills" in sources else None,
            lowest=np.array([total * FLOORS.get(source, 0.0) for source in sources]),
            highest=np.full(len(sources), total * CEILING),
            total=total,
        )

    def measured(self, weights: Floats) -> Floats:
        """Return the metric of each query with some weights (q,)."""
        return self.values(self.leads(weights, self.learned(weights)))

    def learned(self, weights: Floats) -> Floats:
        """Return the values of `shared_skills` (q, n) that weights bring about."""
        shared = np.zeros(self.columns.shape[1:])
        if self.shared_row is None:
            return shared
        others = weights.copy()
        others[self.shared_row] = 0.0
        base = np.tensordot(others, self.columns, axes=1)
        totals = others @ self.counts
        for query in np.flatnonzero(self.counts[self.shared_row] & (totals > 0)).tolist():
            order = self.orders[query]
            scores = np.empty(len(order))
            scores[order] = base[query, : len(order)] / totals[query]
            held = self.windows[query].held
            shared[query, : len(order)] = likeness.learn(scores, held).of(held)[order]
        return shared

    def leads(self, weights: Floats, shared: Floats) -> Floats:
        """Return by how much each candidate's score exceeds that of each relevant one of its query (p, n)."""
        return sum(
            (weight * self.slope(row, shared) for row, weight in enumerate(weights.tolist()) if weight),
            start=self._ties.copy(),
        )

    def slope(self, row: int, shared: Floats) -> Floats:
        """Return what one more unit of a weight adds to the leads."""
        return self._excess(shared) if row == self.shared_row else self._slopes[row]

    def values(self, leads: Floats) -> Floats:
        """Return the metric of each query (q,)."""
        above = np.count_nonzero(leads > 0, axis=1)
        gained = np.where(above < self.k, self.worth / np.log2(above + 2), 0.0)
        return np.bincount(self.owners, gained, minlength=len(self.windows)).astype(np.float64, copy=False)

    def trials(self, weights: Floats, row: int) -> list[float]:
        """Return weights to try for a feature, within its bounds, the nearest to the present one first."""
        present = float(weights[row])
        wanted = [present * factor for factor in FACTORS] + [self.total * step for step in STEPS]
        within = np.unique(np.clip(wanted, self.lowest[row], self.highest[row]))
        return sorted(within[within != present].tolist(), key=lambda trial: abs(trial - present))

    def rounded(self, weights: Floats) -> Floats:
        """Return weights with few digits and about the profile's own sum; only their proportions matter."""
        scaled = np.round(weights * self.total / weights.sum(), DIGITS)
        return np.maximum(scaled, np.ceil(self.lowest * 10**DIGITS) / 10**DIGITS)

    @cached_property
    def _slopes(self) -> list[Floats]:
        return [self._excess(column) for column in self.columns]

    @cached_property
    def _ties(self) -> Floats:
        """Return leads that are next to nothing: whoever stands before wins a draw; who is nobody never leads."""
        places = np.arange(self.columns.shape[2])
        leads = 1e-12 * (self.places[:, None] - places[None, :]).astype(np.float64)
        sizes = np.array([len(order) for order in self.orders], dtype=np.intp)
        leads[places[None, :] >= sizes[self.owners][:, None]] = -np.inf
        return leads

    def _excess(self, column: Floats) -> Floats:
        """Return by how much the values of a column (q, n) exceed those of each relevant candidate (p, n)."""
        return column[self.owners] - column[self.owners, self.places][:, None]
