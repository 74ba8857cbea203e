"""What the parts of the adapter share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from billing.providers.mangopay.calls import Calls
from billing.providers.mangopay.creations import Creations

BY_ITSELF = {"ScaContext": "USER_NOT_PRESENT"}
"""Said where an owner's wallet is read: nobody is there, the platform looks. Mangopay may want to see the owner even so
(https://docs.mangopay.com/guides/sca/wallets)."""
_SUCCEEDED = "SUCCEEDED"


@dataclass(frozen=True, slots=True)
class Means:
    """By what Mangopay is asked."""

    calls: Calls
    creations: Creations
    site_address: str
    """Of our site, to which users come back."""

    def transactions_of(self, user_id: str) -> Iterator[dict[str, Any]]:
        """Return a user's transactions, the latest first."""
        return self.calls.every(f"/users/{user_id}/transactions", Sort="CreationDate:DESC", **BY_ITSELF)

    def return_of(self, payout: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the refund by which a bank sent a payout back that had gone through."""
        if payout.get("Status") != _SUCCEEDED:
            return None
        refunds = self.calls.every(f"/payouts/{payout['Id']}/refunds")
        return next((refund for refund in refunds if refund.get("Status") == _SUCCEEDED), None)


class Part:
    """A part of the adapter."""

    _means: Means

    def _get(self, path: str, **params: str) -> dict[str, Any] | None:
        return self._means.calls.get(path, **params)
