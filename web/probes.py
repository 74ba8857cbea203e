"""What tells an operator's machines how the site is: probes and counters."""

from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from accounts.events import EXPERT_CHANGED
from foundation import clock, http, outbox
from foundation.database import Database
from foundation.errors import Unavailable
from foundation.shared import SharedMemory
from indexer.events import REBUILD_REQUESTED, VECTOR_MISSING
from indexer.indexes import Index
from migrations import upgrades
from search_api import rankings
from search_api.pointers import LivePointers

LONGEST_WAIT = timedelta(minutes=2)


def add(app: FastAPI, database: Database, index: Index, metrics: http.Metrics, shared: SharedMemory | None) -> None:
    """Add the addresses that tell an operator's machines how the site is."""

    @app.get("/healthz", tags=["operations"], summary="The process runs")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get(
        "/readyz",
        tags=["operations"],
        summary="Searches are answered",
        responses={503: {"description": "The database or the index can't be used yet."}},
    )
    def readyz() -> JSONResponse:
        state = readiness(app, database, index, shared)
        return JSONResponse(state, status_code=200 if state["ready"] else 503)

    @app.get("/metrics", tags=["operations"], summary="Counters for Prometheus", response_class=Response)
    def read_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def readiness(app: FastAPI, database: Database, index: Index, shared: SharedMemory | None) -> dict[str, Any]:
    """Return whether searches are answered, and how well: by words only is ready, but degraded."""
    checks: dict[str, str] = {}
    try:
        checks["database"] = "ok" if upgrades.is_current(database) else "not migrated"
    except Exception as error:  # noqa: BLE001 - a probe answers whatever happens
        checks["database"] = type(error).__name__
    checks["index"] = _index_state(index)
    ready = checks["database"] == checks["index"] == "ok" and app.state.carrier is not None
    is_delivering = app.state.carrier is not None and app.state.carrier.is_alive()
    is_late = ready and _waits_long(database)
    checks["outbox"] = "not delivering" if not is_delivering else "a change waits for long" if is_late else "ok"
    checks["encoder"] = index.encoder.name if index.encoder else "none: searching by words only"
    checks["ranking"] = _ranking_state(app.state.pointers, index)
    lacks_redis = shared is not None and not shared.answers()
    if shared:
        checks["redis"] = "away: limits are each process's own, workers look by themselves" if lacks_redis else "ok"
    vectors = rebuilds = dead = 0
    if ready:
        with database.reading() as session:
            vectors, rebuilds = (outbox.count(session, topic) for topic in (VECTOR_MISSING, REBUILD_REQUESTED))
            dead = outbox.count_dead(session)
    degraded = ready and (index.encoder is None or not is_delivering or is_late or dead > 0 or lacks_redis)
    return {
        "ready": ready,
        "degraded": degraded,
        "checks": checks,
        "vectors_waiting": vectors,
        "rebuilds_waiting": rebuilds,
        "dead_letters": dead,
    }


def _index_state(index: Index) -> str:
    if not index.is_open:
        return "not open"
    try:
        return "ok" if index.generations.live() else "there is none"
    except Unavailable as error:
        return f"away: {error}"


def _ranking_state(pointers: LivePointers, index: Index) -> str:
    """Tell whether the live profiles were made with the words and the encoder that are loaded; they rank anyway."""
    now = rankings.inputs_of(index.wordlists.current(), index.encoder)
    said = [
        f"{surface} is ranked by {found.live.id}, which was made with other {' and '.join(changed)}"
        for surface, found in pointers.current().items()
        if (changed := found.live.inputs.changed(now))
    ]
    return "; ".join(said) or "ok"


def _waits_long(database: Database) -> bool:
    """Tell whether a change has waited for longer than it ever should, whoever is to deliver it."""
    with database.reading() as session:
        oldest = outbox.oldest(session, EXPERT_CHANGED)
    return oldest is not None and clock.now() - oldest > LONGEST_WAIT
