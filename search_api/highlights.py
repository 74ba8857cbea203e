"""Showing where a profile speaks of what was asked."""

from collections.abc import Iterable
from html import escape

from indexer.documents import Document
from indexer.engines.interface import Group
from taxonomy import texts

SNIPPETS = 2
SNIPPET_WORDS = 28
LEAD_WORDS = 6


def wanted_stems(groups: Iterable[Group]) -> frozenset[str]:
    """Return every stem that expresses something asked; concepts are none."""
    return frozenset(
        stem
        for group in groups
        for alternative in group.alternatives
        for stems in alternative.terms
        for stem in stems
        if ":" not in stem
    )


def mark(text: str, wanted: frozenset[str]) -> str:
    """Return a text as HTML, with the words that were asked for in `<mark>`."""
    parts: list[str] = []
    at = 0
    for token in texts.tokenise(text):
        if wanted.intersection(texts.stems(token.word)):
            parts += [
                escape(text[at : token.start]),
                "<mark>",
                escape(text[token.start : token.end]),
                "</mark>",
            ]
            at = token.end
    return "".join([*parts, escape(text[at:])])


def snippets(document: Document, wanted: frozenset[str]) -> list[str]:
    """Return as HTML the passages of the summary that hold most of what was asked, or else its beginning."""
    text = " ".join(document.summary.split())
    tokens = list(texts.tokenise(text))
    if not tokens:
        return []
    hits = [token.word if wanted.intersection(texts.stems(token.word)) else "" for token in tokens]
    places = [at for at, hit in enumerate(hits) if hit]
    chosen: list[int] = []
    while places and len(chosen) < SNIPPETS:
        best = max(places, key=lambda start: (_gain(hits, start, chosen), -start))
        if not _gain(hits, best, chosen):
            break
        chosen.append(best)
    starts = sorted(max(0, start - LEAD_WORDS) for start in chosen) or [0]
    return [_passage(text, tokens, start, wanted) for start in starts]


def _gain(hits: list[str], start: int, chosen: list[int]) -> int:
    """Count the different wanted words of a passage, none if it overlaps one already chosen."""
    if any(abs(start - other) < SNIPPET_WORDS for other in chosen):
        return 0
    return len({hit for hit in hits[start : start + SNIPPET_WORDS - LEAD_WORDS] if hit})


def _passage(text: str, tokens: list[texts.Token], start: int, wanted: frozenset[str]) -> str:
    stop = min(start + SNIPPET_WORDS, len(tokens))
    passage = mark(text[tokens[start].start : tokens[stop - 1].end], wanted)
    before = "… " if start else ""
    after = " …" if stop < len(tokens) else text[tokens[-1].end :]
    return f"{before}{passage}{after}"
