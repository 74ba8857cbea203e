"""What the adapter calls itself, and the keys of parts of what is made under a key. Pure."""

from uuid import NAMESPACE_URL, uuid5

NAME = "mangopay"


def derived(key: str, part: str) -> str:
    """Return the key of a part of what is made under a key."""
    return str(uuid5(NAMESPACE_URL, f"{key} {part}"))
