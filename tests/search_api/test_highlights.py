import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import documents
from indexer.documents import Document
from search_api import highlights, understanding
from taxonomy import texts
from tests.builders import Directory, directory, record

NASTY = st.lists(
    st.one_of(
        st.sampled_from(
            ["<script>", "</mark>", "<mark>", "&amp;", '"onload="x', "<b", ">", "&", "douane", "<img src=x>"]
        ),
        st.text(max_size=12),
    ),
    max_size=12,
).map(" ".join)
WANTED = frozenset(texts.stems("douane")) | frozenset(texts.stems("script"))


@given(NASTY)
def test_only_mark_survives_as_a_tag_whatever_the_text(text: str) -> None:
    html = highlights.mark(text, WANTED)
    bare = html.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare
    assert ">" not in bare
    assert re.fullmatch(r"(?:[^<>]|<mark>[^<>]+</mark>)*", html)


@given(NASTY)
def test_marking_loses_no_letter(text: str) -> None:
    assert unescape(re.sub(r"</?mark>", "", highlights.mark(text, WANTED))) == unescape(
        highlights.mark(text, frozenset())
    )


def test_every_form_of_a_wanted_word_is_marked_and_no_other() -> None:
    marked = highlights.mark("Douanes, douanier & vin", WANTED)
    assert marked.startswith("<mark>Douanes</mark>, ")
    assert marked.endswith("&amp; vin")


def document_of(found: Directory) -> Document:
    (item,) = found.find().results
    return item.document


@pytest.fixture(scope="module")
def long_profile(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Return the document of a long profile that speaks of customs late and twice."""
    filler = "Je conseille des entreprises sur leurs projets depuis longtemps déjà et avec plaisir. " * 8
    summary = f"{filler}La douane <b>marocaine</b> est mon métier. {filler}Les incoterms aussi."
    with directory(tmp_path_factory.mktemp("long"), [record("A", summary=summary)]) as found:
        return document_of(found)


def test_snippets_show_where_the_profile_speaks_of_what_was_asked(long_profile: Document) -> None:
    found = highlights.snippets(long_profile, frozenset(texts.stems("douane") + texts.stems("incoterms")))
    assert len(found) == highlights.SNIPPETS
    assert "<mark>douane</mark> &lt;b&gt;marocaine&lt;/b&gt;" in found[0]
    assert "<mark>incoterms</mark>" in found[1]


def test_snippets_are_short(long_profile: Document) -> None:
    for snippet in highlights.snippets(long_profile, WANTED):
        assert len(snippet.split()) <= highlights.SNIPPET_WORDS + 4


def test_the_beginning_is_shown_where_nothing_asked_is_said(long_profile: Document) -> None:
    (snippet,) = highlights.snippets(long_profile, frozenset({"licorn"}))
    assert snippet.startswith("Je conseille des entreprises")
    assert snippet.endswith(" …")


def test_a_profile_without_summary_has_no_snippet(tmp_path_factory: pytest.TempPathFactory) -> None:
    bare = record("A", summary="", skills=["Douane"])
    with directory(tmp_path_factory.mktemp("bare"), [bare]) as found:
        assert highlights.snippets(document_of(found), WANTED) == []


def test_synonyms_are_marked_and_concepts_are_no_words(few: Directory) -> None:
    searcher = few.searcher()
    groups = understanding.read("douane", searcher.wordlists, searcher.engine).groups
    wanted = highlights.wanted_stems(groups)
    assert set(texts.stems("douane")) <= wanted
    assert set(texts.stems("customs")) <= wanted
    assert documents.skill_term("customs") not in wanted
