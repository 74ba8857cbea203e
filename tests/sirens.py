"""French companies' numbers that are right and nobody else's: each is given out once."""

from itertools import count

from stdnum import luhn

_PLACES = count(1)


def fresh() -> str:
    """Return a SIREN that no test has had."""
    digits = f"999{next(_PLACES):05}"
    return digits + luhn.calc_check_digit(digits)
