"""Files in folders that others read: whole or not there, and never over what was there before."""

import os
from pathlib import Path

from foundation.errors import Conflict

UNFINISHED = ".part"


def put(folder: Path, name: str, content: bytes) -> bool:
    """Write a file that appears at once, and return True; False where it is there already, with these bytes.

    Raises Conflict where other bytes have that name.
    """
    path = folder / name
    if path.exists():
        if path.read_bytes() != content:
            raise Conflict(f"{path} is there with other content: it is not overwritten")
        return False
    # Hidden, so that who takes everything out of a folder does not take half of a file.
    unfinished = folder / f".{name}.{os.getpid()}{UNFINISHED}"
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return True
