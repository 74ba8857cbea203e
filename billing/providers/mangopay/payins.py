"""Payments and refunds at Mangopay: cards on its hosted page, wires with its reference.

Card payments are refunded as such. Wires can't be: the money is paid out from the payer's wallet to the account that it
came from (`PAYIN_REFUND`), which asks nobody to confirm anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing.lifecycle import ChargebackState, PaymentState
from billing.models.escrows import PaymentKind
from billing.providers.mangopay.names import derived
from billing.providers.mangopay.parts import Part
from billing.providers.mangopay.readings import (
    UNKNOWN_CURRENCY,
    cents_of,
    currency_of,
    failure_of,
    instant_of,
    key_of,
    money,
    state_of,
)
from billing.providers.mangopay.recipients import recipient_body
from billing.providers.payins import (
    CardPage,
    CardRequest,
    Disputed,
    Payin,
    RefundRequest,
    Repaid,
    WireAccount,
    WireRequest,
)
from billing.providers.resources import Declined
from foundation import clock
from foundation.errors import Unreachable

CARD_TYPE = "CB_VISA_MASTERCARD"
_READ = "/payins/{}"
_WON = ("WON", "VOID")


class MangopayPayins(Part):
    """Cards, wires and refunds of both."""

    def start_card(self, request: CardRequest) -> CardPage:
        """Begin a card payment on Mangopay's page."""
        body = {
            "Tag": request.key,
            "AuthorId": request.user_id,
            "CreditedWalletId": request.wallet_id,
            "DebitedFunds": money(request.cents, request.currency),
            "Fees": money(0, request.currency),
            "ReturnURL": f"{self._means.site_address}{request.return_path}",
            "CardType": CARD_TYPE,
            "Culture": request.language.upper(),
        }
        made = self._make(request.key, "/payins/card/web", body, request.user_id)
        if not made.get("RedirectURL"):
            raise Declined(failure_of(made) or "no_page")
        return CardPage(str(made["Id"]), str(made["RedirectURL"]))

    def open_wire(self, request: WireRequest) -> WireAccount:
        """Say where a transfer goes, and which reference of Mangopay's it has to carry."""
        body = {
            "Tag": request.key,
            "AuthorId": request.user_id,
            "CreditedWalletId": request.wallet_id,
            "DeclaredDebitedFunds": money(request.cents, request.currency),
            "DeclaredFees": money(0, request.currency),
        }
        made = self._make(request.key, "/payins/bankwire/direct", body, request.user_id)
        account = made.get("BankAccount") or {}
        if not made.get("WireReference") or not account.get("IBAN"):
            raise Declined(failure_of(made) or "no_account")
        return WireAccount(
            str(made["Id"]),
            str(made["WireReference"]),
            str(account.get("OwnerName") or ""),
            str(account["IBAN"]),
            str(account.get("BIC") or ""),
        )

    def fetch_payin(self, provider_id: str) -> Payin | None:
        """Return a payment; of a wire that has not come yet, what is awaited. Raises Unreachable."""
        found = self._get(_READ.format(provider_id))
        if not found or found.get("Nature", "REGULAR") != "REGULAR":
            return None
        is_wire = found.get("PaymentType") == "BANK_WIRE"
        amount = found.get("DebitedFunds")
        if is_wire and (currency_of(amount) == UNKNOWN_CURRENCY or not cents_of(amount)):
            if state_of(found) is PaymentState.SUCCEEDED:
                # What was declared is not what came: nothing counts until it is said how much that is.
                raise Unreachable("Mangopay says that a transfer came, but not of how much")
            amount = found.get("DeclaredDebitedFunds")
        return Payin(
            str(found["Id"]),
            PaymentKind.WIRE if is_wire else PaymentKind.CARD,
            state_of(found),
            cents_of(amount),
            currency_of(amount),
            key=key_of(found),
            wire_text=str(found.get("WireReference") or "") if is_wire else "",
            wire_sender=str(_sender(found).get("OwnerName") or "") if is_wire else "",
            failure=failure_of(found),
        )

    def refund(self, request: RefundRequest) -> Repaid:
        """Send money back: to the card, or to the account that a wire came from."""
        paid = self._get(_READ.format(request.payin_id))
        if not paid or paid.get("Status") != "SUCCEEDED":
            raise Declined("not_refundable")
        if request.kind is PaymentKind.WIRE:
            return self._pay_back(request, paid)
        body = {
            "Tag": request.key,
            "AuthorId": str(paid["AuthorId"]),
            "DebitedFunds": money(request.cents, request.currency),
            "Fees": money(0, request.currency),
        }
        path = f"/payins/{request.payin_id}/refunds"
        made = self._means.creations.make(
            request.key, path, body, read="/refunds/{}", others=lambda: self._means.calls.every(path)
        )
        return as_repaid(made)

    def fetch_refund(self, provider_id: str) -> Repaid | None:
        """Return a refund, of a card payment, of a release, or of a wire: the latter is a payout."""
        if refund := self._get(f"/refunds/{provider_id}"):
            return as_repaid(refund)
        payout = self._get(f"/payouts/{provider_id}")
        if not payout:
            return None
        back = self._means.return_of(payout)
        return replace(as_repaid(payout), return_id=str(back["Id"]) if back else None)

    def fetch_chargeback(self, provider_id: str) -> Disputed | None:
        """Return a chargeback: at Mangopay a dispute."""
        found = self._get(f"/disputes/{provider_id}")
        return as_disputed(found) if found else None

    def chargebacks(self, since: datetime) -> Iterator[Disputed]:
        """Return the chargebacks that were made at an instant or later, oldest first."""
        params = {"AfterDate": int(since.timestamp()), "Sort": "CreationDate:ASC"}
        for found in self._means.calls.every("/disputes", **params):
            if disputed := as_disputed(found):
                yield disputed

    def _pay_back(self, request: RefundRequest, paid: Mapping[str, Any]) -> Repaid:
        sender = _sender(paid)
        number = str(sender.get("IBAN") or request.account_number)
        holder = str(sender.get("OwnerName") or request.holder)
        if not number or not holder:
            raise Declined("unknown_account")
        user_id, wallet_id = str(paid["AuthorId"]), str(paid["CreditedWalletId"])
        key = derived(request.key, "recipient")
        body = recipient_body(key, holder, number, request.currency, scope="PAYIN", is_business=True)
        path = f"/users/{user_id}/recipients"
        recipient = self._means.creations.make(
            key, path, body, read="/recipients/{}", others=lambda: self._means.calls.every(path)
        )
        payout = {
            "Tag": request.key,
            "AuthorId": user_id,
            "DebitedWalletId": wallet_id,
            "DebitedFunds": money(request.cents, request.currency),
            "Fees": money(0, request.currency),
            "BankAccountId": str(recipient["Id"]),
            "PaymentRef": {"ReasonType": "PAYIN_REFUND", "ReferenceId": request.payin_id},
        }
        made = self._means.creations.make(
            request.key,
            "/payouts/bankwire",
            payout,
            read="/payouts/{}",
            others=lambda: self._means.transactions_of(user_id),
        )
        return as_repaid(made)

    def _make(self, key: str, path: str, body: Mapping[str, Any], user_id: str) -> dict[str, Any]:
        return self._means.creations.make(
            key, path, body, read=_READ, others=lambda: self._means.transactions_of(user_id)
        )


def as_repaid(found: Mapping[str, Any]) -> Repaid:
    """Return a refund, or a payout that is one."""
    return Repaid(str(found["Id"]), key_of(found), state_of(found), failure_of(found))


def as_disputed(found: Mapping[str, Any]) -> Disputed | None:
    """Return a dispute as the port knows it; None for a warning (`RETRIEVAL`), by which nothing is taken.

    What is disputed leaves the platform's repudiation wallet when the dispute is made. Once it is closed and won, what
    was contested comes back there; a void one leaves nothing taken.
    """
    if found.get("DisputeType") == "RETRIEVAL":
        return None
    is_closed, result = found.get("Status") == "CLOSED", str(found.get("ResultCode") or "")
    cents, back = cents_of(found.get("DisputedFunds")), 0
    if is_closed and result in _WON:
        back = cents if result == "VOID" else min(cents, cents_of(found.get("ContestedFunds")) or cents)
    state = ChargebackState.WON if back else ChargebackState.LOST if is_closed else ChargebackState.TAKEN
    return Disputed(
        str(found["Id"]),
        str(found.get("InitialTransactionId") or ""),
        state,
        cents,
        currency_of(found.get("DisputedFunds")),
        instant_of(found.get("CreationDate")) or clock.now(),
        back,
        str((found.get("DisputeReason") or {}).get("DisputeReasonType") or "").lower(),
    )


def _sender(payin: Mapping[str, Any]) -> Mapping[str, Any]:
    return payin.get("DebitedBankAccount") or {}
