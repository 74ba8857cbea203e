"""Synonyms in Solr format: `a, b, c` (each means the others) and `a => b, c` (one way).

They widen a query, never a document, so that a reviewed change of a list needs no reindex (mission row D3).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from taxonomy import texts
from taxonomy.concepts import LONGEST_PHRASE, phrase_key

Phrase = tuple[str, ...]


class BadSynonym(ValueError):
    """A line of a synonym list that can't be read; the message names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """A run of query words that has synonyms: its place, and each synonym as folded words."""

    start: int
    stop: int
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True)
class Synonyms:
    """The rules of one or several lists."""

    rules: dict[Phrase, tuple[Phrase, ...]]

    def expand(self, words: Sequence[str]) -> Iterator[Expansion]:
        """Yield every run of words that has synonyms, longer ones first at each place."""
        kept = [(position, texts.stems(word)[0]) for position, word in enumerate(words) if texts.stems(word)]
        for at in range(len(kept)):
            for size in range(min(LONGEST_PHRASE, len(kept) - at), 0, -1):
                phrases = self.rules.get(tuple(stem for _, stem in kept[at : at + size]))
                if phrases:
                    yield Expansion(kept[at][0], kept[at + size - 1][0] + 1, phrases)


def read(paths: Iterable[Path]) -> Synonyms:
    """Read lists; raise BadSynonym for a line without a pair."""
    rules: dict[Phrase, dict[Phrase, None]] = defaultdict(dict)
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            rule = line.split("#", 1)[0].strip() if not line.lower().lstrip().startswith(("c#", "f#")) else line
            if rule:
                _learn(rules, rule, f"{path.name}:{number}")
    return Synonyms({head: tuple(phrases) for head, phrases in rules.items()})


def _learn(rules: dict[Phrase, dict[Phrase, None]], rule: str, where: str) -> None:
    heads, arrow, tails = rule.partition("=>")
    left = _phrases(heads)
    right = _phrases(tails) if arrow else left
    if not left or not right or (not arrow and len(left) < 2):
        raise BadSynonym(f"{where}: a rule needs two phrases, as in `a, b` or `a => b`: {rule!r}")
    for head in left:
        entry = phrase_key(head)
        for tail in right:
            if entry and phrase_key(tail) != entry:
                rules[entry].setdefault(tail)


def _phrases(side: str) -> list[Phrase]:
    found = (tuple(texts.words(part)) for part in side.split(","))
    return [phrase for phrase in found if phrase]
