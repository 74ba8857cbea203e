"""What Mangopay says has changed.

It calls an address of ours with `?EventType=…&RessourceId=…&Date=…`, unsigned: anybody could. Such a call is only
noted, and what it names is fetched. The address holds a word that nobody guesses: strangers can't fill the queue.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billing.providers.mangopay.calls import Calls
from billing.providers.mangopay.names import NAME, derived
from billing.providers.resources import (
    CHARGEBACK,
    DECLARATION,
    PAPER,
    PAYIN,
    PAYOUT,
    RECIPIENT,
    REFUND,
    RELEASE,
    SUBSCRIPTION,
    USER,
    Resource,
)

_ENDS = ("CREATED", "SUCCEEDED", "FAILED")
EVENTS: Mapping[str, str] = {
    **{f"PAYIN_NORMAL_{end}": PAYIN for end in ("SUCCEEDED", "FAILED")},
    **{f"{kind}_REFUND_{end}": REFUND for kind in ("PAYIN", "TRANSFER") for end in ("SUCCEEDED", "FAILED")},
    **{f"TRANSFER_NORMAL_{end}": RELEASE for end in ("SUCCEEDED", "FAILED")},
    **{f"PAYOUT_NORMAL_{end}": PAYOUT for end in ("SUCCEEDED", "FAILED")},
    "PAYOUT_REFUND_SUCCEEDED": PAYOUT,
    **{f"KYC_{end}": PAPER for end in ("SUCCEEDED", "FAILED", "OUTDATED")},
    **{f"UBO_DECLARATION_{end}": DECLARATION for end in ("VALIDATED", "REFUSED", "INCOMPLETE")},
    **{f"USER_KYC_{level}": USER for level in ("LIGHT", "REGULAR")},
    "USER_ACCOUNT_ACTIVATED": USER,
    "USER_ACCOUNT_CLOSED": USER,
    **{f"RECIPIENT_{end}": RECIPIENT for end in ("ACTIVE", "CANCELED", "DEACTIVATED")},
    **{f"RECURRING_REGISTRATION_{end}": SUBSCRIPTION for end in ("CREATED", "AUTH_NEEDED", "IN_PROGRESS", "ENDED")},
    **{f"DISPUTE_{end}": CHARGEBACK for end in ("CREATED", "ACTION_REQUIRED", "CLOSED")},
}
"""The events that are listened to, with the kind of what they name."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BACK = "PAYOUT_REFUND_SUCCEEDED"


def read_hook(query: Mapping[str, str]) -> Resource | None:
    """Return what a call says has changed; None for one that can't be Mangopay's. Pure."""
    kind, provider_id = EVENTS.get(query.get("EventType", "")), query.get("RessourceId", "")
    return Resource(NAME, kind, provider_id) if kind and _ID.fullmatch(provider_id) else None


def register(calls: "Calls", url: str) -> Iterator[tuple[str, str]]:
    """Have Mangopay call an address about each event; yield each event with what was done. May be repeated."""
    known = {str(hook.get("EventType")): hook for hook in calls.every("/hooks")}
    for event in EVENTS:
        hook = known.get(event)
        if hook is None:
            calls.post("/hooks", {"EventType": event, "Url": url, "Tag": "portulan"}, derived(url, event))
            yield event, "registered"
        elif _is_right(hook, url):
            yield event, "kept"
        else:
            calls.put(f"/hooks/{hook['Id']}", {"Url": url, "Status": "ENABLED"})
            yield event, "changed"


def _is_right(hook: Mapping[str, Any], url: str) -> bool:
    return hook.get("Url") == url and hook.get("Status") == "ENABLED" and hook.get("Validity") != "INVALID"
