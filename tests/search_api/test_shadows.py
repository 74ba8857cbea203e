from datetime import UTC, datetime, timedelta

import pytest

from foundation.database import Database
from ranking import changes
from ranking.profiles import FIRST, Profile
from search_api import orders, shadows
from search_api.shadows import Comparison, Seen
from tests.builders import Directory

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
OTHER = changes.apply(FIRST, {"TEXT_WEIGHT": "0.01", "REVIEW_MEAN_WEIGHT": "2", "REVIEW_COUNT_WEIGHT": "2"})


def seen(crowd: Directory, shadow: Profile, **parameters: object) -> Seen:
    request = crowd.request(**parameters)
    found = crowd.searcher().find(request)
    return Seen("search", shadow, found.plan, found.candidates, request)


def test_the_same_profile_changes_nothing(crowd: Directory) -> None:
    compared = shadows.compare(seen(crowd, FIRST, q="audit qualité"))
    assert compared.live == compared.shadowed
    assert len(compared.live) == 10


def test_what_the_live_profile_shows_is_what_is_compared(crowd: Directory) -> None:
    compared = shadows.compare(seen(crowd, OTHER, q="audit qualité"))
    assert list(compared.live) == [item.document.id for item in crowd.find(q="audit qualité", size=10).results]


def test_a_shadow_ranks_the_candidates_that_were_retrieved(crowd: Directory) -> None:
    looked_at = seen(crowd, OTHER, q="audit qualité")
    compared = shadows.compare(looked_at)
    assert set(compared.shadowed) <= set(looked_at.candidates.ids)
    assert compared.shadowed != compared.live
    assert (compared.live_id, compared.shadow_id) == (FIRST.id, OTHER.id)


def test_ranking_a_window_once_more_is_what_a_search_does(crowd: Directory) -> None:
    looked_at = seen(crowd, FIRST, q="douane", boost=False)
    rows = orders.rank(looked_at.plan, looked_at.candidates, looked_at.request, 0, 20)
    assert [row.id for row in rows] == [item.document.id for item in crowd.find(q="douane", boost=False).results]


def comparison(shadowed: str) -> Comparison:
    return Comparison("search", "rp_live", "rp_shadow", tuple("abcdefghij"), tuple(shadowed))


def test_comparisons_are_summed(database: Database) -> None:
    for shadowed, later in (("abcdefghij", 0), ("bacdefghix", 1), ("abcdefghyx", 2)):
        database.write(
            lambda session, shadowed=shadowed, later=later: shadows.add(
                session, [comparison(shadowed)], AT + timedelta(hours=later)
            )
        )
    with database.reading() as session:
        (told,) = shadows.report(session)
    assert (told.surface, told.live_id, told.shadow_id) == ("search", "rp_live", "rp_shadow")
    assert (told.searches, told.other_first) == (3, 1)
    assert told.overlap == pytest.approx((1 + 0.9 + 0.8) / 3)
    assert 0.8 < told.rank_biased_overlap < 1
    assert (told.first_at, told.last_at) == (AT, AT + timedelta(hours=2))
    assert told.left == [("j", 2), ("i", 1)]
    assert told.entered == [("x", 2), ("y", 1)]


def test_pairs_of_profiles_are_summed_apart(database: Database) -> None:
    other = Comparison("browse", "rp_live", "rp_shadow", ("a",), ("b",))
    database.write(lambda session: shadows.add(session, [comparison("abcdefghij"), other, other], AT))
    with database.reading() as session:
        found = {told.surface: (told.searches, told.overlap) for told in shadows.report(session)}
        asked = shadows.report(session, [("browse", "rp_live", "rp_shadow")])
    assert found == {"search": (1, 1.0), "browse": (2, 0.0)}
    assert [told.surface for told in asked] == ["browse"]
