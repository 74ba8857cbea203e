"""What the best matches have in common: whoever shares their skills is likelier to be a match too.

Feedback from the first results without asking anybody (Rocchio 1971; Lavrenko and Croft 2001, relevance models),
over skills instead of words, so that it can be said in a sentence.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ranking.scoring import Floats

BEST = 5
"""How many of the best matches are taken for right."""
FIELD = 20
"""The best matches weigh by how far they stand above the one at this place."""
FULL = 3
"""The mean of so many of the likest candidates is what counts as 1."""
LISTED, MENTIONED = 1.0, 0.6
"""What a skill weighs that the profile lists, or that its text only mentions."""

Skills = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Likeness:
    """What each skill is worth for being like the best matches, and the sum that is as good as it gets."""

    worth: Skills
    full: float

    def of(self, experts: Iterable[Skills]) -> Floats:
        """Return how like the best matches experts are, from 0 to 1."""
        found = np.array([_sum(self.worth, skills) for skills in experts])
        return np.minimum(found / self.full, 1.0) if self.full else np.zeros(len(found))


def learn(base: Floats, experts: Sequence[Skills]) -> Likeness:
    """Learn from the base scores of candidates and their skills what the best ones share; rare skills tell more.

    Who lists no skill teaches nothing: what a title alone happens to mention leads astray.
    """
    if not len(base):
        return Likeness({}, 0.0)
    best_first = np.argsort(-base, kind="stable")
    field = base[best_first[min(FIELD, len(base) - 1)]]
    holders = Counter(key for skills in experts for key in skills)
    worth: dict[str, float] = {}
    for at in best_first[:BEST].tolist():
        if LISTED not in experts[at].values():
            continue
        lead = max(float(base[at] - field), 1e-6)
        for key, strength in experts[at].items():
            rarity = np.log((1 + len(experts)) / (1 + holders[key]))
            worth[key] = worth.get(key, 0.0) + lead * strength * float(rarity)
    found = np.sort([_sum(worth, skills) for skills in experts])
    return Likeness(worth, float(found[-FULL:].mean()))


def named(listed: Iterable[str], mentioned: Iterable[str]) -> Skills:
    """Return an expert's skills with what each weighs."""
    return {**dict.fromkeys(mentioned, MENTIONED), **dict.fromkeys(listed, LISTED)}


def _sum(worth: Skills, skills: Skills) -> float:
    return sum(worth[key] * strength for key, strength in skills.items() if key in worth)
