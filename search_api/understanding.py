"""What a query means: places, skills, sectors, languages and words, each with all that expresses it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from indexer.documents import sector_term, skill_term
from indexer.engines.interface import Engine, Group
from search_api import groups, units
from search_api.units import PLACES, Unit
from taxonomy import dictionaries, languages, texts
from taxonomy.concepts import is_reviewed
from taxonomy.texts import Token
from taxonomy.wordlists import Wordlists

SENTENCE_WORDS = 5
"""In so many words capitals are believed to mark names; in fewer, people write them as they come."""

EXAMPLE = "consultante"


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that was taken for a misspelling."""

    typed: str
    used: str


@dataclass(frozen=True)
class Understanding:
    """A query, read."""

    text: str
    """What was searched: the query after corrections."""
    units: tuple[Unit, ...] = ()
    groups: tuple[Group, ...] = ()
    corrections: tuple[Correction, ...] = ()
    skills: dict[str, float] = field(default_factory=dict)
    places: tuple[frozenset[str], ...] = ()
    sectors: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    topic: str = ""
    """What was searched without the places in it; all of it where nothing else is left."""
    named: tuple[str, ...] = ()
    """The concepts that it names, as terms: its skills, or else its sectors."""
    telling_words: int = 0
    """How many of its words are no stop words."""

    @property
    def required_words(self) -> int:
        """Return how many words a perfect match would hold."""
        return sum(group.words for group in self.groups if group.is_required)


def minimum_words(asked: int) -> float:
    """Return the minimum-should-match: all of two words, most of five, and ever less of a longer text."""
    if asked <= 2:
        return float(asked)
    if asked <= 5:
        return float(-(-asked * 3 // 5))
    return 3.0 + (asked - 5) * 0.2


def fewest_words(asked: int) -> float:
    """Return how few words may do where hardly anybody holds more."""
    return min(minimum_words(asked), max(1.0, 0.3 * asked))


def prepare(wordlists: Wordlists) -> None:
    """Load what reading a query takes, so that who searches first does not wait for it."""
    dictionaries.language_of(EXAMPLE)
    units.cut(EXAMPLE, list(texts.tokenise(EXAMPLE)), wordlists, lambda _: False)
    wordlists.correct(EXAMPLE)


def read(query: str, wordlists: Wordlists, engine: Engine) -> Understanding:
    """Understand a query; nothing typed gives an empty understanding."""
    query, corrections = _correct(texts.without_doublets(query), wordlists, engine)
    tokens = list(texts.tokenise(query))
    words = [token.word for token in tokens]
    found = units.cut(query, tokens, wordlists, lambda key: _is_held(skill_term(key), engine))
    kept = groups.most_telling([(unit, groups.express(unit, words, wordlists)) for unit in found], engine)
    countries = {unit.value for unit in found if unit.kind in {"country", "city"}}
    places = [frozenset({code}) for code in sorted(countries)]
    places += [wordlists.zones.members[unit.value] for unit in found if unit.kind == "zone"]
    skills: dict[str, float] = {}
    sectors: set[str] = set()
    for unit in found:
        if unit.kind == "skill":
            skills[unit.value] = 1.0
        for kind, value in groups.meanings(unit, words, wordlists):
            if kind == "sector":
                sectors.add(value)
    if not any(group is not None and group.is_required for group in kept) and not places:
        kept = [group and replace(group, is_required=True) for group in kept]
    return Understanding(
        text=query,
        units=tuple(found),
        groups=tuple(group for group in kept if group is not None),
        corrections=tuple(corrections),
        skills=skills,
        places=tuple(places),
        sectors=frozenset(sectors),
        languages=frozenset(unit.value for unit in found if unit.kind == "language"),
        topic=_topic(query, found),
        named=_named_concepts(found, words, skills, sectors, wordlists),
        telling_words=sum(1 for word in words if texts.stems(word)),
    )


def _named_concepts(
    found: Sequence[Unit], words: list[str], skills: Iterable[str], sectors: Iterable[str], wordlists: Wordlists
) -> tuple[str, ...]:
    """Return the concepts that a query names, as terms: its skills, or what its everyday words point to, or sectors."""
    if reviewed := [key for key in skills if is_reviewed(key)]:
        return tuple(map(skill_term, reviewed))
    pointed = [groups.pointed_to(words[unit.start : unit.stop], wordlists)[:1] for unit in found if unit.kind == "word"]
    everyday = tuple(dict.fromkeys(term for terms in pointed for term in terms))
    return everyday or tuple(map(sector_term, sorted(sectors)))


def _is_held(term: str, engine: Engine) -> bool:
    """Tell whether some document holds a term."""
    return engine.holders([(term,)])[(term,)] > 0


def _topic(query: str, found: Sequence[Unit]) -> str:
    """Return a query without the places that it names."""
    kept: list[str] = []
    at = 0
    for unit in found:
        if unit.kind in PLACES:
            kept.append(query[at : unit.begin])
            at = unit.end
    topic = " ".join(" ".join([*kept, query[at:]]).split())
    return topic if len(topic) > 2 else query


def _correct(query: str, wordlists: Wordlists, engine: Engine) -> tuple[str, list[Correction]]:
    """Replace words that nobody knows by the nearest one that somebody does."""
    corrections: list[Correction] = []
    parts: list[str] = []
    at = 0
    tokens = list(texts.tokenise(query))
    doubtful = [
        token
        for token in tokens
        if not (len(tokens) >= SENTENCE_WORDS and _is_name(query, token)) and not _is_known(token.word, wordlists)
    ]
    held = engine.holders({texts.stems(token.word) for token in doubtful})
    for token in doubtful:
        if held[texts.stems(token.word)]:
            continue
        used = wordlists.correct(token.word) or engine.correct(token.word)
        if used:
            corrections.append(Correction(query[token.start : token.end], used))
            parts += [query[at : token.start], used]
            at = token.end
    return "".join([*parts, query[at:]]), corrections


def _is_name(query: str, token: Token) -> bool:
    """Tell whether a word begins with a capital in the middle of a sentence, as names do."""
    before = query[: token.start].rstrip()
    return bool(before) and before[-1].islower() and query[token.start].isupper()


def _is_known(word: str, wordlists: Wordlists) -> bool:
    stems = texts.stems(word)
    if not stems or word in wordlists.known_words or languages.spoken(word) or dictionaries.has(word):
        return True
    return (stems[0],) in wordlists.synonyms.rules or (stems[0],) in wordlists.translations.rules
