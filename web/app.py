"""The HTTP application: settings in, a running site out."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from accounts.events import EXPERT_CHANGED
from foundation import clock, http, outbox
from foundation.database import LONGEST_WAIT_S, Database
from foundation.errors import DomainError, Fault, Invalid, Unavailable
from foundation.i18n import Language
from foundation.settings import Settings
from foundation.shared import SharedMemory
from indexer import encoders
from indexer.events import REBUILD_REQUESTED, VECTOR_MISSING
from indexer.indexes import Index
from migrations import upgrades
from ranking import profiles
from search_api import api as search_edge
from search_api import rankings, understanding
from search_api.gradings import Pools
from search_api.pointers import LivePointers
from search_api.query_vectors import SharedQueries
from search_api.searches import Searcher
from taxonomy.wordlists import LiveWordlists
from web import operator_site, queues, reactions, site
from web.assets import Assets
from web.audience_buffers import AudienceBuffer
from web.observers import Observers
from web.openings import Opening
from web.queues import Waker
from web.reactions import Deliveries
from web.recorders import Recorder

API_PREFIX = "/api/"
ANSWER_SECONDS = 1.5
"""What backends may take of the two seconds in which a page is answered."""
LONGEST_WAIT = timedelta(minutes=2)
log = structlog.get_logger(__name__)


def create(settings: Settings) -> FastAPI:
    """Return the application; it opens the index when it starts and gives it back when it stops."""
    database = Database(settings.database_address, longest_wait_s=LONGEST_WAIT_S)
    wordlists = LiveWordlists(database=database)
    shared = SharedMemory(settings.redis_address) if settings.redis_url else None
    encoder = encoders.load(settings, background=True)
    if encoder and shared:
        encoder = SharedQueries(encoder, shared)
    index = Index(settings, database, wordlists, encoder)
    metrics = http.Metrics()
    pointers = LivePointers(database)
    observers = Observers(database, pointers)
    recorder = Recorder(database, AudienceBuffer(shared) if shared and settings.has_workers else None, metrics.registry)

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncGenerator[None]:
        def begin() -> None:
            upgrades.run_at(settings.database_address)
            index.open()
            index.renew_if_outdated()
            understanding.prepare(wordlists.current())
            carrier = _carrier(settings, database, index)
            carrier.start()
            for watcher in (observers, recorder):
                watcher.start()
            app.state.carrier = carrier

        opening = Opening(begin)
        opening.start()
        yield
        opening.stop()
        if app.state.carrier:
            app.state.carrier.stop()
            for watcher in (observers, recorder):
                watcher.stop()
        index.close()
        database.close()
        if shared:
            shared.close()

    app = FastAPI(
        title="Portulan",
        version="1",
        description="Find independent export and international-business experts by skill, zone and keyword.",
        lifespan=run,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.index = index
    app.state.carrier = None
    app.state.pointers = pointers
    app.state.make_searcher = _searchers(database, index)
    app.state.search_desk = search_edge.SearchDesk(
        app.state.make_searcher,
        pointers,
        http.SearchLimit(settings.search_per_second, shared),
        metrics,
        [observers.observe],
    )
    app.state.pools = Pools()
    app.state.recorder = recorder
    app.state.holds_sample = (settings.data_dir / "sample.json").exists
    _add_middleware(app, metrics)
    for router in (search_edge.router, site.router, operator_site.router):
        app.include_router(router)
    _add_probes(app, database, index, metrics, shared)
    _add_error_pages(app)
    app.mount("/static", Assets(), name="static")
    return app


def _searchers(database: Database, index: Index) -> Callable[[], Searcher]:
    """Return what makes a searcher over the present state of the index and of the word lists."""

    def make() -> Searcher:
        engine = index.engine
        index.keep_up()
        words = index.wordlists.current()
        return Searcher(database, engine, index.encoder, index.concepts, index.skill_vectors, words, profiles.FIRST)

    return make


def _add_middleware(app: FastAPI, metrics: http.Metrics) -> None:
    app.middleware("http")(http.add_headers)
    app.middleware("http")(http.count_requests(metrics))
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(http.AnswerHead)
    app.add_middleware(http.AnswerInTime, seconds=ANSWER_SECONDS)


def _carrier(settings: Settings, database: Database, index: Index) -> Deliveries | Waker:
    """Return what sees to the outbox: this process, or workers that are told of each commit."""
    if settings.has_workers:
        waker = Waker(queues.connect(settings))
        database.announce = waker.wake
        return waker
    if not settings.shares_index:
        outbox.reclaim(database)
    return Deliveries(database, reactions.table(index))


def _add_probes(
    app: FastAPI, database: Database, index: Index, metrics: http.Metrics, shared: SharedMemory | None
) -> None:
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


def _add_error_pages(app: FastAPI) -> None:
    def answer(request: Request, status: int, faults: list[Fault]) -> Response:
        if _wants_json(request):
            return http.error_response(status, faults)
        return site.error_page(request, status, faults)

    @app.exception_handler(DomainError)
    def on_domain_error(request: Request, error: DomainError) -> Response:
        status = 429 if isinstance(error, search_edge.TooManySearches) else http.status_of(error)
        faults = error.faults if isinstance(error, Invalid) else [_whole(request, status, type(error).__name__.lower())]
        response = answer(request, status, faults)
        if status in {429, 503}:
            response.headers["Retry-After"] = "1"
        return response

    @app.exception_handler(RequestValidationError)
    def on_bad_request(request: Request, error: RequestValidationError) -> Response:
        return answer(request, 422, [http.validation_fault(detail, _language(request)) for detail in error.errors()])

    @app.exception_handler(HTTPException)
    def on_http_error(request: Request, error: HTTPException) -> Response:
        code = f"http_{error.status_code}"
        response = answer(request, error.status_code, [_whole(request, error.status_code, code)])
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    def on_surprise(request: Request, error: Exception) -> Response:
        # This runs outside of every middleware: what they add has to be added again.
        request_id = request.state.request_id
        log.error("request failed", path=request.url.path, error=repr(error), exc_info=error, request_id=request_id)
        return http.with_headers(request, answer(request, 500, [_whole(request, 500, "internal")]))


def _whole(request: Request, status: int, code: str) -> Fault:
    return http.status_fault(status, code, _language(request))


def _language(request: Request) -> Language:
    """Return the language of JSON answers: the parameter's, French where it says none of ours."""
    return "en" if request.query_params.get("lang") == "en" else "fr"


def _wants_json(request: Request) -> bool:
    path = request.url.path
    return path.startswith(API_PREFIX) or path in {"/healthz", "/readyz", "/metrics", "/openapi.json"}
