"""Debian packages: installed when missing, without letting them start anything by themselves."""

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from foundation.errors import Unavailable

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian asks this program whether a package may start its daemon; 101 means no (invoke-rc.d(8))."""
_one_at_a_time = RLock()


def install(*names: str) -> None:
    """Install packages; raise Unavailable with what to do where that can't be."""
    wanted = " ".join(names)
    with _one_at_a_time:
        _require_apt(f"{wanted} is missing here. On Debian, as root: apt-get install {wanted}")
        _update(wanted)
        with _nothing_starts():
            _apt(f"{wanted} could not be installed", "install", "-y", "-qq", "--no-install-recommends", *names)


def first_available(*names: str) -> str | None:
    """Return the first package that this Debian has, or None, also where there is no apt or no root."""
    with _one_at_a_time:
        if not _has_apt():
            return None
        _update(" or ".join(names))
        for name in names:
            shown = subprocess.run(["apt-cache", "show", name], capture_output=True, check=False)  # noqa: S603, S607
            if shown.returncode == 0 and shown.stdout:
                return name
    return None


def _has_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _require_apt(otherwise: str) -> None:
    if not _has_apt():
        raise Unavailable(otherwise)


def _update(wanted: str) -> None:
    _apt(f"Debian's package list could not be read to install {wanted}", "update", "-qq", "--error-on=any")


def _apt(failure: str, *arguments: str) -> None:
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Unavailable(f"{failure}: is there a network? apt-get says: {said[-1] if said else 'nothing'}")


@contextmanager
def _nothing_starts() -> Generator[None]:
    """Keep installed packages from starting their daemons meanwhile."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
