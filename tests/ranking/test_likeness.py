from collections import Counter, defaultdict
from math import log

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ranking import held_skills, likeness
from ranking.held_skills import HeldSkills
from ranking.likeness import BEST, FIELD, FULL, LISTED, MENTIONED

SKILLS = ["customs", "audit", "wine", "law", "tax"]
Skills = dict[str, float]
"""An expert's skills with what each weighs."""
Found = list[tuple[float, Skills]]
expert = st.tuples(st.floats(0, 1), st.dictionaries(st.sampled_from(SKILLS), st.sampled_from([MENTIONED, LISTED])))
experts = st.lists(expert, max_size=40)
unequal = st.lists(expert, max_size=40, unique_by=lambda found: found[0])


def held(skills: list[Skills]) -> HeldSkills:
    def weighing(strength: float) -> list[list[str]]:
        return [[key for key, weight in own.items() if weight == strength] for own in skills]

    return held_skills.join(list(map(held_skills.skillset, weighing(LISTED), weighing(MENTIONED))))


def plain(base: list[float], skills: list[Skills]) -> list[float]:
    """Return how like the best matches each one is, by what the words of the rule say."""
    best_first = sorted(range(len(base)), key=lambda at: -base[at])
    field = base[best_first[min(FIELD, len(base) - 1)]]
    holders = Counter(key for own in skills for key in own)
    worth: dict[str, float] = defaultdict(float)
    for at in best_first[:BEST]:
        if LISTED in skills[at].values():
            for key, strength in skills[at].items():
                rarity = log((1 + len(skills)) / (1 + holders[key]))
                worth[key] += max(base[at] - field, 1e-6) * strength * rarity
    sums = [sum(worth[key] * strength for key, strength in own.items()) for own in skills]
    full = sum(sorted(sums)[-FULL:]) / len(sums[-FULL:])
    return [min(found / full, 1.0) if full else 0.0 for found in sums]


def test_who_shares_the_skills_of_the_best_comes_nearer() -> None:
    skills = [{"customs": 1.0}, {"customs": 1.0, "law": 1.0}, *[{"wine": 1.0}] * 30]
    base = np.array([0.9, 0.8, *[0.1] * 30])
    same, other, nothing = likeness.learn(base, held(skills)).of(held([{"customs": 1.0}, {"wine": 1.0}, {}]))
    assert same > other >= nothing == 0


def test_a_skill_that_everybody_has_tells_nothing() -> None:
    skills = [{"export": 1.0, "customs": 1.0}, *[{"export": 1.0}] * 30]
    base = np.array([0.9, *[0.1] * 30])
    worth = likeness.learn(base, held(skills)).worth
    assert worth["customs"] > 50 * worth["export"]


def test_a_skill_that_is_only_mentioned_weighs_less() -> None:
    best = likeness.Likeness({"law": 1.0, "customs": 1.0}, 1.0)
    both = held_skills.join([held_skills.skillset(["customs"], ["customs"]), held_skills.skillset([], ["law"])])
    assert best.of(both).tolist() == [LISTED, MENTIONED]


def test_who_lists_no_skill_teaches_nothing() -> None:
    skills = [{"law": MENTIONED}, *[{"wine": 1.0}] * 30]
    assert "law" not in likeness.learn(np.array([0.9, *[0.1] * 30]), held(skills)).worth


def test_without_candidates_nobody_is_like_anybody() -> None:
    assert likeness.learn(np.empty(0), held([])).of(held([{"customs": 1.0}])).tolist() == [0.0]


@given(experts.filter(bool))
def test_likeness_is_what_the_rule_says(found: Found) -> None:
    base, skills = [base for base, _ in found], [own for _, own in found]
    values = likeness.learn(np.array(base), held(skills)).of(held(skills))
    assert np.allclose(values, plain(base, skills))


@given(experts)
def test_likeness_lies_between_0_and_1_whatever_the_candidates(found: Found) -> None:
    skills = held([own for _, own in found])
    values = likeness.learn(np.array([base for base, _ in found]), skills).of(skills)
    assert ((values >= 0) & (values <= 1 + 1e-9)).all()


@given(unequal.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_likeness_does_not_depend_on_the_order_of_candidates(both: tuple[Found, Found]) -> None:
    probe = held([{name: 1.0} for name in SKILLS])
    values = [
        likeness.learn(np.array([base for base, _ in found]), held([own for _, own in found])).of(probe)
        for found in both
    ]
    assert np.allclose(*values)
