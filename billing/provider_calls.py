"""What is asked of the payment provider, outside of transactions, and what its answers change here."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from billing import escrows, payments, refund_parts
from billing.lifecycle import PaymentState, RefundState
from billing.models.escrows import Escrow, Payment, PaymentKind, Refund, RefundPart, WireDetails
from billing.providers import sandbox
from billing.providers.interface import (
    PAYIN,
    CardRequest,
    Declined,
    Provider,
    RefundRequest,
    Repaid,
    Resource,
    WireRequest,
)
from foundation.database import Database, insert
from foundation.i18n import Language

log = structlog.get_logger(__name__)


def begin_card(
    database: Database,
    provider: Provider,
    who: SignedIn,
    reference: str,
    return_path: str,
    language: Language,
    *,
    at: datetime,
) -> str:
    """Begin to pay by card what is missing; return where the payer types the card. Raises Conflict, Unreachable.

    `return_path` may hold `{payment_id}`.
    """
    with database.writing() as session:
        payment = payments.begin_card(session, who, reference, provider.name, at=at)
        title = escrows.of(session, reference).title
    request = CardRequest(
        payment.id,
        payment.cents,
        payment.currency,
        title,
        language,
        return_path.replace("{payment_id}", payment.id),
    )
    page = provider.start_card(request)
    with database.writing() as session:
        payments.note_begun(session, payment.id, page.provider_id)
    return page.url


def open_wires(database: Database, provider: Provider, references: Sequence[str], at: datetime) -> None:
    """Have the provider say where transfers for escrows go. May be repeated."""
    for reference in references:
        with database.reading() as session:
            escrow = escrows.of(session, reference)
            is_known = wire_details(session, escrow, provider) is not None
            session.expunge_all()
        if is_known:
            continue
        account = provider.open_wire(WireRequest(escrow.id, escrow.due_cents, escrow.currency, escrow.number))
        fresh = WireDetails(escrow_id=escrow.id, provider=provider.name, **asdict(account), made_at=at)
        database.write(
            lambda session, fresh=fresh: session.execute(
                insert(session, WireDetails).values(**fresh.model_dump()).on_conflict_do_nothing()
            )
        )


def wire_details(session: Session, escrow: Escrow, provider: Provider) -> WireDetails | None:
    """Return where a transfer for an escrow goes; None while the provider has not said."""
    is_it = (col(WireDetails.escrow_id) == escrow.id, col(WireDetails.provider) == provider.name)
    return session.execute(select(WireDetails).where(*is_it)).scalar_one_or_none()


def hear(database: Database, provider: Provider, keys: Sequence[str], at: datetime) -> None:
    """Ask a provider for what it says has changed, and apply it. May be repeated."""
    for resource in map(Resource.read, keys):
        if resource.provider != provider.name:
            log.warning("an event of a provider that is not in use", provider=resource.provider)
        elif resource.kind == PAYIN:
            _hear_of_payin(database, provider, resource.provider_id, at)
        else:
            _hear_of_refund(database, provider, resource.provider_id, at)


def send_refunds(database: Database, provider: Provider, refund_ids: Sequence[str], at: datetime) -> None:
    """Have the provider send back what was agreed. May be repeated: each part has its own key."""
    for refund_id in refund_ids:
        with database.reading() as session:
            owed = _owed_parts(session, refund_id)
        for part_id, request in owed:
            try:
                repaid = provider.refund(request)
            except Declined as error:
                repaid = Repaid(f"declined {part_id}", part_id, PaymentState.FAILED, str(error))
            database.write(
                lambda session, part_id=part_id, repaid=repaid: refund_parts.take_in(session, part_id, repaid, at=at)
            )


def let_sandbox_wires_arrive(database: Database, at: datetime) -> None:
    """Let the simulated bank's late wires arrive whose day has come."""
    database.write(lambda session: sandbox.let_arrive(session, at=at))


def _hear_of_payin(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    payin = provider.fetch_payin(provider_id)
    if payin is None:
        log.warning("a payment that its provider does not have", provider=provider.name, provider_id=provider_id)
        return
    database.write(lambda session: payments.take_in(session, provider.name, payin, at=at))


def _hear_of_refund(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    repaid = provider.fetch_refund(provider_id)
    if repaid is None or repaid.key is None:
        log.warning("a refund that is not ours", provider=provider.name, provider_id=provider_id)
        return
    part_id = repaid.key
    database.write(lambda session: refund_parts.take_in(session, part_id, repaid, at=at))


def _owed_parts(session: Session, refund_id: str) -> list[tuple[str, RefundRequest]]:
    refund = session.get(Refund, refund_id)
    if refund is None or refund.state != RefundState.AGREED:
        return []
    statement = (
        select(RefundPart, Payment)
        .join(Payment, col(Payment.id) == col(RefundPart.payment_id))
        .where(col(RefundPart.refund_id) == refund_id, col(RefundPart.state) == PaymentState.CREATED.value)
        .order_by(col(RefundPart.id))
    )
    return [
        (
            part.id,
            RefundRequest(part.id, payment.provider_id or "", PaymentKind(payment.kind), part.cents, refund.currency),
        )
        for part, payment in session.execute(statement)
    ]
