"""Long texts that people read: Markdown files in both languages, rendered for our templates.

A file begins with its title (`# …`) and one paragraph that leads in; sections follow, each heading with an id of its
own (`## Paying {#paying}`), the same in both languages so that links lead to either. HTML in a file stays text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from foundation.i18n import Language
from foundation.settings import ROOT
from web.rendering import typeset

FOLDER = ROOT / "web" / "texts"
_HEADING_ID = re.compile(r"\s*\{#([a-z][a-z0-9-]*)\}$")
_PLACEHOLDER = re.compile(r"\{\{([a-z_.]+)\}\}")
_BLANKS = re.compile(r"[ \t\r\n]+")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


class Malformed(ValueError):
    """A text that lacks title, lead, a heading's id, or the value of a placeholder."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the first rank below the title."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class LongText:
    """A rendered text; title and lead are plain."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    body: Markup


@lru_cache(maxsize=256)
def read(name: str, language: Language) -> str:
    """Return the source of a text, kept in memory: files change only with the code. `name` is none from outside."""
    return (FOLDER / language / f"{name}.md").read_text("utf-8")


def fill(source: str, values: Mapping[str, str]) -> str:
    """Return a source with `{{name}}` replaced; a value is text and nothing else, whatever signs it holds."""

    def escaped(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise Malformed(f"there is no value for {found[0]}")
        return _PUNCTUATION.sub(r"\\\1", _BLANKS.sub(" ", values[found[1]].strip()))

    return _PLACEHOLDER.sub(escaped, source)


@lru_cache(maxsize=256)
def render(source: str, language: Language) -> LongText:
    """Render a filled source."""
    tokens = _MARKDOWN.parse(typeset(source, language))
    if [token.type for token in tokens[:6:3]] != ["heading_open", "paragraph_open"] or tokens[0].tag != "h1":
        raise Malformed("a text begins with its title and a paragraph")
    title, lead, body = _plain(tokens[1]), _plain(tokens[4]), tokens[6:]
    sections = tuple(_sections(body))
    return LongText(title, lead, sections, Markup(_MARKDOWN.renderer.render(body, _MARKDOWN.options, {})))  # noqa: S704 - written by the renderer


def _sections(tokens: list[Token]) -> list[Section]:
    """Move the ids of headings from their text to the tags, and return the headings of the first rank."""
    found: list[Section] = []
    for token, inline in pairwise(tokens):
        if token.type != "heading_open":
            continue
        last = (inline.children or [Token("text", "", 0)])[-1]
        named = _HEADING_ID.search(last.content)
        if not named:
            raise Malformed(f"a heading has no id: {inline.content!r}")
        last.content = last.content[: named.start()]
        token.attrSet("id", named[1])
        if token.tag == "h2":
            found.append(Section(named[1], _plain(inline)))
    return found


def _plain(inline: Token) -> str:
    """Return the text of a line without its marks."""
    return "".join(" " if child.type == "softbreak" else child.content for child in inline.children or ())
