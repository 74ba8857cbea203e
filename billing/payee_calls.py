"""What is asked of the payment provider so that experts are paid, outside of transactions, and what it answers.

Nothing here fails because something is missing: what can't go on yet is tried again once it can.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import provider_parties, transfers
from billing.events import PAYEE_DUE, PROVIDER_EVENT
from billing.lifecycle import PaymentState, TransferState
from billing.models.escrows import Escrow
from billing.models.payouts import Transfer
from billing.models.provider_parties import ProviderUser
from billing.providers.interface import RELEASE, Declined, Provider, Release, ReleaseRequest, Resource
from foundation import outbox
from foundation.database import Database

log = structlog.get_logger(__name__)


def go_on(database: Database, provider: Provider, expert_ids: Sequence[str], at: datetime) -> None:
    """Have the provider do what it can for experts. May be repeated: all that is asked has its own key."""
    for expert_id in expert_ids:
        _send_transfers(database, provider, expert_id, at)


def look_after(database: Database, at: datetime) -> None:
    """Owe whatever has not been done: what was released before, what waits, and what nobody told the end of."""

    def owe(session: Session) -> None:
        transfers.make_missing(session, at)
        rows = session.execute(select(Transfer).where(col(Transfer.state) == TransferState.CREATED.value)).scalars()
        owed = rows.all()
        outbox.record(session, PAYEE_DUE, dict.fromkeys(one.payee_expert_id for one in owed))
        begun = [Resource(one.provider, RELEASE, one.provider_id).key for one in owed if one.provider_id]
        outbox.record(session, PROVIDER_EVENT, begun)

    database.write(owe)


def hear_of_release(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    """Apply how a release stands, as the provider has it now."""
    release = provider.fetch_release(provider_id)
    if release is None or release.key is None:
        log.warning("a transfer that is not ours", provider=provider.name, provider_id=provider_id)
        return
    transfer_id = release.key
    database.write(lambda session: transfers.take_in(session, transfer_id, release, at=at))


def _send_transfers(database: Database, provider: Provider, expert_id: str, at: datetime) -> None:
    with database.reading() as session:
        owner = provider_parties.owner_of(session, provider.name, expert_id)
        owed = transfers.owed(session, provider.name, expert_id)
        payers = {one.id: session.get_one(Escrow, one.escrow_id).payer_client_id for one in owed}
    if owner is None:
        return
    for transfer in owed:
        owner_id = database.write(lambda session, one=transfer.id: transfers.begin(session, one, owner.id))
        release = _release(database, provider, transfer, payers[transfer.id], owner_id, at)
        database.write(
            lambda session, one=transfer.id, release=release: transfers.take_in(session, one, release, at=at)
        )


def _release(
    database: Database, provider: Provider, transfer: Transfer, payer_id: str, owner_id: str, at: datetime
) -> Release:
    with database.reading() as session:
        owner = session.get_one(ProviderUser, owner_id)
    payer = provider_parties.payer(database, provider, payer_id, transfer.currency, at=at)
    payee = provider_parties.place(database, provider, owner, transfer.currency, at)
    cents = (transfer.cents, transfer.fee_cents)
    request = ReleaseRequest(transfer.id, payer.user_id, payer.wallet_id, payee.wallet_id, *cents, transfer.currency)
    try:
        return provider.release(request)
    except Declined as error:
        return Release("", transfer.id, PaymentState.FAILED, *cents, transfer.currency, str(error))


LISTENERS: dict[str, Callable[[Database, Provider, str, datetime], None]] = {RELEASE: hear_of_release}
