"""Processes that outlive the command that starts them, known again by more than their number (Linux)."""

import os
import pwd
import signal
import subprocess
import time
from pathlib import Path
from typing import TypedDict

from pydantic import BaseModel

STOP_WITHIN_S = 30.0
POLL_S = 0.05
STATE, STARTED = 0, 19
"""Places of the state and the start time after the command's name in `/proc/PID/stat` (proc(5))."""


class User(TypedDict, total=False):
    """Arguments by which `subprocess` runs something as somebody else; none: as we are."""

    user: int
    group: int
    extra_groups: list[int]


class Launch(BaseModel):
    """What starts a daemon, and what it is afterwards reached by."""

    title: str
    command: list[str]
    folder: Path
    """Where it runs and keeps everything; its output goes to `output.log` there."""
    address: str
    user: str | None = None
    """Who runs it, where we may choose."""
    stop_signal: int = signal.SIGTERM
    ready_within_s: float = 60.0

    @property
    def log(self) -> Path:
        """Return where its output goes."""
        return self.folder / "output.log"


class Daemon(BaseModel):
    """A started process: its number, and when the kernel started it, since numbers are given out again."""

    pid: int
    started: str


def start(launch: Launch) -> Daemon:
    """Start a daemon in a session of its own, so that stopping the terminal's command leaves it alone."""
    with launch.log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            launch.command,
            cwd=launch.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **as_user(launch.user),
        )
    return Daemon(pid=process.pid, started=_started(process.pid) or "")


def is_running(daemon: Daemon) -> bool:
    """Tell whether the process runs and is still the one that was started."""
    return bool(daemon.started) and _started(daemon.pid) == daemon.started


def stop(daemon: Daemon, number: int) -> None:
    """Ask with a signal, wait, and end it if it does not answer; another process of that number is left alone."""
    until = time.monotonic() + STOP_WITHIN_S
    if is_running(daemon):
        os.kill(daemon.pid, number)
    while is_running(daemon):
        if time.monotonic() > until:
            os.kill(daemon.pid, signal.SIGKILL)
        time.sleep(POLL_S)


def as_user(name: str | None) -> User:
    """Return the arguments by which `subprocess` runs something under a name."""
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _started(pid: int) -> str | None:
    """Return which boot and tick a process was started at, or None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[STATE] in "ZX":
        return None  # ended; whoever started it has not asked for its exit code yet
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{fields[STARTED]}"
