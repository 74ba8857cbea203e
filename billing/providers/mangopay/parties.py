"""Users and wallets at Mangopay.

Users are made with strong customer authentication (`/sca/users`). A client stays a PAYER, of whom no papers are asked;
an expert is an OWNER, who first enrols on Mangopay's page.
"""

from collections.abc import Mapping
from typing import Any

from billing.provider_states import OwnerKind, UserState
from billing.providers.mangopay.calls import Refused
from billing.providers.mangopay.parts import BY_ITSELF, Part
from billing.providers.mangopay.readings import action_url, address, asks_user, birthday, cents_of, currency_of
from billing.providers.parties import (
    OwnerRequest,
    PayerRequest,
    Representative,
    User,
    Wallet,
    WalletRequest,
)
from billing.providers.resources import Declined

_LEGAL_KINDS = {OwnerKind.SOLE_TRADER: "SOLETRADER", OwnerKind.BUSINESS: "BUSINESS"}
_READ = "/sca/users/{}"


class MangopayParties(Part):
    """Users and wallets."""

    def register_payer(self, request: PayerRequest) -> User:
        """Make a client known: name, mail and representative are all that is asked."""
        person = _person(request.representative)
        shared = {"UserCategory": "PAYER", "TermsAndConditionsAccepted": True, "Tag": request.key}
        if request.is_person:
            return self._register(request.key, "natural", {**person, **shared, "Email": request.email}, "/")
        legal = {
            "Name": request.name,
            "Email": request.email,
            "LegalPersonType": "BUSINESS",
            "LegalRepresentative": person,
        }
        return self._register(request.key, "legal", {**legal, **shared}, "/")

    def register_owner(self, request: OwnerRequest) -> User:
        """Make an expert known."""
        kind, body = _owner(request)
        shared = {"UserCategory": "OWNER", "TermsAndConditionsAccepted": True, "Tag": request.key}
        return self._register(request.key, kind, {**body, **shared}, request.return_path)

    def update_owner(self, provider_id: str, request: OwnerRequest) -> User:
        """Correct an owner: papers that no longer agree with it become outdated, and tell so by hooks."""
        kind, body = _owner(request)
        try:
            found = self._means.calls.put(f"/sca/users/{kind}/{provider_id}", body)
        except Refused as error:
            raise Declined(str(error)) from error
        return self._as_user(found, request.return_path)

    def fetch_user(self, provider_id: str) -> User | None:
        """Return a user."""
        found = self._get(_READ.format(provider_id))
        return self._as_user(found, "/") if found else None

    def open_wallet(self, request: WalletRequest) -> Wallet:
        """Give a user a wallet."""
        body = {
            "Owners": [request.user_id],
            "Description": request.title,
            "Currency": request.currency,
            "Tag": request.key,
        }
        made = self._means.creations.make(
            request.key,
            "/wallets",
            body,
            read="/wallets/{}",
            params=BY_ITSELF,
            others=lambda: self._means.calls.every(f"/users/{request.user_id}/wallets", **BY_ITSELF),
        )
        return _as_wallet(made)

    def fetch_wallet(self, provider_id: str) -> Wallet | None:
        """Return a wallet."""
        found = self._get(f"/wallets/{provider_id}", **BY_ITSELF)
        return _as_wallet(found) if found else None

    def _register(self, key: str, kind: str, body: Mapping[str, Any], return_path: str) -> User:
        made = self._means.creations.make(
            key,
            f"/sca/users/{kind}",
            body,
            read=_READ,
            others=lambda: self._means.calls.every("/users", Sort="CreationDate:DESC"),
        )
        return self._as_user(made, return_path)

    def _as_user(self, found: Mapping[str, Any], return_path: str) -> User:
        state = UserState.ACTIVE
        if found.get("UserStatus") == "CLOSED":
            state = UserState.CLOSED
        elif found.get("UserStatus") == "PENDING_USER_ACTION" or asks_user(found):
            state = UserState.PENDING
        is_verified = found.get("KYCLevel") == "REGULAR"
        return User(str(found["Id"]), state, is_verified, action_url(found, f"{self._means.site_address}{return_path}"))


def _owner(request: OwnerRequest) -> tuple[str, dict[str, Any]]:
    """Return which of Mangopay's users an owner is, and what is said of them."""
    person = _person(request.representative)
    if request.kind is OwnerKind.PERSON:
        return "natural", {**person, "Email": request.email, "Address": address(request.address)}
    return "legal", {
        "Name": request.name,
        "Email": request.email,
        "LegalPersonType": _LEGAL_KINDS[request.kind],
        "LegalRepresentative": person,
        "HeadquartersAddress": address(request.address),
        **({"CompanyNumber": request.company_number} if request.company_number else {}),
    }


def _person(representative: Representative) -> dict[str, Any]:
    known = {
        "FirstName": representative.first_name,
        "LastName": representative.last_name,
        "Email": representative.email,
        "Birthday": birthday(representative.born_on) if representative.born_on else None,
        "Nationality": representative.nationality,
        "CountryOfResidence": representative.residence,
    }
    return {name: value for name, value in known.items() if value not in {None, ""}}


def _as_wallet(found: Mapping[str, Any]) -> Wallet:
    currency = found.get("Currency") or currency_of(found.get("Balance"))
    return Wallet(str(found["Id"]), str(currency), cents_of(found.get("Balance")))
