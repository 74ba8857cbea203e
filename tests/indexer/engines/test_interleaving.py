"""Two rankings interleaved over each engine: one list, whatever page of it is asked for."""

from dataclasses import replace

import pytest

from ranking import changes
from ranking.profiles import FIRST, Profile
from search_api.searches import Found
from tests.builders import Directory
from tests.indexer.engines.conftest import Pair

QUERIES = ("douane", "expert douane agroalimentaire anglophone au Maroc", "")


def small(profile: Profile, window: int) -> Profile:
    return replace(profile, policy=replace(profile.policy, window=window))


LIVE = small(FIRST, 20)
CANARY = small(changes.apply(FIRST, {"TEXT_WEIGHT": "0.4", "REVIEW_MEAN_WEIGHT": "0.3"}), 30)


def answered(directory: Directory, query: str, page: int, size: int) -> Found:
    searcher = replace(directory.searcher(LIVE), arm="interleaved", canary=CANARY)
    return searcher.find(directory.request(q=query, page=page, size=size))


@pytest.mark.parametrize("query", QUERIES)
def test_pages_of_every_size_are_cut_from_one_list_on_both_engines(pair: Pair, query: str) -> None:
    for directory in (pair.embedded, pair.opensearch):
        lists = [
            [
                (item.document.ref, item.team)
                for page in range(1, 100 // size + 1)
                for item in answered(directory, query, page, size).results
            ]
            for size in (50, 20)
        ]
        assert lists[0] == lists[1]
        refs = [ref for ref, _ in lists[0]]
        assert len(refs) == len(set(refs)) == min(100, answered(directory, query, 1, 20).total)
        assert [team for _, team in lists[0][:2]] in (["live", "canary"], ["canary", "live"])


def test_both_engines_mix_alike_where_they_rank_alike(pair: Pair) -> None:
    def teams(directory: Directory) -> list[str | None]:
        return [item.team for item in answered(directory, "", 1, 20).results]

    assert teams(pair.embedded) == teams(pair.opensearch)
