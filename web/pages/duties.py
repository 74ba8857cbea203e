"""Insurance, papers and warnings, for the pages of quotes and missions: what `duties/_parts.html` shows.

A page that shows them adds `context(…)` to its own values, links `duties.css` and calls the macro `section(duties)`.
"""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind, Client
from accounts.sign_ins import SignedIn
from booking import duties, withdrawals
from booking.cover import Policy
from booking.duties import Duties
from booking.lifecycle import MissionState, Party
from booking.models.missions import Mission
from booking.models.quotes import Quote, QuoteVersion
from foundation.i18n import Language, translate
from web.pages.papers import NAMES, STATES


def of_quote(
    session: Session, who: SignedIn, quote: Quote, version: QuoteVersion, policy: Policy, language: Language, on: date
) -> dict[str, Any]:
    """Return the values for a version of a quote; its papers are downloaded once there is a contract."""
    is_before = quote.accepted_version is None
    return context(duties.of(session, quote, version, policy, on=on), who, language, is_before=is_before)


def of_mission(
    session: Session, who: SignedIn, mission: Mission, policy: Policy, language: Language, on: date
) -> dict[str, Any]:
    """Return the values for a mission."""
    return context(duties.of_mission(session, mission, policy, on=on), who, language, is_before=False)


def withdrawal(session: Session, mission: Mission, party: Party, today: date) -> dict[str, Any]:
    """Return until when the client may withdraw, for the client; and whether the expert has to state a share."""
    known = withdrawals.of(session, mission)
    client = session.get_one(Client, mission.client_id)
    last = withdrawals.until(mission, client) if known is None and party is Party.CLIENT else None
    is_asked = known is not None and known.stated_at is None and mission.state == MissionState.REFUND_IN_QUESTION
    return {
        "withdraw_until": last if last and today <= last else None,
        "withdraw_owes": withdrawals.owes_share(mission),
        "withdrawal": known,
        "share_wanted": is_asked and party is Party.EXPERT,
    }


def context(found: Duties, who: SignedIn, language: Language, *, is_before: bool) -> dict[str, Any]:
    """Return the template's values."""
    rows = [
        {
            "kind": standing.kind.value,
            "name": translate(language, NAMES[standing.kind]),
            "state": standing.state.value,
            "state_name": translate(language, STATES[standing.state]),
            "until": standing.until,
            "url": f"/papers/{standing.paper.id}" if standing.paper and not is_before else "",
        }
        for standing in found.papers
    ]
    return {
        "duties": {
            "cover": found.cover,
            "rows": rows,
            "is_lacking": bool(found.lacking),
            "is_portage": found.is_portage,
            "is_before": is_before,
            "is_expert": who.kind is AccountKind.EXPERT,
            "since": found.dependency.since if found.dependency else None,
            "is_quiet": found.dependency is not None and found.dependency.is_quiet,
        }
    }
