"""Portraits: whatever was sent is decoded, turned upright, cut to a square and written anew in three sizes.

Nothing of the file itself is kept: no place where it was taken, no second format hidden behind the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from uuid import uuid4

from PIL import Image, ImageOps
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import experts
from accounts.models.experts import Expert
from accounts.models.profiles import PortraitFile
from foundation import audits, files
from foundation.audits import Actor
from foundation.errors import Fault, Invalid, NotFound
from foundation.files import StoredFile

MOST_BYTES = 5_000_000
MOST_PIXELS = 50_000_000
"""Phones make images of 48 million; decoded, as many take 150 MB."""
SMALLEST_PX = 96
SIZES_PX = (96, 256, 512)
FORMATS = ("JPEG", "PNG", "WEBP")
MEDIA_TYPE = "image/webp"
_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Portrait:
    """A portrait ready to be kept: the file of each size."""

    files: Mapping[int, bytes]


def make(content: bytes) -> Portrait:
    """Make a portrait of what was sent; raise Invalid where it is no image. Slow: not in a transaction."""
    if not content:
        raise _refused("no_file")
    if len(content) > MOST_BYTES:
        raise _refused("too_large")
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise _refused("too_many_pixels")
            if min(width, height) < SMALLEST_PX:
                raise _refused("too_small")
            # A JPEG is decoded no larger than is needed.
            image.draft("RGB", (SIZES_PX[-1] * 2, SIZES_PX[-1] * 2))
            upright = ImageOps.exif_transpose(image)
            square = ImageOps.fit(_flat(upright), (SIZES_PX[-1], SIZES_PX[-1]), Image.Resampling.LANCZOS)
    except Image.DecompressionBombError as error:
        raise _refused("too_many_pixels") from error
    except (OSError, ValueError, SyntaxError, TypeError, EOFError, IndexError, KeyError, OverflowError) as error:
        raise _refused("no_image") from error
    return Portrait({size: _written(square, size) for size in SIZES_PX})


def put(session: Session, expert_id: str, portrait: Portrait, *, actor: Actor, at: datetime) -> str:
    """Give an expert a portrait in place of any other; return its id."""
    expert = experts.take(session, expert_id)
    _forget(session, expert_id)
    portrait_id = uuid4().hex
    for size, content in portrait.files.items():
        file_id = files.put(session, content, MEDIA_TYPE, at=at)
        session.add(PortraitFile(portrait_id=portrait_id, size_px=size, expert_id=expert_id, file_id=file_id))
    experts.apply(session, expert, {"portrait_id": portrait_id}, at=at)
    audits.record(session, actor, "changed_portrait", "expert", expert_id, at=at)
    return portrait_id


def remove(session: Session, expert_id: str, *, actor: Actor, at: datetime) -> None:
    """Delete an expert's portrait; none is no fault."""
    expert = experts.take(session, expert_id)
    if expert.portrait_id is None:
        return
    _forget(session, expert_id)
    experts.apply(session, expert, {"portrait_id": None}, at=at)
    audits.record(session, actor, "removed_portrait", "expert", expert_id, at=at)


def read(session: Session, portrait_id: str, size_px: int, *, reader_expert_id: str | None) -> tuple[StoredFile, bool]:
    """Return a portrait's file, and whether everybody may see it; raise NotFound for a hidden expert's, but its own."""
    statement = (
        select(PortraitFile, Expert)
        .join(Expert, col(Expert.id) == col(PortraitFile.expert_id))
        .where(col(PortraitFile.portrait_id) == portrait_id, col(PortraitFile.size_px) == size_px)
    )
    row = None if "\0" in portrait_id else session.execute(statement).one_or_none()
    if row is None or not (row[1].is_shown or row[1].id == reader_expert_id):
        raise NotFound("there is no such portrait")
    return files.get(session, row[0].file_id), row[1].is_shown


def _forget(session: Session, expert_id: str) -> None:
    theirs = col(PortraitFile.expert_id) == expert_id
    file_ids = session.execute(select(col(PortraitFile.file_id)).where(theirs)).scalars().all()
    session.execute(delete(PortraitFile).where(theirs))
    files.forget(session, *file_ids)


def _flat(image: Image.Image) -> Image.Image:
    """Return an image without transparency, on white."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(ground, layered).convert("RGB")
    return image.convert("RGB")


def _written(square: Image.Image, size: int) -> bytes:
    """Return a size as a new file: pixels alone are taken over."""
    small = Image.new("RGB", (size, size))
    small.paste(square.resize((size, size), Image.Resampling.LANCZOS))
    written = BytesIO()
    small.save(written, "WEBP", quality=_QUALITY, method=4)
    return written.getvalue()


def _refused(code: str) -> Invalid:
    return Invalid([Fault("portrait", code, "")])
