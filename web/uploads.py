"""Receiving one file with a form, no byte more than may be."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from web.forms import body_of

MOST_FIELDS = 10
AROUND_BYTES = 20_000
"""What the other fields of a form and the marks between them may take."""


@dataclass
class Upload:
    """A form with a file: empty where none was chosen."""

    fields: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    is_too_large: bool = False


async def receive(request: Request, name: str, most_bytes: int) -> Upload:
    """Return the file that a form has under `name`, and its other fields; reading stops where it is too large."""
    try:
        body = await body_of(request, most_bytes + AROUND_BYTES)
    except HTTPException:
        return Upload(is_too_large=True)

    async def parts() -> AsyncGenerator[bytes]:
        yield body

    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return Upload()
    parser = MultiPartParser(
        request.headers, parts(), max_files=1, max_fields=MOST_FIELDS, max_part_size=most_bytes + AROUND_BYTES
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError):
        return Upload()
    found = Upload()
    for key, value in form.multi_items():
        if isinstance(value, UploadFile):
            found.content = await value.read() if key == name else found.content
        else:
            found.fields[key] = value.replace("\0", "")
    await form.close()
    found.is_too_large = len(found.content) > most_bytes
    return found
