"""What visitors saw outlives the process that answered them: a clean stop, and but for the last moments a kill."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select

from accounts.models.audiences import Impression, ResultPage, View
from foundation.database import Database
from tests.builders import directory, eventually, record, settings_in
from tests.commands import start
from tests.live import answers, free_port
from web.recorders import KEPT_WITHIN_S

FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
PEOPLE = [record("A", skills=["Douane"]), record("B", skills=["Douane"])]
PAGES = 60


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx2.Client]]:
    """Serve two experts; give the process, and a browser."""
    with directory(folder, PEOPLE):
        pass
    port = free_port()
    process = start(folder, "serve", "--port", str(port))
    try:
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(f"{address}/readyz"), seconds=60)
        with httpx2.Client(base_url=address, headers=FIREFOX, timeout=30) as browser:
            yield process, browser
    finally:
        process.kill()
        process.wait()


def counts(folder: Path) -> tuple[int, int, int]:
    database = Database(settings_in(folder).database_address)
    with database.reading() as session:
        pages, impressions, views = (
            session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (ResultPage, Impression, View)
        )
    database.close()
    return pages, impressions, views


def test_a_clean_stop_loses_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, browser):
        slugs = {item["slug"] for item in browser.get("/api/v1/experts").json()["results"]}
        for _ in range(PAGES):
            assert browser.get("/experts").status_code == 200
        for slug in slugs:
            assert browser.get(f"/experts/{slug}").status_code == 200
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    assert counts(tmp_path) == (PAGES, 2 * PAGES, 2)


@pytest.mark.long
def test_a_kill_loses_the_last_moments_at_the_most(tmp_path: Path) -> None:
    answered: list[float] = []
    with serving(tmp_path) as (process, browser):
        until = time.monotonic() + 3 * KEPT_WITHIN_S
        while time.monotonic() < until:
            assert browser.get("/experts").status_code == 200
            answered.append(time.monotonic())
        killed_at = time.monotonic()
        process.kill()
        process.wait()
    pages, impressions, _ = counts(tmp_path)
    assert sum(at < killed_at - KEPT_WITHIN_S for at in answered) <= pages <= len(answered)
    assert impressions == 2 * pages
