"""How often something that can be guessed, or that mails somebody, may be tried.

Counted by network address, and by whom it is aimed at (OWASP ASVS 5.0 §6.3.1). While Redis is away each process
counts for itself: the limits never open.
"""

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute

from foundation.http import Limits, address_of

GUESSES_AT_ONE = RateLimitItemPerMinute(10, 15)
"""Wrong and right passwords or codes for one account, in a quarter of an hour."""
GUESSES_FROM_ONE = RateLimitItemPerMinute(60, 15)
"""The same from one address, behind which a whole company may sit."""
MAILS_TO_ONE = RateLimitItemPerHour(6)
MAILS_FROM_ONE = RateLimitItemPerHour(60)


def may_guess(request: Request, target: str) -> bool:
    """Count a guess, and tell whether it may be made."""
    return _allows(request, "guess", target, GUESSES_AT_ONE, GUESSES_FROM_ONE)


def may_mail(request: Request, target: str) -> bool:
    """Count a mail that a stranger causes, and tell whether it may be sent."""
    return _allows(request, "mail", target, MAILS_TO_ONE, MAILS_FROM_ONE)


def _allows(request: Request, what: str, target: str, at_one: RateLimitItem, from_one: RateLimitItem) -> bool:
    limits: Limits = request.app.state.limits
    is_from_one = limits.allows(from_one, what, "from", address_of(request))
    return limits.allows(at_one, what, "at", target.lower()[:300]) and is_from_one
