"""Missions in any state, without the detour of pages and payments: for tests of what comes after."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import escrows, payments
from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.providers.interface import Payin
from booking import funds, invoices, mission_reactions, missions, reports, signatures
from booking.events import MISSION_VALIDATED
from booking.models.missions import Mission
from booking.models.quotes import Quote
from foundation.database import Database
from foundation.outbox import OutboxRow
from foundation.settings import Operator
from tests import signed_in
from tests.booking import quoted
from tests.booking.quoted import AT, CONTENT, consent

PORTAGE: dict[str, Any] = {"portage": "partner", "portage_company": "Freelance & Co"}
REPORT = {"outcome-0": "reached", "outcome-1": "partly", "comment-1": "No broker yet", "summary": "All audited."}


class Stage:
    """A client, an expert and their mission, moved by hand; `at` goes on by a minute with each step."""

    def __init__(self, database: Database, *, client: SignedIn | None = None, **columns: Any) -> None:
        self.database = database
        self.client = client or quoted.client(database)
        self.expert = quoted.expert(database)
        self.at = AT
        self.columns = columns

    def accept(self, **content: Any) -> "Stage":
        """Have the client accept a quote."""
        columns = {**self.columns, "content": {**CONTENT, **content}}
        self.quote_id = quoted.sent(self.database, self.expert, self.client, **columns).id
        return self.accept_sent()

    def accept_sent(self) -> "Stage":
        """Have the client accept the quote that was sent."""
        with self.database.writing() as session:
            mission = signatures.accept(
                session,
                self.client,
                self.quote_id,
                consent(wants_early_start=True),
                address="192.0.2.1",
                language="en",
                at=self.at,
            )
        self.id = mission.id
        return self

    def pay(self, cents: int = 480_000) -> "Stage":
        """Have a wire arrive, and those hear of it who do."""
        with self.database.writing() as session:
            escrow = escrows.of(session, self.id)
            came = {"state": PaymentState.SUCCEEDED, "wire_text": escrow.number, "currency": escrow.currency}
            payin = Payin(provider_id=uuid4().hex, kind=PaymentKind.WIRE, cents=cents, **came)
            payments.take_in(session, "sandbox", payin, at=self.now())
        return self.hear()

    def hear(self) -> "Stage":
        """Deliver what missions react to, twice: a repeated delivery changes nothing."""
        for _ in range(2):
            with self.database.reading() as session:
                owed = [
                    (row.topic, row.key)
                    for row in session.execute(select(OutboxRow).order_by(col(OutboxRow.id))).scalars()
                ]
            for topic, key in owed:
                if topic == MISSION_VALIDATED:
                    invoices.issue(self.database, Operator(), [key], self.at)
                if topic in mission_reactions.FOLLOWS:
                    mission_reactions.react(self.database, topic, lambda: self.at, [key])
        return self

    def start(self) -> "Stage":
        """Have the expert start."""
        with self.database.writing() as session:
            missions.start(session, self.expert, self.id, at=self.now())
        return self.hear()

    def report(self, **form: str) -> "Stage":
        """Have the expert report."""
        with self.database.writing() as session:
            reports.send(session, self.expert, self.id, {**REPORT, **form}, "en", at=self.now())
        return self

    def validate(self) -> "Stage":
        """Have the client validate."""
        with self.database.writing() as session:
            reports.validate(session, self.client, self.id, at=self.now())
        return self.hear()

    def release(self, session: Session) -> None:
        """Release what is held without any invoice, as before there were any."""
        version = missions.accepted_version(session, self.mission)
        funds.release(session, self.mission, version, at=self.now())

    def now(self) -> datetime:
        """Return an instant a minute after the last."""
        self.at += timedelta(minutes=1)
        return self.at

    @property
    def mission(self) -> Mission:
        """Return the mission as it stands."""
        with self.database.reading() as session:
            return session.get_one(Mission, self.id)

    @property
    def quote(self) -> Quote:
        """Return its quote as it stands."""
        with self.database.reading() as session:
            return session.get_one(Quote, self.quote_id)


def operator(database: Database) -> SignedIn:
    """Return an operator."""
    return quoted.who(database, signed_in.make(database, AccountKind.OPERATOR, "Olga"))
