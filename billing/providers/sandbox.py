"""The simulated provider: cards and a bank in play money, kept in our own database as if it were somewhere else.

No money moves. It behaves as a real one does where that matters: what is asked twice with one key is made once, and
what changes is told by an event that says no more than which resource it was.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from billing import working_days
from billing.events import PROVIDER_EVENT
from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.models.sandbox import SandboxTransaction
from billing.providers.interface import (
    PAYIN,
    REFUND,
    CardPage,
    CardRequest,
    Declined,
    Payin,
    RefundRequest,
    Repaid,
    Resource,
    WireAccount,
    WireRequest,
)
from foundation import clock, outbox
from foundation.database import Database, insert
from foundation.errors import Conflict, NotFound

NAME = "sandbox"
HOLDER = "Portulan Sandbox"
IBAN, BIC = "FR7699999000010000000004286", "SANDFRPPXXX"
"""No bank has the code 99999."""
CARDS = {
    "4970100000000014": (PaymentState.SUCCEEDED, None),
    "4970100000000022": (PaymentState.CHALLENGE, None),
    "4970100000000030": (PaymentState.FAILED, "declined"),
    "4970100000000048": (PaymentState.FAILED, "no_money"),
}
"""The cards that there are, with what becomes of a payment. No other number is taken: a real card is refused."""
UNKNOWN_CARD = "unknown_card"
_OPEN = (PaymentState.CREATED.value, PaymentState.CHALLENGE.value)
_SPACES = re.compile(r"[\s-]")


class Sandbox:
    """The provider as `billing` knows it."""

    name = NAME
    is_sandbox = True

    def __init__(self, database: Database) -> None:
        self._database = database

    def start_card(self, request: CardRequest) -> CardPage:
        """Begin a card payment; its page is one of this site's own, and says what it is."""
        values = {"title": request.title, "language": request.language, "return_path": request.return_path}
        found = self._make("card", request.key, request.cents, request.currency, **values)
        return CardPage(found.id, f"/sandbox/card/{found.id}")

    def open_wire(self, request: WireRequest) -> WireAccount:
        """Give the sandbox's account; a transfer carries our own number."""
        return WireAccount(f"sandbox-{request.key}", request.number, HOLDER, IBAN, BIC)

    def fetch_payin(self, provider_id: str) -> Payin | None:
        """Return a payment; a wire that is under way can't be seen yet."""
        with self._database.reading() as session:
            found = session.get(SandboxTransaction, provider_id)
            client = session.get(Client, found.client_id) if found and found.client_id else None
        if found is None or found.kind == REFUND or found.arrives_at is not None:
            return None
        is_card = found.kind == PaymentKind.CARD
        return Payin(
            found.id,
            PaymentKind(found.kind),
            PaymentState(found.state),
            found.cents,
            found.currency,
            key=found.key,
            wire_text="" if is_card else found.title,
            wire_sender=client.name if client else "",
            failure=found.failure,
        )

    def refund(self, request: RefundRequest) -> Repaid:
        """Send money back, at once."""
        paid = self._find(request.payin_id)
        if paid is None or paid.state != PaymentState.SUCCEEDED or paid.cents < request.cents:
            raise Declined("not_refundable")
        state = PaymentState.SUCCEEDED.value
        found = self._make(REFUND, request.key, request.cents, request.currency, state=state, refunded_id=paid.id)
        return Repaid(found.id, found.key, PaymentState(found.state), found.failure)

    def fetch_refund(self, provider_id: str) -> Repaid | None:
        """Return a refund."""
        found = self._find(provider_id)
        if found is None or found.kind != REFUND:
            return None
        return Repaid(found.id, found.key, PaymentState(found.state), found.failure)

    def _find(self, provider_id: str) -> SandboxTransaction | None:
        with self._database.reading() as session:
            return session.get(SandboxTransaction, provider_id)

    def _make(self, kind: str, key: str, cents: int, currency: str, **values: Any) -> SandboxTransaction:
        """Return what was made under a key, now or before."""

        def make(session: Session) -> SandboxTransaction:
            fresh = SandboxTransaction(
                kind=kind, key=key, cents=cents, currency=currency, made_at=clock.now(), **values
            )
            row = insert(session, SandboxTransaction).values(**fresh.model_dump()).on_conflict_do_nothing()
            if session.execute(row.returning(col(SandboxTransaction.id))).scalar_one_or_none() and kind == REFUND:
                _tell(session, REFUND, fresh.id)
            statement = select(SandboxTransaction).where(col(SandboxTransaction.key) == key)
            return session.execute(statement).scalar_one()

        return self._database.write(make)


def find_card(session: Session, transaction_id: str) -> SandboxTransaction:
    """Return a card payment, for its page; raise NotFound."""
    found = session.get(SandboxTransaction, transaction_id)
    if found is None or found.kind != PaymentKind.CARD:
        raise NotFound("there is no such card payment")
    return found


def pay_by_card(session: Session, transaction_id: str, number: str) -> PaymentState:
    """Try a card; what becomes of the payment hangs on its number. Raises Conflict where it was paid already."""
    found = _open_card(session, transaction_id)
    state, failure = CARDS.get(_SPACES.sub("", number), (PaymentState.FAILED, UNKNOWN_CARD))
    return _set(session, found, state, failure)


def answer_challenge(session: Session, transaction_id: str, *, is_confirmed: bool) -> PaymentState:
    """Answer the question of the payer's bank whether it is really them."""
    found = _open_card(session, transaction_id)
    if found.state != PaymentState.CHALLENGE:
        raise Conflict("the bank did not ask anything")
    state = PaymentState.SUCCEEDED if is_confirmed else PaymentState.FAILED
    return _set(session, found, state, None if is_confirmed else "challenge_failed")


def send_wire(
    session: Session, client_id: str, text: str, cents: int, currency: str, *, at: datetime, is_late: bool = False
) -> str:
    """Send a transfer, as a payer's bank would; a late one arrives after two working days. Return its id."""
    arrives_on = working_days.wire_seen_on(at.date())
    found = SandboxTransaction(
        kind=PaymentKind.WIRE.value,
        state=PaymentState.SUCCEEDED.value,
        cents=cents,
        currency=currency,
        title=text,
        client_id=client_id,
        made_at=at,
        arrives_at=at + timedelta(days=(arrives_on - at.date()).days) if is_late else None,
    )
    session.add(found)
    session.flush()
    if not is_late:
        _tell(session, PAYIN, found.id)
    return found.id


def under_way(session: Session, *, client_id: str | None = None) -> list[SandboxTransaction]:
    """Return the wires that have not arrived yet, of one client or of all, the next one first."""
    statement = select(SandboxTransaction).where(col(SandboxTransaction.arrives_at).is_not(None))
    if client_id is not None:
        statement = statement.where(col(SandboxTransaction.client_id) == client_id)
    return list(session.execute(statement.order_by(col(SandboxTransaction.arrives_at))).scalars())


def let_arrive(session: Session, *, at: datetime, client_id: str | None = None) -> int:
    """Let the wires arrive whose time has come; those of a client at once. Return how many did."""
    statement = select(SandboxTransaction).where(col(SandboxTransaction.arrives_at).is_not(None))
    is_due = col(SandboxTransaction.arrives_at) <= at
    is_wanted = is_due if client_id is None else col(SandboxTransaction.client_id) == client_id
    rows = session.execute(statement.where(is_wanted).order_by(col(SandboxTransaction.id)).with_for_update()).scalars()
    arrived = list(rows)
    for row in arrived:
        row.arrives_at = None
        _tell(session, PAYIN, row.id)
    return len(arrived)


def _open_card(session: Session, transaction_id: str) -> SandboxTransaction:
    found = find_card(session, transaction_id)
    session.refresh(found, with_for_update=True)
    if found.state not in _OPEN:
        raise Conflict("this card payment is over")
    return found


def _set(session: Session, found: SandboxTransaction, state: PaymentState, failure: str | None) -> PaymentState:
    found.state, found.failure = state.value, failure
    session.add(found)
    _tell(session, PAYIN, found.id)
    return state


def _tell(session: Session, kind: str, provider_id: str) -> None:
    outbox.record(session, PROVIDER_EVENT, [Resource(NAME, kind, provider_id).key])
