"""How Mangopay writes amounts, instants and states, and what they mean here. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import quote, urlsplit

from billing.lifecycle import PaymentState
from billing.providers.parties import Address

UNKNOWN_CURRENCY = "XXX"
"""Of a wire that has not come yet."""
_STATES = {"SUCCEEDED": PaymentState.SUCCEEDED, "FAILED": PaymentState.FAILED}


def money(cents: int, currency: str) -> dict[str, Any]:
    """Return an amount as Mangopay writes it."""
    return {"Currency": currency, "Amount": cents}


def cents_of(amount: Mapping[str, Any] | None) -> int:
    """Return the cents of an amount; none where there is none."""
    return int((amount or {}).get("Amount") or 0)


def currency_of(amount: Mapping[str, Any] | None) -> str:
    """Return the currency of an amount."""
    return str((amount or {}).get("Currency") or UNKNOWN_CURRENCY)


def instant_of(seconds: float | None) -> datetime | None:
    """Return an instant, which is written in seconds, whole or with a fraction."""
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)


def birthday(born_on: date) -> int:
    """Return a birthday as Mangopay writes it: its midnight in UTC, in seconds."""
    return int(datetime.combine(born_on, time(), UTC).timestamp())


def address(known: Address) -> dict[str, str]:
    """Return an address as Mangopay writes it."""
    return {
        "AddressLine1": known.line,
        "City": known.city,
        "PostalCode": known.postal_code,
        "Country": known.country,
        **({"Region": known.region} if known.region else {}),
    }


def state_of(transaction: Mapping[str, Any]) -> PaymentState:
    """Return how a transaction stands; one that waits for its user is challenged."""
    state = _STATES.get(str(transaction.get("Status")), PaymentState.CREATED)
    return PaymentState.CHALLENGE if state is PaymentState.CREATED and asks_user(transaction) else state


def asks_user(found: Mapping[str, Any]) -> bool:
    """Tell whether a user has to do something at Mangopay's page."""
    return bool((found.get("PendingUserAction") or {}).get("RedirectUrl"))


def failure_of(transaction: Mapping[str, Any]) -> str | None:
    """Return the code of what went wrong; an answer of 200 may well say that it failed."""
    return str(transaction.get("ResultCode") or "failed") if transaction.get("Status") == "FAILED" else None


def action_url(found: Mapping[str, Any], return_url: str) -> str | None:
    """Return the page at Mangopay where a user has to do something, and from where they come back to us."""
    url = (found.get("PendingUserAction") or {}).get("RedirectUrl")
    if not url:
        return None
    sign = "&" if urlsplit(str(url)).query else "?"
    return f"{url}{sign}returnUrl={quote(return_url, safe='')}"


def key_of(found: Mapping[str, Any]) -> str | None:
    """Return our key of what we made: its tag."""
    return str(found["Tag"]) if found.get("Tag") else None
