"""A real `portulan serve` process, as an operator runs it, and a real Chromium to look at it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests import builders, databases

PORTULAN = Path(sys.executable).parent / "portulan"


@dataclass(frozen=True)
class Site:
    """A running site: how many experts it found when it first called itself ready, and how many it holds."""

    address: str
    folder: Path
    experts_when_ready: int
    experts: int


@contextmanager
def sample_site(folder: Path, **settings: str) -> Iterator[Site]:
    """Load the sample directory into a folder and serve it."""
    own = builders.settings_in(folder)
    databases.provide(own.database_address)
    environment = {
        **os.environ,
        "PORTULAN_DATA_DIR": str(folder),
        "PORTULAN_DATABASE_URL": own.database_url,
        "PORTULAN_ENCODER": "none",
        **settings,
    }
    subprocess.run([PORTULAN, "demo"], env=environment, check=True, capture_output=True)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([PORTULAN, "serve", "--port", str(port)], env=environment)
    try:
        builders.eventually(lambda: answers(f"{address}/readyz"), seconds=60)
        found = count(address)
        builders.eventually(lambda: count(address) > 0, seconds=60)
        yield Site(address, folder, found, count(address))
    finally:
        process.terminate()
        process.wait(timeout=120)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


def count(address: str) -> int:
    """Return how many experts a site finds."""
    with urllib.request.urlopen(f"{address}/api/v1/experts?size=1", timeout=60) as response:  # noqa: S310
        return json.load(response)["total"]


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(address: str) -> bool:
    """Tell whether an address answers with success."""
    try:
        with urllib.request.urlopen(address, timeout=60) as response:  # noqa: S310 - our own address
            return response.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
