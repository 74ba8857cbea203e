"""Readable, stable addresses of profiles."""

import hashlib
import re

from taxonomy import texts

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def of(name: str, ref: str) -> str:
    """Return the address part of a profile: the name, and a short mark of `ref` that keeps it unique."""
    words = _NOT_WORD.sub("-", texts.fold(name)).strip("-")[:60] or "expert"
    mark = hashlib.blake2b(ref.encode(), digest_size=5).hexdigest()
    return f"{words}-{mark}"
