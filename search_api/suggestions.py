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
LOOKED_UP = 100
"""How many bearers of one name are looked through for the others that were typed."""
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
    typed: str,
    wordlists: Wordlists,
    engine: Engine,
    language: Language,
    still_findable: StillFindable,
    only: Kind | None = None,
) -> list[Suggestion]:
    """Return suggestions for what was typed so far: its last words are being completed.

    `still_findable` returns those of some experts' ids who may be shown at this moment; `only` one kind is suggested.
    """
    if not texts.words(typed):
        return [found for found in popular(wordlists, engine, language) if only in {None, found.kind}]
    found: list[Suggestion] = []
    tokens = list(texts.tokenise(typed))
    for size in range(min(4, len(tokens)), 0, -1):
        # The dot that begins ".NET" is no word yet.
        before = typed[: tokens[-size].start].removesuffix(".")
        ending = _spelling(typed[tokens[-size].start :])
        for kind, label in _completions(ending, wordlists, engine, language, only):
            suggestion = Suggestion(kind, f"{before}{label}", label)
            if all(suggestion.label != other.label for other in found):
                found.append(suggestion)
        if len(found) >= MOST:
            break
    experts = _named(typed, engine, still_findable) if only in {None, "expert"} else []
    return [*found[: MOST - len(experts)], *experts]


def _named(typed: str, engine: Engine, still_findable: StillFindable) -> list[Suggestion]:
    """Return experts of whose name each typed word begins a word; the longest one is looked up."""
    words = texts.words(typed)
    candidates = engine.names_like(max(words, key=len), LOOKED_UP if len(words) > 1 else MOST_EXPERTS)
    named = [item for item in candidates if _begins_each(words, texts.words(item.name))]
    shown = still_findable([item.id for item in named])
    found = [Suggestion("expert", item.name, f"{item.name} – {item.headline}") for item in named if item.id in shown]
    return found[:MOST_EXPERTS]


def _begins_each(beginnings: Sequence[str], words: Sequence[str]) -> bool:
    return all(any(word.startswith(beginning) for word in words) for beginning in beginnings)


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


def _completions(
    ending: str, wordlists: Wordlists, engine: Engine, language: Language, only: Kind | None
) -> list[tuple[Kind, str]]:
    counts = {item.value: item.count for name in ("skill", "sector") for item in engine.common_values(name, 1000)}
    ranked: list[tuple[int, int, str, Kind]] = []
    vocabularies: list[tuple[Kind, Vocabulary]] = [
        ("skill", wordlists.skills),
        ("sector", wordlists.sectors),
        ("zone", wordlists.zones.zones),
    ]
    for kind, vocabulary in vocabularies:
        if only not in {None, kind}:
            continue
        listed = (concept for concept in vocabulary.imported if concept.id in counts)
        for concept in (*vocabulary.concepts, *listed):
            rank = _rank_of(ending, (concept.label(language), *concept.labels.values(), *concept.names))
            if rank is not None:
                ranked.append((rank, -counts.get(concept.id, 0), concept.label(language), kind))
    for code in zones.country_codes() if only in {None, "zone"} else ():
        names = (zones.country_label(code, language), zones.country_label(code, "en"))
        rank = _rank_of(ending, names)
        if rank is None and wordlists.zones.country_names.get(ending) == code:
            rank = 1
        if rank is not None:
            ranked.append((rank, 0, names[0], "zone"))
    return [(kind, label) for _, _, label, kind in sorted(ranked)[:MOST]]


def _rank_of(ending: str, names: tuple[str, ...]) -> int | None:
    """Return 0 where the first name, which is shown, begins so, 1 where another does, 2 where a later word does.

    Two letters say too little to offer what does not show them, unless they are all of a name, like "UE".
    """
    best: int | None = None
    for place, name in enumerate(names):
        key = _spelling(name)
        if key.startswith(ending) and (place == 0 or len(ending) > 2 or key == ending):
            return 0 if place == 0 else 1
        if len(ending) > 2 and f" {ending}" in key:
            best = 2
    return best


# Every letter typed is compared with thousands of names, always the same ones.
@lru_cache(maxsize=50_000)
def _spelling(text: str) -> str:
    """Return folded words as they are written, so that "do" begins no ".NET", which is indexed as "dotnet"."""
    written = (texts.fold(text[token.start : token.end]) for token in texts.tokenise(text))
    return " ".join(word.replace(".", "").replace("-", "") for word in written)
