"""The simulated provider: cards and a bank in play money, kept in our own database as if it were somewhere else.

No money moves. It behaves as a real one does where that matters: what is asked twice with one key is made once, and
what changes is told by an event that says no more than which resource it was.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from billing import working_days
from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.models.sandbox import SandboxMovement, SandboxTransaction
from billing.providers.payins import CardPage, CardRequest, Payin, RefundRequest, Repaid, WireAccount, WireRequest
from billing.providers.resources import PAYIN, REFUND, Declined
from billing.providers.sandbox_cards import CARDS, UNKNOWN_CARD, digits_of
from billing.providers.sandbox_chargebacks import SandboxChargebacks, stands
from billing.providers.sandbox_declarations import SandboxDeclarations
from billing.providers.sandbox_papers import SandboxPapers
from billing.providers.sandbox_parties import SandboxParties
from billing.providers.sandbox_payouts import SandboxPayouts, as_repaid
from billing.providers.sandbox_rows import NAME, RETURNED, find, make, returned_id, tell
from billing.providers.sandbox_statements import SandboxStatements
from billing.providers.sandbox_subscriptions import SandboxSubscriptions, follow
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, NotFound

__all__ = ["BIC", "CARDS", "HOLDER", "IBAN", "NAME", "Sandbox"]

HOLDER = "Portulan Sandbox"
IBAN, BIC = "FR7699999000010000000004286", "SANDFRPPXXX"
"""No bank has the code 99999."""
_OPEN = (PaymentState.CREATED.value, PaymentState.CHALLENGE.value)


class Sandbox(
    SandboxChargebacks,
    SandboxParties,
    SandboxPayouts,
    SandboxPapers,
    SandboxDeclarations,
    SandboxSubscriptions,
    SandboxStatements,
):
    """The provider as `billing` knows it."""

    name = NAME
    is_sandbox = True

    def __init__(self, database: Database, page_key: bytes = b"") -> None:
        """Play in a database; papers and declarations are kept for operators to look at where there is a key."""
        self._database, self._page_key = database, page_key

    def start_card(self, request: CardRequest) -> CardPage:
        """Begin a card payment; its page is one of this site's own, and says what it is."""
        fresh = SandboxTransaction(
            kind=PaymentKind.CARD.value,
            key=request.key,
            cents=request.cents,
            currency=request.currency,
            wallet_id=request.wallet_id,
            title=request.title,
            language=request.language,
            return_path=request.return_path,
            made_at=clock.now(),
        )
        found = make(self._database, fresh)
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
        with self._database.reading() as session:
            if stands(session, paid.id):
                raise Declined("disputed")
        fresh = SandboxTransaction(
            kind=REFUND,
            key=request.key,
            cents=request.cents,
            currency=request.currency,
            state=PaymentState.SUCCEEDED.value,
            refunded_id=paid.id,
            made_at=clock.now(),
        )
        found = make(self._database, fresh, REFUND)
        return Repaid(found.id, found.key, PaymentState(found.state), found.failure)

    def fetch_refund(self, provider_id: str) -> Repaid | None:
        """Return a refund, of a payment or of a release."""
        returned = find(self._database, SandboxMovement, provider_id)
        if returned is not None:
            return as_repaid(returned) if returned.kind == "return" else None
        found = self._find(provider_id)
        if found is None or found.kind != REFUND:
            return None
        return_id = returned_id(found.id) if found.failure == RETURNED else None
        return Repaid(found.id, found.key, PaymentState(found.state), return_id=return_id)

    def _find(self, provider_id: str) -> SandboxTransaction | None:
        return find(self._database, SandboxTransaction, provider_id)


def find_card(session: Session, transaction_id: str) -> SandboxTransaction:
    """Return a card payment, for its page; raise NotFound."""
    found = session.get(SandboxTransaction, transaction_id)
    if found is None or found.kind != PaymentKind.CARD:
        raise NotFound("there is no such card payment")
    return found


def pay_by_card(session: Session, transaction_id: str, number: str) -> PaymentState:
    """Try a card; what becomes of the payment hangs on its number. Raises Conflict where it was paid already."""
    found = _open_card(session, transaction_id)
    state, failure = CARDS.get(digits_of(number), (PaymentState.FAILED, UNKNOWN_CARD))
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
        tell(session, PAYIN, found.id)
    return found.id


def return_refund(session: Session, refund_id: str) -> None:
    """Have a bank send the refund of a wire back, days after it was sent; raises Conflict for any other."""
    found = session.get(SandboxTransaction, refund_id, with_for_update=True)
    paid = session.get(SandboxTransaction, found.refunded_id) if found and found.refunded_id else None
    if found is None or paid is None or paid.kind != PaymentKind.WIRE or found.failure:
        raise Conflict("only the refund of a wire comes back")
    found.failure = RETURNED
    session.add(found)
    tell(session, REFUND, found.id)


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
        tell(session, PAYIN, row.id)
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
    if found.subscription_id:
        follow(session, found)
    tell(session, PAYIN, found.id)
    return state
