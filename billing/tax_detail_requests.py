"""Asking sellers in time for what the yearly report needs, and telling them that their copy is there.

Who does not answer is reminded twice, a month apart (Directive (EU) 2021/514, annex V, section IV, A, 2: after two
reminders and not before 60 days the operator may withhold payment or close the account, which stays a decision of
people). Sellers have their copies by 31 January (French general tax code, article 1649 ter D).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlmodel import col

from billing import identity_paper_mails as mails
from billing import platform_sellers
from billing.models.tax_details import MOST_REQUESTS, TaxDetails
from billing.platform_reports import Report
from billing.statement_periods import day_of
from foundation import audits
from foundation.database import Database

PATH = "/my/tax-details"
BETWEEN = timedelta(days=30)
COPIES_FROM = (1, 10)
"""Month and day from which copies are there: the year's last facts are in."""


def look_after(database: Database, key: bytes, at: datetime) -> None:
    """Ask, remind, and tell of copies, whoever is due; may be repeated."""
    today = day_of(at)
    for year in years(today):
        with database.reading() as session:
            report = platform_sellers.report(session, year, key)
        whole = [seller.expert_id for seller in report.sellers if not seller.missing]
        database.write(lambda session, ids=whole: _settle(session, ids))
        for seller in report.incomplete:
            database.write(lambda session, name=seller.expert_id, due=report.due_on: _ask(session, name, due, at))
        if year < today.year and (today.month, today.day) >= COPIES_FROM:
            database.write(lambda session, found=report: _tell(session, found, at))


def years(today: date) -> Sequence[int]:
    """Return for which years something is still to be done: the last one until its report is due. Pure."""
    return [today.year - 1, today.year] if today.month == 1 else [today.year]


def is_due(requests: int, asked_at: datetime | None, at: datetime) -> bool:
    """Tell whether somebody is to be asked, or reminded. Pure."""
    return asked_at is None or (requests < MOST_REQUESTS and at - asked_at >= BETWEEN)


def _ask(session: Session, expert_id: str, due_on: date, at: datetime) -> None:
    found = session.get(TaxDetails, expert_id, with_for_update=True) or TaxDetails(expert_id=expert_id)
    if not is_due(found.requests, found.asked_at, at):
        return
    found.requests, found.asked_at = found.requests + 1, at
    session.add(found)
    session.flush()
    key = f"{expert_id} {day_of(at)}"
    mails.tell(session, expert_id, "tax_details_wanted", key=key, at=at, path=PATH, day=due_on)
    audits.record(session, audits.SYSTEM, "asked_for_tax_details", "expert", expert_id, at=at, requests=found.requests)


def _settle(session: Session, expert_ids: Sequence[str]) -> None:
    """Want nothing more of sellers of whom all is known, by whichever way it came."""
    is_settled = col(TaxDetails.expert_id).in_(expert_ids) & (col(TaxDetails.requests) > 0)
    session.execute(update(TaxDetails).where(is_settled).values(requests=0, asked_at=None))


def _tell(session: Session, report: Report, at: datetime) -> None:
    """Tell sellers of whom something is reported that their copy is there, once."""
    for seller in report.sellers:
        key = f"{report.year} {seller.expert_id}"
        mails.tell(session, seller.expert_id, "tax_report_ready", key=key, at=at, path=PATH, title=str(report.year))
