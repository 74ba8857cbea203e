"""Identities of rows."""

from uuid import uuid4


def new_id() -> str:
    """Return a fresh identity for a row that the world may see."""
    return str(uuid4())
