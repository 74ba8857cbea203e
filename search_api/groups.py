"""Groups: everything that expresses a unit of a query, by synonyms, translations and concepts."""

import math
from collections.abc import Iterable, Sequence

from indexer.documents import sector_term, skill_term
from indexer.engines.interface import Alternative, Engine, Group
from search_api.units import PLACES, Unit
from taxonomy import texts, zones
from taxonomy.synonyms import Phrase, Synonyms
from taxonomy.wordlists import Wordlists

MOST_GROUPS = 16
"""A longer query is reduced to its most telling units: a pasted brief would match everybody."""
NAMED_MEMBERS = 12
"""A zone of no more countries is also looked for by their names."""
SYNONYM, TRANSLATION, CONCEPT, EVERYDAY, MEMBER = 0.85, 0.80, 1.0, 0.70, 0.5
MOST_EXPANSIONS = 8
FRAMING = frozenset(
    "cherche cherchons chercher recherche recherchons rechercher besoin besoins aide aider accompagner accompagnement "
    "trouver expert experte experts expertise consultant consultante consultants freelance independant specialiste "
    "specialistes conseil mission missions societe entreprise pme notre comment faire looking need needs help "
    "find seeking want wanted specialist consultants company business firm someone hire hiring please urgent".split()
)
"""Words that people put around a need: they weigh if a profile holds them, but nobody has to."""


def meanings(unit: Unit, words: list[str], wordlists: Wordlists) -> Iterable[tuple[str, str]]:
    """Return everything that the words of a skill or sector may mean."""
    if unit.kind not in {"skill", "sector"}:
        return ()
    found = list(wordlists.trade_phrases.mentions(words[unit.start : unit.stop]))
    return [meaning for mention in found for meaning in mention.meanings] or [(unit.kind, unit.value)]


def express(unit: Unit, words: list[str], wordlists: Wordlists) -> Group | None:
    """Return everything that expresses a unit; None for a language, which is no word of a profile."""
    if unit.kind == "language":
        return None
    own = [word for word in words[unit.start : unit.stop] if texts.stems(word)]
    if not own:
        return None
    if unit.kind in PLACES:
        return Group(unit.text, len(own), tuple(_place_alternatives(unit, own, wordlists)), is_required=False)
    alternatives = [Alternative(tuple(texts.stems(word) for word in own))]
    for kind, value in meanings(unit, words, wordlists):
        term = skill_term(value) if kind == "skill" else sector_term(value)
        alternatives.append(Alternative(((term,),), CONCEPT))
    if len(own) > 1:
        widened = tuple(_widened(word, wordlists) for word in own)
        alternatives.append(Alternative(widened, TRANSLATION))
    span = words[unit.start : unit.stop]
    for rules, weight in (
        (wordlists.synonyms, SYNONYM),
        (wordlists.translations, TRANSLATION),
        (wordlists.everyday, EVERYDAY),
    ):
        for phrase in _phrases_for(span, rules)[:MOST_EXPANSIONS]:
            terms = tuple(texts.stems(word) for word in phrase if texts.stems(word))
            if terms:
                alternatives.append(Alternative(terms, weight))
    alternatives.extend(Alternative(((term,),), EVERYDAY) for term in pointed_to(span, wordlists))
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


def pointed_to(span: Sequence[str], wordlists: Wordlists) -> list[str]:
    """Return the concepts that an everyday word points to, as terms, the likeliest first."""
    found: list[str] = []
    for phrase in _phrases_for(span, wordlists.everyday):
        name = " ".join(phrase)
        skill, sector = wordlists.skills.find(name), wordlists.sectors.find(name)
        if skill:
            found.append(skill_term(skill.id))
        elif sector:
            found.append(sector_term(sector.id))
    return list(dict.fromkeys(found))


def _widened(word: str, wordlists: Wordlists) -> tuple[str, ...]:
    """Return the stems of a word and of its one-word translations."""
    stems = dict.fromkeys(texts.stems(word))
    for phrase in _phrases_for([word], wordlists.translations)[:MOST_EXPANSIONS]:
        if len(phrase) == 1:
            stems.update(dict.fromkeys(texts.stems(phrase[0])))
    return tuple(stems)


def most_telling(groups: list[tuple[Unit, Group | None]], engine: Engine) -> list[Group | None]:
    """Keep places and known trade words, then the rarest others that some profile holds."""
    if len(groups) <= MOST_GROUPS:
        return [group for _, group in groups]

    held = engine.holders({word for _, group in groups if group for word in group.alternatives[0].terms})

    def telling(item: tuple[Unit, Group | None]) -> tuple[bool, float]:
        unit, group = item
        if group is None or unit.kind != "word":
            return (False, 0)
        return (True, min(held[word] for word in group.alternatives[0].terms) or math.inf)

    ranked = sorted(groups, key=telling)
    kept = {id(item[0]) for item in ranked[:MOST_GROUPS]}
    return [group for unit, group in groups if id(unit) in kept]
