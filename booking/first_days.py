"""From which day on the work of a mission may begin: not while a private client may withdraw, unless they asked for it.

Code de la consommation, L. 221-25. Who signs for a start within the days of withdrawal says that they want it, or can't
sign; of any other contract the work begins once the days are over, or after an amendment with an earlier start.
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from accounts.models.accounts import Client
from booking import duties, withdrawal_rules
from booking.models.missions import Mission
from foundation.errors import Conflict


class TooEarly(Conflict):
    """The client may still withdraw, and has not asked that work begins before; it may from `first_day` on."""

    def __init__(self, first_day: date) -> None:
        self.first_day = first_day
        super().__init__(f"the client may still withdraw: work begins from {first_day} on")


def of(session: Session, mission: Mission) -> date | None:
    """Return the day from which on work may begin; None where it may at once, as always for a company."""
    if not session.get_one(Client, mission.client_id).is_person:
        return None
    return withdrawal_rules.first_day(mission.starts_on, duties.day_of(mission.made_at))


def require(session: Session, mission: Mission, *, at: datetime) -> None:
    """Raise TooEarly before that day."""
    if (day := of(session, mission)) and duties.day_of(at) < day:
        raise TooEarly(day)
