"""The ledger: facts are posted once, balanced, and never changed; what was wrong is reversed by another transaction.

All of it happens in the transaction of whoever changes the rows that a fact is about. What is checked here, to say
clearly what is wrong, the database checks again when it commits.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.identities import new_id
from billing import postings
from billing.models.ledger import FactKind, LedgerAccount, LedgerKind, LedgerTransaction, Posting
from billing.postings import External, Fact, Name
from foundation import clock
from foundation.database import hold, insert
from foundation.errors import Conflict, NotFound


class Overdrawn(Conflict):
    """An account would fall below zero."""

    def __init__(self, name: Name, lacking_cents: int) -> None:
        self.name, self.lacking_cents = name, lacking_cents
        super().__init__(f"{name.kind} {name.reference}: {lacking_cents} cents {name.currency} are not there")


def post(session: Session, fact: Fact, *, at: datetime) -> LedgerTransaction:
    """Post a fact that happened at an instant; posting it again changes nothing.

    Raises Conflict where its key, or its provider's id, was posted with something else, and Overdrawn.
    """
    # Whoever posts the same waits here, and then finds it posted.
    hold(session, f"ledger {fact.external or fact.key}")
    if found := _posted(session, fact):
        return found
    ids = {name: _account(session, name) for name in sorted(fact.legs)}
    _check_bounds(session, fact.legs, ids)
    transaction = LedgerTransaction(
        id=new_id(),
        kind=fact.kind.value,
        key=fact.key,
        fingerprint=fact.fingerprint,
        legs=len(fact.legs),
        provider=fact.external.provider if fact.external else None,
        external_kind=fact.external.kind if fact.external else None,
        external_id=fact.external.id if fact.external else None,
        reverses=fact.reverses,
        note=fact.note,
        effective_at=at,
        recorded_at=clock.now(),
    )
    legs = [
        {"transaction_id": transaction.id, "account_id": ids[name], "cents": cents} for name, cents in fact.legs.items()
    ]
    # The postings come first: the transaction closes over them.
    session.execute(insert(session, Posting), legs)
    session.add(transaction)
    session.flush()
    return transaction


def find(session: Session, key: str) -> LedgerTransaction | None:
    """Return what was posted under a key."""
    return session.execute(select(LedgerTransaction).where(col(LedgerTransaction.key) == key)).scalar_one_or_none()


def reverse(session: Session, transaction_id: str, note: str, *, at: datetime) -> LedgerTransaction:
    """Take back what a transaction posted, once, and say why; raise NotFound, Conflict for a reversal, Overdrawn."""
    found = session.get(LedgerTransaction, transaction_id)
    if found is None:
        raise NotFound("the ledger has no such transaction")
    if found.kind == FactKind.REVERSAL:
        raise Conflict("a reversal is not reversed: the fact is posted anew")
    return post(session, postings.reversal(found.id, legs_of(session, found.id), note), at=at)


def legs_of(session: Session, transaction_id: str) -> Mapping[Name, int]:
    """Return what a transaction posts to which accounts."""
    statement = (
        select(LedgerAccount, col(Posting.cents))
        .join(Posting, col(Posting.account_id) == col(LedgerAccount.id))
        .where(col(Posting.transaction_id) == transaction_id)
    )
    return {name_of(account): cents for account, cents in session.execute(statement)}


def balance(session: Session, name: Name, *, before: datetime | None = None) -> int:
    """Return the cents of an account, in its own direction; 0 where nothing was ever posted to it."""
    statement = (
        select(func.coalesce(func.sum(col(Posting.cents)), 0))
        .join(LedgerAccount, col(LedgerAccount.id) == col(Posting.account_id))
        .where(*is_named(name))
    )
    if before is not None:
        statement = statement.join(LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id)).where(
            col(LedgerTransaction.effective_at) < before
        )
    return name.side * int(session.execute(statement).scalar_one())


def name_of(account: LedgerAccount) -> Name:
    """Return the name of an account."""
    return Name(LedgerKind(account.kind), account.reference, account.currency, account.provider)


def is_named(name: Name) -> tuple[Any, ...]:
    """Return the conditions that an account has this name."""
    return (
        col(LedgerAccount.kind) == name.kind.value,
        col(LedgerAccount.reference) == name.reference,
        col(LedgerAccount.provider) == name.provider,
        col(LedgerAccount.currency) == name.currency,
    )


def _posted(session: Session, fact: Fact) -> LedgerTransaction | None:
    """Return the transaction of a fact that was posted before; raise Conflict where it was another."""
    found = find(session, fact.key)
    if found is None and fact.external is not None:
        found = _of_external(session, fact.external)
    if found is None:
        return None
    if found.fingerprint != fact.fingerprint or found.key != fact.key:
        raise Conflict(f"something else was posted already as {found.key}, which {fact.key} would contradict")
    return found


def _of_external(session: Session, external: External) -> LedgerTransaction | None:
    statement = select(LedgerTransaction).where(
        col(LedgerTransaction.provider) == external.provider,
        col(LedgerTransaction.external_kind) == external.kind,
        col(LedgerTransaction.external_id) == external.id,
    )
    return session.execute(statement).scalar_one_or_none()


def _account(session: Session, name: Name) -> str:
    """Return the id of an account, which is made where there is none."""
    wanted = select(col(LedgerAccount.id)).where(*is_named(name))
    found = session.execute(wanted).scalar_one_or_none()
    if found is not None:
        return found
    fresh = LedgerAccount(
        kind=name.kind.value,
        reference=name.reference,
        provider=name.provider,
        currency=name.currency,
        side=name.side,
        may_be_negative=name.may_be_negative,
    )
    session.execute(insert(session, LedgerAccount).values(**fresh.model_dump()).on_conflict_do_nothing())
    return session.execute(wanted).scalar_one()


def _check_bounds(session: Session, legs: Mapping[Name, int], ids: Mapping[Name, str]) -> None:
    """Lock the accounts that would shrink, in the order of their ids, and raise Overdrawn where one has too little."""
    shrinking = {ids[name]: name for name, cents in legs.items() if not name.may_be_negative and name.side * cents < 0}
    if not shrinking:
        return
    locked = select(col(LedgerAccount.id)).where(col(LedgerAccount.id).in_(shrinking))
    session.execute(locked.order_by(col(LedgerAccount.id)).with_for_update(key_share=True)).all()
    sums = (
        select(col(Posting.account_id), func.sum(col(Posting.cents)))
        .where(col(Posting.account_id).in_(shrinking))
        .group_by(col(Posting.account_id))
    )
    there = {account_id: int(cents) for account_id, cents in session.execute(sums)}
    for account_id, name in sorted(shrinking.items()):
        left = name.side * (there.get(account_id, 0) + legs[name])
        if left < 0:
            raise Overdrawn(name, -left)
