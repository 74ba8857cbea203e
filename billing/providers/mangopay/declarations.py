"""Declarations of who owns a business at Mangopay: a declaration, its people one by one, and then the question.

Of one user only one declaration can be under way, and one that is incomplete is: another can't be made beside it, so it
is taken up again, with the people of today, and those of before are set inactive (docs.mangopay.com,
guides/users/verification/beneficial-owners). Declarations carry no tag: which one it is stands with our key alone.
"""

from collections.abc import Mapping
from typing import Any

from billing.provider_states import DeclarationState
from billing.providers.declarations import BeneficialOwner, Declaration, DeclarationRequest
from billing.providers.mangopay.calls import Refused
from billing.providers.mangopay.names import derived
from billing.providers.mangopay.parts import Part
from billing.providers.mangopay.readings import address, birthday
from billing.providers.resources import Declined

_READ = "/kyc/ubodeclarations/{}"
_UNFINISHED = frozenset({"CREATED", "INCOMPLETE"})
_STATES = {
    "VALIDATION_ASKED": DeclarationState.ASKED,
    "VALIDATED": DeclarationState.VALIDATED,
    "REFUSED": DeclarationState.REFUSED,
    "INCOMPLETE": DeclarationState.INCOMPLETE,
}


class MangopayDeclarations(Part):
    """Declarations."""

    def declare(self, request: DeclarationRequest) -> Declaration:
        """Declare. Where that breaks off, the next try goes on from there."""
        if not request.people:
            raise Declined("no_ubo")
        path = f"/users/{request.user_id}/kyc/ubodeclarations"
        made = self._means.creations.make(request.key, path, {}, read=_READ, instead=lambda: self._unfinished(path))
        if made.get("Status") not in _UNFINISHED:
            return _as_declaration(made)
        path = f"{path}/{made['Id']}"
        named = {self._name(request.key, path, place, person) for place, person in enumerate(request.people, start=1)}
        try:
            self._set_others_inactive(path, str(made["Id"]), named)
            return _as_declaration(self._means.calls.put(path, {"Status": "VALIDATION_ASKED"}))
        except Refused as error:
            raise Declined(str(error)) from error

    def fetch_declaration(self, provider_id: str) -> Declaration | None:
        """Return a declaration."""
        found = self._get(_READ.format(provider_id))
        return _as_declaration(found) if found else None

    def _unfinished(self, path: str) -> Mapping[str, Any] | None:
        return next((one for one in self._means.calls.every(path) if one.get("Status") in _UNFINISHED), None)

    def _name(self, key: str, path: str, place: int, person: BeneficialOwner) -> str:
        body = {
            "FirstName": person.first_name,
            "LastName": person.last_name,
            "Address": address(person.address),
            "Nationality": person.nationality,
            "Birthday": birthday(person.born_on),
            "Birthplace": {"City": person.birth_city, "Country": person.birth_country},
        }
        made = self._means.creations.make(derived(key, f"person {place}"), f"{path}/ubos", body, read="")
        return str(made["Id"])

    def _set_others_inactive(self, path: str, declaration_id: str, named: set[str]) -> None:
        """Have only those count whom this declaration names: not those of before, nor whoever was made twice."""
        found = self._get(_READ.format(declaration_id)) or {}
        for person in found.get("Ubos") or ():
            if person.get("IsActive") and str(person["Id"]) not in named:
                self._means.calls.put(f"{path}/ubos/{person['Id']}", {**person, "IsActive": False})


def _as_declaration(found: Mapping[str, Any]) -> Declaration:
    return Declaration(
        str(found["Id"]),
        _STATES.get(str(found.get("Status")), DeclarationState.CREATED),
        str(found["Reason"]).lower() if found.get("Reason") else None,
        str(found.get("Message") or ""),
    )
