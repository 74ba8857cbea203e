"""The pages that are there to be read: all of them, in both languages, with links that lead somewhere."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from accounts import audiences
from accounts.models.accounts import Account, AccountKind
from accounts.terms import Document, Kind
from foundation.i18n import LANGUAGES, Language
from foundation.settings import Operator
from ranking import profiles
from tests import builders, signed_in
from web import long_texts
from web.pages import texts

MAIN = re.compile(r"<main.*</main>", re.DOTALL)
HREF = re.compile(r'href="([^"]*)"')
PATHS = [
    "/help",
    *(f"/help/{slug}" for slug in texts.help_slugs()),
    "/terms/use",
    "/terms/sale",
    "/privacy",
    "/cookies",
]
OPERATOR = Operator(name="Nord & <b>Sud</b>", email="bureau@example.org", address="1, rue du Port")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("site")
    with builders.site(folder, operator=OPERATOR, base_url="https://portulan.example/") as found:
        yield found


@pytest.fixture(scope="module")
def pages(client: TestClient) -> dict[tuple[str, Language], str]:
    """Return every page in both languages, read once."""
    found: dict[tuple[str, Language], str] = {}
    for language in LANGUAGES:
        for path in PATHS:
            answer = client.get(path, headers={"Accept-Language": language})
            assert answer.status_code == 200, path
            found[path, language] = answer.text
    return found


def test_every_page_is_in_the_readers_language_and_complete(pages: dict[tuple[str, Language], str]) -> None:
    for (path, language), page in pages.items():
        assert f'<html lang="{language}">' in page
        assert page.count("<h1") == 1
        assert not re.search(r"\{\{|\{#|\}\}", page), path
        ids = re.findall(r' id="([^"]*)"', page)
        assert len(ids) == len(set(ids)), path
        other = "en" if language == "fr" else "fr"
        assert f'<link rel="canonical" href="https://portulan.example{path}?lang={language}">' in page
        assert f'<a class="language-switch" href="{path}?lang={other}"' in page


def test_every_text_has_its_page(pages: dict[tuple[str, Language], str]) -> None:
    assert {path.stem for path in (long_texts.FOLDER / "fr" / "help").iterdir()} == set(texts.help_slugs())
    for language in LANGUAGES:
        for slug in texts.help_slugs():
            assert f'href="/help/{slug}"' in pages["/help", language]


def _seen_by_one_of(client: TestClient, people: Sequence[Account], path: str, language: str) -> str:
    """Return a page that is there for somebody: some are a client's alone, others an expert's."""
    for account in people:
        signed_in.sign_in(client, account)
        answer = client.get(path, headers={"Accept-Language": language})
        if answer.status_code == 200:
            return answer.text
    raise AssertionError(f"nobody sees {path}")


def test_every_link_of_ours_leads_somewhere(client: TestClient, pages: dict[tuple[str, Language], str]) -> None:
    targets = {
        (href if urlsplit(href).path else f"{path}{href}", language)
        for (path, language), page in pages.items()
        for href in HREF.findall(MAIN.findall(page)[0])
        if not href.startswith(("mailto:", "https://"))
    }
    assert len(targets) > 100
    database = client.app.state.database  # pyright: ignore[reportFunctionMemberAccess, reportAttributeAccessIssue]
    people = [signed_in.make(database, kind) for kind in (AccountKind.COMPANY, AccountKind.EXPERT)]
    for href, language in sorted(targets):
        parts = urlsplit(href)
        page = pages.get((parts.path, language))
        if page is None:
            page = _seen_by_one_of(client, people, parts.path, language)
        assert not parts.fragment or f'id="{parts.fragment}"' in page, href


def test_help_says_where_it_stands_and_what_to_read_next(pages: dict[tuple[str, Language], str]) -> None:
    paying = pages["/help/paying", "en"]
    assert '<a href="/help#companies">For companies and private clients</a>' in paying
    assert 'rel="next" href="/help/end-of-mission"' in paying
    assert 'rel="next"' not in pages["/help/refunds", "en"]
    assert 'href="#taxes">Taxes</a>' in paying


def test_the_footer_of_every_page_leads_to_the_texts(client: TestClient) -> None:
    footer = client.get("/ranking").text.partition("<footer")[2]
    linked = ["/help", "/ranking", "/terms/use", "/terms/sale", "/privacy", "/cookies", "/legal"]
    assert HREF.findall(footer) == linked


def test_the_operator_of_the_settings_is_named_as_text(pages: dict[tuple[str, Language], str]) -> None:
    page = pages["/terms/use", "en"]
    assert "Portulan is run by Nord &amp; &lt;b&gt;Sud&lt;/b&gt;, 1, rue du Port" in page
    assert 'href="mailto:bureau@example.org"' in page


def test_mediators_are_named_where_the_settings_name_some(
    tmp_path: Path, pages: dict[tuple[str, Language], str]
) -> None:
    assert "write to us at bureau@example.org: we propose one to you" in pages["/terms/use", "en"]
    with builders.site(tmp_path, operator=Operator(mediators="CMAP, Paris; Ada Roy, Lyon")) as site:
        page = site.get("/terms/use?lang=fr").text
    assert "Les médiateurs sont\u202f: CMAP, Paris; Ada Roy, Lyon." in page
    assert "Tant qu’aucun médiateur" not in page


def test_figures_are_those_of_the_live_ranking_and_of_the_code(pages: dict[tuple[str, Language], str]) -> None:
    policy = profiles.FIRST.policy
    boost = pages["/help/visibility-boost", "en"]
    assert f"by {100 * policy.boost:g}% more at most" in boost
    assert f"At most {policy.boosted_at_top} of each {policy.top} results" in boost
    assert f"For {policy.holdout_percent}% of searches" in boost
    assert f"Après {audiences.KEPT_FOR.days} jours" in pages["/help/your-audience", "fr"]


@pytest.mark.parametrize(
    "path",
    [
        "/terms/use?version=2026-11-29",
        "/terms/use?version=",
        "/terms/use?version=%00",
        "/terms/use?version=" + "9" * 5_000,
        "/terms/other",
        "/help/nothing",
        "/help/..%2fcookies",
        "/help/%00",
        "/help/terms-use-2026-11-30",
    ],
)
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "This page does not exist" in answer.text


def test_a_version_of_the_terms_can_be_asked_for_and_says_since_when(client: TestClient) -> None:
    for address in ("/terms/sale", "/terms/sale?version=2026-11-30"):
        english = client.get(address, headers={"Accept-Language": "en"}).text
        assert "Version of November 30, 2026, in force since November 30, 2026." in english
    assert "en vigueur depuis le 30 novembre 2026" in client.get("/terms/sale?lang=fr").text


def test_versions_say_when_they_are_in_force(client: TestClient) -> None:
    days = [(date(2026, 11, 30), date(2026, 11, 30)), (date(2027, 1, 1), date(2027, 2, 1))]
    old, new = (Document(Kind.USE, version, since, {}) for version, since in days)
    found = texts.Texts(client.app.state.settings, client.app.state.pointers, "en")  # pyright: ignore[reportAttributeAccessIssue]

    def standings(today: date) -> list[str]:
        page = texts.terms_page(found, old, "en", today, (old, new))
        return [page["standing"], page["versions"][0]["standing"]]

    announced, replaced = standings(date(2027, 1, 31)), standings(date(2027, 2, 1))
    assert announced[0].endswith("and until another replaces it on February 1, 2027.")
    assert announced[1] == "Version of January 1, 2027, which will be in force from February 1, 2027."
    assert replaced[0].endswith("from November 30, 2026 until another replaced it on February 1, 2027.")
    assert replaced[1] == "Version of January 1, 2027, in force since February 1, 2027."


def test_search_engines_are_told_where_to_look_and_where_not(client: TestClient) -> None:
    robots = client.get("/robots.txt")
    assert robots.headers["content-type"].startswith("text/plain")
    assert "Disallow: /operator/\n" in robots.text
    assert robots.text.endswith("\nSitemap: https://portulan.example/sitemap.xml\n")
    answer = client.get("/sitemap.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    places = [loc.text or "" for loc in ET.fromstring(answer.content).findall(".//{*}loc")]  # noqa: S314 - our own
    assert {f"https://portulan.example{path}" for path in PATHS} < set(places)
    for place in places:
        assert client.get(urlsplit(place).path).status_code == 200


def test_texts_are_served_without_asking_the_ranking_unless_they_speak_of_it(client: TestClient) -> None:
    found = texts.Texts(client.app.state.settings, None, "en")  # pyright: ignore[reportArgumentType]
    assert found.get("cookies").title == "Cookies"
