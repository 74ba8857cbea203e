"""What is asked of the payment provider so that experts are paid, outside of transactions, and what it answers.

Nothing here fails because something is missing: what can't go on yet is tried again once it can.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from accounts.sign_ins import SignedIn
from billing import bank_accounts, payout_queues, payouts, provider_parties, transfers
from billing.bank_accounts import Given
from billing.events import PAYEE_DUE, PROVIDER_EVENT
from billing.lifecycle import PaymentState
from billing.models.escrows import Escrow
from billing.models.payouts import BankAccount, Transfer
from billing.models.provider_parties import ProviderUser
from billing.provider_states import PayoutState
from billing.providers.interface import (
    Declined,
    Payout,
    PayoutRequest,
    Provider,
    RecipientRequest,
    Release,
    ReleaseRequest,
)
from foundation import outbox
from foundation.database import Database
from foundation.errors import Conflict

log = structlog.get_logger(__name__)


def go_on(database: Database, provider: Provider, expert_ids: Sequence[str], at: datetime) -> None:
    """Have the provider do what it can for experts. May be repeated: all that is asked has its own key."""
    for expert_id in expert_ids:
        _send_transfers(database, provider, expert_id, at)
        _send_payouts(database, provider, expert_id, at)


def look_after(database: Database, at: datetime) -> None:
    """Owe whatever has not been done: what was released before, what waits, and what nobody told the end of."""

    def owe(session: Session) -> None:
        transfers.make_missing(session, at)
        waiting = payout_queues.unfinished(session)
        outbox.record(session, PAYEE_DUE, waiting.expert_ids)
        outbox.record(session, PROVIDER_EVENT, [resource.key for resource in waiting.resources])

    database.write(owe)


def add_bank_account(
    database: Database,
    provider: Provider,
    who: SignedIn,
    given: Given,
    secret: bytes,
    return_path: str,
    *,
    at: datetime,
) -> list[BankAccount]:
    """Have an expert be paid to another account, also where they are owed something as who they were before.

    Raises Conflict while the provider does not know the expert, Declined, and Unreachable: then it is asked again.
    """
    with database.writing() as session:
        now = provider_parties.owner_of(session, provider.name, str(who.expert_id))
        cases = payout_queues.of_expert(session, str(who.expert_id))
        owners = payout_queues.owners_to_pay(session, provider.name, now, cases)
        kept = [bank_accounts.keep(session, owner, given, secret, at=at) for owner in owners]
        requests = [bank_accounts.request_for(session, account, given, return_path) for account in kept]
    if not requests:
        raise Conflict("the provider has to know the expert first")
    return [_add_bank_account(database, provider, who, request, at) for request in requests]


def _add_bank_account(
    database: Database, provider: Provider, who: SignedIn, request: RecipientRequest, at: datetime
) -> BankAccount:
    try:
        recipient = provider.add_recipient(request)
    except Declined:
        database.write(lambda session: bank_accounts.note_declined(session, request.key))
        raise
    return database.write(lambda session: bank_accounts.note_made(session, who, request.key, recipient, at=at))


def hear_of_release(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    """Apply how a release stands, as the provider has it now."""
    release = provider.fetch_release(provider_id)
    if release is None or release.key is None:
        log.warning("a transfer that is not ours", provider=provider.name, provider_id=provider_id)
        return
    transfer_id = release.key
    database.write(lambda session: transfers.take_in(session, transfer_id, release, at=at))


def hear_of_payout(database: Database, told: Payout, at: datetime) -> None:
    """Apply how a payout stands."""
    payout_id = told.key
    if payout_id is not None:
        database.write(lambda session: payouts.take_in(session, payout_id, told, at=at))


def hear_of_recipient(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    """Apply how a bank account stands, as the provider has it now."""
    del at
    recipient = provider.fetch_recipient(provider_id)
    if recipient is None:
        log.warning("a bank account that its provider does not have", provider=provider.name, provider_id=provider_id)
        return
    database.write(lambda session: bank_accounts.take_in(session, provider.name, recipient))


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


def _send_payouts(database: Database, provider: Provider, expert_id: str, at: datetime) -> None:
    with database.reading() as session:
        due = [one.transfer.id for one in payouts.due(session, provider.name, expert_id) if not one.waits]
    for transfer_id in due:
        database.write(lambda session, one=transfer_id: payouts.begin(session, one, at))
    with database.reading() as session:
        requests = [_payout_request(session, one) for one in payouts.begun(session, provider.name, expert_id)]
    for request in requests:
        told = _pay_out(database, provider, request, at)
        database.write(lambda session, one=request.key, told=told: payouts.take_in(session, one, told, at=at))


def _pay_out(database: Database, provider: Provider, request: PayoutRequest, at: datetime) -> Payout:
    with database.reading() as session:
        payout = session.get_one(payouts.Payout, request.key)
        owner = session.get_one(ProviderUser, session.get_one(Transfer, payout.transfer_id).owner_id)
    payee = provider_parties.place(database, provider, owner, request.currency, at)
    try:
        return provider.pay_out(replace(request, wallet_id=payee.wallet_id))
    except Declined as error:
        values = (request.cents, request.currency, str(error))
        return Payout("", request.key, PayoutState.FAILED, *values)


def _payout_request(session: Session, payout: payouts.Payout) -> PayoutRequest:
    """Return what is asked, but for the wallet, which may have to be opened."""
    transfer = session.get_one(Transfer, payout.transfer_id)
    owner = session.get_one(ProviderUser, transfer.owner_id)
    account = session.get_one(BankAccount, payout.bank_account_id)
    text = session.get_one(Escrow, transfer.escrow_id).number
    parties = (str(owner.provider_id), "", str(account.provider_id))
    return PayoutRequest(payout.id, *parties, payout.cents, payout.currency, text)
