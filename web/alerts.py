"""Alerts that are due: each saved search is looked at, and its owner mailed if somebody is new."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from foundation import keys, mails
from foundation.errors import Invalid
from foundation.mails import Mail
from foundation.settings import Settings
from indexer.indexes import Index
from search_api import alerts, saved_searches
from search_api.alerts import Alert, Due
from search_api.models import Frequency
from search_api.pointers import LivePointers
from web import searchers
from web.pages import addresses
from web.rendering import address

STOP_PATH = "/alerts/stop"
KEY = "alerts"
"""Of the links that end their mails."""

log = structlog.get_logger(__name__)


class Alerter:
    """Owes looks at saved searches, and does them. May be repeated: a due time is told once."""

    def __init__(self, settings: Settings, index: Index) -> None:
        self._settings, self._database = settings, index.database
        self._make_searcher = searchers.maker(index)
        self._pointers = LivePointers(index.database)

    def owe(self, frequency: Frequency, due_times: Sequence[str]) -> None:
        """Owe each search of a frequency a look of its own."""
        due_at = max(datetime.fromisoformat(due) for due in due_times)
        self._database.write(lambda session: alerts.owe(session, frequency, due_at))

    def deliver(self, due_keys: Sequence[str]) -> None:
        """Look at searches that are due, and write the mails."""
        for key in due_keys:
            self._deliver_one(alerts.parse(key))

    def sweep(self, at: datetime) -> None:
        """Drop searches for good that were deleted a while ago."""
        self._database.write(lambda session: saved_searches.sweep(session, at=at))

    def _deliver_one(self, due: Due) -> None:
        with self._database.reading() as session:
            row = alerts.find_due(session, due)
            if row is None:
                return
            parameters = alerts.parameters_of(*row)
        try:
            found = alerts.look(self._make_searcher(), self._pointers.current(), parameters)
        except Invalid as error:
            # What it names is known no more; its page says so. Trying again would not help.
            log.warning("a saved search can't be asked any more", search=due.search_id, reason=str(error))
            return

        def tell(session: Session) -> None:
            if alert := alerts.tell(session, due, found):
                mails.write(session, self._mail(alert), key=f"alert {due.key}", at=due.at)

        self._database.write(tell)

    def _mail(self, alert: Alert) -> Mail:
        saved, account = alert.search, alert.recipient
        parameters = alerts.parameters_of(saved, account)
        values: dict[str, Any] = {
            "name": account.name,
            "search": saved.name,
            "search_url": address(addresses.PATH, addresses.pairs(parameters)),
            "experts": [
                {
                    "name": document.name,
                    "headline": document.headline,
                    "slug": document.slug,
                    "language": document.language,
                }
                for document in alert.experts
            ],
            "total": alert.total,
            "unsubscribe_url": f"{STOP_PATH}/{keys.signed(self._settings, KEY, saved.id)}",
        }
        return Mail(account.email or "", alerts.language_of(account), "alert", values)
