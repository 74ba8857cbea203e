"""Suspended accounts that come to their term: they are closed, then erased like any other."""

from datetime import datetime, timedelta

import structlog

from accounts import suspensions
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from web import privacy

log = structlog.get_logger(__name__)


def run(database: Database, at: datetime) -> None:
    """Close what has come to its term, and erase what is closed. May be repeated.

    What can't be erased yet, such as who alone runs a company with colleagues, stays closed and is tried again.
    """
    with database.reading() as session:
        due = [account.id for account in suspensions.nearing(session, at.date(), within=timedelta())]
    for account_id in due:
        database.write(lambda session, account_id=account_id: suspensions.terminate(session, account_id, at=at))
    with database.reading() as session:
        ended = suspensions.to_erase(session)
    for account_id in ended:
        try:
            database.write(
                lambda session, account_id=account_id: privacy.erase(session, account_id, at=at, actor=SYSTEM)
            )
        except (Conflict, NotFound) as error:
            log.warning("an account that ended can't be erased yet", account_id=account_id, reason=str(error))
