"""Ordering without boosts stays as the reader chose it, wherever a link or a search leads."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from fastapi.testclient import TestClient

from tests.builders import record, site

PEOPLE = [record(f"E{number:02}", skills=["Douane"], boosted_until="2099-01-01") for number in range(25)]
NEXT_SEARCH = re.compile(r'<form class="search[^"]*"[^>]*>.*?</form>', re.DOTALL)
STAYS_OFF = '<input type="hidden" name="boost" value="false">'


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("switch"), PEOPLE) as found:
        yield found


def next_search(page: str) -> str:
    found = NEXT_SEARCH.search(page)
    assert found
    return found[0]


def links(page: str) -> list[str]:
    """Return the links of a page's main part that lead to results, the one that switches boosts on again apart."""
    main = re.sub(r"<a [^>]*boost-switch.*?</a>", "", page.split("<main")[1].split("</main>", maxsplit=1)[0])
    return [unescape(link) for link in re.findall(r'href="(/experts\?[^"]*)"', main)]


def test_every_link_keeps_boosts_off(client: TestClient) -> None:
    page = client.get("/experts?q=Douane&language=fr&boost=false&size=10").text
    assert "page=2" in "".join(links(client.get("/experts?q=Douane&boost=false&size=10").text))
    assert links(page)
    assert all("boost=false" in link for link in links(page))


def test_nothing_found_still_keeps_boosts_off(client: TestClient) -> None:
    page = client.get("/experts?q=Douane&country=CN&boost=false").text
    assert links(page)
    assert all("boost=false" in link for link in links(page))


def test_the_next_search_keeps_boosts_off_from_results_and_from_a_profile_opened_there(client: TestClient) -> None:
    page = client.get("/experts?q=Douane&boost=false").text
    assert STAYS_OFF in next_search(page)
    found = re.search(r'href="(/experts/[^"?]+\?[^"]*)"', page)
    assert found
    assert STAYS_OFF in next_search(client.get(unescape(found[1])).text)


@pytest.mark.parametrize("path", ["/", "/experts?q=Douane"])
def test_where_boosts_are_on_the_next_search_has_them(client: TestClient, path: str) -> None:
    assert STAYS_OFF not in next_search(client.get(path).text)


def test_every_boosted_result_is_marked_in_pages_and_json_wherever_it_stands(client: TestClient) -> None:
    for page in (1, 2, 3):
        text = client.get(f"/experts?q=Douane&size=10&page={page}").text
        found = client.get(f"/api/v1/experts?q=Douane&size=10&page={page}").json()["results"]
        assert text.count('data-testid="boosted"') == len(found)
        assert all(item["boosted"] for item in found)
