"""What sellers give for the yearly report to the tax authority: sealed when it is given, read by whoever reports."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from billing.models.ledger import LedgerAccount, LedgerKind, LedgerTransaction, Posting
from billing.models.tax_details import TaxDetails
from foundation import audits, keys
from foundation.settings import Settings

PURPOSE = "tax details"
KEPT_FOR = timedelta(days=3_653)
"""After they were given, and after the last thing that they were reported with: ten years, leap days included."""


class Details(BaseModel):
    """What somebody gives; texts are empty where nothing was given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tin: str = ""
    """Tax identification number."""
    tin_country: str = ""
    """Which state issued it (ISO 3166-1 alpha-2)."""
    has_no_tin: bool = False
    """The state of residence gives none; the place of birth takes its place."""
    first_name: str = ""
    last_name: str = ""
    born_on: date | None = None
    birth_city: str = ""
    birth_country: str = ""


NONE = Details()


def key_of(settings: Settings) -> bytes:
    """Return with what details are sealed: without the installation's key nobody reads them."""
    return keys.derived(settings, PURPOSE)


def put(session: Session, who: SignedIn, details: Details, key: bytes, *, at: datetime) -> None:
    """Seal what an expert gives, checked (`tax_detail_forms.check`); what was given before is gone."""
    expert_id = str(who.expert_id)
    found = session.get(TaxDetails, expert_id, with_for_update=True) or TaxDetails(expert_id=expert_id)
    found.sealed, found.given_at = keys.seal(key, details.model_dump_json().encode()), at
    # Whatever is missing later is asked for anew.
    found.requests, found.asked_at = 0, None
    session.add(found)
    session.flush()
    audits.record(session, who.actor, "gave_tax_details", "expert", expert_id, at=at)


def are_wanted(session: Session, expert_id: str) -> bool:
    """Tell whether an expert was asked for something that is missing still."""
    found = session.get(TaxDetails, expert_id)
    return found is not None and found.requests > 0


def requests_of(session: Session) -> Mapping[str, int]:
    """Return how often experts were asked for what is missing still, by their ids."""
    statement = select(col(TaxDetails.expert_id), col(TaxDetails.requests)).where(col(TaxDetails.requests) > 0)
    return {row.expert_id: row.requests for row in session.execute(statement)}


def of(session: Session, expert_id: str, key: bytes) -> Details:
    """Return what an expert gave last; nothing where that is nothing, or can't be read with this key."""
    return of_all(session, [expert_id], key).get(expert_id, NONE)


def of_all(session: Session, expert_ids: Iterable[str], key: bytes) -> Mapping[str, Details]:
    """Return the same for many experts, by their ids."""
    statement = select(TaxDetails).where(col(TaxDetails.expert_id).in_(list(expert_ids)))
    found: dict[str, Details] = {}
    for row in session.execute(statement).scalars():
        content = keys.unseal(key, row.sealed) if row.sealed else None
        if content is not None:
            found[row.expert_id] = Details.model_validate_json(content)
    return found


def is_old(at: datetime) -> ColumnElement[bool]:
    """Return the condition that details were kept for long enough: nothing was released since, or paid."""
    used = (
        select(col(LedgerAccount.reference))
        .join(Posting, col(Posting.account_id) == col(LedgerAccount.id))
        .join(LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id))
        .where(
            col(LedgerAccount.kind) == LedgerKind.PAYABLE.value, col(LedgerTransaction.effective_at) >= at - KEPT_FOR
        )
    )
    return (col(TaxDetails.given_at) < at - KEPT_FOR) & col(TaxDetails.expert_id).not_in(used)


def sweep(session: Session, at: datetime) -> None:
    """Delete details of whom nothing was reported for so long."""
    session.execute(delete(TaxDetails).where(is_old(at)))
