"""Suggestions while typing: skills, zones, sectors and names; something useful on the empty box too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from foundation.i18n import Language
from indexer.engines.interface import Engine
from taxonomy import texts, zones
from taxonomy.concepts import Vocabulary
from taxonomy.wordlists import Wordlists

MOST = 8
MOST_EXPERTS = 3
POPULAR_ZONES = ("maghreb", "european-union", "asean", "north-america", "west-africa", "middle-east")
StillFindable = Callable[[Sequence[str]], set[str]]
Kind = Literal["skill", "zone", "sector", "expert"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to search for: what goes into the query, and how it reads."""

    kind: Kind
    value: str
    label: str


def suggest(
    typed: str, wordlists: Wordlists, engine: Engine, language: Language, still_findable: StillFindable
) -> list[Suggestion]:
    """Return suggestions for what was typed so far: its last words are being completed.

    `still_findable` returns those of some experts' ids who may be shown at this moment.
    """
    if not texts.words(typed):
        return popular(wordlists, engine, language)
    found: list[Suggestion] = []
    tokens = list(texts.tokenise(typed))
    for size in range(min(4, len(tokens)), 0, -1):
        before = typed[: tokens[-size].start]
        ending = " ".join(token.word for token in tokens[-size:])
        for kind, label in _completions(ending, wordlists, engine, language):
            suggestion = Suggestion(kind, f"{before}{label}", label)
            if all(suggestion.label != other.label for other in found):
                found.append(suggestion)
        if len(found) >= MOST:
            break
    named = engine.names_like(typed, MOST_EXPERTS)
    shown = still_findable([document.id for document in named])
    experts = [
        Suggestion("expert", document.name, f"{document.name} – {document.headline}")
        for document in named
        if document.id in shown
    ]
    return [*found[: MOST - len(experts)], *experts]


def popular(wordlists: Wordlists, engine: Engine, language: Language) -> list[Suggestion]:
    """Return what many profiles offer: a start for who has typed nothing."""
    found = [
        Suggestion("skill", concept.label(language), concept.label(language))
        for count in engine.common_values("skill", MOST * 2)
        if (concept := wordlists.skills.by_id.get(count.value))
    ][:4]
    places = [zone for zone_id in POPULAR_ZONES if (zone := wordlists.zones.zones.by_id.get(zone_id))]
    found += [Suggestion("zone", zone.label(language), zone.label(language)) for zone in places[:2]]
    found += [
        Suggestion("sector", concept.label(language), concept.label(language))
        for count in engine.common_values("sector", MOST)
        if (concept := wordlists.sectors.by_id.get(count.value))
    ][:2]
    return found


def _completions(ending: str, wordlists: Wordlists, engine: Engine, language: Language) -> list[tuple[Kind, str]]:
    counts = {item.value: item.count for name in ("skill", "sector") for item in engine.common_values(name, 1000)}
    ranked: list[tuple[int, int, str, Kind]] = []
    vocabularies: list[tuple[Kind, Vocabulary]] = [
        ("skill", wordlists.skills),
        ("sector", wordlists.sectors),
        ("zone", wordlists.zones.zones),
    ]
    for kind, vocabulary in vocabularies:
        for concept in vocabulary.concepts:
            rank = _rank_of(ending, (concept.label(language), *concept.labels.values(), *concept.names))
            if rank is not None:
                ranked.append((rank, -counts.get(concept.id, 0), concept.label(language), kind))
    for code in zones.country_codes():
        names = (zones.country_label(code, language), zones.country_label(code, "en"))
        rank = _rank_of(ending, names)
        if rank is not None:
            ranked.append((rank, 0, names[0], "zone"))
    return [(kind, label) for _, _, label, kind in sorted(ranked)[:MOST]]


def _rank_of(ending: str, names: tuple[str, ...]) -> int | None:
    """Return 0 where the first name begins so, 1 where another does, 2 where a later word does."""
    best: int | None = None
    for place, name in enumerate(names):
        key = _key(name)
        if key.startswith(ending):
            return 0 if place == 0 else 1
        if len(ending) > 2 and f" {ending}" in key:
            best = 2
    return best


# Every letter typed is compared with thousands of names, always the same ones.
_key = lru_cache(maxsize=50_000)(texts.key)
