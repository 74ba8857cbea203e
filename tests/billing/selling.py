"""Experts to whom something was released on a day, for the yearly report; no payment has to be played for it."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import ledger, platform_sellers, postings, tax_details
from billing.commissions import Commission
from billing.models.ledger import LedgerTransaction
from billing.platform_reports import Seller
from billing.postings import Amount, External
from billing.statement_periods import ZONE
from billing.tax_details import Details
from foundation.database import Database
from tests import signed_in
from tests.billing.identified import SIREN, identify, who_is

KEY = b"k" * 32
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
COMPANY = {"status": "sasu", "legal_name": "Cap Export SASU", "registration_number": SIREN}
GIVEN = Details(
    tin="3023217600053",
    tin_country="FR",
    first_name="Anne",
    last_name="Le Goff",
    born_on=date(1980, 5, 17),
    birth_city="Nantes",
    birth_country="FR",
)
COMMISSION = Commission(1_000, 40_000, 8_000)
GROSS = 480_000
NET = GROSS - COMMISSION.total_cents


def seller(database: Database, name: str = "Anne", details: Details | None = None, **form: str) -> SignedIn:
    """Make an expert with a legal identity, who gave what is asked for or did not."""
    account = signed_in.make(database, AccountKind.EXPERT, name)
    identify(database, account, **form)
    who = who_is(account)
    if details is not None:
        database.write(lambda session: tax_details.put(session, who, details, KEY, at=NOON))
    return who


def release(
    database: Database, expert_id: str, on: date, currency: str = "EUR", commission: Commission = COMMISSION
) -> LedgerTransaction:
    """Post what was paid for something, and that it was released to an expert on a day, late in the evening."""
    name, at = str(uuid4()), datetime.combine(on, time(23, 30), ZONE)
    amount = Amount(GROSS, currency)
    with database.writing() as session:
        paid = postings.pay_in(name, amount, name, "c1", External("sandbox", "payin", name))
        ledger.post(session, paid, at=at - timedelta(hours=1))
        return ledger.post(session, postings.release(name, expert_id, amount, commission), at=at)


def reported(database: Database, year: int, key: bytes = KEY) -> dict[str, Seller]:
    """Return who is reported for a year, by id."""
    with database.reading() as session:
        return {one.expert_id: one for one in platform_sellers.report(session, year, key).sellers}
