"""What runs for one checkout: starting what is wanted, remembering it in a file, stopping exactly that."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Protocol

from pydantic import BaseModel, Field

from foundation.errors import Unavailable
from foundation.locks import ProcessLock
from foundation.settings import ROOT
from scripts.backends import daemons, opensearch, postgresql, redis, toxiproxy
from scripts.backends.daemons import Daemon, Launch


class Name(StrEnum):
    """What can be started."""

    POSTGRES = "postgres"
    REDIS = "redis"
    OPENSEARCH = "opensearch"
    TOXIPROXY = "toxiproxy"


class Kind(Protocol):
    """What each of their modules can do."""

    def prepare(self, folder: Path) -> Launch | str:
        """Make ready what it needs in a folder; return how to start it, or the address of one that runs elsewhere."""
        ...

    def is_ready(self, address: str) -> bool:
        """Tell whether it answers."""
        ...


KINDS: dict[Name, Kind] = {
    Name.POSTGRES: postgresql,
    Name.REDIS: redis,
    Name.OPENSEARCH: opensearch,
    Name.TOXIPROXY: toxiproxy,
}
SETTINGS = {
    Name.POSTGRES: "PORTULAN_DATABASE_URL",
    Name.REDIS: "PORTULAN_REDIS_URL",
    Name.OPENSEARCH: "PORTULAN_OPENSEARCH_URL",
}
USUAL = tuple(SETTINGS)
"""What is started where nothing is named: what Portulan itself runs on."""
FILE = ROOT / "var" / "services.json"
POLL_S = 0.1
SHOWN_LINES = 15

Say = Callable[[str], None]


class Backend(BaseModel):
    """One started backend, or a running one of somebody else's, which has no daemon."""

    title: str
    address: str
    launch: Launch | None = None
    daemon: Daemon | None = None
    ready_s: float | None = None
    """How long it took to be ready, installing left out; None until then."""


class Run(BaseModel):
    """The throw-away folder and what runs in it."""

    folder: Path
    backends: dict[Name, Backend] = Field(default_factory=dict)

    def settings(self) -> dict[str, str]:
        """Return the environment by which Portulan uses these backends."""
        return {SETTINGS[name]: self.backends[name].address for name in USUAL if name in self.backends}


def up(names: Iterable[Name] = USUAL, *, file: Path = FILE, say: Say = lambda _: None) -> Run:
    """Start what is wanted and does not run yet, side by side; return when all of it is ready.

    Raises Unavailable with the reason of each that could not be started; the others go on.
    """
    with _one_at_a_time(file):
        run = read(file) or Run(folder=_new_folder())
        missing = [name for name in dict.fromkeys(names) if not is_ready(run, name)]
        write = _writer(run, file)
        with ThreadPoolExecutor(len(Name)) as pool:
            starts = {name: pool.submit(_start, run, name, write, say) for name in missing}
        failures = [f"{name}: {error}" for name, start in starts.items() if (error := start.exception())]
        if not run.backends:
            shutil.rmtree(run.folder)  # nothing was noted, so `down` would not know of it
        if failures:
            raise Unavailable("\n".join(failures))
        return run


def down(*, file: Path = FILE, say: Say = lambda _: None) -> None:
    """Stop what `up` started, by number and start time, and remove the folder."""
    with _one_at_a_time(file):
        run = read(file)
        if run is None:
            say("nothing runs")
            return
        for backend in run.backends.values():
            _stop(backend)
            say(f"{backend.title}: {'stopped' if backend.daemon else 'is not ours, left running'}")
        shutil.rmtree(run.folder, ignore_errors=True)
        file.unlink()


def read(file: Path = FILE) -> Run | None:
    """Return what the last `up` of this checkout wrote, if it was not taken down."""
    return Run.model_validate_json(file.read_bytes()) if file.exists() else None


def stop(name: Name, *, file: Path = FILE) -> None:
    """Stop one that `up` started here and keep its data."""
    with _one_at_a_time(file):
        _stop(_started(name, file).backends[name])


def start(name: Name, *, file: Path = FILE) -> None:
    """Start one again that was stopped, at its address and on its data; return when it is ready."""
    with _one_at_a_time(file):
        run = _started(name, file)
        backend = run.backends[name]
        if backend.launch is not None:
            backend.daemon = daemons.start(backend.launch)
            _writer(run, file)(name, backend)
            _wait(name, backend.launch, backend.daemon)


def _started(name: Name, file: Path) -> Run:
    run = read(file)
    if run is None or name not in run.backends or run.backends[name].launch is None:
        raise Unavailable(f"{name} was not started here")
    return run


def is_ready(run: Run, name: Name) -> bool:
    """Tell whether a backend runs and answers."""
    backend = run.backends.get(name)
    if backend is None or (backend.daemon and not daemons.is_running(backend.daemon)):
        return False
    return KINDS[name].is_ready(backend.address)


def _start(run: Run, name: Name, write: Callable[[Name, Backend], None], say: Say) -> None:
    if left := run.backends.get(name):
        _stop(left)  # it does not answer any more
    folder = run.folder / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    launch = KINDS[name].prepare(folder)
    if isinstance(launch, str):
        say(f"OpenSearch: no Java is new enough here; taking the running node at {launch}")
        write(name, Backend(title="OpenSearch elsewhere", address=launch, ready_s=0.0))
        return
    started_at = time.monotonic()
    backend = Backend(title=launch.title, address=launch.address, launch=launch, daemon=daemons.start(launch))
    write(name, backend)
    _wait(name, launch, backend.daemon)
    backend.ready_s = round(time.monotonic() - started_at, 1)
    write(name, backend)
    say(f"{launch.title}: ready in {backend.ready_s} s")


def _wait(name: Name, launch: Launch, daemon: Daemon | None) -> None:
    until = time.monotonic() + launch.ready_within_s
    while not KINDS[name].is_ready(launch.address):
        if daemon is None or not daemons.is_running(daemon):
            raise Unavailable(f"{launch.title} ended before it was ready. Its last words:\n{_last_words(launch)}")
        if time.monotonic() > until:
            daemons.stop(daemon, launch.stop_signal)
            raise Unavailable(
                f"{launch.title} was not ready within {launch.ready_within_s:.0f} s. Its last words:\n"
                f"{_last_words(launch)}"
            )
        time.sleep(POLL_S)


def _last_words(launch: Launch) -> str:
    return "\n".join(launch.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:])


def _stop(backend: Backend) -> None:
    if backend.daemon and backend.launch:
        daemons.stop(backend.daemon, backend.launch.stop_signal)


def _writer(run: Run, file: Path) -> Callable[[Name, Backend], None]:
    """Return what notes a backend in the file at once: whoever is interrupted leaves nothing unknown behind."""
    one_at_a_time = Lock()

    def write(name: Name, backend: Backend) -> None:
        with one_at_a_time:
            run.backends[name] = backend
            draft = file.with_suffix(".new")
            draft.write_text(run.model_dump_json(indent=2))
            draft.replace(file)

    return write


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="portulan-services-"))
    folder.chmod(0o711)  # PostgreSQL runs as another user and has to get through
    return folder


def _one_at_a_time(file: Path) -> ProcessLock:
    return ProcessLock(file.with_suffix(".lock"), "starting and stopping the services of this checkout")
