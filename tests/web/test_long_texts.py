"""Long texts: what a file becomes, and that neither it nor a setting brings HTML in."""

import pytest

from foundation.i18n import LANGUAGES, Language
from web import long_texts
from web.long_texts import Malformed, Section

HEAD = "# Title\nLead.\n\n"
ATTACK = "<script>alert(1)</script>"
FILES = {
    language: {path.relative_to(long_texts.FOLDER / language).with_suffix("").as_posix(): path.read_text("utf-8")
               for path in (long_texts.FOLDER / language).rglob("*.md")}
    for language in LANGUAGES
}  # fmt: skip


def headings(source: str) -> list[tuple[str, str]]:
    return [
        (line.split(" ")[0], line.rpartition("{")[2])
        for line in source.splitlines()
        if line.startswith(("## ", "### "))
    ]


def test_a_text_has_title_lead_sections_and_a_body() -> None:
    text = long_texts.render("# A *b*\nOne\ntwo.\n\n## C `d` {#cd}\nE.\n\n### F {#f}\n\n| G |\n| --- |\n| h |\n", "en")
    assert (text.title, text.lead, text.sections) == ("A b", "One two.", (Section("cd", "C d"),))
    assert text.body.startswith('<h2 id="cd">C <code>d</code></h2>\n<p>E.</p>\n<h3 id="f">F</h3>\n<table>')


def test_html_in_a_text_stays_text() -> None:
    body = long_texts.render(f"{HEAD}## {ATTACK} {{#a}}\n{ATTACK}\n\n<b>x</b> <img src=x onerror=y>\n", "en").body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert not {"<script", "<b>", "<img"} & {tag for tag in ("<script", "<b>", "<img") if tag in body}


def test_a_link_can_not_run_anything() -> None:
    assert "href" not in long_texts.render(f"{HEAD}[a](javascript:alert(1))\n", "en").body


def test_a_value_is_text_whatever_it_holds() -> None:
    value = f"# *A* & `B`\n\n[x](/y) {ATTACK} {{#z}} | {{{{other}}}}"
    source = long_texts.fill(f"{HEAD}{{{{operator.name}}}}\n\n| a |\n| --- |\n| {{{{operator.name}}}} |\n", {"operator.name": value})  # fmt: skip  # noqa: E501
    body = long_texts.render(source, "en").body
    shown = "# *A* &amp; `B` [x](/y) &lt;script&gt;alert(1)&lt;/script&gt; {#z} | {{other}}"
    assert f"<p>{shown}</p>" in body
    assert f"<td>{shown}</td>" in body


def test_an_address_of_the_operator_can_be_written_to() -> None:
    filled = long_texts.fill(f"{HEAD}[{{{{e}}}}](mailto:{{{{e}}}})\n", {"e": "a_b-c@example.org"})
    assert '<a href="mailto:a_b-c@example.org">a_b-c@example.org</a>' in long_texts.render(filled, "en").body


def test_french_keeps_a_narrow_space_at_its_marks() -> None:
    assert long_texts.render("# Quoi ?\n« L'un » : 10 %.\n\n", "fr").lead == "«\u202fL’un\u202f»\u202f: 10\u202f%."


@pytest.mark.parametrize(
    "source", ["", "Text.\n", "# Title\n", "## Title {#a}\nLead.\n", "# Title\n- a\n", f"{HEAD}## No id\n"]
)
def test_a_malformed_text_is_refused(source: str) -> None:
    with pytest.raises(Malformed):
        long_texts.render(source, "en")


def test_a_placeholder_without_a_value_is_refused() -> None:
    with pytest.raises(Malformed, match=r"operator\.nmae"):
        long_texts.fill("{{operator.nmae}}", {"operator.name": "x"})


def test_every_text_exists_in_both_languages() -> None:
    assert FILES["fr"].keys() == FILES["en"].keys()


@pytest.mark.parametrize("name", sorted(FILES["en"]))
def test_both_languages_have_the_same_parts(name: str) -> None:
    french, english = FILES["fr"][name], FILES["en"][name]
    assert headings(french) == headings(english) != []
    assert len({heading for _, heading in headings(french)}) == len(headings(french))
    for sign in ("\n- ", "\n1. ", "\n| ", "](/", "{{"):
        assert french.count(sign) == english.count(sign), sign


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_section_is_empty(language: Language) -> None:
    for name, source in FILES[language].items():
        parts = [part.partition("\n")[2].strip() for part in source.split("\n## ")]
        assert all(len(part) > 20 for part in parts), name
