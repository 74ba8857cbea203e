"""Which concepts a free skill may mean: the nearest by letters and by meaning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from foundation.database import Database
from indexer import embeddings, skill_vectors
from indexer.documents import skill_term
from indexer.embeddings import Concepts
from taxonomy import dictionaries, texts
from taxonomy.concepts import LANGUAGES
from taxonomy.wordlists import Wordlists

SHOWN = 3
LEAST_ALIKE = 72.0
"""Of 100: names that share fewer letters are no suggestion."""


@dataclass(frozen=True, slots=True)
class NearConcept:
    """A concept that a free skill may mean; `nearness` is 0 to 1, by `by`."""

    id: str
    by: str
    nearness: float


def by_letters(skill: str, wordlists: Wordlists) -> list[NearConcept]:
    """Return the concepts one of whose names is written most alike."""
    found: dict[str, float] = {}
    matches: Sequence[tuple[str, float, int]] = process.extract(
        texts.key(skill),
        wordlists.skills.by_name.keys(),
        scorer=fuzz.token_sort_ratio,
        score_cutoff=LEAST_ALIKE,
        limit=20,
    )
    for name, score, _ in matches:
        found.setdefault(wordlists.skills.by_name[name].id, score / 100)
    return [NearConcept(key, "letters", round(score, 3)) for key, score in [*found.items()][:SHOWN]]


def by_meaning(
    skills: Iterable[str], wordlists: Wordlists, database: Database, encoder: str, concepts: Concepts
) -> dict[str, list[NearConcept]]:
    """Return the reviewed concepts that lie nearest to each skill whose vector is known already."""
    hashes = {skill: skill_vectors.free_skills([skill], wordlists) for skill in skills}
    with database.reading() as session:
        stored = embeddings.stored(session, encoder, [key for found in hashes.values() for key in found])
    near: dict[str, list[NearConcept]] = {}
    ids = {skill_term(concept.id): concept.id for concept in wordlists.skills.concepts}
    for skill, found in hashes.items():
        vector = next((stored[key] for key in found if key in stored), None)
        if vector is None:
            continue
        language = dictionaries.language_of(skill)
        means = concepts.centre.passage
        centred = vector - (means.mean(axis=0) if language is None else means[LANGUAGES.index(language)])
        cosines = concepts.units @ (centred / max(float(np.linalg.norm(centred)), 1e-9))
        best: dict[str, float] = {}
        for row in np.argsort(-cosines).tolist():
            if (term := concepts.terms[row]) in ids:
                best.setdefault(ids[term], float(cosines[row]))
            if len(best) == SHOWN:
                break
        near[skill] = [NearConcept(key, "meaning", round(cosine, 3)) for key, cosine in best.items()]
    return near
