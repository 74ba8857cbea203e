"""What happened at Mangopay, wallet by wallet."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from billing.providers.mangopay.parts import BY_ITSELF, Part
from billing.providers.mangopay.readings import cents_of, currency_of, instant_of, key_of, state_of
from billing.providers.transactions import FEES, Transaction, TransactionKind, TransactionNature
from foundation import clock

_FEES = f"/clients/wallets/{FEES.upper()}/{{}}"
_NATURES = {
    "REFUND": TransactionNature.REFUND,
    "REPUDIATION": TransactionNature.CHARGEBACK,
    "SETTLEMENT": TransactionNature.SETTLEMENT,
}


class MangopayStatements(Part):
    """What happened."""

    def transactions(self, wallet_id: str, since: datetime) -> Iterator[Transaction]:
        """Return what was made in a wallet at an instant or later, oldest first; Mangopay forgets after 13 months."""
        params = {"AfterDate": int(since.timestamp()), "Sort": "CreationDate:ASC", **BY_ITSELF}
        for found in self._means.calls.every(f"/wallets/{wallet_id}/transactions", **params):
            yield as_transaction(found)

    def fees(self, currency: str) -> int:
        """Return what is in the wallet of the commissions."""
        found = self._get(_FEES.format(currency))
        return cents_of((found or {}).get("Balance"))

    def fees_paid_out(self, currency: str) -> int:
        """Return what Mangopay has sent of them to the operator's bank, with its invoices: once a month."""
        listed = self._means.calls.every(f"{_FEES.format(currency)}/transactions")
        return sum(
            cents_of(found.get("DebitedFunds"))
            for found in listed
            if (found.get("Type"), found.get("Status")) == ("PAYOUT", "SUCCEEDED")
        )


def as_transaction(found: Mapping[str, Any]) -> Transaction:
    """Return a movement of money as Mangopay lists it."""
    amount = found.get("DebitedFunds")
    return Transaction(
        str(found["Id"]),
        TransactionKind(str(found["Type"]).lower()),
        _NATURES.get(str(found.get("Nature")), TransactionNature.REGULAR),
        state_of(found),
        cents_of(amount),
        cents_of(found.get("Fees")),
        currency_of(amount),
        _wallet(found.get("DebitedWalletId")),
        _wallet(found.get("CreditedWalletId")),
        key_of(found),
        instant_of(found.get("CreationDate")) or clock.now(),
        instant_of(found.get("ExecutionDate")),
    )


def _wallet(wallet_id: object) -> str | None:
    return str(wallet_id) if wallet_id else None
