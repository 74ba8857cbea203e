"""Setting pages for print: typst makes PDF/A of a template and the words that stand in it.

Typst sets them with the fonts that it carries itself, so that they look alike on every machine: those have Latin,
Greek, Cyrillic, Hebrew, Arabic, Armenian and Georgian letters. Signs that these lack come from `PORTULAN_FONTS_DIR`
alone. What was set twice is the same to the byte.
`look.typ` beside this is what all templates share.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import typst

from foundation.settings import ROOT, Printing

LONGEST_WORD = 28
REPLACEMENT = "\N{WHITE SQUARE}"
"""Stands for a sign that no font has; the fonts have this one."""
_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD},}}")
SIGNS = Path(__file__).with_name("signs.typ")
_UNKNOWN_SIGN = re.compile(r'(?:the text|codepoint) `"((?:[^"\\]|\\.)+)"`')
_ESCAPED = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))")
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "0": "\0"}
_BREAK = "\u200b"
_UNSEEN = frozenset({"Cc", "Cf", "Me"})
"""Categories of signs that say how others look, such as the frame of a digit in an emoji: nothing stands for them."""
_VARIANTS = frozenset(map(chr, range(0xFE00, 0xFE10)))
_MARKS = frozenset({"Mn", "Mc"})


class Unprintable(Exception):
    """A text has signs that no font has; `signs` says which."""

    def __init__(self, signs: str) -> None:
        self.signs = signs
        super().__init__(signs)


def pdf(template: Path, words: dict[str, Any], *, standards: Sequence[Any], at: datetime) -> bytes:
    """Return the pages of a template with words in it, as made at an instant; raise Unprintable.

    The template finds the words as JSON in `sys.inputs.words`; other templates it imports by their path from the root.
    Always a file: of templates that are bytes, typst takes no more than 65,536 in the life of a process.
    """
    # One by one first: between two marks, typst loses a sign that no font has and says nothing.
    if unshown := _unshown(_visible_signs(words)):
        raise Unprintable(unshown)
    try:
        made = typst.compile(
            template,
            root=ROOT,
            font_paths=_fonts(),
            sys_inputs={"words": orjson.dumps(_breakable(words)).decode()},
            pdf_standards=list(standards),
            timestamp=at.replace(microsecond=0),
        )
    except typst.TypstError as error:
        if signs := _unknown_signs(error.diagnostic):
            raise Unprintable(signs) from error
        raise
    return bytes(made)


def pdf_of_any(template: Path, words: dict[str, Any], *, standards: Sequence[Any], at: datetime) -> bytes:
    """Return the same, whatever signs are in the words: those that can't be shown are replaced.

    The template finds in `has_replacements` whether it has to say so.
    """
    has_replacements = False
    while True:  # Ends: each turn takes signs away.
        try:
            return pdf(template, {**words, "has_replacements": has_replacements}, standards=standards, at=at)
        except Unprintable as error:
            # A letter may be named only for the mark on it, and stays then. Where none is to blame, no font has the
            # letter, or it is missed only where it stands, as fillers of Korean are.
            fewer = _changed(words, _replacing_marks(error.signs))
            if fewer == words:
                fewer = _changed(words, _replacing_all(error.signs))
            if fewer == words:
                raise
            words, has_replacements = fewer, True


def _replacing_marks(signs: str) -> Callable[[str], str]:
    """Return what replaces those of signs that stand on others, or between them."""
    instead = dict[int, str]()
    for sign in signs:
        if sign.isspace():
            instead[ord(sign)] = " "
        elif _is_unseen(sign):
            instead[ord(sign)] = ""
        elif _is_mark(sign):
            instead[ord(sign)] = REPLACEMENT
    return lambda text: text.translate(instead)


def _replacing_all(signs: str) -> Callable[[str], str]:
    """Return what replaces each of these signs."""
    return lambda text: text.translate(dict.fromkeys(map(ord, signs), REPLACEMENT))


def _visible_signs(said: Any) -> str:
    """Return the signs in texts that stand for themselves, each once and in one order."""
    signs = sorted(set(orjson.dumps(said).decode()))
    return "".join(sign for sign in signs if not (sign.isspace() or _is_unseen(sign) or _is_mark(sign)))


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN or sign in _VARIANTS


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign) in _MARKS


def _unshown(signs: str) -> str:
    """Return which signs the fonts don't have, each looked at by itself."""
    inputs = {"signs": orjson.dumps(list(signs)).decode()}
    try:
        typst.compile(SIGNS, root=ROOT, font_paths=_fonts(), sys_inputs=inputs, pdf_standards=["a-2a"], timestamp=0)
    except typst.TypstError as error:
        return _unknown_signs(error.diagnostic)
    return ""


def _unknown_signs(diagnostic: str) -> str:
    """Return the signs that typst names as those it can't show."""
    found = "".join(_UNKNOWN_SIGN.findall(diagnostic))
    return "".join(dict.fromkeys(_ESCAPED.sub(_unescaped, found)))


def _unescaped(found: re.Match[str]) -> str:
    """Return the sign that typst writes as Rust does."""
    return chr(int(found[1], 16)) if found[1] else _CONTROLS.get(found[2], found[2])


def _breakable(said: Any) -> Any:
    """Return texts with places where words that no column holds may be broken."""
    return _changed(
        said,
        lambda text: _LONG_WORD.sub(lambda word: _BREAK.join(re.findall(".{1,14}", word[0], re.DOTALL)), text),
    )


def _changed(said: Any, change: Callable[[str], str]) -> Any:
    match said:
        case str():
            return change(said)
        case list() | tuple():
            return [_changed(one, change) for one in said]
        case dict():
            return {name: _changed(one, change) for name, one in said.items()}
        case _:
            return said


def _fonts() -> typst.Fonts:
    return _fonts_in(Printing().fonts_dir)


@lru_cache(maxsize=2)
def _fonts_in(folder: Path | None) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[folder] if folder else [])
