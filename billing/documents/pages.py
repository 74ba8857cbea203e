"""The part of a document that people read: PDF/A-3b, with the XML inside (Factur-X).

Typst sets it with the fonts that it carries itself and no others, so that it looks alike on every machine: they have
Latin, Greek, Cyrillic, Hebrew, Arabic, Armenian and Georgian letters. Attaching the XML notes the time, so that a
document made twice differs in bytes: it is made once, and kept.
"""

import re
from datetime import UTC, datetime, time
from functools import lru_cache
from pathlib import Path

import facturx
import orjson
import typst

from billing.documents import factur_x, wordings
from billing.documents.contents import Content

TEMPLATE = Path(__file__).with_name("document.typ")
LONGEST_WORD = 28
_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD},}}")
_UNKNOWN_SIGN = re.compile(r'the text `"(.+?)"` could not be displayed')
_BREAK = "\u200b"


class Unprintable(Exception):
    """A text has a sign that no font has; `signs` says which."""

    def __init__(self, signs: str) -> None:
        self.signs = signs
        super().__init__(signs)


def pdf(content: Content) -> bytes:
    """Return the pages; raise Unprintable."""
    words = _breakable(wordings.words(content))
    try:
        made = typst.compile(
            TEMPLATE.read_bytes(),
            font_paths=_fonts(),
            sys_inputs={"words": orjson.dumps(words).decode()},
            pdf_standards=["a-3b"],
            timestamp=datetime.combine(content.issued_on, time(), UTC),
        )
    except typst.TypstError as error:
        if found := _UNKNOWN_SIGN.search(str(error)):
            raise Unprintable(found[1]) from error
        raise
    return bytes(made)


def with_xml(pages: bytes, xml: bytes, content: Content) -> bytes:
    """Return the pages with the XML in them, as Factur-X."""
    words = wordings.words(content)
    title = f"{words['kind']} {content.number}"
    about = {
        "author": content.issuer or content.seller.name,
        "keywords": "Factur-X",
        "title": title,
        "subject": f"{title}, {content.issued_on.isoformat()}",
    }
    made = facturx.generate_from_binary(
        pages,
        xml,
        flavor="factur-x",
        level=factur_x.LEVEL,
        check_xsd=False,
        pdf_metadata=about,
        lang=content.language,
        afrelationship="alternative",
    )
    return bytes(made)


def render(content: Content) -> bytes:
    """Return a whole document, as it is sent and kept."""
    return with_xml(pdf(content), factur_x.xml(content), content)


def _breakable(said: object) -> object:
    """Return texts with places where words that no column holds may be broken."""
    match said:
        case str():
            return _LONG_WORD.sub(lambda word: _BREAK.join(re.findall(".{1,14}", word[0])), said)
        case list():
            return [_breakable(one) for one in said]
        case dict():
            return {name: _breakable(one) for name, one in said.items()}
        case _:
            return said


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)
