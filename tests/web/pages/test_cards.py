import html
import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.builders import record, site
from web.pages import cards


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Jean-Marc Olivari", "JO"),
        ("Élodie", "É"),
        ("Serge Mbarga Etoundi", "SE"),
        ("3D Export", "E"),
        ("42", ""),
    ],
)
def test_initials_are_those_of_first_and_last_name(name: str, shown: str) -> None:
    assert cards.initials(name) == shown


PEOPLE = [
    record("FR", headline="Consultante", skills=["Dédouanement", "Réseau d'ateliers"], sectors=["Banque"]),
    record("EN", headline="Consultant", skills=["Customs broker", "Douane"], sectors=["Banking"]),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("site"), PEOPLE) as found:
        yield found


def tags(client: TestClient, language: str) -> dict[str, str]:
    """Return the skills that cards show, with the language that each is in."""
    page = client.get("/experts?q=consultant", headers={"Accept-Language": language}).text
    return {
        html.unescape(label): lang
        for lang, label in re.findall(r'<li class="tag[^>]*>.*?<span lang="(\w\w)">([^<]*)</span></li>', page)
    }


def test_cards_show_skills_in_the_readers_language(client: TestClient) -> None:
    assert tags(client, "en") == {"Customs": "en", "Customs broker": "en", "Réseau d’ateliers": "fr"}
    assert tags(client, "fr") == {"Dédouanement": "fr", "Douane": "fr", "Réseau d’ateliers": "fr"}


@pytest.mark.parametrize(("language", "label"), [("fr", "Douane"), ("en", "Customs")])
def test_facets_count_a_skill_once_under_the_readers_label(client: TestClient, language: str, label: str) -> None:
    found = client.get("/api/v1/experts", params={"lang": language}).json()
    assert {"value": label, "label": label, "count": 2} in found["facets"]["skill"]
    for name in ("douane", "Customs", "customs", "Dédouanement"):
        assert client.get("/api/v1/experts", params={"skill": name, "lang": language}).json()["total"] == 2


def test_json_says_skills_as_written_and_in_the_readers_language(client: TestClient) -> None:
    found = client.get("/api/v1/experts", params={"lang": "en"}).json()["results"]
    by_ref = {item["ref"]: item for item in found}
    assert by_ref["FR"]["skills"] == ["Dédouanement", "Réseau d'ateliers"]
    assert by_ref["FR"]["skill_labels"] == ["Customs", "Réseau d'ateliers"]
    assert (by_ref["FR"]["sectors"], by_ref["FR"]["sector_labels"]) == (["Banque"], ["Banking"])
