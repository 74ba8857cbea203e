"""What pages of a mission's documents look like, whatever is written in them."""

import io
from datetime import timedelta

import pypdf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from booking.documents import pages
from booking.documents.contents import Print
from foundation import prints
from tests.booking.documents import printed

SAMPLES = {
    "quote": printed.quote(),
    "long quote": printed.quote(printed.long_document("en"), {}),
    "order": printed.order(printed.document(version=3), 1),
    "order in portage": printed.order(printed.in_portage("en")),
    "report": printed.report(printed.long_document()),
    "receipt": printed.receipt(),
}


def read(document: Print) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pages.render(document)))


def text_of(document: Print) -> str:
    return "\n".join(page.extract_text() for page in read(document).pages)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_rows_make_the_same_bytes_and_others_do_not(name: str) -> None:
    document = SAMPLES[name]
    assert pages.render(document) == pages.render(document.model_copy(deep=True))
    later = document.model_copy(update={"made_at": document.made_at + timedelta(seconds=1)})
    assert pages.render(document) != pages.render(later)


@pytest.mark.parametrize("name", SAMPLES)
def test_screen_readers_are_told_the_title_the_language_and_the_order(name: str) -> None:
    document, found = SAMPLES[name], read(SAMPLES[name])
    root = found.trailer["/Root"]
    assert root["/Lang"] == document.language
    assert root["/MarkInfo"]["/Marked"].value is True
    assert "/StructTreeRoot" in root
    assert found.metadata is not None
    assert found.metadata.title == f"{document.name} {document.number}"


def test_a_long_quote_goes_over_pages_that_say_which_they_are() -> None:
    document = SAMPLES["long quote"]
    found = read(document)
    assert len(found.pages) > 3
    for number, page in enumerate(found.pages, start=1):
        said = page.extract_text()
        assert f"{number} / {len(found.pages)}" in said
        assert document.number in said
    # The head of the table of prices is repeated where it goes on.
    assert sum("Unit price before tax" in page.extract_text() for page in found.pages) == 2


def test_lines_and_paragraphs_stay_as_they_were_written() -> None:
    said = text_of(printed.quote(printed.document(terms="- one\n- two\n\n#panic() *not bold* $x$ \\ @ref")))
    assert "- one\n- two\n" in said
    assert "#panic() *not bold* $x$ \\ @ref" in said


def test_what_no_font_has_is_replaced_and_said_to_be() -> None:
    document = printed.document("en", title="Plan for 北京 🚀", objectives=("1️⃣ 100 days, a᪰ year", "Ελλάδα"))
    said = text_of(printed.quote(document))
    assert "Plan for □□ □" in said
    assert "1 100 days, a□ year" in said
    assert "Ελλάδα" in said
    assert "□ stands for a sign that can’t be printed here." in said
    assert "□" not in text_of(printed.quote())


def test_a_word_that_no_column_holds_is_broken() -> None:
    said = text_of(printed.report(printed.document(objectives=("W" * 200, "x"))))
    assert max(len(line) for line in said.splitlines() if "WWW" in line) < 100


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40))
@example("\r\U000e0000")
@example(" \u115f")
def test_whatever_is_written_can_be_printed(text: str) -> None:
    made = pages.render(printed.quote(printed.document(title=text, objectives=(text, f"1{text}a"))))
    assert made.startswith(b"%PDF")


@given(st.text("aé1 北🚀\ufe0f\u20e3\u200d", min_size=1, max_size=30))
@example(" \u20e3🚀\u20e3")
def test_only_what_no_font_has_is_replaced(text: str) -> None:
    document = printed.report(summary="A" + text, files=(), validated_at=None)
    said = text_of(document)
    kept = "".join(sign for sign in text if sign in "aé1")
    shown = said.partition("La mission en quelques phrases")[2].partition("Objectif par objectif")[0]
    assert "".join(sign for sign in shown if sign in "Aaé1") == f"A{kept}"
    assert shown.count(prints.REPLACEMENT) == sum(text.count(sign) for sign in "北🚀")


@pytest.mark.parametrize("mark", "\u0301\u0325\u0488")
def test_no_sign_is_lost_between_marks(mark: str) -> None:
    document = printed.report(summary=f"e{mark}北{mark} and A {mark}🚀{mark}", files=(), validated_at=None)
    assert "remplace un signe qui" in text_of(document)
