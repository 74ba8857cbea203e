"""Escrows in tests: who pays and who is paid, and a sandbox whose events are delivered when a test says so."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import SQLModel, col

from accounts.models.accounts import Account, AccountKind, Membership, Role
from accounts.sign_ins import SignedIn
from billing import escrows, provider_calls
from billing.commissions import Commission, Price
from billing.models.escrows import Escrow, Payment, Refund
from billing.providers import sandbox
from billing.providers.interface import PAYIN
from billing.providers.sandbox import Sandbox
from foundation import clock, outbox
from foundation.database import Database
from foundation.outbox import OutboxRow
from tests import signed_in
from web import reactions

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
GOOD, ASKS, BAD = list(sandbox.CARDS)[:3]
DUE = 480_000
PRICE = Price(400_000, DUE, Commission(1_000, 40_000, 8_000))
"""4,000 with 20 % of tax; the commission is 400, with 20 % of tax."""


@dataclass
class Money:
    """A database with a client, an expert, and the sandbox."""

    database: Database
    client: Account
    expert: Account
    client_id: str

    @property
    def provider(self) -> Sandbox:
        return Sandbox(self.database)

    @property
    def payer(self) -> SignedIn:
        return as_signed_in(self.client, client_id=self.client_id, role=Role.OWNER)

    @property
    def payee(self) -> SignedIn:
        return as_signed_in(self.expert, expert_id=self.expert.expert_id)

    def open(self, reference: str = "m1", due_cents: int = DUE, number: str = "M-2026-00042") -> Escrow:
        with self.database.writing() as session:
            return escrows.open(
                session,
                reference,
                payer=self.client_id,
                payee=str(self.expert.expert_id),
                due_cents=due_cents,
                currency="EUR",
                at=AT,
                number=number,
                title=f"Mission {number}",
            )

    def escrow(self, reference: str = "m1") -> Escrow:
        with self.database.reading() as session:
            return escrows.of(session, reference)

    def wire(self, cents: int, text: str = "M-2026-00042", currency: str = "EUR", *, is_late: bool = False) -> str:
        """Send a wire, and deliver what is told of it."""
        with self.database.writing() as session:
            wire_id = sandbox.send_wire(session, self.client_id, text, cents, currency, at=AT, is_late=is_late)
        self.deliver()
        return wire_id

    def card(self, number: str = GOOD, reference: str = "m1") -> str:
        """Pay by card what is missing; return the provider's id of the payment."""
        url = provider_calls.begin_card(self.database, self.provider, self.payer, reference, "/back", "en", at=AT)
        card_id = url.rpartition("/")[2]
        with self.database.writing() as session:
            sandbox.pay_by_card(session, card_id, number)
        self.deliver()
        return card_id

    def release(self, reference: str = "m1", at: datetime = AT) -> None:
        with self.database.writing() as session:
            escrows.release(session, reference, PRICE, at)

    def hear(self, provider_id: str, kind: str = PAYIN) -> None:
        """Have the provider say once more that something changed."""
        provider_calls.hear(self.database, self.provider, [f"sandbox:{kind}:{provider_id}"], AT)

    def deliver(self) -> None:
        """Deliver everything that money owes, also what waits to be tried again."""
        with self.database.writing() as session:
            session.execute(update(OutboxRow).values(due_at=clock.now()))
        for lane in reactions.money_table(self.provider, self.database):
            if not lane.topic.startswith("billing.escrow"):
                while outbox.drain(self.database, lane.topic, lane.reaction, batch=lane.batch):
                    pass

    def told(self) -> list[tuple[str, str]]:
        """Return the facts about escrows that were told, in order."""
        with self.database.reading() as session:
            statement = (
                select(OutboxRow).where(col(OutboxRow.topic).like("billing.escrow%")).order_by(col(OutboxRow.id))
            )
            return [(row.topic.rpartition("_")[2], row.key) for row in session.execute(statement).scalars()]

    def rows(self, table: type[SQLModel]) -> list[Any]:
        with self.database.reading() as session:
            return list(session.execute(select(table)).scalars())

    def payments(self) -> list[Payment]:
        return self.rows(Payment)

    def refunds(self) -> list[Refund]:
        return self.rows(Refund)


def as_signed_in(account: Account, **values: Any) -> SignedIn:
    return SignedIn("s", account.id, AccountKind(account.kind), account.name, str(account.email), "en", **values)


def make(database: Database, name: str = "Anna") -> Money:
    client = signed_in.make(database, AccountKind.COMPANY, name)
    expert = signed_in.make(database, AccountKind.EXPERT, f"{name} Expert")
    with database.reading() as session:
        client_id = session.get_one(Membership, client.id).client_id
    return Money(database, client, expert, client_id)


def sums(escrow: Escrow) -> tuple[str, int, int, int, int]:
    return (escrow.state, escrow.due_cents, escrow.paid_cents, escrow.refunded_cents, escrow.released_cents)
