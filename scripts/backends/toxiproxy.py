"""Toxiproxy, built from its Go module: stands between a process and a backend, and makes the way there bad."""

import os
import shutil
import subprocess
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from foundation.errors import Unavailable
from scripts.backends import artifacts, packages, ports
from scripts.backends.daemons import Launch

MODULE = "github.com/Shopify/toxiproxy/v2/cmd/server"
VERSION = "v2.12.0"
BUILD_WITHIN_S = 600


def prepare(folder: Path) -> Launch:
    """Name what starts it, built once for each version."""
    program = artifacts.cache() / f"toxiproxy-{VERSION}" / "server"
    if not program.exists():
        _build(program)
    port = ports.any_free()
    return Launch(
        title=f"Toxiproxy {VERSION.removeprefix('v')}",
        command=[str(program), "-host", "127.0.0.1", "-port", str(port)],
        folder=folder,
        address=f"http://127.0.0.1:{port}",
    )


def is_ready(address: str) -> bool:
    """Tell whether it answers."""
    try:
        with urlopen(f"{address}/version", timeout=2) as answer:  # noqa: S310 - our own address
            return answer.status == 200
    except (URLError, TimeoutError, ConnectionError):
        return False


def _build(program: Path) -> None:
    go = shutil.which("go") or _installed()
    draft = program.parent.with_suffix(f".{os.getpid()}")
    built = subprocess.run(  # noqa: S603 - a pinned module by name
        [go, "install", f"{MODULE}@{VERSION}"],
        env={**os.environ, "GOBIN": str(draft), "GOFLAGS": "-mod=mod"},
        capture_output=True,
        text=True,
        timeout=BUILD_WITHIN_S,
        check=False,
    )
    if built.returncode:
        raise Unavailable(f"{MODULE} can't be built (is there a network, and Go 1.22 or newer?):\n{built.stderr}")
    program.parent.parent.mkdir(parents=True, exist_ok=True)
    if program.parent.exists():
        shutil.rmtree(draft)  # somebody else was quicker
    else:
        draft.rename(program.parent)


def _installed() -> str:
    packages.install("golang-go")
    go = shutil.which("go")
    if go is None:
        raise Unavailable("the package golang-go was installed, but there is no go on the PATH")
    return go
