import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ranking import likeness

SKILLS = ["customs", "audit", "wine", "law", "tax"]
Found = list[tuple[float, dict[str, float]]]
expert = st.tuples(st.floats(0, 1), st.dictionaries(st.sampled_from(SKILLS), st.sampled_from([0.6, 1.0])))
experts = st.lists(expert, max_size=40)
unequal = st.lists(expert, max_size=40, unique_by=lambda found: found[0])


def test_who_shares_the_skills_of_the_best_comes_nearer() -> None:
    skills = [{"customs": 1.0}, {"customs": 1.0, "law": 1.0}, *[{"wine": 1.0}] * 30]
    base = np.array([0.9, 0.8, *[0.1] * 30])
    same, other, nothing = likeness.learn(base, skills).of([{"customs": 1.0}, {"wine": 1.0}, {}])
    assert same > other >= nothing == 0


def test_a_skill_that_everybody_has_tells_nothing() -> None:
    skills = [{"export": 1.0, "customs": 1.0}, *[{"export": 1.0}] * 30]
    base = np.array([0.9, *[0.1] * 30])
    worth = likeness.learn(base, skills).worth
    assert worth["customs"] > 50 * worth["export"]


def test_a_skill_that_is_only_mentioned_weighs_less() -> None:
    assert likeness.named(["customs"], ["law", "customs"]) == {"law": likeness.MENTIONED, "customs": 1.0}


def test_who_lists_no_skill_teaches_nothing() -> None:
    skills = [{"law": likeness.MENTIONED}, *[{"wine": 1.0}] * 30]
    assert "law" not in likeness.learn(np.array([0.9, *[0.1] * 30]), skills).worth


def test_without_candidates_nobody_is_like_anybody() -> None:
    assert likeness.learn(np.empty(0), []).of([{"customs": 1.0}]).tolist() == [0.0]


@given(experts)
def test_likeness_lies_between_0_and_1_whatever_the_candidates(found: Found) -> None:
    skills = [held for _, held in found]
    values = likeness.learn(np.array([base for base, _ in found]), skills).of(skills)
    assert ((values >= 0) & (values <= 1 + 1e-9)).all()


@given(unequal.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_likeness_does_not_depend_on_the_order_of_candidates(both: tuple[Found, Found]) -> None:
    probe = [{name: 1.0} for name in SKILLS]
    values = [
        likeness.learn(np.array([base for base, _ in found]), [held for _, held in found]).of(probe) for found in both
    ]
    assert np.allclose(*values)
