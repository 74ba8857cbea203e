"""Experts with a legal identity, who are signed in: for tests of what is given under one."""

from datetime import UTC, datetime

from accounts import legal_identities
from accounts.models.accounts import Account, AccountKind
from accounts.sign_ins import SignedIn
from foundation import audits
from foundation.database import Database
from tests import signed_in

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
WHO = {
    "status": "sole_trader",
    "country": "FR",
    "legal_name": "Anne Le Goff EI",
    "address": "1 rue du Port\n44000 Nantes",
}
SIREN = "732829320"


def who_is(account: Account) -> SignedIn:
    """Return an account as pages know it."""
    return SignedIn(
        sign_in_id="s",
        account_id=account.id,
        kind=AccountKind(account.kind),
        name=account.name,
        email=account.email or "",
        language="fr",
        expert_id=account.expert_id,
    )


def identify(database: Database, account: Account, **form: str) -> None:
    """Fill in a legal identity."""
    with database.writing() as session:
        given = {**WHO, "registration_number": SIREN, **form}
        legal_identities.save(session, account.expert_id or "", given, actor=audits.SYSTEM, at=AT)


def expert(database: Database, **form: str) -> SignedIn:
    """Make an expert with a legal identity."""
    account = signed_in.make(database, AccountKind.EXPERT)
    identify(database, account, **form)
    return who_is(account)
