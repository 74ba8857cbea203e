"""Mission sheets and whom they may go to: for tests of offers."""

from typing import Any

from accounts import experts
from accounts.models.accounts import AccountKind
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from booking import offers, sheets
from booking.models.sheets import Offer, Sheet
from booking.sheet_contents import Content
from foundation.database import Database
from tests import signed_in
from tests.booking import quoted
from tests.booking.quoted import AT

CONTENT = Content(
    title="Open the Moroccan market",
    context="We make cheese.",
    objectives=("Say whether the market is open", "Five meetings"),
    skills=("Douane",),
)


def client(database: Database, **columns: Any) -> SignedIn:
    """Return the owner of a client that may propose."""
    return quoted.client(database, **{"phone": "+33612345678", **columns})


def shown(database: Database, ref: str) -> Expert:
    """Return an expert whose profile is shown and has no owner."""
    with database.writing() as session:
        expert = experts.draft(session, name=f"Expert {ref}", at=AT)
        expert.sqlmodel_update({"ref": ref, "headline": "Export", "summary": "Cheese.", "is_visible": True})
    return expert


def owner(database: Database, expert: Expert, **columns: Any) -> SignedIn:
    """Return somebody who owns a profile."""
    account = signed_in.make(database, AccountKind.EXPERT, expert.name, expert_id=expert.id, **columns)
    return quoted.who(database, account)


def drafted(database: Database, by: SignedIn, **values: Any) -> Sheet:
    """Return a client's draft."""
    with database.writing() as session:
        return sheets.begin(session, sheets.author(by), CONTENT.model_copy(update=values), at=AT)


def proposed(database: Database, by: SignedIn, sheet: Sheet, *to: Expert, at: Any = AT, text: str = "") -> list[Offer]:
    """Propose a sheet to experts."""
    with database.writing() as session:
        return offers.propose(session, by, sheet.id, [expert.id for expert in to], text, at=at)
