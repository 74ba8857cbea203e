"""What decides about offers: until when they wait, who may be made one, how one is refused. Pure (row S12)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from booking.lifecycle import OfferState
from foundation.errors import Fault, Invalid

LASTS = timedelta(days=14)
"""For how long an offer waits, unless the sheet asks for answers sooner."""
REMINDED_BEFORE = timedelta(days=3)
"""How long before its end its expert is reminded, once."""
MOST_OFFERS = 20
"""Of one sheet: more would be a mailing, and nobody compares more quotes."""
LONGEST_TEXT = 4_000
"""Characters of what goes with an offer, or with a refusal."""
OPEN = frozenset({OfferState.SENT, OfferState.SEEN})
RENEWABLE = frozenset({OfferState.EXPIRED, OfferState.WITHDRAWN})


class Reason(StrEnum):
    """Why an expert refuses an offer, as it is said politely for them."""

    NO_TIME = "no_time"
    DATES = "dates"
    NOT_MY_FIELD = "not_my_field"
    BUDGET = "budget"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, and what is added to it."""

    reason: Reason
    text: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """By what a person or a company is known, whichever account they use."""

    phones: Collection[str] = ()
    numbers: Collection[str] = ()
    """Of registration and of VAT, as they are kept."""


def ends_at(sent_at: datetime, answer_by: date | None) -> datetime:
    """Return when an offer expires: after two weeks, or at the end of the day by which answers are expected (UTC)."""
    last = sent_at + LASTS
    if answer_by is None:
        return last
    return min(last, max(sent_at, datetime.combine(answer_by + timedelta(days=1), time(), tzinfo=UTC)))


def state_at(state: str, expires_at: datetime, at: datetime) -> OfferState:
    """Return the state as it is by the clock: what has expired is so before the sweep has said it."""
    found = OfferState(state)
    return OfferState.EXPIRED if found in OPEN and at >= expires_at else found


def is_reminder_due(state: str, sent_at: datetime, expires_at: datetime, at: datetime) -> bool:
    """Tell whether an expert is to be reminded: near the end of a wait that was long enough to forget."""
    is_near = expires_at - REMINDED_BEFORE <= at < expires_at
    return state in OPEN and is_near and expires_at - sent_at >= 2 * REMINDED_BEFORE


def are_same(one: Marks, other: Marks) -> bool:
    """Tell whether client and expert are the same person or the same company: nobody makes themselves an offer."""
    digits = {_digits(number) for number in one.numbers} & {_digits(number) for number in other.numbers}
    return bool(set(one.phones) & set(other.phones) or digits - {""})


def read_refusal(reason: str, text: str) -> Refusal:
    """Return a refusal as it was posted; raise Invalid. Whoever has another reason says it."""
    kept = text.strip()
    faults: list[Fault] = []
    if reason not in set(Reason):
        faults.append(Fault("reason", "missing", ""))
    if reason == Reason.OTHER and not kept:
        faults.append(Fault("text", "missing", ""))
    if len(kept) > LONGEST_TEXT:
        faults.append(Fault("text", "string_too_long", ""))
    if faults:
        raise Invalid(faults)
    return Refusal(Reason(reason), kept)


def read_message(text: str) -> str:
    """Return what goes with an offer; raise Invalid for too much of it."""
    kept = text.strip()
    if len(kept) > LONGEST_TEXT:
        raise Invalid([Fault("message", "string_too_long", "")])
    return kept


def _digits(number: str) -> str:
    """Return what a SIREN, a SIRET and the VAT number made of it have in common; other numbers as they are."""
    plain = "".join(sign for sign in number.upper() if sign.isalnum())
    if plain.startswith("FR") and plain[-9:].isdigit() and len(plain) == 13:
        return plain[-9:]
    return plain[:9] if plain.isdigit() and len(plain) in {9, 14} else plain
