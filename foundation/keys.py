"""The installation's secret key, and the keys that are made of it, one for each purpose.

Without the setting, the key is a file in the data directory that the first process writes; all processes of an
installation have to share the one or the other.
"""

import base64
import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from foundation.settings import Settings

FILE = "secret.key"


def derived(settings: Settings, purpose: str) -> bytes:
    """Return the 32 bytes for a purpose: none of them leads to the key, nor to those of another purpose."""
    given = settings.secret_key.get_secret_value()
    key = given.encode() if given else _kept(settings.data_dir / FILE)
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()


def encrypt(settings: Settings, purpose: str, text: str) -> str:
    """Return a text as only this installation can read it (Fernet: AES-128-CBC with HMAC)."""
    return _cipher(derived(settings, purpose)).encrypt(text.encode()).decode()


def decrypt(settings: Settings, purpose: str, encrypted: str) -> str | None:
    """Return what was encrypted for a purpose; None where the key is another one by now."""
    try:
        return _cipher(derived(settings, purpose)).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        return None


def seal(key: bytes, content: bytes) -> bytes:
    """Return bytes as only whoever has a derived key can read them (the same cipher)."""
    return _cipher(key).encrypt(content)


def unseal(key: bytes, sealed: bytes) -> bytes | None:
    """Return what was sealed; None where it was with another key, or is no longer whole."""
    try:
        return _cipher(key).decrypt(sealed)
    except InvalidToken:
        return None


def signed(settings: Settings, purpose: str, text: str) -> str:
    """Return a token that says a text, and that nobody else could have made: for links that never end."""
    return f"{text}.{_signature(settings, purpose, text)}"


def read_signed(settings: Settings, purpose: str, token: str) -> str | None:
    """Return what a token says; None where we did not sign it for this purpose."""
    text, _, signature = token.rpartition(".")
    is_ours = hmac.compare_digest(signature.encode(), _signature(settings, purpose, text).encode())
    return text if is_ours else None


def _signature(settings: Settings, purpose: str, text: str) -> str:
    digest = hmac.new(derived(settings, purpose), text.encode(errors="replace"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _cipher(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key))


@lru_cache(maxsize=8)
def _kept(path: Path) -> bytes:
    """Return the key in a file, which is made if it isn't there: whole or not at all, and once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_bytes(secrets.token_urlsafe(48).encode())
        try:
            # Of two processes that start together, the second keeps what the first has made.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
