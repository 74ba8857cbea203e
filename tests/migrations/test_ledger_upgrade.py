"""What was paid, went back and was released before there was a ledger is posted when it comes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, MetaData, String, Table
from sqlalchemy.orm import Session

from billing import entries, ledger, ledger_checks, payments, reconciliations, wallet_balances
from billing.lifecycle import PaymentState
from billing.models.escrows import Escrow, Payment, PaymentKind
from billing.models.ledger import LedgerKind, LedgerTransaction
from billing.postings import Name
from billing.providers.interface import Payin
from billing.providers.sandbox import Sandbox
from foundation.database import Database
from migrations import upgrades
from tests import databases
from tests.billing.money import PRICE
from tests.builders import settings_in

BEFORE = "0030"
AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
PAID: dict[str, Any] = {
    "provider": "sandbox",
    "kind": "wire",
    "state": "succeeded",
    "currency": "EUR",
    "settled_at": AT,
}
EMPTY: dict[Any, Any] = {JSON: {}, Boolean: False, Integer: 0, DateTime: AT, Date: AT.date(), String: ""}
NOTHING: dict[str, Any] = {"counted_at": None, "returned_at": None, "escrow_id": None}


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Database]:
    """Return a database as it was, with money in every state."""
    address = settings_in(tmp_path).database_address
    databases.make_empty(address)
    found = Database(address)
    upgrades.run(found, BEFORE)
    with found.writing() as session:
        fill(session)
    yield found
    found.close()


def add(session: Session, table: str, **values: Any) -> None:
    """Insert a row; columns that must have a value and are not what the test is about get an empty one."""
    found = Table(table, MetaData(), autoload_with=session.connection())
    rest = {
        column.name: next(value for kind, value in EMPTY.items() if isinstance(column.type, kind))
        for column in found.columns
        if not column.nullable and column.name not in values
    }
    session.execute(found.insert().values(**rest | values))


def fill(session: Session) -> None:
    add(session, "clients", id="c1", name="C")
    escrow: dict[str, Any] = {"title": "T", "payer_client_id": "c1", "payee_expert_id": "e1", "currency": "EUR"}
    escrow |= {"opened_at": AT, "closed_at": AT, "due_cents": 0, "released_cents": 0, "refunded_cents": 0}
    for name, state, cents in (
        ("whole", "released", {"due_cents": 480_000, "paid_cents": 480_000, "released_cents": 480_000}),
        (
            "half",
            "released",
            {"due_cents": 240_000, "paid_cents": 480_000, "released_cents": 240_000, "refunded_cents": 240_000},
        ),
        ("held", "held", {"due_cents": 1_000, "paid_cents": 1_500, "refunded_cents": 500}),
        ("empty", "awaiting", {"due_cents": 1_000, "paid_cents": 0}),
    ):
        values = {"id": f"e-{name}", "reference": name, "number": name, "number_key": name.upper(), "state": state}
        add(session, "escrows", **escrow | values | cents)
        if cents["paid_cents"]:
            paid = {"id": f"p-{name}", "provider_id": f"s-{name}", "escrow_id": f"e-{name}", "counted_at": AT}
            add(session, "payments", **PAID | NOTHING | paid | {"cents": cents["paid_cents"]})
        contract(session, name)
    for name, more in (("waits", {}), ("back", {"returned_at": AT})):
        add(
            session, "payments", **PAID | NOTHING | {"id": f"p-{name}", "provider_id": f"s-{name}", "cents": 700} | more
        )
    failed = {"id": "p-failed", "provider_id": "s-failed", "cents": 700, "state": "failed"}
    add(session, "payments", **PAID | NOTHING | failed)
    refund: dict[str, Any] = {"currency": "EUR", "explanation": "", "answer": "", "reminders": 0, "asked_at": AT}
    for name, reason, state, cents, parts in (
        ("half", "cancelled", "done", 240_000, [("succeeded", 240_000)]),
        ("held", "surplus", "failed", 500, [("failed", 500)]),
        ("back", "returned", "agreed", 700, [("created", 700)]),
    ):
        of = {"id": f"r-{name}", "escrow_id": None if name == "back" else f"e-{name}"}
        add(session, "refunds", **refund | of | {"reason": reason, "state": state, "cents": cents})
        for number, (part_state, part_cents) in enumerate(parts):
            part = {"id": f"part-{name}-{number}", "refund_id": f"r-{name}", "payment_id": f"p-{name}"}
            sent = {"provider_id": f"sent-{name}"} if part_state == "succeeded" else {"provider_id": None}
            add(session, "refund_parts", **part | sent | {"state": part_state, "cents": part_cents})
    asked = {"id": "r-asked", "escrow_id": "e-held", "reason": "asked", "state": "asked", "cents": 100}
    add(session, "refunds", **refund | asked)


def contract(session: Session, mission_id: str) -> None:
    """Write what signed quotes say: 4,000 and 20 %, the commission is 400 and 80."""
    quote = {"id": f"q-{mission_id}", "number": f"Q-{mission_id}", "kind": "mission", "state": "accepted"}
    quote |= {"expert_id": "e1", "client_id": "c1", "client_name": "", "draft_edition": 0}
    quote |= {"latest_version": 1, "accepted_version": 1, "decline_reason": "", "made_at": AT, "changed_at": AT}
    add(session, "quotes", **quote)
    version = {"quote_id": f"q-{mission_id}", "number": 1, "content_hash": "h", "reason": ""}
    version |= {"language": "fr", "currency": "EUR", "net_cents": 400_000, "tax_cents": 80_000, "gross_cents": 480_000}
    version |= {"commission_rate_bp": 1_000, "commission_cents": 48_000, "valid_until": AT.date(), "sent_at": AT}
    add(session, "quote_versions", **version)
    mission = {"id": mission_id, "number": f"M-{mission_id}", "quote_id": f"q-{mission_id}", "client_id": "c1"}
    mission |= {"expert_id": "e1", "title": "T", "state": "in_progress", "currency": "EUR", "portage": "none"}
    add(session, "missions", **mission | {"portage_company": "", "order_number": "", "made_at": AT})


def balance(session: Session, kind: LedgerKind, reference: str = "", provider: str = "") -> int:
    return ledger.balance(session, Name(kind, reference, "EUR", provider))


def test_the_books_are_opened_and_hold(before: Database) -> None:
    upgrades.run(before)
    with before.reading() as session:
        assert ledger_checks.check(session) == []
        assert balance(session, LedgerKind.COMMISSION) == 40_000 + 20_000
        assert balance(session, LedgerKind.VAT) == 8_000 + 4_000
        assert balance(session, LedgerKind.PAYABLE, "e1") == 432_000 + 216_000
        assert balance(session, LedgerKind.PAYER_WALLET, "c1", "sandbox") == 480_000 + 240_000 + 1_500
        assert balance(session, LedgerKind.UNASSIGNED_WALLET, provider="sandbox") == 1_400
        assert balance(session, LedgerKind.REFUND, "r-back") == 700
    differences = reconciliations.reconcile(before, Sandbox(before), at=AT).differences
    # This provider knows nothing of what was before; of wallets it has none either.
    found = [found.external for found in differences if found.external.kind not in wallet_balances.KINDS]
    assert {external.id for external in found} == {
        "s-whole", "s-half", "s-held", "s-waits", "s-back", "sent-half",
    }  # fmt: skip


def test_what_is_told_again_afterwards_is_the_same(before: Database) -> None:
    upgrades.run(before)
    with before.reading() as session:
        count = session.query(LedgerTransaction).count()
    with before.writing() as session:
        waits = Payin("s-waits", PaymentKind.WIRE, PaymentState.SUCCEEDED, 700, "EUR")
        payments.take_in(session, "sandbox", waits, at=AT)
        for name in ("whole", "half"):
            escrow = session.get_one(Escrow, f"e-{name}")
            entries.release(session, escrow, PRICE, AT)
        ledger.post(session, entries_pay_in(session, "whole"), at=AT)
    with before.reading() as session:
        assert session.query(LedgerTransaction).count() == count


def entries_pay_in(session: Session, name: str) -> Any:
    payment, escrow = session.get_one(Payment, f"p-{name}"), session.get_one(Escrow, f"e-{name}")
    from billing import postings  # noqa: PLC0415

    came = postings.External("sandbox", "payin", f"s-{name}")
    paid = postings.Amount(payment.cents, "EUR")
    return postings.pay_in(payment.id, paid, escrow.reference, "c1", came)
