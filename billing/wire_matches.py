"""For which escrows a payment might be that names none: by amount, by who sent it, by a reference that is nearly right.

Suggestions only: an operator decides, and nothing is counted because it looks alike.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from billing import escrows, payments
from billing.lifecycle import EscrowState
from billing.models.escrows import Escrow, Payment

MOST = 3
MOST_COMPARED = 2_000
"""Escrows that wait, the latest first: an older one is found by its number."""
NEAR_SIGNS = 1
"""Letters and digits of a reference that may be wrong, missing or too many; two that are swapped are one."""
SHORTEST = 6
"""Signs of a number below which too much would be near it."""
ALIKE = 85
"""From which score, of 100, two names are taken for one: a word more or in another place still is."""
_WEIGHTS = {"named": 8, "near_reference": 4, "same_amount": 3, "same_sender": 2}
_FORMS = re.compile(
    r"\b(sas|sasu|sarl|eurl|sa|snc|sci|gmbh|ag|ltd|limited|plc|llc|inc|bv|srl|spa|company|co|et|and|cie)\b"
)


class Reason(StrEnum):
    """What speaks for a match, the strongest first."""

    NAMED = "named"
    """The reference itself stands on it, beside another one."""
    NEAR_REFERENCE = "near_reference"
    SAME_AMOUNT = "same_amount"
    SAME_SENDER = "same_sender"


@dataclass(frozen=True, slots=True)
class Awaited:
    """An escrow that waits for money, as far as it is compared."""

    number: str
    number_key: str
    title: str
    client: str
    currency: str
    missing_cents: int
    due_cents: int
    reference: str


@dataclass(frozen=True, slots=True)
class Match:
    """What a payment might be for, and why."""

    awaited: Awaited
    reasons: tuple[Reason, ...]


def awaited(session: Session) -> list[Awaited]:
    """Return the escrows that wait for money."""
    statement = (
        select(Escrow, col(Client.name))
        .join(Client, col(Client.id) == col(Escrow.payer_client_id))
        .where(col(Escrow.state) == EscrowState.AWAITING.value)
        .order_by(col(Escrow.opened_at).desc(), col(Escrow.id))
        .limit(MOST_COMPARED)
    )
    return [
        Awaited(
            escrow.number,
            escrow.number_key,
            escrow.title,
            client,
            escrow.currency,
            escrow.amounts.missing,
            escrow.due_cents,
            escrow.reference,
        )
        for escrow, client in session.execute(statement)
    ]


def suggest(payment: Payment, candidates: Iterable[Awaited]) -> Sequence[Match]:
    """Return what a payment might be for, the most likely first. Pure."""
    found = [Match(one, reasons) for one in candidates if (reasons := _reasons(payment, one))]
    found.sort(key=lambda match: (-sum(_WEIGHTS[reason] for reason in match.reasons), match.awaited.number))
    return found[:MOST]


def _reasons(payment: Payment, one: Awaited) -> tuple[Reason, ...]:
    if one.currency != payment.currency:
        return ()
    is_named = payments.names(payment.wire_text, one.number_key)
    holds = {
        Reason.NAMED: is_named,
        Reason.NEAR_REFERENCE: not is_named and is_near(escrows.compared(payment.wire_text), one.number_key),
        Reason.SAME_AMOUNT: payment.cents in {one.missing_cents, one.due_cents},
        Reason.SAME_SENDER: is_alike(payment.wire_sender, one.client),
    }
    return tuple(reason for reason, is_so in holds.items() if is_so)


def is_near(text: str, number_key: str) -> bool:
    """Tell whether a text holds a number but for a sign that is wrong, missing, too many or swapped. Pure."""
    size = len(number_key)
    if size < SHORTEST or not text:
        return False
    spans = range(max(1, size - NEAR_SIGNS), size + NEAR_SIGNS + 1)
    parts = {text[start : start + span] for span in spans for start in range(max(1, len(text) - span + 1))}
    return any(OSA.distance(part, number_key, score_cutoff=NEAR_SIGNS) <= NEAR_SIGNS for part in parts)


def is_alike(sender: str, client: str) -> bool:
    """Tell whether two names are of one company, whatever their legal form, case and accents. Pure."""
    one, other = _plain(sender), _plain(client)
    return bool(one and other) and fuzz.token_sort_ratio(one, other) >= ALIKE


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower().replace(".", ""))
    bare = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return " ".join(_FORMS.sub(" ", re.sub(r"[^\w]+", " ", bare)).split())
