"""Releases and payouts at Mangopay.

A release is a transfer from the PAYER's wallet to the OWNER's with the commission as its fees, which nobody has to
confirm. A bank account is a recipient, which the expert confirms on Mangopay's page. A payout that succeeded may come
back: then it has a refund of its own.
"""

from collections.abc import Mapping
from typing import Any

from billing.lifecycle import PaymentState
from billing.provider_states import PayoutState, RecipientState
from billing.providers.mangopay.parts import Part
from billing.providers.mangopay.payins import as_repaid
from billing.providers.mangopay.readings import action_url, cents_of, currency_of, failure_of, key_of, money, state_of
from billing.providers.mangopay.recipients import recipient_body
from billing.providers.payins import Repaid
from billing.providers.payouts import (
    Payout,
    PayoutRequest,
    Recipient,
    RecipientRequest,
    Release,
    ReleaseRequest,
    ReturnRequest,
)

LONGEST_TEXT = 140
_RECIPIENT_STATES = {"PENDING": RecipientState.PENDING, "ACTIVE": RecipientState.ACTIVE}
_PAYOUT_STATES = {PaymentState.SUCCEEDED: PayoutState.SUCCEEDED, PaymentState.FAILED: PayoutState.FAILED}


class MangopayPayouts(Part):
    """Releases, recipients and payouts."""

    def release(self, request: ReleaseRequest) -> Release:
        """Move what is held, less the commission."""
        body = {
            "Tag": request.key,
            "AuthorId": request.payer_id,
            "DebitedWalletId": request.from_wallet_id,
            "CreditedWalletId": request.to_wallet_id,
            "DebitedFunds": money(request.cents, request.currency),
            "Fees": money(request.fee_cents, request.currency),
        }
        made = self._means.creations.make(
            request.key,
            "/transfers",
            body,
            read="/transfers/{}",
            others=lambda: self._means.transactions_of(request.payer_id),
        )
        return self._as_release(made)

    def fetch_release(self, provider_id: str) -> Release | None:
        """Return a release."""
        found = self._get(f"/transfers/{provider_id}")
        return self._as_release(found) if found else None

    def take_back(self, request: ReturnRequest) -> Repaid:
        """Move what was released back."""
        body = {
            "Tag": request.key,
            "AuthorId": request.payer_id,
            "DebitedFunds": money(request.cents, request.currency),
            # Negative: given back.
            "Fees": money(-request.fee_cents, request.currency),
        }
        path = f"/transfers/{request.release_id}/refunds"
        made = self._means.creations.make(
            request.key, path, body, read="/refunds/{}", others=lambda: self._means.calls.every(path)
        )
        return as_repaid(made)

    def add_recipient(self, request: RecipientRequest) -> Recipient:
        """Make a bank account known."""
        body = recipient_body(
            request.key,
            request.holder,
            request.account_number,
            request.currency,
            scope="PAYOUT",
            is_business=request.is_business,
        )
        path = f"/users/{request.user_id}/recipients"
        made = self._means.creations.make(
            request.key, path, body, read="/recipients/{}", others=lambda: self._means.calls.every(path)
        )
        return self._as_recipient(made, request.return_path)

    def fetch_recipient(self, provider_id: str, return_path: str = "/") -> Recipient | None:
        """Return a recipient."""
        found = self._get(f"/recipients/{provider_id}")
        return self._as_recipient(found, return_path) if found else None

    def pay_out(self, request: PayoutRequest) -> Payout:
        """Send money to a bank account."""
        body = {
            "Tag": request.key,
            "AuthorId": request.user_id,
            "DebitedWalletId": request.wallet_id,
            "DebitedFunds": money(request.cents, request.currency),
            "Fees": money(0, request.currency),
            "BankAccountId": request.recipient_id,
            "BankWireRef": request.text[:LONGEST_TEXT],
            "PayoutModeRequested": "STANDARD",
        }
        made = self._means.creations.make(
            request.key,
            "/payouts/bankwire",
            body,
            read="/payouts/{}",
            others=lambda: self._means.transactions_of(request.user_id),
        )
        return self._as_payout(made)

    def fetch_payout(self, provider_id: str) -> Payout | None:
        """Return a payout, with what came back of it."""
        found = self._get(f"/payouts/{provider_id}")
        return self._as_payout(found) if found else None

    def _as_release(self, found: Mapping[str, Any]) -> Release:
        amount = found.get("DebitedFunds")
        return Release(
            str(found["Id"]),
            key_of(found),
            state_of(found),
            cents_of(amount),
            cents_of(found.get("Fees")),
            currency_of(amount),
            failure_of(found),
            action_url(found, self._means.site_address),
        )

    def _as_recipient(self, found: Mapping[str, Any], return_path: str) -> Recipient:
        state = _RECIPIENT_STATES.get(str(found.get("Status")), RecipientState.CLOSED)
        url = action_url(found, f"{self._means.site_address}{return_path}")
        told = found.get("RecipientVerificationOfPayee") or {}
        warning = str(told.get("RecipientVerificationCheck") or "")
        return Recipient(str(found["Id"]), state, url, None if warning in {"", "MATCH"} else warning.lower())

    def _as_payout(self, found: Mapping[str, Any]) -> Payout:
        state, failure, return_id = _PAYOUT_STATES.get(state_of(found), PayoutState.CREATED), failure_of(found), None
        if state is PayoutState.SUCCEEDED:
            back = self._means.return_of(found)
            if back is not None:
                state, return_id = PayoutState.RETURNED, str(back["Id"])
                failure = str((back.get("RefundReason") or {}).get("RefundReasonType") or "returned").lower()
        amount = found.get("DebitedFunds")
        return Payout(str(found["Id"]), key_of(found), state, cents_of(amount), currency_of(amount), failure, return_id)
