"""Sending the SMS that `foundation.sms` owes."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from foundation import clock, sms
from foundation.database import Database
from foundation.settings import Settings
from foundation.sms_gateways import PAUSE_S, Refused, choose

log = structlog.get_logger(__name__)


class Texter:
    """Sends what is owed; also drops what was kept for long enough.

    `pause_s` is for how long a gateway that did not answer is left alone.
    """

    def __init__(self, settings: Settings, database: Database, *, pause_s: float = PAUSE_S) -> None:
        self._database = database
        self._gateway = choose(settings, pause_s)

    def deliver(self, sms_ids: Sequence[str]) -> None:
        """Send SMS that have not left yet. May be repeated: the gateway knows an SMS by its id."""
        for sms_id in sms_ids:
            self._deliver_one(sms_id)

    def clear(self, at: datetime) -> None:
        """Drop what SMS of a month ago hold, and files of SMS that are gone."""
        self._database.write(lambda session: sms.clear(session, at))
        # Files first: one that is written meanwhile is of a row that was there before it.
        files = self._gateway.list_kept()
        with self._database.reading() as session:
            kept = sms.find_kept(session, files)
        self._gateway.drop(set(files) - kept)

    def _deliver_one(self, sms_id: str) -> None:
        with self._database.reading() as session:
            row = sms.find_owed(session, sms_id)
            if row is None:
                return
            session.expunge(row)
        try:
            self._gateway.send(row)
        except Refused as error:
            reason = str(error)
            log.warning("SMS is refused for good", sms_id=sms_id, reason=reason)
            self._database.write(lambda session: sms.mark_failed(session, sms_id, reason))
        else:
            self._database.write(lambda session: sms.mark_sent(session, sms_id, clock.now()))
