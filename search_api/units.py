"""The units of a query: places, skills, sectors, languages and words, each a run of what was typed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from foundation.i18n import Language
from taxonomy import languages, texts, zones
from taxonomy.concepts import Mention
from taxonomy.texts import Token
from taxonomy.wordlists import Wordlists

Kind = Literal["skill", "sector", "country", "zone", "city", "language", "word"]
PLACES: frozenset[Kind] = frozenset({"country", "zone", "city"})
IsListed = Callable[[str], bool]
"""Tells whether some profile lists a skill, by its key."""
SHORTEST_LANGUAGE = 2
"""Words no longer are rather articles than codes of languages."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A run of words that was understood as one thing.

    `text` is how it was typed, from `begin` to `end` of the understanding's text; `start` and `stop` count words.
    """

    kind: Kind
    value: str
    text: str
    start: int
    stop: int
    begin: int
    end: int


@dataclass
class _Reading:
    """The words of a query, and which units have claimed them so far."""

    query: str
    tokens: list[Token]
    words: list[str]
    taken: dict[int, Unit] = field(default_factory=dict)

    def take(self, kind: Kind, value: str, start: int, stop: int) -> None:
        """Let a unit claim words."""
        begin, end = self.tokens[start].start, self.tokens[stop - 1].end
        unit = Unit(kind, value, self.query[begin:end], start, stop, begin, end)
        self.taken.update(dict.fromkeys(range(start, stop), unit))

    def gaps(self) -> list[tuple[int, int]]:
        """Return the runs of words that nothing has claimed yet."""
        found: list[tuple[int, int]] = []
        start = 0
        for at in range(len(self.words) + 1):
            if at == len(self.words) or at in self.taken:
                if at > start:
                    found.append((start, at))
                start = at + 1
        return found


def cut(query: str, tokens: list[Token], wordlists: Wordlists, is_listed: IsListed) -> list[Unit]:
    """Cut a query into units: languages and places, trade phrases, synonyms' phrases, imported phrases, words."""
    reading = _Reading(query, tokens, [token.word for token in tokens])
    _take_places(reading, wordlists)
    for start, stop in reading.gaps():
        for mention in wordlists.trade_phrases.mentions(reading.words[start:stop]):
            kind, value = mention.meanings[0]
            reading.take(_KINDS[kind], value, start + mention.start, start + mention.stop)
    for start, stop in reading.gaps():
        for span in _known_phrases(reading.words, start, stop, wordlists):
            if not any(at in reading.taken for at in span):
                reading.take("word", " ".join(reading.words[span.start : span.stop]), span.start, span.stop)
    _take_imported(reading, wordlists, is_listed)
    for at, word in enumerate(reading.words):
        if at not in reading.taken and texts.stems(word) and word not in languages.SPEAKING:
            reading.take("word", word, at, at + 1)
    return sorted({unit.start: unit for unit in reading.taken.values()}.values(), key=lambda unit: unit.start)


def _take_places(reading: _Reading, wordlists: Wordlists) -> None:
    """Claim what names a place, or the language spoken there where that is what is asked."""
    words = reading.words
    for at, word in enumerate(words):
        code = languages.spoken(word)
        if code:
            reading.take("language", code, at, at + 1)
    for mention in wordlists.zones.phrases.mentions(words):
        typed = reading.query[reading.tokens[mention.start].start : reading.tokens[mention.stop - 1].end]
        if mention.start in reading.taken or _is_ordinary(mention, words, typed):
            continue
        kind, value = mention.meanings[0]
        language = _asked_language(mention, words)
        reading.take("language" if language else _KINDS[kind], language or value, mention.start, mention.stop)


def _take_imported(reading: _Reading, wordlists: Wordlists, is_listed: IsListed) -> None:
    """Claim imported phrases of skills that some profile lists: nobody reviewed them, and most are nobody's here."""
    if not (wordlists.skills.imported or wordlists.skills.widened):
        return
    for start, stop in reading.gaps():
        for mention in wordlists.imported_phrases.mentions(reading.words[start:stop]):
            _, value = mention.meanings[0]
            if is_listed(value):
                reading.take("skill", value, start + mention.start, start + mention.stop)


def _known_phrases(words: list[str], start: int, stop: int, wordlists: Wordlists) -> Iterable[range]:
    """Yield the runs of several words that some list of synonyms knows."""
    for rules in (wordlists.synonyms, wordlists.translations, wordlists.everyday):
        for expansion in rules.expand(words[start:stop]):
            if expansion.stop - expansion.start > 1:
                yield range(start + expansion.start, start + expansion.stop)


_KINDS: dict[str, Kind] = {
    "country": "country",
    "zone": "zone",
    "city": "city",
    "skill": "skill",
    "sector": "sector",
}


def _is_ordinary(mention: Mention, words: list[str], typed: str) -> bool:
    """Tell whether a short name of a place is more likely an everyday word: "us", not "US"."""
    if mention.stop - mention.start > 1:
        return False
    word = words[mention.start]
    return word in texts.STOP_WORDS or (word == "us" and not typed.isupper())


def _asked_language(mention: Mention, words: list[str]) -> str | None:
    """Return the language meant by a demonym beside a word like "parlant", others joined by "and" in between."""
    if mention.stop - mention.start > 1:
        return None
    code = languages.find(words[mention.start])
    return code if code and (_speaks(words, mention.start, -1) or _speaks(words, mention.start, 1)) else None


def _speaks(words: list[str], at: int, step: int) -> bool:
    """Tell whether a list of languages, followed from one of them, ends at a word like "parlant"."""
    at += step
    while 0 <= at < len(words) and (words[at] in languages.JOINING or _is_language(words[at])):
        at += step
    return 0 <= at < len(words) and words[at] in languages.SPEAKING


def _is_language(word: str) -> bool:
    return len(word) > SHORTEST_LANGUAGE and languages.find(word) is not None


def label(unit: Unit, wordlists: Wordlists, language: Language) -> str:
    """Return what a unit is called in the reader's language."""
    vocabularies = {"skill": wordlists.skills, "sector": wordlists.sectors, "zone": wordlists.zones.zones}
    if unit.kind in vocabularies:
        return vocabularies[unit.kind].by_id[unit.value].label(language)
    if unit.kind == "language":
        return languages.label(unit.value, language)
    country = zones.country_label(unit.value, language)
    return {"country": country, "city": f"{unit.text} ({country})"}.get(unit.kind, unit.text)
