"""Alerts that are due: each saved search is looked at, and its owner mailed if somebody is new."""

import base64
import hashlib
import hmac
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
            "unsubscribe_url": f"{STOP_PATH}/{stop_token(self._settings, saved.id)}",
        }
        return Mail(account.email or "", alerts.language_of(account), "alert", values)


def stop_token(settings: Settings, search_id: str) -> str:
    """Return what ends the mails about a search, without signing in."""
    return f"{search_id}.{_signature(settings, search_id)}"


def read_stop_token(settings: Settings, token: str) -> str | None:
    """Return which search a token is about; None where we did not sign it."""
    search_id, _, signature = token.rpartition(".")
    is_ours = hmac.compare_digest(signature.encode(), _signature(settings, search_id).encode())
    return search_id if is_ours else None


def _signature(settings: Settings, search_id: str) -> str:
    digest = hmac.new(keys.derived(settings, KEY), search_id.encode(errors="replace"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
