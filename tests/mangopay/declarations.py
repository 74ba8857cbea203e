"""What the stand-in does about declarations of who owns a business."""

from tests.mangopay.endpoints import route
from tests.mangopay.state import Item, Mangopay, Refusal

STATES = ("CREATED", "VALIDATION_ASKED", "INCOMPLETE", "VALIDATED", "REFUSED")
_UNDER_WAY = frozenset({"CREATED", "VALIDATION_ASKED", "INCOMPLETE"})
_CHANGEABLE = frozenset({"CREATED", "INCOMPLETE"})
MOST_PEOPLE = 15
WITH_REGIONS = frozenset({"US", "CA", "MX"})


@route("POST", "/users/{}/kyc/ubodeclarations")
def declare(state: Mangopay, _body: Item, _query: dict[str, str], user_id: str) -> Item:
    user = state.find("users", user_id)
    if user.get("LegalPersonType") not in {"BUSINESS", "PARTNERSHIP"}:
        raise Refusal(400, "invalid_action")
    if any(one["Status"] in _UNDER_WAY for one in _of(state, user_id)):
        raise Refusal(400, "invalid_action")
    fixed = {"UserId": user_id, "ProcessedDate": None, "Status": "CREATED", "Reason": None, "Message": None}
    return state.put("declarations", {**fixed, "Ubos": []}, f"ubo_m_{state.new_id()}")


@route("GET", "/users/{}/kyc/ubodeclarations")
def declarations(state: Mangopay, _body: Item, _query: dict[str, str], user_id: str) -> list[Item]:
    return _of(state, user_id)


@route("GET", "/kyc/ubodeclarations/{}")
def declaration(state: Mangopay, _body: Item, _query: dict[str, str], declaration_id: str) -> Item:
    return state.find("declarations", declaration_id)


@route("POST", "/users/{}/kyc/ubodeclarations/{}/ubos")
def name(state: Mangopay, body: Item, _query: dict[str, str], _user_id: str, declaration_id: str) -> Item:
    found = _changeable(state, declaration_id)
    state.need(body, "FirstName", "LastName", "Address", "Nationality", "Birthday", "Birthplace")
    state.need(body["Birthplace"], "City", "Country")
    state.need(body["Address"], "AddressLine1", "City", "Country")
    if body["Address"]["Country"] in WITH_REGIONS:
        state.need(body["Address"], "Region")
    if len(found["Ubos"]) >= MOST_PEOPLE:
        raise Refusal(400, "invalid_action")
    person = {"Id": state.new_id(), "CreationDate": found["CreationDate"], **body, "IsActive": True}
    found["Ubos"].append(person)
    return person


@route("PUT", "/users/{}/kyc/ubodeclarations/{}/ubos/{}")
def change(
    state: Mangopay, body: Item, _query: dict[str, str], _user_id: str, declaration_id: str, person_id: str
) -> Item:
    person = next(one for one in _changeable(state, declaration_id)["Ubos"] if one["Id"] == person_id)
    if not person["IsActive"] and body.get("IsActive"):
        raise Refusal(400, "invalid_action")
    person |= body
    return person


@route("PUT", "/users/{}/kyc/ubodeclarations/{}")
def ask(state: Mangopay, body: Item, _query: dict[str, str], _user_id: str, declaration_id: str) -> Item:
    found = _changeable(state, declaration_id)
    if body.get("Status") != "VALIDATION_ASKED" or not any(one["IsActive"] for one in found["Ubos"]):
        raise Refusal(400, "invalid_action")
    found |= {"Status": "VALIDATION_ASKED", "Reason": None, "Message": None}
    return found


def _of(state: Mangopay, user_id: str) -> list[Item]:
    return [one for one in state.items["declarations"].values() if one["UserId"] == user_id]


def _changeable(state: Mangopay, declaration_id: str) -> Item:
    found = state.find("declarations", declaration_id)
    if found["Status"] not in _CHANGEABLE:
        raise Refusal(400, "invalid_action")
    return found
