"""What the best matches have in common: whoever shares their skills is likelier to be a match too.

Feedback from the first results without asking anybody (Rocchio 1971; Lavrenko and Croft 2001, relevance models),
over skills instead of words, so that it can be said in a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ranking.held_skills import HeldSkills
from ranking.scoring import Floats

BEST = 5
"""How many of the best matches are taken for right."""
FIELD = 20
"""The best matches weigh by how far they stand above the one at this place."""
FULL = 3
"""The mean of so many of the likest candidates is what counts as 1."""
LISTED, MENTIONED = 1.0, 0.6
"""What a skill weighs that the profile lists, or that its text only mentions."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What each skill is worth for being like the best matches, and the sum that is as good as it gets."""

    worth: Mapping[str, float]
    full: float

    def of(self, held: HeldSkills) -> Floats:
        """Return how like the best matches candidates are, from 0 to 1."""
        if not self.full:
            return np.zeros(held.size)
        return np.minimum(_sums(self.worth, held) / self.full, 1.0)


def learn(base: Floats, held: HeldSkills) -> Likeness:
    """Learn from the base scores of candidates and their skills what the best ones share; rare skills tell more.

    Who lists no skill teaches nothing: what a title alone happens to mention leads astray.
    """
    if not len(base):
        return Likeness({}, 0.0)
    best_first = np.argsort(-base, kind="stable")
    field = base[best_first[min(FIELD, len(base) - 1)]]
    rarity = np.log((1 + len(base)) / (1 + np.bincount(held.codes, minlength=len(held.keys))))
    strengths = _strengths(held)
    worth: dict[str, float] = {}
    for at in best_first[:BEST].tolist():
        own = np.flatnonzero(held.holders == at)
        if not held.is_listed[own].any():
            continue
        lead = max(float(base[at] - field), 1e-6)
        told = lead * strengths[own] * rarity[held.codes[own]]
        keys = [held.keys[int(code)] for code in held.codes[own]]
        for key, points in zip(keys, told.tolist(), strict=True):
            worth[key] = worth.get(key, 0.0) + points
    return Likeness(worth, float(np.sort(_sums(worth, held))[-FULL:].mean()))


def _sums(worth: Mapping[str, float], held: HeldSkills) -> Floats:
    """Return for each candidate what its skills are worth together."""
    by_code = np.array([worth.get(key, 0.0) for key in held.keys], dtype=np.float64)
    sums = np.bincount(held.holders, by_code[held.codes] * _strengths(held), minlength=held.size)
    return sums.astype(np.float64, copy=False)


def _strengths(held: HeldSkills) -> Floats:
    return np.where(held.is_listed, LISTED, MENTIONED)
