"""The token in a reply address: names whose reply it is and in which thread, for a time, and can't be made up.

It is written in small letters and digits of base 32 (RFC 4648), since servers on the way may change capitals. With
`reply+` before it, it fits the 64 characters that the part before the @ may have (RFC 5321, 4.5.3.1.1). Whoever has
the token can write in that person's name: it is in mails to them only, and is blanked in the mail's row once that has
left.
"""

import base64
import binascii
import hmac
import secrets
from datetime import UTC, datetime, timedelta

PURPOSE = "reply addresses"
"""Of the key that tokens are made with (`foundation.keys`)."""
LASTS = timedelta(days=90)
PREFIX = "reply+"
KEY_BYTES = 8
_DAY_BYTES, _MAC_BYTES = 2, 16
_FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)


class Forged(Exception):
    """No token of ours."""


class Expired(Exception):
    """A token of ours whose time is over."""


def new_key() -> str:
    """Return a fresh name for somebody's place in a thread."""
    return secrets.token_hex(KEY_BYTES)


def make(secret: bytes, reply_key: str, at: datetime) -> str:
    """Return a token that is good for `LASTS`, to the day."""
    ends_on = (at + LASTS - _FIRST_DAY).days + 1
    content = bytes.fromhex(reply_key) + ends_on.to_bytes(_DAY_BYTES, "big")
    return base64.b32encode(content + _mac(secret, content)).decode().rstrip("=").lower()


def read(secret: bytes, token: str, at: datetime) -> str:
    """Return what a token names; raise Forged or Expired."""
    try:
        whole = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        raise Forged from None
    content, mac = whole[:-_MAC_BYTES], whole[-_MAC_BYTES:]
    if len(content) != KEY_BYTES + _DAY_BYTES or not hmac.compare_digest(mac, _mac(secret, content)):
        raise Forged
    if (at - _FIRST_DAY).days >= int.from_bytes(content[KEY_BYTES:], "big"):
        raise Expired
    return content[:KEY_BYTES].hex()


def address(token: str, domain: str) -> str:
    """Return the address that a token is replied to at."""
    return f"{PREFIX}{token}@{domain}"


def token_of(given: str) -> str:
    """Return the token in an address; raise Forged where it is no reply address."""
    local = given.rpartition("@")[0].lower()
    if not local.startswith(PREFIX):
        raise Forged
    return local.removeprefix(PREFIX)


def _mac(secret: bytes, content: bytes) -> bytes:
    return hmac.digest(secret, content, "sha256")[:_MAC_BYTES]
