"""Whether the index says what the database says: everybody is compared, document by document."""

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from accounts import experts, review_priors
from accounts.experts import Profile
from foundation.database import Database
from foundation.errors import Unavailable
from indexer import documents
from indexer.documents import Document
from indexer.engines.generations import Generations, Held, Progress
from indexer.fillings import WALK_CHUNK
from taxonomy.wordlists import Wordlists

LOOK_AGAIN_SECONDS = 0.5


def run(
    generations: Generations,
    database: Database,
    wordlists: Wordlists,
    progress: Progress = lambda _: None,
    *,
    looks: int = 1,
) -> list[str]:
    """Compare the live generation with the database, document by document; return the differences in words.

    While a site serves, changes are on their way all the time: what differs counts only if it does so each time
    in `looks`, half a second apart.
    """
    if generations.live() is None:
        return ["there is no index: run `portulan index rebuild`"]
    differences = _differences_of_all(generations, database, wordlists, progress)
    for _ in range(1, looks):
        if not differences:
            break
        time.sleep(LOOK_AGAIN_SECONDS)
        with _live(generations) as held:
            differences = _differences(database, held, list(differences), wordlists)
    return [f"{expert_id}: {difference}" for expert_id, difference in differences.items()]


@contextmanager
def _live(generations: Generations) -> Generator[Held]:
    with generations.held() as held:
        if held is None:
            raise Unavailable("the index is gone")
        yield held


def _differences_of_all(
    generations: Generations, database: Database, wordlists: Wordlists, progress: Progress
) -> dict[str, str]:
    """Walk through everybody in the database, then through whom only the index holds."""
    found: dict[str, str] = {}
    with _live(generations) as held:
        left = held.versions()
        after = ""
        while True:
            with database.reading() as session:
                ids = experts.ids_after(session, after, WALK_CHUNK)
            if not ids:
                return found | _differences(database, held, list(left), wordlists)
            found |= _differences(database, held, ids, wordlists)
            for expert_id in ids:
                left.pop(expert_id, None)
            progress(len(ids))
            after = ids[-1]


def _differences(database: Database, generation: Held, ids: Sequence[str], wordlists: Wordlists) -> dict[str, str]:
    """Return in which way the documents of some experts differ, by id."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), WALK_CHUNK):
        chunk = ids[start : start + WALK_CHUNK]
        with database.reading() as session:
            profiles = {profile.expert.id: profile for profile in experts.load(session, chunk)}
            priors = review_priors.read(session)
        held = generation.documents(chunk)
        for expert_id in chunk:
            difference = _difference(profiles.get(expert_id), held.get(expert_id), wordlists, priors)
            if difference:
                found[expert_id] = difference
    return found


def _difference(
    profile: Profile | None, held: Document | None, wordlists: Wordlists, priors: Mapping[str, float]
) -> str | None:
    if profile is None:
        return "is in the index, not in the database" if held else None
    if not experts.is_findable(profile.expert):
        return "is in the index, and may not be found" if held else None
    if held is None:
        return "is missing from the index"
    expected = documents.build(profile, wordlists, priors)
    if expected.dump() != held.dump():
        return f"differs (database version {expected.version}, index version {held.version})"
    return None
