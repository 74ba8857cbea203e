"""A site whose Redis is real, and then gone, frozen or back: people who search notice nothing."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from foundation import shared
from tests.builders import eventually, record, site
from tests.redises import OwnRedis, own_redis

pytestmark = pytest.mark.alone

USUAL_SECONDS = 0.5
"""More than a search of three takes anywhere, less than three waits for Redis."""


@pytest.mark.parametrize("fail", [OwnRedis.kill, OwnRedis.freeze], ids=["gone", "frozen"])
def test_searching_goes_on_in_its_usual_time(tmp_path: Path, fail: Callable[[OwnRedis], None]) -> None:
    people = [record("A", skills=["Douane"]), record("B"), record("C")]
    with own_redis(tmp_path / "redis") as redis, site(tmp_path, people, redis_url=redis.address) as client:
        state = client.get("/readyz").json()
        assert (state["ready"], state["checks"]["redis"]) == (True, "ok")
        assert client.get("/api/v1/experts?q=douane").json()["total"] == 1
        fail(redis)
        times: list[float] = []
        for _ in range(20):
            started_at = time.monotonic()
            answer = client.get("/api/v1/experts?q=douane")
            times.append(time.monotonic() - started_at)
            assert (answer.status_code, answer.json()["total"]) == (200, 1)
        assert max(times) < USUAL_SECONDS
        # The first one waits for Redis, and all would without the pause; a busy machine is slow at times by itself.
        assert sum(took > shared.SOCKET_SECONDS for took in times) < len(times) / 4
        probe = client.get("/readyz")
        assert (probe.status_code, probe.json()["degraded"]) == (200, True)
        assert probe.json()["checks"]["redis"].startswith("away")
        redis.kill()
        redis.start()
        eventually(lambda: client.get("/readyz").json()["checks"]["redis"] == "ok", seconds=2 * shared.PAUSE_SECONDS)
