"""What the system says in threads: codes with values, which pages put into their reader's words."""

from enum import StrEnum


class Line(StrEnum):
    """Something that happened between the two sides. `title` names the thing, `path` leads to its page."""

    OFFER_SENT = "offer_sent"
    OFFER_CHANGED = "offer_changed"
    OFFER_WITHDRAWN = "offer_withdrawn"
    OFFER_REFUSED = "offer_refused"
    OFFER_EXPIRED = "offer_expired"
    QUOTE_SENT = "quote_sent"
    QUOTE_AMENDED = "quote_amended"
    QUOTE_ACCEPTED = "quote_accepted"
    QUOTE_DECLINED = "quote_declined"
    QUOTE_WITHDRAWN = "quote_withdrawn"
    QUOTE_EXPIRED = "quote_expired"
    QUOTE_CANCELLED = "quote_cancelled"
    MISSION_FUNDED = "mission_funded"
    MISSION_STARTED = "mission_started"
    MISSION_REPORTED = "mission_reported"
    MISSION_VALIDATED = "mission_validated"
    MISSION_CANCELLED = "mission_cancelled"
    MISSION_DISPUTED = "mission_disputed"
    MONTHS_PROPOSED = "months_proposed"
    SERIES_STOPPED = "series_stopped"
