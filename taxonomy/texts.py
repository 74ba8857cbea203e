"""How text becomes terms: one analysis for documents and queries, in French and English alike.

Nothing here knows which language a text is in. Every word gives the stems of both languages (often one and
the same), so that a profile which mixes them, or a query in the other one that shares a root, still matches.
Folding comes before stemming: people leave accents out, and both sides must then meet at the same stem.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

STOP_WORDS = frozenset(
    # French
    "a ai ainsi alors apres au aucun aucune aussi autre autres aux avant avec avoir car ce cela celle celui ces "
    "cet cette ceux chez comme comment dans de depuis des donc dont du elle elles en encore entre es est et etc "
    "ete etre eu eux fait faire faut il ils je jusque la le les leur leurs lors lui ma mais me meme memes mes moi "
    "moins mon ne ni nos notre nous on ont ou par parce pas peu plus pour pourquoi pouvoir quand que quel quelle "
    "quelles quels qui quoi sa sans se selon sera ses si sien soit son sont sous souhaite souhaitons sur ta tant "
    "te tel telle tes toi ton tous tout toute toutes tres tu un une vers via voici vos votre vous y "
    # English
    "about all also an and any are as at be because been before being both but by can could did do does doing "
    "each few for from had has have having he her here his how i if in into is it its just like more most my no "
    "nor not of off once only or other our out over own same she should so some such than that the their them "
    "then there these they this those through to too under until up very was we were what when where which while "
    "who whom why will with would you your".split()
)

# Names that punctuation would tear apart, then words, numbers, and letters joined by & ("R&D", "M&A");
# but for the English possessive.
_TOKEN = re.compile(
    r"(?:(?<=\W)|^)(?:c\+\+|[cfj]\#|\.net\b|[a-z]+\.js\b|[a-z]&[a-z]\b|e-(?=[a-z])\w+|(?:[a-z]\.){2,})"
    r"|(?!(?<=['’ʼ])s(?![^\W_ʼ]))[^\W_ʼ]+(?:['’ʼ](?=[^\W_ʼ]))?",
    re.IGNORECASE,
)
_APOSTROPHES = "'’ʼ"
_ELIDED = frozenset("l d j m t s n c qu jusqu lorsqu puisqu quoiqu quelqu".split())
_TECHNICAL = {"c++": "cplusplus", "c#": "csharp", "f#": "fsharp", "j#": "jsharp", ".net": "dotnet"}
_LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
)
_stemmers = threading.local()


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: its folded form, and where it stands in the original."""

    word: str
    start: int
    end: int


def fold(text: str) -> str:
    """Lower the case and take accents off; two spellings of one word become equal."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(char for char in decomposed if not unicodedata.combining(char)).lower()


def tokenise(text: str) -> Iterator[Token]:
    """Cut a text into words: elided articles go, "C++" and ".NET" stay whole, "e-commerce" is one word."""
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if word := _word(raw):
            start = match.start()
            yield Token(word, start, start + len(raw.rstrip(_APOSTROPHES)))


@lru_cache(maxsize=100_000)
def _word(raw: str) -> str:
    """Return the folded form of a word as it was written; nothing for an elided article."""
    word = fold(raw.rstrip(_APOSTROPHES))
    if word in _ELIDED and raw[-1] in _APOSTROPHES:
        return ""
    return _TECHNICAL.get(word) or word.replace(".", "").replace("-", "")


@lru_cache(maxsize=16_384)
def words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, stop words included; indexing asks for the same text several times."""
    return tuple(filter(None, map(_word, _TOKEN.findall(text))))


def key(text: str) -> str:
    """Return the form under which a label is compared: folded words joined by a space."""
    return " ".join(words(text))


_NO_PLURALS = frozenset(["customs"])
"""Words that are no plural of another: customs have nothing to do with customers."""
_FEMININE = re.compile(r"(?<=\w\w)(?P<ending>trice|euse)(?P<plural>s?)$")


def _masculine(match: re.Match[str]) -> str:
    return ("teur" if match["ending"] == "trice" else "eur") + match["plural"]


@lru_cache(maxsize=200_000)
def stems(word: str) -> tuple[str, ...]:
    """Return the French and the English stem of a folded word, once when they agree."""
    if word in STOP_WORDS:
        return ()
    if word in _NO_PLURALS:
        return (word,)
    if len(word) < 4 or not word.isalpha():
        return (word,)
    if not hasattr(_stemmers, "french"):
        _stemmers.french = Stemmer.Stemmer("french")
        _stemmers.english = Stemmer.Stemmer("english")
    french: str = _stemmers.french.stemWord(_FEMININE.sub(_masculine, word))
    english: str = _stemmers.english.stemWord(word)
    return (french,) if french == english else (french, english)


_PLURALS = (("ies", "y"), ("eaux", "eau"), ("aux", "al"), ("s", ""), ("x", ""))
_ADJECTIVES = (("ales", "al"), ("ale", "al"), ("elles", "el"), ("elle", "el"), ("ives", "if"), ("ive", "if"))


@lru_cache(maxsize=50_000)
def singular(word: str) -> str:
    """Return a folded word in one form for singular and plural, and for both genders of common adjectives.

    Much less than a stem: a noun and its verb stay apart. The form need not be a word.
    """
    if len(word) < 4:
        return word
    for ending, form in (*_ADJECTIVES, *_PLURALS):
        if word.endswith(ending):
            return word[: len(word) - len(ending)] + form
    return word


# How French words of the two genders differ at their end, folded: masculine ending → feminine ones.
_GENDER_ENDINGS = (
    ("eur", ("euse", "rice", "eure", "eresse")),
    ("ier", ("iere",)),
    ("er", ("ere",)),
    ("ien", ("ienne",)),
    ("en", ("enne",)),
    ("on", ("onne",)),
    ("an", ("anne", "ane")),
    ("el", ("elle",)),
    ("et", ("ette", "ete")),
    ("f", ("ve",)),
    ("x", ("se", "sse")),
    ("e", ("esse",)),
    ("eau", ("elle",)),
    ("c", ("que", "cque")),
    ("", ("e", "ne", "te", "sse")),
)
_SLASH_SEQUENCE = re.compile(r"\s*/\s*")
_INCLUSIVE = re.compile(
    r"(?<=\w)(?:[·•‧](?:\w+)(?:[·•‧]s)?|\((?:e|ne|le|te|se|ve|rice|trice|euse|ère|ere|ienne|es|nes)\)(?:s\b)?)",
    re.IGNORECASE,
)


def without_doublets(text: str) -> str:
    """Drop the second gender where French names both: "Livreur / Livreuse", "directeur·rice", "chargé(e)"."""
    text = _INCLUSIVE.sub("", text)
    if "/" not in text:
        return text
    sides = _SLASH_SEQUENCE.split(text)
    merged = sides[0]
    for right in sides[1:]:
        left_words, right_words = merged.split(), right.split()
        size = _doublet_size(left_words, right_words)
        merged = " ".join([merged, *right_words[size:]]) if size else f"{merged}/{right}"
    return merged


def _doublet_size(left: list[str], right: list[str]) -> int:
    """Count the words right of a slash that only repeat those left of it in the other gender."""
    for size in range(1, min(len(left), len(right), 4) + 1):
        pairs = zip(left[-size:], right[:size], strict=True)
        if all(_is_doublet(fold(a), fold(b)) for a, b in pairs):
            return size
    return 0


def _is_doublet(first: str, second: str) -> bool:
    first, second = first.strip(",;"), second.strip(",;")
    if first == second:
        return True
    if "-" in first and first.count("-") == second.count("-"):
        return all(map(_is_doublet, first.split("-"), second.split("-")))
    return _feminises(first, second) or _feminises(second, first)


def _feminises(masculine: str, feminine: str) -> bool:
    plural = masculine.endswith("s") and feminine.endswith("s") and len(masculine) > 4
    if plural:
        masculine, feminine = masculine[:-1], feminine[:-1]
    for ending, forms in _GENDER_ENDINGS:
        if not masculine.endswith(ending):
            continue
        root = masculine[: len(masculine) - len(ending)]
        if len(root) >= 2 and any(feminine == root + form for form in forms):
            return True
    return False
