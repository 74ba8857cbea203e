"""Who takes part: made once for all runs, in a database file that each run copies."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from stdnum import luhn

from accounts.models.accounts import Account, AccountKind, Client, Membership, Role
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from billing import referrals
from booking import own_clients
from foundation.database import Database
from foundation.settings import Settings
from tests import databases, signed_in, sirens
from tests.booking import quoted, quoting
from tests.booking.quoted import AT

SETTINGS = Settings(referral_reduction_bp=4_000, portage_partner="Freelance & Co")
"""Each reduction leads to a rate of its own: none 1000, a pair's first 500 and later 700, a referral's 600."""
OWN_CLIENT_EMAIL = "erin@example.org"
CLIENTS = ("berta", "dora", "paul")
"""Owners: of two companies, and a private person. Carl buys for Berta up to a limit, Vera only looks."""
EXPERTS = ("anne", "otto", "petra")
"""Otto brought Anne here. Petra works in portage salarial."""
EVERYBODY = (*CLIENTS, "carl", "vera", *EXPERTS, "olga")
LIMIT_CENTS = 300_000
DETAILS = {"legal_form": "SAS", "country": "FR", "address": "2 quai", "iban": "FR7630006000011234567890189"}


@dataclass(frozen=True)
class Cast:
    """A database with everybody in it, and who they are."""

    file: bytes
    people: dict[str, SignedIn]
    at: datetime = AT


@lru_cache(maxsize=1)
def made() -> Cast:
    """Return everybody, made once for all runs."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cast.db"
        databases.bring_up(f"sqlite:///{path}")
        database = Database(f"sqlite:///{path}")
        people = _people(database)
        database.purge()
        database.close()
        return Cast(path.read_bytes(), people)


def _people(database: Database) -> dict[str, SignedIn]:
    accounts = {name: quoting.client(database) for name in ("berta", "dora")}
    accounts["paul"] = quoting.client(database, AccountKind.PRIVATE_CLIENT, legal_form=None)
    owner = quoted.who(database, accounts["berta"])
    for name, role in (("carl", Role.BUYER), ("vera", Role.VIEWER)):
        made = signed_in.make(database, AccountKind.COMPANY, name.title(), client_id=owner.client_id, role=role)
        accounts[name] = made
    accounts["olga"] = signed_in.make(database, AccountKind.OPERATOR, "Olga")
    accounts["otto"] = quoting.expert(database, name="Otto", **_company(732829320))
    anne = signed_in.make(database, AccountKind.EXPERT, "Anne", email_confirmed_at=None)
    with database.writing() as session:
        code = referrals.make_code(session, quoted.who(database, accounts["otto"]), AT)
        referrals.note(session, anne.id, code, AT)
        session.get_one(Account, anne.id).email_confirmed_at = AT
    quoting.identify(database, anne, **_company(552100554))
    quoting.give_mandate(database, anne)
    accounts["anne"] = anne
    employed = {"status": "portage_salarial", "portage_company": "ITG", "registration_number": "", "vat_number": ""}
    accounts["petra"] = quoting.expert(database, name="Petra", has_mandate=False, **employed)
    with database.writing() as session:
        session.get_one(Membership, accounts["carl"].id).approval_limit_cents = LIMIT_CENTS
        for place, (name, account) in enumerate(accounts.items()):
            row = session.get_one(Account, account.id)
            row.phone, row.created_at = f"+3361234567{place}", AT - timedelta(days=30)
            membership = session.get(Membership, account.id)
            if membership:
                session.get_one(Client, membership.client_id).created_at = AT - timedelta(days=30)
            if name in EXPERTS:
                shown = {"headline": "Export", "summary": "Cheese.", "is_visible": True}
                session.get_one(Expert, str(row.expert_id)).sqlmodel_update(shown)
    return {name: quoted.who(database, account) for name, account in accounts.items()}


def _company(siren: int) -> dict[str, str]:
    """Return the numbers of a French company that pass their checks."""
    siret = f"{siren}0001"
    return {
        "registration_number": siret + luhn.calc_check_digit(siret),
        "vat_number": f"FR{(12 + 3 * (siren % 97)) % 97:02}{siren}",
    }


def sign_up(database: Database, at: datetime) -> SignedIn:
    """Have the own client to whom quotes were sent make an account, as the page for that does."""
    with database.writing() as session:
        account = Account(
            kind=AccountKind.COMPANY.value, name="Erin", email=OWN_CLIENT_EMAIL, language="en", phone="+33612345690",
            created_at=at, email_confirmed_at=at,
        )  # fmt: skip
        client = Client(is_person=False, name="Erin & Co", created_at=at, registration_number=sirens.fresh(), **DETAILS)
        session.add_all([account, client])
        session.flush()
        session.add(Membership(account_id=account.id, client_id=client.id, role=Role.OWNER.value, joined_at=at))
        session.flush()
        own_clients.adopt(session, account, SETTINGS, at=at)
    return quoted.who(database, account)
