"""A platform, or a program of the operator's that speaks with one, behind a folder.

    out/NUMBER.pdf   documents that wait to be taken: whole, under their final name at once, then never touched by us
    in/*.xml         what the platform tells, as XP Z12-012 has it (`statuses`); to be moved in whole
    done/            what was read
    bad/             what could not be read, or is about none of our documents: for an operator to look at

The folder itself has to be there: one that a disk or network lost is not made anew.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from billing.platforms import statuses
from billing.platforms.interface import Message
from billing.platforms.statuses import Unreadable
from foundation import folders
from foundation.errors import Unreachable

OUT, IN, DONE, BAD = "out", "in", "done", "bad"
WRITTEN_WITHIN = timedelta(minutes=10)
"""What can't be read is left for this long: it may still be being written."""

log = structlog.get_logger(__name__)


class FolderPlatform:
    """Hands documents over by a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deposit(self, number: str, pdf: bytes) -> str:
        """Write a file; raise Conflict where another has its name, Unreachable where nothing can be written."""
        name = f"{number}.pdf"
        try:
            folders.put(self._part(OUT), name, pdf)
        except OSError as error:
            raise Unreachable(f"the platform’s folder can’t be used: {error}") from error
        return name

    def fetch(self, *, at: datetime) -> Iterator[Message]:
        """Read what was put in, in the order of the names; what can't be read is put aside."""
        try:
            for path in sorted(self._part(IN).glob("*.xml")):
                if message := self._read(path, at):
                    yield message
        except OSError as error:
            raise Unreachable(f"the platform’s folder can’t be used: {error}") from error

    def settle(self, message: Message, *, is_known: bool) -> None:
        """Move a file to where it is out of the way."""
        self._move(self._part(IN) / message.name, DONE if is_known else BAD)

    def unread(self) -> Sequence[str]:
        """Return what is put aside, until an operator takes it out of the folder."""
        return sorted(path.name for path in self._part(BAD).iterdir())

    def _read(self, path: Path, at: datetime) -> Message | None:
        if path.name.startswith(".") or not path.is_file():
            return None
        written_at = path.stat().st_mtime
        try:
            with path.open("rb") as file:
                return Message(path.name, statuses.read(file.read(statuses.LARGEST_BYTES + 1)))
        except Unreadable as error:
            if at.timestamp() - written_at > WRITTEN_WITHIN.total_seconds():
                log.warning("a platform’s message can’t be read", file=path.name, reason=str(error))
                self._move(path, BAD)
            return None

    def _move(self, path: Path, part: str) -> None:
        target = self._part(part) / path.name
        if target.exists():
            target = target.with_name(f"{path.stem}.{path.stat().st_mtime_ns}{path.suffix}")
        path.replace(target)

    def _part(self, name: str) -> Path:
        if not self._folder.is_dir():
            raise Unreachable(f"the platform’s folder {self._folder} is not there")
        part = self._folder / name
        part.mkdir(exist_ok=True)
        return part
