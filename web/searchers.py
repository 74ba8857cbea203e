"""Searchers over the present state of the index and of the word lists."""

from collections.abc import Callable

from indexer.indexes import Index
from ranking import profiles
from search_api.searches import Searcher


def maker(index: Index) -> Callable[[], Searcher]:
    """Return what makes a searcher, which ranks as the first profile does unless another is put in its place."""

    def make() -> Searcher:
        engine = index.engine
        index.keep_up()
        words = index.wordlists.current()
        return Searcher(
            index.database, engine, index.encoder, index.concepts, index.skill_vectors, words, profiles.FIRST
        )

    return make
