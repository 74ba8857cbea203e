import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.documents import Document
from indexer.engines.embedded.engine import COMPACT_FROM, EmbeddedEngine
from indexer.engines.embedded.vectors import Centre
from indexer.engines.interface import FACETS, Alternative, Filters, Group, Plan, Vector
from ranking import profiles
from taxonomy import texts

TODAY = date(2026, 6, 1)
DIMENSION = 4
WORDS = ("douane", "vin", "maroc", "logistique", "audit")
ORIGIN = Centre(np.zeros((2, DIMENSION), dtype=np.float32), np.zeros((2, DIMENSION), dtype=np.float32))


def document(expert_id: str = "a", version: int = 1, text: str = "douane", **values: Any) -> Document:
    """Return a document that is found by the words of `text`."""
    fields: dict[str, Any] = {
        "id": expert_id,
        "version": version,
        "ref": expert_id,
        "slug": expert_id,
        "name": expert_id,
        "headline": text,
        "summary": "",
        "skills": [],
        "soft_skills": [],
        "sectors": [],
        "countries": ["FR"],
        "languages": [],
        "references": [],
        "based_in": None,
        "city": None,
        "day_rate_cents": None,
        "day_rate_currency": None,
        "day_rate_eur_cents": None,
        "available_from": None,
        "availability_ends_on": None,
        "boosted_until": None,
        "portrait_id": None,
        "rating_sum": 0,
        "rating_count": 0,
        "review_prior": 4.0,
        "review_sum": 0.0,
        "review_weight": 0.0,
        "reviewed_skills": {},
        "created_on": TODAY,
        "skill_keys": [],
        "sector_keys": [],
        "mentioned_skills": {},
        "language": "fr",
        "text_hash": text,
    }
    return Document(**{**fields, **values})


@contextmanager
def engine_at(path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(path, ORIGIN)
    try:
        yield engine
    finally:
        engine.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    with engine_at(tmp_path / "generation.db") as found:
        yield found


def plan(word: str) -> Plan:
    return Plan(
        groups=(Group(word, 1, (Alternative((texts.stems(word),)),)),),
        minimum_words=1,
        fewest_words=1,
        filters=Filters(),
        profile=profiles.FIRST,
        asked=frozenset({"text"}),
        today=TODAY,
    )


def hits(engine: EmbeddedEngine, word: str) -> dict[str, float]:
    """Return who is found by a word, with the raw text score."""
    found = engine.retrieve(plan(word)).candidates
    return {expert_id: round(float(score), 4) for expert_id, score in zip(found.ids, found.raw["text"], strict=True)}


def answers(engine: EmbeddedEngine) -> dict[str, Any]:
    """Return all that the engine says about what it holds."""
    return {
        "count": engine.count(),
        "versions": engine.versions(),
        "hits": {word: hits(engine, word) for word in WORDS},
        "facets": {name: {item.value: item.count for item in engine.common_values(name, 50)} for name in FACETS},
        "holders": engine.holders(map(texts.stems, WORDS)),
        "names": {letter: {item.id for item in engine.names_like(letter, 20)} for letter in "abcdef"},
        "documents": engine.documents(list("abcdef")),
    }


def test_a_document_is_found_by_its_words(engine: EmbeddedEngine) -> None:
    engine.put([document("a", text="douane"), document("b", text="vin")])
    assert list(hits(engine, "douane")) == ["a"]


def test_a_removed_document_is_gone(engine: EmbeddedEngine) -> None:
    engine.put([document("a"), document("b")])
    engine.put([], ["a"])
    assert list(hits(engine, "douane")) == ["b"]
    assert (engine.count(), engine.documents(["a"]), engine.names_like("a", 5)) == (1, {}, [])


def test_of_who_is_removed_nothing_is_left_in_the_files(tmp_path: Path) -> None:
    with engine_at(tmp_path / "one.db") as engine:
        engine.put([document("a", text="Quatrefages douane"), document("b")])
        assert engine.correct("quatrefagis") == "quatrefages"
        engine.put([], removed=["a"])
        engine.purge()
        assert (engine.correct("quatrefagis"), engine.correct("douanne")) == (None, "douane")
        left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"uatrefages" not in left
    with engine_at(tmp_path / "one.db") as engine:
        assert dict(engine.vocabulary()) == {"douane": 1}


def test_words_are_counted_as_often_as_documents_now_hold_them(engine: EmbeddedEngine) -> None:
    for version in (1, 2, 3):
        engine.put([document("a", version=version, text=f"douane {WORDS[version]}")])
    assert dict(engine.vocabulary()) == {"douane": 1, WORDS[3]: 1}


def test_removing_who_is_not_there_changes_nothing(engine: EmbeddedEngine) -> None:
    engine.put([document("a")])
    before = answers(engine)
    engine.put([], ["nobody"])
    assert answers(engine) == before


def test_a_new_version_replaces_the_old_one(engine: EmbeddedEngine) -> None:
    engine.put([document("a", 1, "douane")])
    engine.put([document("a", 2, "vin")])
    assert (hits(engine, "douane"), list(hits(engine, "vin")), engine.count()) == ({}, ["a"], 1)


def test_an_older_version_is_ignored(engine: EmbeddedEngine) -> None:
    engine.put([document("a", 2, "vin")])
    engine.put([document("a", 1, "douane")])
    assert (engine.versions(), hits(engine, "douane")) == ({"a": 2}, {})


def test_the_same_version_again_changes_nothing(engine: EmbeddedEngine) -> None:
    engine.put([document("a", 1, "douane")])
    engine.put([document("a", 1, "vin")])
    assert (list(hits(engine, "douane")), hits(engine, "vin")) == (["a"], {})


def test_an_expert_with_a_new_name_is_not_found_by_the_old_one(engine: EmbeddedEngine) -> None:
    engine.put([document("a", 1, name="Anne Martin")])
    engine.put([document("a", 2, name="Zoe Martin")])
    assert engine.names_like("anne", 5) == []
    assert [item.id for item in engine.names_like("zoe", 5)] == ["a"]


versions = st.tuples(st.sampled_from("abcdef"), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join))
commits = st.lists(
    st.tuples(
        st.lists(versions, max_size=4, unique_by=lambda item: item[0]),
        st.lists(st.sampled_from("abcdef"), max_size=2, unique=True),
    ),
    max_size=8,
)


@given(commits)
@settings(max_examples=40)
def test_reopened_and_built_at_once_it_answers_as_when_it_was_changed_bit_by_bit(
    found: list[tuple[list[tuple[str, str]], list[str]]],
) -> None:
    expected: dict[str, Document] = {}
    with TemporaryDirectory() as folder:
        with engine_at(Path(folder) / "a.db") as engine:
            for version, (put, removed) in enumerate(found, 1):
                made = [document(expert_id, version, text) for expert_id, text in put]
                gone = [item for item in removed if item not in {expert_id for expert_id, _ in put}]
                engine.put(made, gone)
                expected.update({item.id: item for item in made})
                for item in gone:
                    expected.pop(item, None)
            live = answers(engine)
        with engine_at(Path(folder) / "a.db") as reopened:
            again = answers(reopened)
        with engine_at(Path(folder) / "b.db") as built:
            built.put(list(expected.values()))
            at_once = answers(built)
    assert again == live
    assert at_once == live


# Vectors


def vector(seed: str) -> Vector:
    drawn = random.Random(seed)  # noqa: S311 - any vector will do, as long as it is always the same
    found = np.array([drawn.uniform(-1, 1) for _ in range(DIMENSION)], dtype=np.float32)
    return found / np.linalg.norm(found)


def nearness(engine: EmbeddedEngine, expert_id: str, seed: str) -> float:
    """Return the cosine of an expert's vector with another."""
    asked = replace(plan("douane"), asked=frozenset({"semantic"}), vector=vector(seed))
    return float(engine.describe(asked, [expert_id]).raw["semantic"][0])


def test_a_vector_goes_to_every_document_of_its_text(engine: EmbeddedEngine) -> None:
    engine.put([document("a", text="x"), document("b", text="x"), document("c", text="y")])
    engine.put_vectors({"x": vector("x")})
    assert engine.count_vectors() == 2
    assert nearness(engine, "b", "x") == pytest.approx(1, abs=1e-3)
    assert np.isnan(nearness(engine, "c", "x"))


def test_a_new_version_with_the_same_text_keeps_its_vector(engine: EmbeddedEngine) -> None:
    engine.put([document("a", 1, "x")])
    engine.put_vectors({"x": vector("x")})
    engine.put([document("a", 2, "x", city="Lyon")])
    assert nearness(engine, "a", "x") == pytest.approx(1, abs=1e-3)


def test_a_new_version_with_another_text_waits_for_its_vector(engine: EmbeddedEngine) -> None:
    engine.put([document("a", 1, "x")])
    engine.put_vectors({"x": vector("x")})
    engine.put([document("a", 2, "y")])
    assert engine.count_vectors() == 0


def test_a_vector_of_a_text_that_nobody_has_is_left(engine: EmbeddedEngine) -> None:
    engine.put([document("a", text="x")])
    engine.put_vectors({"gone": vector("gone")})
    assert engine.count_vectors() == 0


# Compaction

KEPT = 300
ROUNDS = COMPACT_FROM // KEPT + 2


def compacted(path: Path) -> EmbeddedEngine:
    """Return an engine in which enough versions died that it threw them away meanwhile."""
    engine = EmbeddedEngine(path, ORIGIN)
    ids = [f"e{number:03}" for number in range(KEPT)]
    engine.put([document(f"gone{number}", text="douane") for number in range(10)])
    for version in range(1, ROUNDS + 1):
        engine.put(
            [
                document(expert_id, version, f"{WORDS[at % len(WORDS)]} {expert_id}", text_hash=expert_id)
                for at, expert_id in enumerate(ids)
            ],
            [f"gone{version}"],
        )
        if version == 1:
            engine.put_vectors({expert_id: vector(expert_id) for expert_id in ids})
    return engine


def test_compaction_changes_no_answer(tmp_path: Path) -> None:
    engine = compacted(tmp_path / "a.db")
    live = answers(engine)
    cosines = [nearness(engine, f"e{number:03}", f"e{number:03}") for number in range(KEPT)]
    engine.close()
    with engine_at(tmp_path / "a.db") as reopened:
        assert answers(reopened) == live
    assert live["holders"][texts.stems("douane")] == KEPT // len(WORDS) + 10 - min(ROUNDS, 9)
    assert min(cosines) > 0.9


def test_after_compaction_documents_come_and_go_as_before(tmp_path: Path) -> None:
    engine = compacted(tmp_path / "a.db")
    engine.put([document("new", text="douane"), document("e000", ROUNDS + 1, "vin")], ["e005"])
    found = hits(engine, "douane")
    engine.close()
    assert "new" in found
    assert not {"e000", "e005"} & set(found)
