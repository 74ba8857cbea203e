"""Passwords: which are good enough, hashing and checking them.

Length counts and guessing effort, not kinds of characters (OWASP ASVS 5.0 §6.2). Hashes are argon2id with OWASP's
parameters of 19 MiB and two passes; only a few are reckoned at once, because each takes its memory.
"""

import threading
from collections.abc import Iterable

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from zxcvbn import zxcvbn

from foundation.errors import Fault
from foundation.i18n import Language, message, translate

SHORTEST = 10
LONGEST = 200
LEAST_GUESSES_LOG10 = 8.0
"""An attacker with ten thousand guesses a second needs hours for a hundred million."""
LOOKED_AT = 72
"""Letters that the guessing effort is reckoned of; more would take long."""
_AT_ONCE = threading.BoundedSemaphore(2)
_HASHING = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


def check(password: str, personal: Iterable[str], language: Language, field: str = "password") -> Fault | None:
    """Return what is wrong with a new password; `personal` are words that anybody would try first."""
    if len(password) < SHORTEST:
        reason = message("At least %(least)d characters: three or four words make a good password.")
        return Fault(field, "too_short", translate(language, reason, least=SHORTEST))
    if len(password) > LONGEST:
        return Fault(field, "too_long", translate(language, message("At most %(most)d characters."), most=LONGEST))
    known = [word for text in personal for word in (text, *text.replace("@", " ").replace(".", " ").split()) if word]
    effort = zxcvbn(password[:LOOKED_AT], user_inputs=known, max_length=LOOKED_AT)["guesses_log10"]
    if effort < LEAST_GUESSES_LOG10:
        reason = message("This password would soon be guessed. Take three or four words that don’t belong together.")
        return Fault(field, "too_easy", translate(language, reason))
    return None


def hashed(password: str) -> str:
    """Return what is kept of a password. Takes tens of milliseconds: never inside a transaction."""
    with _AT_ONCE:
        return _HASHING.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Tell whether a password is right; where none is kept it takes as long, so that nobody learns who has one."""
    with _AT_ONCE:
        is_right = _HASHING.verify(password[:LONGEST], kept or _NOBODYS)
    return is_right and kept is not None


_NOBODYS = hashed("nobody has this password")
