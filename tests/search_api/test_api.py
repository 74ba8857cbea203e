import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from foundation.http import ErrorBody, Limits, SearchLimit
from ranking.profiles import FIRST
from search_api.results import Answer, Suggestions
from tests.builders import record, settings_in, site
from tests.search_api.conftest import people

EXPERTS, SUGGEST = "/api/v1/experts", "/api/v1/suggest"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    boosted = record("BOOSTED", headline="Consultant douane", boosted_until="2099-01-01")
    with site(tmp_path_factory.mktemp("api"), [*people(), boosted], search_per_second=100_000) as found:
        yield found


def faults(response: Any, status: int = 422) -> list[tuple[str, str]]:
    """Return field and code of each fault of an error body, which has to be exactly of its shape."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert ErrorBody.model_validate(body).model_dump() == body
    assert all(item["message"] for item in body["errors"])
    return [(item["field"], item["code"]) for item in body["errors"]]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=douane",
        "q=douane&explain=true&lang=en",
        "q=douane%20Maghreb&country=MA&country=CN&size=1",
        "q=douannes",
        "q=douane&country=BR&explain=true",
        "zone=maghreb&max_day_rate=700&currency=USD&available_by=2026-12-01&boost=false&page=1&size=100",
    ],
)
def test_an_answer_has_the_declared_shape_and_nothing_more(client: TestClient, query: str) -> None:
    body = client.get(f"{EXPERTS}?{query}").json()
    assert Answer.model_validate(body).model_dump(mode="json", exclude_unset=True) == body


def test_an_answer_names_query_profile_and_page(client: TestClient) -> None:
    body = client.get(EXPERTS, params={"q": "douane", "size": 2, "page": 2}).json()
    other = client.get(EXPERTS, params={"q": "douane", "size": 2, "page": 2}).json()
    assert body["ranking_profile"] == FIRST.id
    assert (body["page"], body["size"], body["total"], len(body["results"])) == (2, 2, 4, 2)
    assert body["query_id"] != other["query_id"]


def test_a_result_shows_the_profile(client: TestClient) -> None:
    (result,) = client.get(EXPERTS, params={"country": "TN"}).json()["results"]
    shown = {name: result[name] for name in ("ref", "name", "countries", "languages", "day_rate", "rating")}
    assert shown == {
        "ref": "CUSTOMS-MA",
        "name": "Salma Idrissi",
        "countries": ["MA", "TN"],
        "languages": ["fr", "ar"],
        "day_rate": {"amount": 500, "currency": "EUR"},
        "rating": {"mean": 5.0, "count": 1},
    }
    assert client.get(f"/experts/{result['slug']}").status_code == 200


def test_an_explanation_comes_only_when_asked_for_and_sums_to_the_score(client: TestClient) -> None:
    plain = client.get(EXPERTS, params={"q": "douane"}).json()["results"]
    assert all("explanation" not in item for item in plain)
    for boost in ("true", "false"):
        asked = {"q": "douane", "explain": "true", "boost": boost}
        for item in client.get(EXPERTS, params=asked).json()["results"]:
            points = sum(part["points"] for part in item["explanation"])
            assert points == pytest.approx(item["score"], abs=1e-6)


def test_a_boosted_result_is_labelled_and_its_boost_explained(client: TestClient) -> None:
    results = client.get(EXPERTS, params={"q": "douane", "explain": "true"}).json()["results"]
    (boosted,) = [item for item in results if item["boosted"]]
    assert boosted["ref"] == "BOOSTED"
    last = boosted["explanation"][-1]
    if boosted["moved"] != "boost_held_out":
        assert (last["part"], last["weight"]) == ("boost", FIRST.policy.boost)


def test_labels_are_in_the_language_asked_for(client: TestClient) -> None:
    def country_labels(lang: str) -> set[str]:
        body = client.get(EXPERTS, params={"country": "DE", "lang": lang}).json()
        return {item["label"] for item in body["facets"]["country"] if item["value"] == "DE"}

    assert country_labels("fr") == {"Allemagne"}
    assert country_labels("en") == {"Germany"}


def test_the_value_of_a_facet_is_what_the_filter_takes(client: TestClient) -> None:
    facets = client.get(EXPERTS).json()["facets"]
    for name, values in facets.items():
        assert values
        for item in values:
            filtered = client.get(EXPERTS, params={name: item["value"]}).json()
            assert filtered["total"] == item["count"], (name, item)


def test_what_was_understood_is_told(client: TestClient) -> None:
    understood = client.get(EXPERTS, params={"q": "douannes Maghreb", "lang": "en"}).json()["understood"]
    assert [(item["kind"], item["value"], item["text"]) for item in understood["chips"]] == [
        ("skill", "customs", "douanes"),
        ("zone", "maghreb", "Maghreb"),
    ]
    assert understood["corrections"] == [{"typed": "douannes", "used": "douanes"}]


def test_when_nothing_is_found_near_matches_and_advice_are_given(client: TestClient) -> None:
    body = client.get(EXPERTS, params={"q": "douane", "country": "BR"}).json()
    assert (body["total"], body["results"]) == (0, [])
    assert body["understood"]["advice"] == [{"kind": "filter", "value": "country", "total": 4}]
    assert len(body["near"]) == 4


def test_highlights_are_escaped(tmp_path: Path) -> None:
    summary = 'Je fais de la douane <script>alert("x")</script> & plus.'
    with site(tmp_path, [record("A", summary=summary)]) as client:
        (result,) = client.get(EXPERTS, params={"q": "douane"}).json()["results"]
        page = client.get("/experts", params={"q": "douane"}).text
    (highlight,) = result["highlights"]
    assert "<mark>douane</mark> &lt;script&gt;" in highlight
    assert re.findall(r"<[^>]*>", highlight) == ["<mark>", "</mark>"]
    assert "<script>alert" not in page
    assert "<mark>douane</mark> &lt;script&gt;" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("colour=red", [("colour", "unknown_parameter")]),
        ("country=XX", [("country", "unknown_country")]),
        ("zone=atlantis", [("zone", "unknown_zone")]),
        ("language=klingon", [("language", "unknown_language")]),
        ("currency=XYZ", [("currency", "unknown_currency")]),
        ("page=101&size=100", [("page", "too_deep")]),
        ("max_day_rate=nan", [("max_day_rate", "finite_number")]),
        ("available_by=soon", [("available_by", "date_parsing")]),
        ("lang=de", [("lang", "literal_error")]),
    ],
)
def test_a_bad_parameter_is_refused_by_its_name(
    client: TestClient, query: str, expected: list[tuple[str, str]]
) -> None:
    assert faults(client.get(f"{EXPERTS}?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "french", "english"),
    [
        ("colour=red", "Ce paramètre n’est pas connu.", "This parameter is not known."),
        ("country=XX", "«\u202fXX\u202f» n’est pas un pays", "“XX” is no country"),
        ("skill=", "Une valeur est attendue.", "A value is expected."),
        ("size=101", "La plus grande valeur est 100.", "The highest value is 100."),
        ("page=x", "Un nombre entier est attendu.", "A whole number is expected."),
        ("page=101&size=100", "Seuls les 10000 premiers résultats", "Only the first 10000 results"),
        ("max_day_rate=-1", "Un nombre supérieur à 0 est attendu.", "A number above 0 is expected."),
        ("available_by=2026-13-01", "Une date est attendue", "A date is expected"),
        ("boost=perhaps", "La valeur attendue est «\u202ftrue\u202f»", "“true” or “false” is expected."),
    ],
)
def test_a_refusal_is_in_the_readers_language(client: TestClient, query: str, french: str, english: str) -> None:
    for suffix, expected in (("", french), ("&lang=fr", french), ("&lang=en", english)):
        (error,) = client.get(f"{EXPERTS}?{query}{suffix}").json()["errors"]
        assert error["message"].startswith(expected)


def test_a_language_that_is_not_spoken_here_is_refused_with_those_that_are(client: TestClient) -> None:
    (error,) = client.get(f"{EXPERTS}?lang=de").json()["errors"]
    assert error["message"] == "Valeurs possibles\u202f: fr, en."


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/nothing"), ("POST", EXPERTS)])
def test_a_request_refused_as_a_whole_says_so_in_the_readers_language(
    client: TestClient, method: str, path: str
) -> None:
    told = {
        lang: client.request(method, path, params={"lang": lang}).json()["errors"][0]["message"]
        for lang in ("fr", "en")
    }
    assert "adresse" in told["fr"]
    assert "address" in told["en"]


@pytest.mark.parametrize("path", [EXPERTS, SUGGEST])
def test_every_bad_parameter_is_named_at_once(client: TestClient, path: str) -> None:
    found = faults(client.get(f"{path}?lang=de&colour=red"))
    assert {field for field, _ in found} == {"lang", "colour"}


def test_a_suggestion_has_the_declared_shape_and_nothing_more(client: TestClient) -> None:
    for query in ("", "q=doua", "q=Salma&lang=en", "q=xqzxqz"):
        body = client.get(f"{SUGGEST}?{query}").json()
        assert Suggestions.model_validate(body).model_dump(mode="json") == body


def test_what_was_typed_is_completed(client: TestClient) -> None:
    found = client.get(SUGGEST, params={"q": "magh"}).json()["suggestions"]
    assert {"kind": "zone", "value": "Maghreb", "label": "Maghreb"} in found


@pytest.mark.parametrize("path", [EXPERTS, SUGGEST])
def test_only_reading_is_possible(client: TestClient, path: str) -> None:
    response = client.post(path)
    assert faults(response, 405) == [("request", "http_405")]
    assert response.headers["allow"] == "GET"


def test_an_unknown_address_has_the_one_error_body(client: TestClient) -> None:
    assert faults(client.get("/api/v1/nothing"), 404) == [("request", "http_404")]


def test_too_many_searches_from_one_address_are_refused_for_a_moment(tmp_path: Path) -> None:
    with site(tmp_path, search_per_second=2) as client:
        answers = [client.get(path) for path in (EXPERTS, SUGGEST, EXPERTS, "/experts", SUGGEST)]
        assert [answer.status_code for answer in answers[:2]] == [200, 200]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert all(answer.headers["retry-after"] == "1" for answer in refused)
        assert faults(next(item for item in refused if "json" in item.headers["content-type"]), 429) == [
            ("request", "toomany")
        ]
        assert client.get("/healthz").status_code == 200


def test_a_hundred_searches_a_second_are_allowed_by_default(tmp_path: Path) -> None:
    limit = SearchLimit(settings_in(tmp_path).search_per_second, Limits())
    request = Request({"type": "http", "client": ("192.0.2.1", 1)})
    assert all(limit.allows(request) for _ in range(100))


def test_addresses_are_limited_apart() -> None:
    limit = SearchLimit(1, Limits())
    one, other = (Request({"type": "http", "client": (address, 1)}) for address in ("192.0.2.1", "192.0.2.2"))
    assert [limit.allows(one), limit.allows(one), limit.allows(other)] == [True, False, True]
