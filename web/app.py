"""The HTTP application: settings in, a running site out."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from foundation import http, outbox
from foundation.database import LONGEST_WAIT_S, Database
from foundation.settings import Settings
from foundation.shared import SharedMemory
from indexer import encoders
from indexer.indexes import Index
from migrations import upgrades
from search_api import api as search_edge
from search_api import understanding
from search_api.gradings import Pools
from search_api.pointers import LivePointers
from search_api.query_vectors import SharedQueries
from taxonomy.wordlists import LiveWordlists
from web import error_pages, probes, queues, reactions, routes, searchers
from web.assets import Assets
from web.audience_buffers import AudienceBuffer
from web.deliveries import Deliveries
from web.mail_in import Listener
from web.observers import Observers
from web.openings import Opening
from web.queues import Waker
from web.recorders import Recorder


def create(settings: Settings) -> FastAPI:
    """Return the application; it opens the index when it starts and gives it back when it stops."""
    database = Database(settings.database_address, longest_wait_s=LONGEST_WAIT_S)
    wordlists = LiveWordlists(database=database)
    shared = SharedMemory(settings.redis_address) if settings.redis_url else None
    encoder = encoders.load(settings, background=True)
    if encoder and shared:
        encoder = SharedQueries(encoder, shared)
    index = Index(settings, database, wordlists, encoder)
    limits = http.Limits(shared)
    metrics = http.Metrics()
    pointers = LivePointers(database)
    observers = Observers(database, pointers)
    buffer = AudienceBuffer(shared) if shared and settings.has_workers else None
    recorder = Recorder(database, buffer, wordlists, metrics.registry)
    watchers = (observers, recorder, *_listeners(settings, database))

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncGenerator[None]:
        def begin() -> None:
            upgrades.run_at(settings.database_address)
            index.open()
            index.renew_if_outdated()
            understanding.prepare(wordlists.current())
            carrier = _carrier(settings, database, index)
            carrier.start()
            for watcher in watchers:
                watcher.start()
            app.state.carrier = carrier

        opening = Opening(begin)
        opening.start()
        yield
        opening.stop()
        if app.state.carrier:
            app.state.carrier.stop()
            for watcher in watchers:
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
    app.state.settings, app.state.limits, app.state.database = settings, limits, database
    app.state.index, app.state.carrier = index, None
    app.state.pointers = pointers
    app.state.make_searcher = searchers.maker(index)
    app.state.search_desk = search_edge.SearchDesk(
        app.state.make_searcher,
        pointers,
        http.SearchLimit(settings.search_per_second, limits),
        metrics,
        [observers.observe],
    )
    app.state.pools = Pools()
    app.state.recorder = recorder
    app.state.holds_sample = (settings.data_dir / "sample.json").exists
    _add_middleware(app, metrics, settings)
    for router in routes.ROUTERS:
        app.include_router(router)
    probes.add(app, database, index, metrics, shared)
    error_pages.add(app)
    app.mount("/static", Assets(), name="static")
    return app


def _add_middleware(app: FastAPI, metrics: http.Metrics, settings: Settings) -> None:
    app.add_middleware(http.RefuseOtherSites, site=settings.base_url)
    app.add_middleware(http.RefuseLargeBodies)
    app.middleware("http")(http.add_headers)
    app.middleware("http")(http.count_requests(metrics))
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(http.AnswerHead)
    app.add_middleware(http.AnswerInTime, seconds=settings.answer_within_s)


def _listeners(settings: Settings, database: Database) -> list[Listener]:
    """Return what receives mail in this process, where settings say that it does."""
    return [Listener(settings, database)] if settings.mail_in_port else []


def _carrier(settings: Settings, database: Database, index: Index) -> Deliveries | Waker:
    """Return what sees to the outbox: this process, or workers that are told of each commit."""
    if settings.has_workers:
        waker = Waker(queues.connect(settings))
        database.announce = waker.wake
        return waker
    if not settings.shares_index:
        outbox.reclaim(database)
    return Deliveries(database, reactions.whole_table(settings, index), reactions.SCHEDULES)
