"""Reading posted forms. Who may post at all is `foundation.http.RefuseOtherSites`'s to say."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from foundation.errors import Invalid

LONGEST_BYTES = 60_000
LONGEST_TEXTS_BYTES = 600_000
"""A summary may have 20,000 characters, of which each may take twelve bytes in an address-encoded form."""


async def read(request: Request) -> dict[str, str]:
    """Return the fields of a posted form; refuse what is larger than any form of ours. NULs are dropped."""
    return dict(await read_all(request))


async def read_all(request: Request) -> list[tuple[str, str]]:
    """Return the fields of a posted form, with those that come several times."""
    return fields_of(await body_of(request, LONGEST_BYTES))


async def read_long(request: Request) -> dict[str, str]:
    """Return the fields of a form that holds long texts, such as a profile."""
    return dict(await read_all_long(request))


async def read_all_long(request: Request) -> list[tuple[str, str]]:
    """Return the fields of a form that holds long texts, with those that come several times."""
    return fields_of(await body_of(request, LONGEST_TEXTS_BYTES))


async def body_of(request: Request, most_bytes: int) -> bytes:
    """Return what was sent, and stop reading where it is more than may be."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:15]) > most_bytes:
        raise HTTPException(413)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most_bytes:
            raise HTTPException(413)
    return bytes(body)


def fields_of(body: bytes) -> list[tuple[str, str]]:
    """Return the fields of a form as browsers write it without files; none where it can't be read."""
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True)
    except ValueError:
        return []
    return [(name, value.replace("\0", "").replace("\r\n", "\n")) for name, value in fields]


def faults_by_field(error: Invalid) -> dict[str, str]:
    """Return the first sentence about each field, for a page that is shown again."""
    found: dict[str, str] = {}
    for fault in error.faults:
        found.setdefault(fault.field, fault.message)
    return found


def lead_on(path: str, **parameters: str) -> RedirectResponse:
    """Return the answer to a form that was taken: the browser asks for a page, and reloading it posts nothing."""
    return RedirectResponse(f"{path}?{urlencode(parameters)}" if parameters else path, status_code=303)


LongForm = Annotated[dict[str, str], Depends(read_long)]
Form = Annotated[dict[str, str], Depends(read)]
Fields = Annotated[list[tuple[str, str]], Depends(read_all)]
