"""Redis 7, from Debian's package."""

import re
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from foundation.errors import Unavailable
from scripts.backends import packages, ports
from scripts.backends.daemons import Launch

OLDEST = 7


def prepare(folder: Path) -> Launch:
    """Name what starts a Redis that keeps nothing: truth is in the database."""
    program = shutil.which("redis-server") or _installed()
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    version = re.search(r"v=(\d+)\.(\S+)", said)
    if version is None or int(version[1]) < OLDEST:
        raise Unavailable(f"Redis {OLDEST} or newer is needed; {program} says: {said.strip()}")
    port = ports.any_free()
    options = {"bind": "127.0.0.1", "port": port, "dir": folder, "save": "", "appendonly": "no"}
    return Launch(
        title=f"Redis {version[1]}.{version[2]}",
        command=[program, *(part for name, value in options.items() for part in (f"--{name}", str(value)))],
        folder=folder,
        address=f"redis://127.0.0.1:{port}/0",
    )


def is_ready(address: str) -> bool:
    """Tell whether it answers."""
    where = urlsplit(address)
    try:
        with socket.create_connection((where.hostname, where.port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _installed() -> str:
    packages.install("redis-server")
    # Ours is started when wanted; Debian's would start at every boot.
    subprocess.run(["update-rc.d", "redis-server", "disable"], capture_output=True, check=False)  # noqa: S607
    program = shutil.which("redis-server")
    if program is None:
        raise Unavailable("the package redis-server was installed, but there is no redis-server on the PATH")
    return program
