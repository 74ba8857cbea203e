"""The bank accounts that experts want to be paid to: one in each currency, given anew where it changes (row S23).

The number goes to the provider and is kept nowhere here. Whoever gives it again after the provider did not answer asks
with the same key, since a keyed hash tells that it is the same.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts
from accounts.sign_ins import SignedIn
from billing.events import PAYEE_DUE, PROVIDER_EVENT
from billing.models.payouts import BankAccount
from billing.models.provider_parties import ProviderUser
from billing.provider_states import OwnerKind, RecipientState
from billing.providers.interface import RECIPIENT, Recipient, RecipientRequest, Resource
from foundation import audits, outbox
from foundation.database import Database, taken
from foundation.errors import Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate

KIND = "bank_account"
PURPOSE = "bank accounts"
"""Of the key with which numbers are hashed: `foundation.keys`."""
LONGEST_HOLDER = 100
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Given:
    """What an expert typed. The number is in no text that is made of it."""

    holder: str = field(repr=False)
    number: str = field(repr=False)
    country: str
    currency: str

    def hashed(self, secret: bytes) -> str:
        """Return by what it is known again."""
        text = f"{self.number}\n{self.holder}\n{self.currency}"
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def check(form: dict[str, str], language: Language) -> Given:
    """Return the account that a form says; raise Invalid with every fault."""
    faults: list[Fault] = []

    def refuse(name: str, code: str, reason: str, **values: object) -> None:
        faults.append(Fault(name, code, translate(language, reason, **values)))

    holder = " ".join(form.get("holder", "").split())
    if not 1 < len(holder) <= LONGEST_HOLDER or not holder.isprintable() or not any(map(str.isalpha, holder)):
        reason = message("Please write whose account it is, as your bank does, in at most %(most)d characters.")
        refuse("holder", "bad_holder", reason, most=LONGEST_HOLDER)
    number = country = ""
    try:
        iban = IBAN(form.get("number", "")[:60])
        number, country = iban.compact, iban.country_code
    except (SchwiftyException, ValueError):
        refuse("number", "bad_iban", message("This is no IBAN: please compare it with your bank’s paper."))
    currency = form.get("currency", "EUR")
    if not _CURRENCY.fullmatch(currency):
        refuse("currency", "bad_currency", message("Please choose a currency."))
    if faults:
        raise Invalid(faults)
    return Given(holder, number, country, currency)


def keep(session: Session, owner: ProviderUser, given: Given, secret: bytes, *, at: datetime) -> BankAccount:
    """Keep the key with which the provider is asked for an owner's account."""
    number_hash = given.hashed(secret)
    unmade = select(BankAccount).where(
        col(BankAccount.owner_id) == owner.id,
        col(BankAccount.number_hash) == number_hash,
        col(BankAccount.provider_id).is_(None),
        col(BankAccount.state) == RecipientState.PENDING.value,
    )
    found = session.execute(unmade).scalars().first()
    if found is None:
        found = BankAccount(
            expert_id=owner.party_id,
            owner_id=owner.id,
            provider=owner.provider,
            country=given.country,
            currency=given.currency,
            ending=given.number[-4:],
            number_hash=number_hash,
            made_at=at,
        )
        session.add(found)
        session.flush()
    return found


def request_for(session: Session, account: BankAccount, given: Given, return_path: str) -> RecipientRequest:
    """Return what the provider is asked."""
    owner = session.get_one(ProviderUser, account.owner_id)
    is_business = owner.role == OwnerKind.BUSINESS
    values = (account.id, str(owner.provider_id), is_business, given.holder, given.number, given.currency)
    return RecipientRequest(*values, given.country, return_path)


def note_made(session: Session, who: SignedIn, account_id: str, recipient: Recipient, *, at: datetime) -> BankAccount:
    """Note what the provider made: the expert is paid to it from now on, and told by mail that this changed."""
    account = taken(session, BankAccount, account_id)
    if account.provider_id is not None:
        return account
    account.provider_id, account.state = recipient.provider_id, recipient.state.value
    account.warning = recipient.warning
    former = select(BankAccount).where(
        col(BankAccount.owner_id) == account.owner_id,
        col(BankAccount.currency) == account.currency,
        col(BankAccount.id) != account.id,
        col(BankAccount.replaced_at).is_(None),
    )
    for other in session.execute(former.with_for_update()).scalars():
        other.replaced_at = at
    session.flush()
    audits.record(session, who.actor, "bank_account_given", KIND, account.id, at=at, ending=account.ending)
    owner = accounts.owner_of(session, account.expert_id)
    if owner is not None and owner.email is not None:
        accounts.tell(session, owner, "bank_account_changed", at=at, ending=account.ending, country=account.country)
    outbox.record(session, PAYEE_DUE, [account.expert_id])
    return account


def note_declined(session: Session, account_id: str) -> None:
    """Note that the provider wants nothing of an account."""
    account = taken(session, BankAccount, account_id)
    if account.provider_id is None:
        account.state = RecipientState.CLOSED.value
        session.flush()


def take_in(session: Session, provider: str, recipient: Recipient) -> None:
    """Apply what a provider says of an account; may be repeated."""
    is_it = (col(BankAccount.provider) == provider, col(BankAccount.provider_id) == recipient.provider_id)
    account = session.execute(select(BankAccount).where(*is_it).with_for_update()).scalar_one_or_none()
    if account is not None:
        account.state, account.warning = recipient.state.value, recipient.warning
        session.flush()
        outbox.record(session, PAYEE_DUE, [account.expert_id])


def current(session: Session, owner_id: str, currency: str) -> BankAccount | None:
    """Return the account to which an owner is paid in a currency."""
    return next((one for one in of_owner(session, owner_id) if one.currency == currency), None)


def of_owner(session: Session, owner_id: str) -> Sequence[BankAccount]:
    """Return the accounts that count for an owner, one in each currency."""
    is_its = (
        col(BankAccount.owner_id) == owner_id,
        col(BankAccount.provider_id).is_not(None),
        col(BankAccount.replaced_at).is_(None),
    )
    statement = select(BankAccount).where(*is_its)
    return session.execute(statement.order_by(col(BankAccount.made_at).desc(), col(BankAccount.id))).scalars().all()


def of_expert(session: Session, expert_id: str) -> Sequence[BankAccount]:
    """Return all accounts that an expert ever gave."""
    return session.execute(select(BankAccount).where(col(BankAccount.expert_id) == expert_id)).scalars().all()


def pending(session: Session, who: SignedIn, account_id: str) -> BankAccount:
    """Return somebody's account that they have yet to confirm; raise NotFound."""
    found = session.get(BankAccount, account_id)
    is_theirs = found is not None and who.expert_id is not None and found.expert_id == who.expert_id
    if found is None or not is_theirs or found.state != RecipientState.PENDING or found.provider_id is None:
        raise NotFound("there is no such account to confirm")
    return found


def look_up(database: Database, expert_id: str) -> None:
    """Have the provider asked about accounts that wait for their expert, who may just have come back from there."""
    waiting = select(BankAccount).where(
        col(BankAccount.expert_id) == expert_id,
        col(BankAccount.state) == RecipientState.PENDING.value,
        col(BankAccount.provider_id).is_not(None),
        col(BankAccount.replaced_at).is_(None),
    )
    with database.reading() as session:
        found = session.execute(waiting).scalars().all()
    keys = [Resource(one.provider, RECIPIENT, str(one.provider_id)).key for one in found]
    if keys:
        database.write(lambda session: outbox.record(session, PROVIDER_EVENT, keys))
