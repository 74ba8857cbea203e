"""What matching finds, against the same rules written out plainly."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.engines.embedded.engine import EmbeddedEngine
from indexer.engines.embedded.snapshots import K1, B
from indexer.engines.interface import ENOUGH, Alternative, Filters, Group, Plan
from ranking import profiles
from taxonomy import texts
from tests.indexer.engines.embedded.test_engine import ORIGIN, TODAY, document

WORDS = ("douane", "vin", "maroc", "logistique", "audit", "luxe")
HEADLINE = 3.0
terms = st.lists(st.sampled_from(WORDS).map(texts.stems), min_size=1, max_size=3).map(tuple)
alternatives = st.builds(Alternative, terms, st.sampled_from([1.0, 0.85, 0.5]))
groups = st.builds(
    lambda label, found: Group(label, len(found[0].terms), tuple(found)),
    st.just("group"),
    st.lists(alternatives, min_size=1, max_size=3),
)
headlines = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), min_size=1, max_size=30)


def plan(asked: list[Group], least: float) -> Plan:
    return Plan(
        groups=tuple(asked),
        minimum_words=least,
        fewest_words=1.0,
        filters=Filters(),
        profile=profiles.FIRST,
        asked=frozenset({"text"}),
        today=TODAY,
    )


def expected(found: list[list[str]], asked: list[Group], least: float) -> dict[str, float]:
    """Return who matches with the text score: BM25 per word, the best alternative per group, rare words first."""
    held = [{stem: HEADLINE * words.count(word) for word in words for stem in texts.stems(word)} for words in found]
    # Each name is a word of its document.
    lengths = [1.0 + sum(counts.values()) for counts in held]
    mean = sum(lengths) / len(lengths)

    def quality(at: int, stems: tuple[str, ...]) -> float:
        frequency = max(held[at].get(stem, 0.0) for stem in stems)
        return frequency / (frequency + K1 * (1 - B + B * lengths[at] / mean))

    def rarity(holders: int) -> float:
        return math.log(1.0 + (len(found) - holders + 0.5) / (holders + 0.5))

    def word_rarity(stems: tuple[str, ...]) -> float:
        return rarity(max(sum(stem in counts for counts in held) for stem in stems))

    def group_rarity(group: Group) -> float:
        typed = [item for item in group.alternatives if item.weight >= 1.0] or group.alternatives
        shares = [sum(map(word_rarity, item.terms)) / len(item.terms) * group.words for item in typed]
        return min(max(shares), rarity(1) * group.words)

    def phrase(at: int, alternative: Alternative) -> tuple[float, float]:
        total = sum(map(word_rarity, alternative.terms))
        parts = [quality(at, stems) * word_rarity(stems) / total for stems in alternative.terms]
        share = sum(any(stem in held[at] for stem in stems) for stems in alternative.terms) / len(alternative.terms)
        return sum(parts) * (share * share if len(parts) > 1 else 1.0) * alternative.weight, share

    scores: list[float] = []
    covered: list[float] = []
    ideal = sum(map(group_rarity, asked))
    for at in range(len(found)):
        best = [[phrase(at, item) for item in group.alternatives] for group in asked]
        scores.append(
            sum(group_rarity(group) * max(q for q, _ in hits) for group, hits in zip(asked, best, strict=True))
        )
        covered.append(
            sum(
                math.floor(2 * group.words * max(share for _, share in hits) + 1e-9) / 2
                for group, hits in zip(asked, best, strict=True)
            )
        )
    while least > 1.0 and sum(words >= least - 1e-4 for words in covered) < ENOUGH:
        least = max(least - 1.0, 1.0)
    return {str(at): scores[at] / ideal for at in range(len(found)) if covered[at] >= least - 1e-4}


@settings(deadline=None, max_examples=60)
@given(headlines, st.lists(groups, min_size=1, max_size=4), st.sampled_from([1.0, 2.0, 3.4]))
def test_it_finds_and_scores_as_the_rules_say(found: list[list[str]], asked: list[Group], least: float) -> None:
    with TemporaryDirectory() as folder:
        engine = EmbeddedEngine(Path(folder) / "generation.db", ORIGIN)
        engine.put([document(str(at), text=" ".join(words)) for at, words in enumerate(found)])
        answers = [engine.retrieve(plan(asked, least)).candidates for _ in range(2)]
        engine.close()
    wanted = expected(found, asked, least)
    for told in answers:
        assert set(told.ids) == set(wanted)
        text = dict(zip(told.ids, told.raw["text"].tolist(), strict=True))
        np.testing.assert_allclose([text[key] for key in wanted], list(wanted.values()), atol=1e-5)
