"""Receiving files with a form, no byte more than may be."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from web.forms import body_of, fields_of

MOST_FIELDS = 10
AROUND_BYTES = 20_000
"""What the other fields of a form and the marks between them may take."""


@dataclass
class Upload:
    """A form with a file: empty where none was chosen."""

    fields: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    is_too_large: bool = False


@dataclass
class Uploads:
    """A form with any number of files, each with its name."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    is_too_large: bool = False


async def receive_several(
    request: Request, name: str, most_files: int, most_bytes: int, *, most_fields: int = MOST_FIELDS
) -> Uploads:
    """Return the files that a form has under `name`, and its other fields; reading stops where all is too large."""
    try:
        body = await body_of(request, most_bytes)
    except HTTPException:
        return Uploads(is_too_large=True)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return Uploads(dict(fields_of(body)))
    found = Uploads()
    for key, value in await _items(request, body, most_files, most_fields):
        if isinstance(value, UploadFile):
            content = await value.read()
            if key == name and (content or value.filename):
                found.files.append((value.filename or "", content))
            await value.close()
        else:
            found.fields[key] = value.replace("\0", "").replace("\r\n", "\n")
    return found


async def receive(request: Request, name: str, most_bytes: int) -> Upload:
    """Return the file that a form has under `name`, and its other fields; reading stops where it is too large."""
    try:
        body = await body_of(request, most_bytes + AROUND_BYTES)
    except HTTPException:
        return Upload(is_too_large=True)

    found = Upload()
    for key, value in await _items(request, body, most_files=1):
        if isinstance(value, UploadFile):
            found.content = await value.read() if key == name else found.content
            await value.close()
        else:
            found.fields[key] = value.replace("\0", "")
    found.is_too_large = len(found.content) > most_bytes
    return found


async def _items(
    request: Request, body: bytes, most_files: int, most_fields: int = MOST_FIELDS
) -> list[tuple[str, UploadFile | str]]:
    """Return what a form of several parts holds; nothing where it can't be read."""

    async def parts() -> AsyncGenerator[bytes]:
        yield body

    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return []
    parser = MultiPartParser(
        request.headers, parts(), max_files=most_files, max_fields=most_fields, max_part_size=len(body) + 1
    )
    try:
        return (await parser.parse()).multi_items()
    except (MultiPartException, KeyError, UnicodeError):
        return []
