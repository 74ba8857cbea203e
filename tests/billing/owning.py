"""Experts on their way to being paid: for tests of who they are to the provider, and of their papers."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from accounts.sign_ins import SignedIn
from billing import owner_forms, owners, provider_calls
from billing.events import PROVIDER_EVENT
from billing.models.provider_parties import ProviderUser
from billing.owners import Stage, Standing
from billing.provider_states import OwnerKind
from billing.providers.interface import Provider, Resource
from foundation import clock, outbox
from foundation.database import Database
from foundation.mails import MailRow
from foundation.outbox import OutboxRow

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
TODAY = date(2026, 12, 1)
FORM = {
    "first_name": "Anne",
    "last_name": "Le Goff",
    "born_on": "1980-02-29",
    "nationality": "FR",
    "residence": "FR",
    "country": "FR",
    "line": "1 rue du Port",
    "postal_code": "44000",
    "city": "Nantes",
    "name": "Anne Le Goff EI",
    "company_number": "732829320",
    "terms": "yes",
}


def give(database: Database, provider: str, who: SignedIn, *, at: datetime = AT, **form: str) -> None:
    """Give the details that the expert's status asks for."""
    with database.writing() as session:
        kind = owners.standing(session, provider, str(who.expert_id)).kind
        assert kind is not None
        values = owner_forms.check({**FORM, **form}, kind, "en", TODAY)
        owners.give(session, who, provider, values, at=at)


def known(database: Database, provider: Provider, who: SignedIn) -> ProviderUser:
    """Have an expert known to a provider."""
    give(database, provider.name, who)
    owners.make_known(database, provider, [str(who.expert_id)], AT)
    user = standing(database, provider, who).user
    assert user is not None
    return user


def standing(database: Database, provider: Provider, who: SignedIn) -> Standing:
    with database.reading() as session:
        return owners.standing(session, provider.name, str(who.expert_id))


def stage(database: Database, provider: Provider, who: SignedIn) -> Stage:
    return standing(database, provider, who).stage


def kind(database: Database, provider: Provider, who: SignedIn) -> OwnerKind | None:
    return standing(database, provider, who).kind


def hear(database: Database, provider: Provider, kind: str, provider_id: str) -> None:
    """Have a provider say that something changed."""
    provider_calls.hear(database, provider, [Resource(provider.name, kind, provider_id).key], AT)


def hear_all(database: Database, provider: Provider) -> None:
    """Deliver what a provider told so far."""
    with database.writing() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now()))
    while outbox.drain(database, PROVIDER_EVENT, lambda keys: provider_calls.hear(database, provider, keys, AT)):
        pass


def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """Return what experts were mailed about, in order."""
    with database.reading() as session:
        rows = session.execute(select(MailRow).where(col(MailRow.template) == "news"))
        values = [dict(row.values or {}) for row in rows.scalars()]
    found = [(str(said["code"]), said) for said in values if str(said["code"]).startswith("identity")]
    return sorted(found, key=lambda item: item[0])
