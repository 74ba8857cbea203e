"""The encoder of the extra, with real sentence-transformers and small models that the tests make."""

import os
import shutil
import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from foundation.settings import ROOT
from indexer import encoders
from indexer.encoders.transformers import TransformersEncoder
from tests.builders import directory, record, settings_in

pytestmark = pytest.mark.extra
MakeModel = Callable[..., Path]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Return what writes a random BERT with a vocabulary of letters, as sentence-transformers loads it."""
    import torch  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer  # noqa: PLC0415
    from transformers import BertConfig, BertModel, BertTokenizerFast  # noqa: PLC0415

    def make(name: str, *, dimension: int = 32, seed: int = 1) -> Path:
        letters = [*string.ascii_lowercase, *string.digits, *":,.'-éèêàçôû"]
        words = tmp_path / "vocab.txt"
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{one}" for one in letters)]
        words.write_text("\n".join(vocabulary))
        torch.manual_seed(seed)
        model = BertModel(
            BertConfig(
                vocab_size=len(vocabulary),
                hidden_size=dimension,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=64,
                max_position_embeddings=128,
            )
        )
        bare = tmp_path / f"{name}-bare"
        model.save_pretrained(bare)
        BertTokenizerFast(vocab_file=str(words)).save_pretrained(bare)
        transformer = Transformer(str(bare))
        SentenceTransformer(modules=[transformer, Pooling(dimension)]).save(str(tmp_path / name))
        return tmp_path / name

    return make


def load(model: Path, **values: Any) -> TransformersEncoder:
    encoder = TransformersEncoder(str(model), "cpu", background=False, **values)
    assert encoder.encode_query("x").dtype == np.float32
    return encoder


def test_vectors_have_the_models_dimension_and_length_one(make_model: MakeModel) -> None:
    encoder = load(make_model("tiny"))
    assert encoder.dimension == 32
    passages = encoder.encode_passages([f"douane numéro {number}" for number in range(21)])
    assert {vector.shape for vector in passages} == {(32,)}
    assert len(passages) == 21
    assert np.allclose([np.linalg.norm(vector) for vector in passages], 1, atol=1e-5)
    assert encoder.encode_passages([]) == []


def test_a_batch_gives_what_single_texts_give(make_model: MakeModel) -> None:
    encoder = load(make_model("tiny-e5"))
    texts = ["douane", "logistique et transport maritime vers la chine", "export", *(f"texte {n}" for n in range(9))]
    together = encoder.encode_passages(texts)
    apart = [encoder.encode_passages([text])[0] for text in texts]
    assert np.allclose(together, apart, atol=1e-5)


def test_models_of_the_family_e5_get_the_prefixes_that_they_were_trained_with(make_model: MakeModel) -> None:
    e5, other = load(make_model("tiny-e5")), load(make_model("tiny"))
    # The same weights: what differs is what is put before the text.
    assert np.allclose(e5.encode_query("douane"), other.encode_query("query: douane"), atol=1e-5)
    assert np.allclose(e5.encode_passages(["douane"]), other.encode_passages(["passage: douane"]), atol=1e-5)
    assert not np.allclose(e5.encode_query("douane"), other.encode_query("douane"), atol=1e-3)
    assert np.allclose(other.encode_query("douane"), other.encode_passages(["douane"])[0], atol=1e-5)


def test_the_name_follows_what_is_in_the_folder(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model("tiny", seed=1)
    first = load(model).name
    assert first.startswith("sentence-transformers/tiny@")
    assert load(model).name == first
    shutil.rmtree(model)
    make_model("tiny", seed=2)
    assert load(tmp_path / "tiny").name != first


def test_the_name_of_a_model_of_the_hub_carries_its_revision(make_model: MakeModel, tmp_path: Path) -> None:
    """The hub's cache is laid out by hand; nothing is downloaded."""
    revision = "0123456789abcdef0123456789abcdef01234567"
    cached = tmp_path / "hub" / "models--portulan--tiny-e5"
    shutil.copytree(make_model("tiny-e5"), cached / "snapshots" / revision)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(revision)
    code = (
        "from indexer.encoders.transformers import TransformersEncoder as T;"
        "print(T('portulan/tiny-e5', 'cpu', background=False).name);"
        f"print(T('portulan/tiny-e5@{revision}', 'cpu', background=False).name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    expected = f"sentence-transformers/portulan/tiny-e5@{revision[:12]}"
    assert done.stdout.split() == [expected, expected], done.stderr


def test_a_model_that_is_not_there_leaves_the_search_by_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    settings = settings_in(tmp_path, encoder="sentence-transformers", encoder_model=str(tmp_path / "nowhere"))
    with capture_logs() as said:
        assert encoders.load(settings, background=True) is None
    assert [one["event"] for one in said] == ["the encoder can't run here: searching by words only"]


def test_experts_are_found_by_meaning_and_a_change_of_model_makes_every_vector_anew(
    make_model: MakeModel, tmp_path: Path
) -> None:
    folder = tmp_path / "var"
    records = [record(ref, headline=f"Consultant {ref.lower()}") for ref in ("A", "B", "C")]
    small = {"encoder_model": str(make_model("small-e5")), "encoder_device": "cpu"}
    with directory(folder, records, encoder="sentence-transformers", **small) as found:
        assert (found.index.engine.count_vectors(), found.index.engine.property("dimension")) == (3, "32")
        before = found.index.engine.property("encoder")
    large = {**small, "encoder_model": str(make_model("large-e5", dimension=48))}
    with directory(folder, encoder="sentence-transformers", **large) as again:
        assert again.index.engine.count_vectors() == 0, "vectors of another model are not compared"
        assert again.refs(q="Consultant") != []
        with capture_logs() as said:
            assert again.index.renew_if_outdated()
        assert "rebuilding" in said[0]["event"]
        again.deliver()
        assert (again.index.engine.count_vectors(), again.index.engine.property("dimension")) == (3, "48")
        assert again.index.engine.property("encoder") != before
        assert not again.index.renew_if_outdated()
    with directory(folder, encoder="sentence-transformers", **small) as back:
        back.index.renew_if_outdated()
        back.deliver()
        assert back.index.engine.count_vectors() == 3
