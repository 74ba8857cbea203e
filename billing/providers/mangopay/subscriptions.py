"""Kept cards and their charges at Mangopay: card registrations and recurring card pay-ins."""

from collections.abc import Mapping
from typing import Any

from billing.lifecycle import PaymentState
from billing.provider_states import Period, SubscriptionState
from billing.providers.mangopay.calls import Refused
from billing.providers.mangopay.parts import Part
from billing.providers.mangopay.payins import CARD_TYPE
from billing.providers.mangopay.readings import cents_of, failure_of, key_of, money, state_of
from billing.providers.resources import Declined
from billing.providers.subscriptions import (
    Browser,
    CardForm,
    CardFormRequest,
    Charge,
    ChargeRequest,
    Subscription,
    SubscriptionRequest,
)

LONGEST_TEXT = 10
_PERIODS = {Period.MONTH: "Monthly", Period.YEAR: "Annual"}
_STATES = {
    "CREATED": SubscriptionState.CREATED,
    "IN_PROGRESS": SubscriptionState.ACTIVE,
    "AUTHENTICATION_NEEDED": SubscriptionState.AUTHENTICATION,
}
_READ = "/recurringpayinregistrations/{}"


class MangopaySubscriptions(Part):
    """Cards that are kept and charged."""

    def begin_card(self, request: CardFormRequest) -> CardForm:
        """Say where a card is typed: a form whose browser sends it to Mangopay, never to us."""
        body = {
            "UserId": request.user_id,
            "Currency": request.currency,
            "CardType": CARD_TYPE,
            "Tag": request.key,
        }
        made = self._means.creations.make(request.key, "/cardregistrations", body, read="/cardregistrations/{}")
        fields = {
            "accessKeyRef": str(made.get("AccessKey") or ""),
            "data": str(made.get("PreregistrationData") or ""),
            "returnURL": f"{self._means.site_address}{request.return_path}",
        }
        return CardForm(str(made["Id"]), str(made["CardRegistrationURL"]), fields)

    def keep_card(self, provider_id: str, answer: str) -> str:
        """Finish a registration with what Mangopay gave the browser."""
        path = f"/cardregistrations/{provider_id}"
        found = self._get(path)
        if found is None:
            raise Declined("unknown_card")
        if not found.get("CardId"):
            try:
                found = self._means.calls.put(path, {"RegistrationData": answer})
            except Refused as error:
                raise Declined(str(error)) from error
        if not found.get("CardId"):
            raise Declined(str(found.get("ResultCode") or "unknown_card"))
        return str(found["CardId"])

    def subscribe(self, request: SubscriptionRequest) -> Subscription:
        """Allow charges of a kept card, of any amount: Boost's price may change with notice."""
        body = {
            "AuthorId": request.user_id,
            "CardId": request.card_id,
            "CreditedWalletId": request.wallet_id,
            "FirstTransactionDebitedFunds": money(request.cents, request.currency),
            "FirstTransactionFees": money(0, request.currency),
            "Frequency": _PERIODS[request.period],
            "FixedNextAmount": False,
        }
        # It moves no money, and has no tag: a second one would do no harm.
        made = self._means.creations.make(request.key, "/recurringpayinregistrations", body, read=_READ)
        return _as_subscription(made)

    def fetch_subscription(self, provider_id: str) -> Subscription | None:
        """Return a subscription."""
        found = self._get(_READ.format(provider_id))
        return _as_subscription(found) if found else None

    def charge(self, request: ChargeRequest) -> Charge:
        """Charge the card: with a browser as the cardholder (CIT), without as the merchant (MIT)."""
        registration = self._get(_READ.format(request.subscription_id))
        if registration is None:
            raise Declined("subscription_ended")
        body: dict[str, Any] = {
            "RecurringPayinRegistrationId": request.subscription_id,
            "DebitedFunds": money(request.cents, request.currency),
            "Fees": money(request.fee_cents, request.currency),
            "Tag": request.key,
            **({"StatementDescriptor": request.text[:LONGEST_TEXT]} if request.text else {}),
        }
        if request.browser is not None:
            body |= _browser(request.browser)
            body["SecureModeReturnURL"] = f"{self._means.site_address}{request.return_path}"
        author_id = str(registration["AuthorId"])
        made = self._means.creations.make(
            request.key,
            "/payins/recurring/card/direct",
            body,
            read="/payins/{}",
            others=lambda: self._means.transactions_of(author_id),
        )
        return _as_charge(made)

    def end_subscription(self, provider_id: str) -> None:
        """Allow no more charges."""
        found = self._get(_READ.format(provider_id))
        if found is not None and found.get("Status") != "ENDED":
            try:
                self._means.calls.put(_READ.format(provider_id), {"Status": "ENDED"})
            except Refused as error:
                raise Declined(str(error)) from error


def _browser(browser: Browser) -> dict[str, Any]:
    return {
        "IpAddress": browser.address,
        "BrowserInfo": {
            "AcceptHeader": browser.accept,
            "JavaEnabled": False,
            "JavascriptEnabled": True,
            "Language": browser.language,
            "ColorDepth": browser.color_depth,
            "ScreenHeight": browser.screen_height,
            "ScreenWidth": browser.screen_width,
            "TimeZoneOffset": browser.time_zone_offset,
            "UserAgent": browser.user_agent,
        },
    }


def _as_subscription(found: Mapping[str, Any]) -> Subscription:
    return Subscription(str(found["Id"]), _STATES.get(str(found.get("Status")), SubscriptionState.ENDED))


def _as_charge(found: Mapping[str, Any]) -> Charge:
    state = state_of(found)
    url = str(found["SecureModeRedirectURL"]) if found.get("SecureModeRedirectURL") else None
    is_asked = state is PaymentState.CREATED and url is not None
    return Charge(
        str(found["Id"]),
        key_of(found),
        PaymentState.CHALLENGE if is_asked else state,
        cents_of(found.get("DebitedFunds")),
        failure_of(found),
        url if is_asked else None,
    )
