"""OpenSearch behind TLS and a password: a real TLS socket before the real node."""

import os
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from foundation.errors import Unavailable, Unreachable
from foundation.settings import Settings
from indexer.engines.opensearch.nodes import Node
from tests.live import PORTULAN

USER, PASSWORD = "portulan", "kept secret/1+%@"
ALLOWED = f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"


@dataclass(frozen=True)
class Secured:
    """Where the node is reached by TLS, and whose certificate it shows."""

    port: int
    certificate: Path

    def status(self, folder: Path, password: str, ca_file: Path) -> subprocess.CompletedProcess[str]:
        """Run a command of an installation whose settings name the node."""
        given = {
            "PORTULAN_DATA_DIR": str(folder),
            "PORTULAN_OPENSEARCH_URL": f"https://{USER}@localhost:{self.port}",
            "PORTULAN_OPENSEARCH_PREFIX": "secured",
            "PORTULAN_OPENSEARCH_PASSWORD": password,
            "PORTULAN_OPENSEARCH_CA_FILE": str(ca_file),
            "COLUMNS": "200",
        }
        return subprocess.run(
            [PORTULAN, "index", "status"], env={**os.environ, **given}, capture_output=True, text=True, check=False
        )

    def node(self, password: str, ca_file: Path | None) -> Node:
        url = f"https://{USER}@localhost:{self.port}"
        settings = Settings.model_validate({"opensearch_url": url, "opensearch_password": password})
        return Node(settings.opensearch_address, ca_file=ca_file)


@pytest.fixture
def secured(tmp_path: Path, opensearch_address: str) -> Iterator[Secured]:
    """Return a way to the node that takes one user only."""

    class Gate(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.headers["Authorization"] != ALLOWED:
                self._answer(401, b"{}")
                return
            try:
                with urlopen(Request(f"{opensearch_address}{self.path}"), timeout=60) as found:  # noqa: S310
                    self._answer(found.status, found.read())
            except HTTPError as error:
                self._answer(error.code, error.read())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    certificate = certificate_in(tmp_path / "own")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Secured(server.server_address[1], certificate)
    server.shutdown()
    thread.join()
    server.server_close()


def certificate_in(folder: Path) -> Path:
    """Make a certificate for localhost that vouches for itself."""
    folder.mkdir()
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "certificate.pem"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    return folder / "certificate.pem"


def test_a_node_is_known_by_its_certificate_and_knows_us_by_our_password(secured: Secured) -> None:
    node = secured.node(PASSWORD, secured.certificate)
    assert int(node.call("GET", "/")["version"]["number"].partition(".")[0]) >= 3
    assert node.find("GET", "/_alias/nobody") is None
    node.close()


def test_a_wrong_password_is_said_and_not_shown(secured: Secured, caplog: pytest.LogCaptureFixture) -> None:
    node = secured.node("wr0ng-one", secured.certificate)
    with pytest.raises(Unavailable, match=r"refused the user \(401\)") as refused:
        node.call("GET", "/")
    assert "wr0ng-one" not in str(refused.value) + caplog.text
    node.close()


def test_a_certificate_of_somebody_else_is_said(
    secured: Secured, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = certificate_in(tmp_path / "other")
    for ca_file in (other, None):
        node = secured.node(PASSWORD, ca_file)
        with pytest.raises(Unreachable, match="PORTULAN_OPENSEARCH_CA_FILE"):
            node.call("GET", "/")
        node.close()
    assert "secret" not in caplog.text


def test_an_installation_goes_by_its_settings(secured: Secured, tmp_path: Path) -> None:
    done = secured.status(tmp_path, PASSWORD, secured.certificate)
    assert done.returncode == 0, done.stderr
    other = certificate_in(tmp_path / "other")
    refused = [
        (secured.status(tmp_path, "wr0ng-one", secured.certificate), "refused the user (401)"),
        (secured.status(tmp_path, PASSWORD, other), "PORTULAN_OPENSEARCH_CA_FILE"),
    ]
    for done, words in refused:
        assert done.returncode == 1
        assert words in done.stderr
        for unwanted in ("Traceback", "wr0ng-one", "kept"):
            assert unwanted not in done.stdout + done.stderr


def test_settings_show_no_password(tmp_path: Path) -> None:
    given = {"opensearch_url": "https://me:hidden1@h:9200", "opensearch_password": "hidden2", "data_dir": tmp_path}
    assert "hidden" not in repr(Settings.model_validate(given))
    with pytest.raises(ValueError, match="is not a file"):
        Settings.model_validate({"opensearch_ca_file": tmp_path / "missing.pem"})
