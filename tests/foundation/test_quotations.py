"""A reply is cut out of its mail: what its author wrote is kept whole, what programs add and quote is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import mail_texts, quotations
from tests.foundation.reply_samples import HTML, MARKER_EN, PLAIN


@pytest.mark.parametrize("name", PLAIN)
def test_what_the_author_wrote_is_left(name: str) -> None:
    text, wanted = PLAIN[name]
    assert quotations.cut(text) == wanted
    assert quotations.cut(text.replace("\n", "\r\n")) == wanted


@pytest.mark.parametrize("name", HTML)
def test_what_the_author_wrote_in_html_is_left(name: str) -> None:
    html, wanted = HTML[name]
    assert quotations.cut(mail_texts.of_html(html)) == wanted


@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters=">#-_*—"), min_size=1, max_size=200))
def test_nothing_that_stands_above_our_line_is_lost(words: str) -> None:
    assert quotations.cut(f"{words}\n\n> {MARKER_EN}\n> Hello") == words


@pytest.mark.timeout(60)
@pytest.mark.parametrize("part", [" ", "> ", ">\n", "On a\n", "On a ", "Le ", "From: a\n", "\n", "2026-01-01 <a@", "_"])
def test_a_mail_made_to_take_long_does_not(part: str) -> None:
    """The library's patterns took minutes over some of these."""
    for length in (9_000, 200_000):
        assert len(quotations.cut((part * length)[:length])) <= length
