"""How bank accounts are written for Mangopay. Pure."""

from typing import Any

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from billing.providers.resources import Declined

LONGEST_TITLE = 50


def recipient_body(
    key: str, holder: str, number: str, currency: str, *, scope: str, is_business: bool
) -> dict[str, Any]:
    """Return a recipient as Mangopay wants it; raise Declined for what is no IBAN.

    Within the euro's payment area a transfer is local, else international.
    """
    try:
        iban = IBAN(number)
    except SchwiftyException:
        raise Declined("invalid_iban") from None
    is_local = currency == "EUR" and bool(iban.in_sepa_zone)
    first, _, last = " ".join(holder.split()).partition(" ")
    account: dict[str, Any] = {"IBAN": iban.compact}
    return {
        "Tag": key,
        "DisplayName": f"{holder} {iban.compact[-4:]}"[-LONGEST_TITLE:],
        "PayoutMethodType": "LocalBankTransfer" if is_local else "InternationalBankTransfer",
        "RecipientType": "Business" if is_business else "Individual",
        "Currency": currency,
        "Country": iban.country_code,
        "RecipientScope": scope,
        **(
            {"BusinessRecipient": {"BusinessName": holder}}
            if is_business
            else {"IndividualRecipient": {"FirstName": first, "LastName": last or first}}
        ),
        **({"LocalBankTransfer": {currency: account}} if is_local else {"InternationalBankTransfer": account}),
    }
