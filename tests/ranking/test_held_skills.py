from hypothesis import given
from hypothesis import strategies as st

from ranking import held_skills

keys = st.lists(st.sampled_from(["customs", "audit", "wine", "law", "tax"]))


@given(st.lists(st.tuples(keys, keys)))
def test_each_candidate_holds_what_it_lists_or_mentions_once(both: list[tuple[list[str], list[str]]]) -> None:
    held = held_skills.join([held_skills.skillset(listed, mentioned) for listed, mentioned in both])
    found = [
        (holder, held.keys[code], is_listed)
        for code, holder, is_listed in zip(
            held.codes.tolist(), held.holders.tolist(), held.is_listed.tolist(), strict=True
        )
    ]
    plain = {
        (holder, key, key in listed) for holder, (listed, mentioned) in enumerate(both) for key in {*listed, *mentioned}
    }
    assert held.size == len(both)
    assert len(found) == len(plain)
    assert set(found) == plain
