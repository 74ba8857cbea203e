"""Whatever is typed, pasted or forged: a result or a clear refusal, never a failure."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import record, site

ANSWERED = {200, 422}
TEXTS = {
    "a NUL": "%00",
    "a NUL in a word": "dou%00ane",
    "a lone high surrogate": "%ED%A0%80",
    "a lone low surrogate": "a%ED%BF%BFb",
    "bytes that are no UTF-8": "%FF%FE%80",
    "half a character": "%C3",
    "a percent sign alone": "100%",
    "10 kB": quote("douane " * 1_500),
    "5 kB in one word": "x" * 5_000,
    "emoji": quote("🚢👩🏽‍💻🇫🇷 douane"),
    "right to left": quote("خبير جمارك \u202e في المغرب"),
    "Chinese": quote("海关 专家"),
    "many accents": quote("e" + "\N{COMBINING ACUTE ACCENT}" * 500),
    "ligatures": quote("ﬁnance ﷺ ß ŒUVRE"),
    "SQL": quote("'; DROP TABLE experts; --"),
    "a union": quote("douane' UNION SELECT * FROM outbox WHERE '1'='1"),
    "a script": quote("<script>alert(1)</script>"),
    "a template": quote("{{ 7*7 }} {% raw %} %(name)s ${x} %s %d"),
    "a format": quote("{0.__class__} {lang}"),
    "a query language": quote('+(douane OR *:*)^9 "a" ~2 AND NOT /.*/ [a TO z]'),
    "a path": quote("../../etc/passwd"),
    "only signs": quote("!?.,;:/\\|()[]{}<>@#&*-_=+~`^"),
    "only slashes": quote("/ / / / /"),
    "only stop words": quote("le la les the of and"),
    "brackets of genders": quote("(e)(ne)(s) ·e·s / / a/b/c/d"),
    "new lines": quote("a\r\nSet-Cookie: x=1\r\n\r\n"),
    "plus signs": "a+b++c+++",
    "numbers": "0 -1 1e400 NaN Infinity",
}
PARAMETERS = [
    "page=99999999999999999999",
    "page=-1",
    "page=0",
    "page=1e3",
    "page=१२",
    "page=10000&size=1",
    "page=1&page=2",
    "size=0",
    "size=101",
    "size=%00",
    "max_day_rate=nan",
    "max_day_rate=inf",
    "max_day_rate=-inf",
    "max_day_rate=-1",
    "max_day_rate=0",
    "max_day_rate=1e400",
    "max_day_rate=1e-400",
    "max_day_rate=0.001",
    "max_day_rate=1000000&currency=IDR",
    "max_day_rate=0.01&currency=IDR",
    "max_day_rate=500&max_day_rate=600",
    "currency=",
    "currency=%00%00%00",
    "currency=eur",
    "currency=BTC",
    "currency=XAU&max_day_rate=1",
    "q=a&q=b",
    "lang=de",
    "lang=fr&lang=en",
    "lang=%FF",
    "boost=2",
    "boost=",
    "explain=%F0%9F%9A%A2",
    "available_by=0001-01-01",
    "available_by=9999-12-31",
    "available_by=2026-13-45",
    "available_by=1e9",
    "available_by=-1",
    "available_by=2026-12-01T00:00:00Z",
    "country=",
    "country=%00",
    "country=ZZ",
    "country=FR,DE",
    "country=FR&country=fr&country=France",
    "&".join(["country=FR"] * 31),
    "zone=%ED%A0%80",
    "zone=__class__",
    "skill=%00&sector=%FF&language=%ED%A0%80",
    "skill=" + "x" * 201,
    "skill=~",
    "language=../../",
    "country[]=FR",
    "__proto__=1",
    "%00=1",
    "%FF=%FF",
    "=",
    "&&&",
    "q",
    "self=1",
    "model_config=x",
    "from=https%3A%2F%2Fevil.example",
]
PATHS = ["/api/v1/experts", "/experts"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    records = [
        record("A", headline="Douane <b>&</b> transit", day_rate={"amount": 500, "currency": "EUR"}),
        record("B", summary="Finance internationale."),
    ]
    with site(tmp_path_factory.mktemp("nasty"), records, search_per_second=1_000_000) as found:
        yield found


def check(client: TestClient, address: str) -> None:
    """Ask for an address; the answer has to be of its kind, refusals with their body."""
    response = client.get(address)
    assert response.status_code in ANSWERED, address
    assert "set-cookie" not in response.headers or "lang" in address
    if not address.startswith("/api/"):
        assert response.text.rstrip().endswith("</html>")
        assert "<script>alert" not in response.text
        assert "Traceback" not in response.text
    elif response.status_code == 422:
        assert response.json()["errors"]


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/suggest"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_as_a_query_is_answered(client: TestClient, path: str, text: str) -> None:
    check(client, f"{path}?q={text}")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["country", "zone", "skill", "sector", "language", "currency", "available_by"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_as_a_filter_is_answered(client: TestClient, path: str, name: str, text: str) -> None:
    check(client, f"{path}?{name}={text}")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("parameters", PARAMETERS)
def test_any_parameter_is_answered(client: TestClient, path: str, parameters: str) -> None:
    check(client, f"{path}?{parameters}")


@pytest.mark.parametrize("text", [quote(text, safe="%") for text in TEXTS.values()], ids=TEXTS.keys())
def test_any_address_of_a_profile_is_answered(client: TestClient, text: str) -> None:
    assert client.get(f"/experts/{text}").status_code in {404, *ANSWERED}


@pytest.mark.parametrize("text", ["max_day_rate=nan", "max_day_rate=inf", "max_day_rate=-1", "max_day_rate=1e400"])
def test_a_rate_that_is_no_amount_is_refused(client: TestClient, text: str) -> None:
    for path in PATHS:
        assert client.get(f"{path}?{text}").status_code == 422


def test_a_refused_page_names_what_is_wrong(client: TestClient) -> None:
    page = client.get("/experts?zone=atlantis&lang=en")
    assert page.status_code == 422
    assert "atlantis" in page.text


PIECES = st.one_of(
    st.sampled_from(["douane", "Maghreb", "C++", "R&D", "/", "(e)", "·", "'", "’", "<", "%", "parlant", "us"]),
    st.text(max_size=6),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(PIECES, max_size=10).map(" ".join), st.sampled_from([*PATHS, "/api/v1/suggest"]))
def test_any_mixture_of_texts_is_answered(client: TestClient, text: str, path: str) -> None:
    check(client, f"{path}?q={quote(text)}")
