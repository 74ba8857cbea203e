"""What can go wrong in a use case, without a word about HTTP: edges translate."""

from dataclasses import dataclass


class DomainError(Exception):
    """A request that was understood and can't be done."""


class NotFound(DomainError):
    """What was asked for does not exist, or may not be seen."""


class Conflict(DomainError):
    """Somebody else holds or changed what was asked for."""


class Unavailable(DomainError):
    """A part that is needed for this is not running; trying again later may help."""


class TooMany(Unavailable):
    """Somebody asked for this more often than is allowed; a little later it works again."""


class Unreachable(Unavailable):
    """A backend does not answer at all, whatever it is asked: it says nothing about what was to be done."""


class Busy(Unavailable):
    """Somebody else is at what may be done by one at a time; it can be done afterwards."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was sent: which field, a stable code, and the sentence for the reader."""

    field: str
    code: str
    message: str


class Invalid(DomainError):
    """What was sent breaks rules; `faults` lists every one of them."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
