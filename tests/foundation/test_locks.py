import subprocess
import sys
from pathlib import Path

import pytest

from foundation.errors import Conflict
from foundation.locks import ProcessLock
from foundation.settings import ROOT

HOLD = """
import sys
from pathlib import Path
from foundation.locks import ProcessLock
lock = ProcessLock(Path(sys.argv[1]), "the thing").acquire()
print("held", flush=True)
sys.stdin.read()
"""


def holder_of(path: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder_of(path) as process:
        with pytest.raises(Conflict, match=f"the thing is held by process {process.pid} "):
            ProcessLock(path, "the thing").acquire()
        process.kill()


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder_of(path) as process:
        process.kill()
    with ProcessLock(path, "the thing") as lock:
        assert lock.is_held


def test_a_lock_is_refused_within_one_process_too(tmp_path: Path) -> None:
    with ProcessLock(tmp_path / "lock", "the thing"), pytest.raises(Conflict):
        ProcessLock(tmp_path / "lock", "the thing").acquire()


def test_being_refused_takes_nothing_from_the_holder(tmp_path: Path) -> None:
    refused = ProcessLock(tmp_path / "lock", "the thing")
    with ProcessLock(tmp_path / "lock", "the thing"):
        for _ in range(2):
            with pytest.raises(Conflict):
                refused.acquire()
    assert not refused.is_held


def test_a_lock_is_given_back_when_its_block_raises(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path / "lock", "the thing")
    with pytest.raises(RuntimeError), lock:
        raise RuntimeError
    assert not lock.is_held
    ProcessLock(tmp_path / "lock", "the thing").acquire().release()


def test_the_folder_of_a_lock_is_made(tmp_path: Path) -> None:
    with ProcessLock(tmp_path / "new" / "lock", "the thing"):
        assert (tmp_path / "new" / "lock").exists()
