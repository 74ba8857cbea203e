"""What is asked of the payment provider, outside of transactions, and what its answers change here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from accounts.sign_ins import SignedIn
from billing import (
    boost_calls,
    boost_chargebacks,
    boost_charges,
    chargebacks,
    declarations,
    escrows,
    identity_papers,
    owners,
    payee_calls,
    payments,
    provider_parties,
    refund_parts,
)
from billing.events import WIRE_WANTED
from billing.lifecycle import EscrowState, PaymentState, RefundState
from billing.models.escrows import Escrow, Payment, PaymentKind, Refund, RefundPart, WireDetails
from billing.providers import sandbox, sandbox_payouts
from billing.providers.interface import (
    CHARGEBACK,
    DECLARATION,
    PAPER,
    PAYIN,
    PAYOUT,
    RECIPIENT,
    REFUND,
    RELEASE,
    SUBSCRIPTION,
    USER,
    CardRequest,
    Declined,
    Provider,
    RefundRequest,
    Repaid,
    Resource,
    WireRequest,
)
from foundation import outbox
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
    place = provider_parties.payer(database, provider, str(who.client_id), payment.currency, at=at)
    request = CardRequest(
        payment.id,
        place.user_id,
        place.wallet_id,
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
            last = _last_details(session, escrow.id, provider.name)
        if last and (last.used_at is None or escrow.state != EscrowState.AWAITING):
            continue
        turn = last.turn + 1 if last else 1
        place = provider_parties.payer(database, provider, escrow.payer_client_id, escrow.currency, at=at)
        key = str(uuid5(UUID(escrow.id), f"wire {turn}"))
        cents = escrow.amounts.missing or escrow.due_cents
        request = WireRequest(key, place.user_id, place.wallet_id, cents, escrow.currency, escrow.number)
        account = provider.open_wire(request)
        fresh = {"provider": provider.name, **asdict(account), "turn": turn, "used_at": None, "made_at": at}
        database.write(lambda session, escrow=escrow, fresh=fresh: _note_details(session, escrow.id, fresh))


def wire_details(session: Session, escrow: Escrow, provider: Provider) -> WireDetails | None:
    """Return where a transfer for an escrow goes; None while the provider has not said."""
    found = _last_details(session, escrow.id, provider.name)
    return found if found and found.used_at is None else None


def hear(database: Database, provider: Provider, keys: Sequence[str], at: datetime) -> None:
    """Ask a provider for what it says has changed, and apply it. May be repeated."""
    for resource in map(Resource.read, keys):
        if resource.provider != provider.name:
            log.warning("an event of a provider that is not in use", provider=resource.provider)
        elif listen := _LISTENERS.get(resource.kind):
            listen(database, provider, resource.provider_id, at)


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
    """Let the simulated bank's late wires and payouts arrive whose day has come."""
    database.write(lambda session: sandbox.let_arrive(session, at=at))
    database.write(lambda session: sandbox_payouts.let_payouts_arrive(session, at=at))


def _hear_of_payin(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    payin = provider.fetch_payin(provider_id)
    if payin is None:
        log.warning("a payment that its provider does not have", provider=provider.name, provider_id=provider_id)
        return
    with database.reading() as session:
        charge_id = boost_charges.find(session, provider.name, provider_id, payin.key)
    if charge_id is not None:
        boost_calls.hear_of_charge(database, charge_id, payin, at)
        return
    is_over = payin.state in {PaymentState.SUCCEEDED, PaymentState.FAILED}
    is_awaited = payin.kind is PaymentKind.WIRE and payin.state is not PaymentState.SUCCEEDED

    def take_in(session: Session) -> None:
        # A wire that has not come yet, or never came, is no payment.
        if not is_awaited:
            payments.take_in(session, provider.name, payin, at=at)
        if is_over and payin.kind is PaymentKind.WIRE:
            _use_up(session, provider.name, provider_id, at)

    database.write(take_in)


def _hear_of_refund(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    repaid = provider.fetch_refund(provider_id)
    if repaid is None or repaid.key is None:
        log.warning("a refund that is not ours", provider=provider.name, provider_id=provider_id)
        return
    part_id = repaid.key
    database.write(lambda session: refund_parts.take_in(session, part_id, repaid, at=at))


def _hear_of_payout(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    """Apply how a payout stands: to an expert, or to a client whose wire goes back."""
    payout = provider.fetch_payout(provider_id)
    if payout is None or payout.key is None:
        return
    with database.reading() as session:
        is_refund = session.get(RefundPart, payout.key) is not None
    if is_refund:
        _hear_of_refund(database, provider, provider_id, at)
    else:
        payee_calls.hear_of_payout(database, payout, at)


def _hear_of_chargeback(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    disputed = provider.fetch_chargeback(provider_id)
    payin = provider.fetch_payin(disputed.payin_id) if disputed else None
    if disputed is None or payin is None or payin.key is None:
        log.warning("a chargeback of nothing", provider=provider.name, provider_id=provider_id)
        return
    with database.reading() as session:
        charge_id = boost_charges.find(session, provider.name, payin.provider_id, payin.key)
    if charge_id is not None:
        boost_calls.hear_of_charge(database, charge_id, payin, at)  # That it came may have been lost on its way.
        database.write(lambda session: boost_chargebacks.take_in(session, charge_id, disputed, at=at))
        return
    payment_id = payin.key

    def take_in(session: Session) -> None:
        if session.get(Payment, payment_id) is None:
            log.warning("a chargeback of a payment that is not ours", provider=provider.name, provider_id=provider_id)
            return
        payments.take_in(session, provider.name, payin, at=at)  # That it came may have been lost on its way.
        chargebacks.take_in(session, payment_id, disputed, at=at)

    database.write(take_in)


def _hear_of_user(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    user = provider.fetch_user(provider_id)
    if user is not None:
        database.write(lambda session: owners.follow(session, provider.name, user, at=at))


_LISTENERS: Mapping[str, Callable[[Database, Provider, str, datetime], None]] = {
    PAYIN: _hear_of_payin,
    REFUND: _hear_of_refund,
    PAYOUT: _hear_of_payout,
    CHARGEBACK: _hear_of_chargeback,
    USER: _hear_of_user,
    RELEASE: payee_calls.hear_of_release,
    RECIPIENT: payee_calls.hear_of_recipient,
    PAPER: identity_papers.hear_of,
    DECLARATION: declarations.hear_of,
    SUBSCRIPTION: boost_calls.hear_of_subscription,
}


def _last_details(session: Session, escrow_id: str, provider: str) -> WireDetails | None:
    is_it = (col(WireDetails.escrow_id) == escrow_id, col(WireDetails.provider) == provider)
    return session.execute(select(WireDetails).where(*is_it)).scalar_one_or_none()


def _note_details(session: Session, escrow_id: str, values: dict[str, Any]) -> None:
    row = insert(session, WireDetails).values(**WireDetails(escrow_id=escrow_id, **values).model_dump())
    known = ["escrow_id", "provider"]
    session.execute(
        row.on_conflict_do_update(index_elements=known, set_=values, where=col(WireDetails.turn) < values["turn"])
    )


def _use_up(session: Session, provider: str, provider_id: str, at: datetime) -> None:
    """Where a reference is good for one transfer, ask for another one: more may be to come."""
    is_it = (col(WireDetails.provider) == provider, col(WireDetails.provider_id) == provider_id)
    found = session.execute(select(WireDetails).where(*is_it).with_for_update()).scalar_one_or_none()
    if found is not None and found.used_at is None:
        found.used_at = at
        outbox.record(session, WIRE_WANTED, [session.get_one(Escrow, found.escrow_id).reference])


def _owed_parts(session: Session, refund_id: str) -> list[tuple[str, RefundRequest]]:
    refund = session.get(Refund, refund_id)
    if refund is None or refund.state != RefundState.AGREED:
        return []
    statement = (
        select(RefundPart, Payment, Client)
        .join(Payment, col(Payment.id) == col(RefundPart.payment_id))
        .outerjoin(Escrow, col(Escrow.id) == col(Payment.escrow_id))
        .outerjoin(Client, col(Client.id) == col(Escrow.payer_client_id))
        .where(col(RefundPart.refund_id) == refund_id, col(RefundPart.state) == PaymentState.CREATED.value)
        .order_by(col(RefundPart.id))
    )
    return [
        (
            part.id,
            RefundRequest(
                part.id,
                payment.provider_id or "",
                PaymentKind(payment.kind),
                part.cents,
                refund.currency,
                holder=payment.wire_sender or (client.name if client else ""),
                account_number=(client.iban or "") if client else "",
            ),
        )
        for part, payment, client in session.execute(statement)
    ]
