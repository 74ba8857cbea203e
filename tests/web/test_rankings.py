"""What visitors are told about the ranking is what ranks."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from foundation import clock
from foundation.database import Database
from ranking import changes
from ranking.profiles import FIRST, Inputs, Profile
from search_api import empties, labels, rankings, shadows
from search_api.pointers import Mode
from search_api.rankings import Signature
from tests import builders
from tests.builders import eventually, record
from tests.search_api.test_rankings import allowed
from web.rendering import long_date

AT = datetime(2026, 3, 14, 23, 30, tzinfo=UTC)
SIGNATURE = Signature("anne", AT)
OTHER = changes.apply(
    FIRST,
    {"TEXT_WEIGHT": "0.51", "ZONE_WEIGHT": "0.03", "BOOST": "0.05", "BOOSTED_AT_TOP": "1", "HOLDOUT_PERCENT": "3"},
)
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TestClient]:
    people = [record(f"E{number}", skills=["Douane"], headline=f"Douane {number}") for number in range(3)]
    with builders.site(tmp_path, people) as client:
        client.app.state.pointers.read_every_seconds = 0  # pyright: ignore[reportFunctionMemberAccess]
        yield client


def database_of(site: TestClient) -> Database:
    return site.app.state.database  # pyright: ignore[reportFunctionMemberAccess]


def promote(site: TestClient, profile: Profile, *surfaces: rankings.Surface) -> None:
    def work(session: rankings.Session) -> None:
        rankings.save(session, profile, SIGNATURE)
        rankings.promote(session, profile.id, surfaces or ("search", "browse"), SIGNATURE, refusal=allowed)

    database_of(site).write(work)


def set_canary(site: TestClient, profile: Profile, percent: int, mode: Mode = "answers") -> None:
    def work(session: rankings.Session) -> None:
        rankings.save(session, profile, SIGNATURE)
        rankings.set_canary(session, profile.id, ["search"], SIGNATURE, percent=percent, mode=mode)

    database_of(site).write(work)


def assert_page_is_of(page: str, profile: Profile) -> None:
    shares = dict(re.findall(r'part__label">([^<]+)</h3>\s*<p class="part__share">([\d.]+)%</p>', page))
    total = sum(feature.weight for feature in profile.features)
    assert shares == {
        labels.part(feature.source, "en"): f"{round(100 * feature.weight / total, 1):g}" for feature in profile.features
    }
    policy = profile.policy
    assert f"at most {100 * policy.boost:g}% of the score of all others" in page
    assert f"At most {policy.boosted_at_top} of the first {policy.top} results" in page
    assert f"For {policy.holdout_percent}% of searches" in page
    assert f"Version {profile.id} of the ranking" in page


@pytest.mark.parametrize("profile", [FIRST, OTHER], ids=["first", "promoted"])
def test_the_page_is_made_from_the_profile_that_ranks(site: TestClient, profile: Profile) -> None:
    if profile is not FIRST:
        promote(site, profile)
    page = site.get("/ranking", headers=ENGLISH).text
    assert_page_is_of(page, site_profile(site, q="douane"))
    assert site_profile(site, q="douane") is profile or site_profile(site, q="douane").id == profile.id
    assert "Other versions in use" not in page


def site_profile(site: TestClient, **parameters: str) -> Profile:
    """Return the profile that an answer says it was ranked by."""
    named = site.get("/api/v1/experts", params=parameters).json()["ranking_profile"]
    with database_of(site).reading() as session:
        return rankings.get(session, named)


@pytest.mark.parametrize(("lang", "language"), [("fr", "fr"), ("en", "en")])
def test_the_page_says_since_when(site: TestClient, lang: str, language: rankings.Surface) -> None:
    promote(site, OTHER)
    page = site.get("/ranking", headers={"Accept-Language": lang}).text
    assert long_date(AT.date(), language) in page  # pyright: ignore[reportArgumentType]


def test_a_rollback_is_seen_on_the_page_and_in_answers(site: TestClient) -> None:
    promote(site, OTHER)
    assert site_profile(site, q="douane").id == OTHER.id
    database_of(site).write(lambda session: rankings.roll_back(session, ("search", "browse"), SIGNATURE))
    assert site_profile(site, q="douane").id == FIRST.id
    assert_page_is_of(site.get("/ranking", headers=ENGLISH).text, FIRST)


def test_surfaces_are_ranked_apart_and_both_are_explained(site: TestClient) -> None:
    promote(site, OTHER, "browse")
    assert (site_profile(site, q="douane").id, site_profile(site).id) == (FIRST.id, OTHER.id)
    page = site.get("/ranking", headers=ENGLISH).text
    assert_page_is_of(page, FIRST)
    assert f'<a href="/ranking?version={OTHER.id}">{OTHER.id}</a> Ranks lists without a query.' in page
    assert_page_is_of(site.get(f"/ranking?version={OTHER.id}", headers=ENGLISH).text, OTHER)


def test_results_link_to_the_version_that_ranked_them(site: TestClient) -> None:
    promote(site, OTHER, "browse")
    assert f'href="/ranking?version={OTHER.id}"' in site.get("/experts").text
    assert f'href="/ranking?version={FIRST.id}"' in site.get("/experts?q=douane").text


def test_a_version_that_is_not_in_use_gives_the_live_one(site: TestClient) -> None:
    assert_page_is_of(site.get("/ranking?version=rp_000000000000", headers=ENGLISH).text, FIRST)


def test_a_canary_answers_some_searches_and_is_explained(site: TestClient) -> None:
    set_canary(site, OTHER, 50)
    ranked_by = [
        site.get("/api/v1/experts", params={"q": f"douane {number}"}).json()["ranking_profile"] for number in range(40)
    ]
    assert set(ranked_by) == {FIRST.id, OTHER.id}
    assert site_profile(site).id == FIRST.id
    page = site.get("/ranking", headers=ENGLISH).text
    assert "Being tried on 50% of searches with a query" in page
    french = site.get(f"/ranking?version={OTHER.id}", headers={"Accept-Language": "fr"}).text
    assert re.search(r"À l’essai sur 50\s%", french)


def test_that_two_versions_are_mixed_is_said_where_the_ranking_is_explained(site: TestClient) -> None:
    set_canary(site, OTHER, 20, "interleaved")
    assert {
        site.get("/api/v1/experts", params={"q": f"douane {number}"}).json()["ranking_profile"] for number in range(40)
    } == {FIRST.id}
    english = "On 20% of searches with a query, drawn by chance, its results are mixed with those of the usual version"
    french = r"Sur 20\s% des recherches avec requête, tirées au hasard, ses résultats sont mêlés à ceux de la version"
    for path in ("/ranking", f"/ranking?version={OTHER.id}"):
        assert english in site.get(path, headers=ENGLISH).text
        assert re.search(french, site.get(path, headers={"Accept-Language": "fr"}).text)


def test_the_pages_and_the_json_of_one_search_are_ranked_alike(site: TestClient) -> None:
    set_canary(site, OTHER, 50)
    for number in range(20):
        query = f"douane {number}"
        named = site.get("/api/v1/experts", params={"q": query}).json()["ranking_profile"]
        assert f'href="/ranking?version={named}"' in site.get("/experts", params={"q": query, "page": "1"}).text


def test_readiness_says_when_words_changed_since_and_the_site_goes_on(site: TestClient) -> None:
    assert site.get("/readyz").json()["checks"]["ranking"] == "ok"
    made = Profile(OTHER.features, OTHER.policy, Inputs(synonyms="0123456789ab", encoder="another"))
    promote(site, made)
    state = site.get("/readyz").json()
    assert (
        f"search is ranked by {made.id}, which was made with other synonyms and encoder" in state["checks"]["ranking"]
    )
    assert (state["ready"], site_profile(site, q="douane").id) == (True, made.id)


def test_a_search_that_finds_nobody_is_counted_after_its_answer(site: TestClient) -> None:
    for _ in range(3):
        site.get("/api/v1/experts", params={"q": "Zzyzx", "country": "PE"})
    site.get("/experts", params={"q": "zzyzx", "country": "PE"})

    def counted() -> list[tuple[str, str, int]]:
        with database_of(site).reading() as session:
            found = empties.most_frequent(session, since=clock.today(), limit=5)
        return [(item.search.query, item.search.filters, item.count) for item in found]

    eventually(lambda: counted() == [("zzyzx", "country=PE", 4)])


def test_a_shadow_ranks_along_unseen(site: TestClient) -> None:
    database_of(site).write(lambda session: rankings.save(session, OTHER, SIGNATURE))
    database_of(site).write(lambda session: rankings.set_shadow(session, OTHER.id, ["search"], SIGNATURE))
    answers = [site.get("/api/v1/experts", params={"q": "douane"}).json() for _ in range(4)]
    site.get("/api/v1/experts")
    assert {answer["ranking_profile"] for answer in answers} == {FIRST.id}

    def reported() -> list[tuple[str, str, str, int]]:
        with database_of(site).reading() as session:
            return [(told.surface, told.live_id, told.shadow_id, told.searches) for told in shadows.report(session)]

    eventually(lambda: reported() == [("search", FIRST.id, OTHER.id, 4)])
