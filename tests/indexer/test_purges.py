from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from indexer import documents, skill_vectors
from indexer.models import Embedding
from tests.builders import directory, record


def test_vectors_of_texts_that_nobody_has_any_more_are_dropped(tmp_path: Path) -> None:
    shown = record("H001", headline="Consultante export", skills=["Quenouille"], summary="Vins.")
    hidden = record("H002", headline="Fantôme", skills=["Douane"], summary="", visible=False)
    with directory(tmp_path, [shown, hidden]) as found:
        in_use = {
            documents.hash_of("Consultante export", ["Quenouille"], "Vins."),
            documents.hash_of("Fantôme", ["Douane"], ""),
            *skill_vectors.free_skills(["Quenouille"], found.wordlists.current()),
            "concept/a",
        }
        assert len(in_use) == 4
        with found.database.writing() as session:
            for text_hash in {*in_use, documents.hash_of("Une autre", [], "Partie.")}:
                session.add(Embedding(encoder="e", text_hash=text_hash, vector=b"12"))
        found.index.purge()
        with found.database.reading() as session:
            assert set(session.execute(select(col(Embedding.text_hash))).scalars()) == in_use
