"""When a company keeps an expert for so long that this may be taken for employment (mission row S28). Pure.

The source advises against more than 18 months with the same expert, unless the expert has other clients. The law knows
no number, nor how long a pause has to be: here a pause of up to two months counts as going on, since mandates are
renewed after summer or the turn of the year without the relation having ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from booking import months

LONGEST_MONTHS = 18
PAUSE_MONTHS = 2
QUIET_MONTHS = 6
"""For how long an expert's statement to have other clients is enough."""


@dataclass(frozen=True, slots=True)
class Span:
    """From which day to which a mission of the pair is carried out, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Dependency:
    """The pair has worked together since a day, or will have, beyond what is advised."""

    since: date
    is_quiet: bool = False
    """The expert has stated to have other clients not long ago."""


def warning(spans: Iterable[Span], on: date) -> Dependency | None:
    """Return the warning that a pair gets on a day, if any; what ends later counts as far as that day."""
    since = running_since(spans, on)
    if since is None or on <= months.later(since, LONGEST_MONTHS):
        return None
    return Dependency(since)


def quieted(found: Dependency, attested_on: date | None, on: date) -> Dependency:
    """Return a warning as it stands on a day, by what the expert stated last."""
    is_quiet = attested_on is not None and attested_on <= on < months.later(attested_on, QUIET_MONTHS)
    return replace(found, is_quiet=is_quiet)


def running_since(spans: Iterable[Span], on: date) -> date | None:
    """Return since when a pair has worked together without a longer pause; None where that has ended by a day."""
    since = last = None
    for span in sorted((span for span in spans if span.first <= on), key=lambda span: span.first):
        if last is None or span.first > months.later(last, PAUSE_MONTHS):
            since, last = span.first, span.last
        else:
            last = max(last, span.last)
    return None if last is None or on > months.later(last, PAUSE_MONTHS) else since
