from dataclasses import replace

from ranking.profiles import FIRST
from search_api import gradings
from search_api.gradings import ENOUGH, SEARCHED_AT_ONCE, TOP, Pools, Waiting
from tests.builders import Directory


def waiting(text: str, graded: frozenset[str] = frozenset()) -> Waiting:
    return Waiting(id=f"id of {text}", text=text, kind="exact", graded=graded)


def test_who_is_graded_comes_from_the_first_results_of_every_profile(crowd: Directory) -> None:
    by_reviews = replace(
        FIRST, features=tuple(replace(item, weight=float(item.source == "review_count")) for item in FIRST.features)
    )
    searchers = [crowd.searcher(), crowd.searcher(by_reviews)]
    request = crowd.request(q="douane", size=TOP)
    firsts = [{item.document.ref for item in searcher.find(request).results} for searcher in searchers]
    pools = Pools()
    pool, was_searched = pools.of("douane", searchers)
    assert was_searched
    assert {item.document.ref for item, _ in pool} == firsts[0] | firsts[1]
    assert len(pool) > TOP
    assert pools.of("douane", searchers) == (pool, False)
    assert pools.of("douane", searchers[:1])[1]


def test_each_pair_is_met_once_and_those_graded_never(crowd: Directory) -> None:
    searchers, pools = [crowd.searcher()], Pools()
    pool, _ = pools.of("douane", searchers)
    graded = frozenset([pool[0][0].document.ref])
    queries = [waiting("douane", graded), waiting("audit"), waiting("marketing", frozenset(map(str, range(ENOUGH))))]
    met: list[tuple[str, str]] = []
    start = ""
    while (pair := gradings.find_next(pools, searchers, queries, "anna", start=start).pair) is not None:
        met.append((pair.query.text, pair.item.document.ref))
        start = f"{pair.key}0"
    assert len(met) == len(set(met)) == 2 * TOP - 1
    assert {query for query, _ in met} == {"douane", "audit"}
    assert not graded.intersection(ref for query, ref in met if query == "douane")
    # One query after the other, so that a grader keeps it in mind.
    assert [query for query, _ in met] in ([*["douane"] * 9, *["audit"] * 10], [*["audit"] * 10, *["douane"] * 9])


def test_a_page_searches_for_so_many_queries_and_then_asks_to_look_on(crowd: Directory) -> None:
    searchers, pools = [crowd.searcher()], Pools()
    texts = [f"zzz{number}qqq" for number in range(SEARCHED_AT_ONCE + 3)]
    queries = [waiting(text) for text in texts]
    first = gradings.find_next(pools, searchers, queries, "anna")
    assert first.pair is None
    assert first.start is not None
    second = gradings.find_next(pools, searchers, queries, "anna", start=first.start)
    assert (second.pair, second.start) == (None, None)


def test_progress_counts_up_to_enough() -> None:
    many = frozenset(map(str, range(3 * ENOUGH)))
    assert gradings.done_percent([]) == 0
    assert gradings.done_percent([waiting("a", many), waiting("b")]) == 50
    assert gradings.done_percent([waiting("a", many)]) == 100
