"""What a query means: places, skills, sectors, languages and words, each with all that expresses it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from foundation.i18n import Language
from indexer.documents import sector_term, skill_term
from indexer.engines.interface import Alternative, Engine, Group
from taxonomy import dictionaries, languages, texts, zones
from taxonomy.concepts import Mention
from taxonomy.synonyms import Phrase, Synonyms
from taxonomy.texts import Token
from taxonomy.wordlists import Wordlists

Kind = Literal["skill", "sector", "country", "zone", "city", "language", "word"]
PLACES: frozenset[Kind] = frozenset({"country", "zone", "city"})
MOST_GROUPS = 16
"""A longer query is reduced to its most telling units: a pasted brief would match everybody."""
NAMED_MEMBERS = 12
"""A zone of no more countries is also looked for by their names."""
SYNONYM, TRANSLATION, CONCEPT, MEMBER = 0.85, 0.80, 1.0, 0.5
MOST_EXPANSIONS = 8
FRAMING = frozenset(
    "cherche cherchons chercher recherche recherchons rechercher besoin besoins aide aider accompagner accompagnement "
    "trouver expert experte experts expertise consultant consultante consultants freelance independant specialiste "
    "specialistes conseil mission missions societe entreprise pme notre comment faire quelqu looking need needs help "
    "find seeking want wanted specialist consultants company business firm someone hire hiring please urgent".split()
)
"""Words that people put around a need: they weigh if a profile holds them, but nobody has to."""


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
    translated: str = ""
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


def read(query: str, wordlists: Wordlists, engine: Engine) -> Understanding:
    """Understand a query; nothing typed gives an empty understanding."""
    query, corrections = _correct(texts.without_doublets(query), wordlists, engine)
    tokens = list(texts.tokenise(query))
    words = [token.word for token in tokens]
    units = _units(query, tokens, wordlists)
    groups = [(unit, _group(unit, words, wordlists)) for unit in units]
    kept = _most_telling(groups, engine)
    countries = {unit.value for unit in units if unit.kind in {"country", "city"}}
    places = [frozenset({code}) for code in sorted(countries)]
    places += [wordlists.zones.members[unit.value] for unit in units if unit.kind == "zone"]
    skills: dict[str, float] = {}
    sectors: set[str] = set()
    for unit in units:
        if unit.kind == "skill":
            skills[unit.value] = 1.0
        for kind, value in _meanings(unit, words, wordlists):
            if kind == "sector":
                sectors.add(value)
    if not any(group is not None and group.is_required for group in kept) and not places:
        kept = [group and replace(group, is_required=True) for group in kept]
    return Understanding(
        text=query,
        units=tuple(units),
        groups=tuple(group for group in kept if group is not None),
        corrections=tuple(corrections),
        skills=skills,
        places=tuple(places),
        sectors=frozenset(sectors),
        languages=frozenset(unit.value for unit in units if unit.kind == "language"),
        translated=_translated(units, words, wordlists),
        topic=_topic(query, units),
        named=tuple(map(skill_term, skills)) or tuple(map(sector_term, sorted(sectors))),
        telling_words=sum(1 for word in words if texts.stems(word)),
    )


def _topic(query: str, units: Sequence[Unit]) -> str:
    """Return a query without the places that it names."""
    kept: list[str] = []
    at = 0
    for unit in units:
        if unit.kind in PLACES:
            kept.append(query[at : unit.begin])
            at = unit.end
    topic = " ".join(" ".join([*kept, query[at:]]).split())
    return topic if len(topic) > 2 else query


def label(unit: Unit, wordlists: Wordlists, language: Language) -> str:
    """Return what a unit is called in the reader's language."""
    vocabularies = {"skill": wordlists.skills, "sector": wordlists.sectors, "zone": wordlists.zones.zones}
    if unit.kind in vocabularies:
        return vocabularies[unit.kind].by_id[unit.value].label(language)
    if unit.kind == "language":
        return languages.label(unit.value, language)
    country = zones.country_label(unit.value, language)
    return {"country": country, "city": f"{unit.text} ({country})"}.get(unit.kind, unit.text)


def _correct(query: str, wordlists: Wordlists, engine: Engine) -> tuple[str, list[Correction]]:
    """Replace words that nobody knows by the nearest one that somebody does."""
    corrections: list[Correction] = []
    parts: list[str] = []
    at = 0
    for token in texts.tokenise(query):
        if _is_known(token.word, wordlists, engine):
            continue
        used = wordlists.correct(token.word) or engine.correct(token.word)
        if used:
            corrections.append(Correction(query[token.start : token.end], used))
            parts += [query[at : token.start], used]
            at = token.end
    return "".join([*parts, query[at:]]), corrections


def _is_known(word: str, wordlists: Wordlists, engine: Engine) -> bool:
    stems = texts.stems(word)
    if not stems or word in wordlists.known_words or languages.spoken(word) or dictionaries.has(word):
        return True
    if (stems[0],) in wordlists.synonyms.rules or (stems[0],) in wordlists.translations.rules:
        return True
    return engine.holders(stems) > 0


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


def _units(query: str, tokens: list[Token], wordlists: Wordlists) -> list[Unit]:
    """Cut a query into units: languages and places first, then trade phrases, then synonyms' phrases, then words."""
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


def _known_phrases(words: list[str], start: int, stop: int, wordlists: Wordlists) -> Iterable[range]:
    """Yield the runs of several words that some list of synonyms knows."""
    for rules in (wordlists.synonyms, wordlists.translations):
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
    """Return the language meant by a demonym beside a word like "parlant" or "speaking"."""
    if mention.stop - mention.start > 1:
        return None
    beside = [*words[max(0, mention.start - 1) : mention.start], *words[mention.stop : mention.stop + 1]]
    return languages.find(words[mention.start]) if languages.SPEAKING.intersection(beside) else None


def _meanings(unit: Unit, words: list[str], wordlists: Wordlists) -> Iterable[tuple[str, str]]:
    """Return everything that the words of a skill or sector may mean."""
    if unit.kind not in {"skill", "sector"}:
        return ()
    found = list(wordlists.trade_phrases.mentions(words[unit.start : unit.stop]))
    return [meaning for mention in found for meaning in mention.meanings]


def _group(unit: Unit, words: list[str], wordlists: Wordlists) -> Group | None:
    """Return everything that expresses a unit; None for a language, which is no word of a profile."""
    if unit.kind == "language":
        return None
    own = [word for word in words[unit.start : unit.stop] if texts.stems(word)]
    if not own:
        return None
    if unit.kind in PLACES:
        return Group(unit.text, len(own), tuple(_place_alternatives(unit, own, wordlists)), is_required=False)
    alternatives = [Alternative(tuple(texts.stems(word) for word in own))]
    for kind, value in _meanings(unit, words, wordlists):
        term = skill_term(value) if kind == "skill" else sector_term(value)
        alternatives.append(Alternative(((term,),), CONCEPT))
    if len(own) > 1:
        widened = tuple(_widened(word, wordlists) for word in own)
        alternatives.append(Alternative(widened, TRANSLATION))
    span = words[unit.start : unit.stop]
    for rules, weight in ((wordlists.synonyms, SYNONYM), (wordlists.translations, TRANSLATION)):
        for phrase in _phrases_for(span, rules)[:MOST_EXPANSIONS]:
            terms = tuple(texts.stems(word) for word in phrase if texts.stems(word))
            if terms:
                alternatives.append(Alternative(terms, weight))
    return Group(unit.text, len(own), tuple(dict.fromkeys(alternatives)), is_required=not FRAMING.issuperset(own))


def _place_alternatives(unit: Unit, own: list[str], wordlists: Wordlists) -> Iterable[Alternative]:
    yield Alternative(tuple(texts.stems(word) for word in own))
    members = wordlists.zones.members[unit.value] if unit.kind == "zone" else {unit.value}
    if unit.kind == "zone":
        names = wordlists.zones.zones.by_id[unit.value].labels.values()
        yield from _named(names, SYNONYM)
    if len(members) <= NAMED_MEMBERS:
        weight = MEMBER if unit.kind == "zone" else SYNONYM
        for code in sorted(members):
            yield from _named({zones.country_label(code, "fr"), zones.country_label(code, "en")}, weight)


def _named(names: Iterable[str], weight: float) -> Iterable[Alternative]:
    for name in sorted(names):
        terms = tuple(texts.stems(word) for word in texts.words(name) if texts.stems(word))
        if terms:
            yield Alternative(terms, weight)


def _phrases_for(span: Sequence[str], rules: Synonyms) -> list[Phrase]:
    whole = tuple(texts.stems(word)[0] for word in span if texts.stems(word))
    return list(rules.rules.get(whole, ()))


def _widened(word: str, wordlists: Wordlists) -> tuple[str, ...]:
    """Return the stems of a word and of its one-word translations."""
    stems = dict.fromkeys(texts.stems(word))
    for phrase in _phrases_for([word], wordlists.translations)[:MOST_EXPANSIONS]:
        if len(phrase) == 1:
            stems.update(dict.fromkeys(texts.stems(phrase[0])))
    return tuple(stems)


def _most_telling(groups: list[tuple[Unit, Group | None]], engine: Engine) -> list[Group | None]:
    """Keep places and known trade words, then the rarest others that some profile holds."""
    if len(groups) <= MOST_GROUPS:
        return [group for _, group in groups]

    def telling(item: tuple[Unit, Group | None]) -> tuple[bool, int]:
        unit, group = item
        if group is None or unit.kind != "word":
            return (False, 0)
        holders = min(engine.holders(stems) for stems in group.alternatives[0].terms)
        return (True, holders or engine.count())

    ranked = sorted(groups, key=telling)
    kept = {id(item[0]) for item in ranked[:MOST_GROUPS]}
    return [group for unit, group in groups if id(unit) in kept]


def _translated(units: Sequence[Unit], words: list[str], wordlists: Wordlists) -> str:
    """Return the query word by word in the other language, as far as the lexicon goes; empty if nowhere."""
    parts: list[str] = []
    found = False
    for unit in units:
        span = words[unit.start : unit.stop]
        if unit.kind in PLACES:
            parts.extend(span)
            continue
        phrases = _phrases_for(span, wordlists.translations)
        if phrases:
            found = True
            parts.extend(phrases[0])
            continue
        for word in span:
            single = _phrases_for([word], wordlists.translations) if texts.stems(word) else []
            found = found or bool(single)
            parts.extend(single[0] if single else (word,))
    return " ".join(parts) if found else ""
