"""Makes secrets, each in a file of its own, that are not there yet: `python -m scripts.secrets FOLDER NAME…`."""

import os
import secrets
import sys
from pathlib import Path

LENGTH_BYTES = 32


def make(folder: Path, names: list[str]) -> list[str]:
    """Write what is missing, whole or not at all; return its names. Whoever may enter the folder may read it."""
    missing = [name for name in names if not (folder / name).exists()]
    for name in missing:
        draft = folder / f".{name}"
        draft.write_text(secrets.token_urlsafe(LENGTH_BYTES))
        draft.chmod(0o444)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.rename(folder / name)
    return missing


if __name__ == "__main__":
    made = make(Path(sys.argv[1]), sys.argv[2:])
    sys.stdout.write(f"made: {', '.join(made) or 'nothing, all are there'}\n")
