"""What can be asked of the stand-in: method and path, with what it does."""

import base64
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.mangopay.state import Item, Mangopay, Refusal, euros

Handler = Callable[[Mangopay, Item, dict[str, str], str], Any]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []
IBAN = "FR7618829754160173622224251"


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Note who answers; `{}` in a path is an id."""
    pattern = re.compile(path.replace("{}", "([^/]+)") + "/?")

    def note(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, handler))
        return handler

    return note


def answer(state: Mangopay, method: str, path: str, body: Item, query: dict[str, str]) -> tuple[int, Any]:
    """Return status and content."""
    for wanted, pattern, handler in ROUTES:
        found = pattern.fullmatch(path)
        if wanted == method and found:
            content = handler(state, body, query, *found.groups())  # pyright: ignore[reportCallIssue]
            return (204 if content is None else 200), content
    raise Refusal(404, "ressource_not_found", {"Path": f"{method} {path}"})


def _user(state: Mangopay, body: Item, kind: str) -> Item:
    state.need(body, "UserCategory", "Email", *(("Name",) if kind == "LEGAL" else ("FirstName", "LastName")))
    person = body.get("LegalRepresentative", body)
    state.need(person, "FirstName", "LastName")
    if "test" in person["FirstName"].lower():
        raise Refusal(400, "fraud_policy")
    is_owner = body["UserCategory"] == "OWNER"
    if is_owner:
        state.need(body, "TermsAndConditionsAccepted")
        state.need(person, "Birthday", "Nationality", "CountryOfResidence")
    user = state.put("users", {**body, "PersonType": kind, "KYCLevel": "LIGHT", "PendingUserAction": None})
    user["UserStatus"] = "PENDING_USER_ACTION" if is_owner else "ACTIVE"
    if is_owner:
        user["PendingUserAction"] = _page()
    return user


def _page() -> Item:
    return {"RedirectUrl": f"https://sca.sandbox.mangopay.com/?token=sca_{uuid4().hex}"}


@route("POST", "/sca/users/natural")
def natural(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    return _user(state, body, "NATURAL")


@route("POST", "/sca/users/legal")
def legal(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "LegalPersonType", "LegalRepresentative")
    return _user(state, body, "LEGAL")


@route("PUT", "/sca/users/(?:natural|legal)/{}")
def correct(state: Mangopay, body: Item, _query: dict[str, str], user_id: str) -> Item:
    found = state.find("users", user_id)
    names = ("FirstName", "LastName", "Birthday", "Nationality")
    before, after = found.get("LegalRepresentative", found), body.get("LegalRepresentative", body)
    if any(before.get(name) != after.get(name) for name in names):
        state.outdate_papers(user_id)
    found.update(body)
    return found


@route("GET", "/(?:sca/)?users/{}")
def user(state: Mangopay, _body: Item, _query: dict[str, str], user_id: str) -> Item:
    return state.find("users", user_id)


@route("GET", "/users")
def users(state: Mangopay, _body: Item, _query: dict[str, str]) -> list[Item]:
    return list(state.items["users"].values())[::-1]


@route("POST", "/wallets")
def open_wallet(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "Owners", "Description", "Currency")
    if len(body["Owners"]) != 1 or body["Owners"][0] not in state.items["users"]:
        raise Refusal(400, "param_error", {"Owners": "This owner does not exist."})
    return state.put("wallets", {**body, "Balance": euros(0, body["Currency"]), "FundsType": "DEFAULT"})


@route("GET", "/wallets/{}")
def wallet(state: Mangopay, _body: Item, query: dict[str, str], wallet_id: str) -> Item:
    found = state.find("wallets", wallet_id)
    state.guard(found["Owners"][0], query)
    return found


@route("GET", "/users/{}/wallets")
def wallets(state: Mangopay, _body: Item, query: dict[str, str], user_id: str) -> list[Item]:
    state.guard(user_id, query)
    return [item for item in state.items["wallets"].values() if item["Owners"] == [user_id]]


@route("GET", "/wallets/{}/transactions")
def wallet_transactions(state: Mangopay, _body: Item, query: dict[str, str], wallet_id: str) -> list[Item]:
    state.guard(state.find("wallets", wallet_id)["Owners"][0], query)
    return _since(state.transactions(wallet=wallet_id), query)


@route("GET", "/users/{}/transactions")
def user_transactions(state: Mangopay, _body: Item, query: dict[str, str], user_id: str) -> list[Item]:
    state.guard(user_id, query)
    return _since(state.transactions(user=user_id), query)


def _since(items: list[Item], query: dict[str, str]) -> list[Item]:
    found = [item for item in items if item["CreationDate"] >= int(query.get("AfterDate", 0))]
    return found[::-1] if query.get("Sort", "").endswith("DESC") else found


def _payin(state: Mangopay, body: Item, payment: str, execution: str) -> Item:
    state.need(body, "AuthorId", "CreditedWalletId")
    credited = state.wallet(body["CreditedWalletId"], "CreditedWalletId")
    if body["AuthorId"] not in state.items["users"]:
        raise Refusal(400, "param_error", {"AuthorId": "This author does not exist."})
    fixed = {"Type": "PAYIN", "Nature": "REGULAR", "PaymentType": payment, "ExecutionType": execution}
    found = {**body, **fixed, "Status": "CREATED", "ResultCode": None, "DebitedWalletId": None}
    return state.put("payins", {**found, "CreditedUserId": credited["Owners"][0], "ExecutionDate": None})


@route("POST", "/payins/card/web")
def card_web(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "DebitedFunds", "Fees", "ReturnURL", "CardType", "Culture")
    payin = _payin(state, body, "CARD", "WEB")
    sign = "&" if "?" in body["ReturnURL"] else "?"
    payin["ReturnURL"] = f"{body['ReturnURL']}{sign}transactionId={payin['Id']}"
    payin["RedirectURL"] = f"https://homologation-secure-p.payline.com/webpayment/?token={payin['Id']}"
    return payin


@route("POST", "/payins/bankwire/direct")
def wire(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "DeclaredDebitedFunds", "DeclaredFees")
    payin = _payin(state, body, "BANK_WIRE", "DIRECT")
    payin |= {"DebitedFunds": euros(0, "XXX"), "CreditedFunds": euros(0, "XXX"), "Fees": euros(0, "XXX")}
    payin["WireReference"] = uuid4().hex[:10]
    payin["BankAccount"] = {
        "Type": "IBAN",
        "OwnerName": "MANGOPAY",
        "OwnerAddress": {"AddressLine1": "1 rue de la Banque", "City": "Paris", "Country": "FR"},
        "IBAN": IBAN,
        "BIC": "CMBRFR2BARK",
    }
    return payin


@route("GET", "/payins/{}")
def payin(state: Mangopay, _body: Item, _query: dict[str, str], payin_id: str) -> Item:
    return state.find("payins", payin_id)


@route("POST", "/payins/{}/refunds")
def refund_payin(state: Mangopay, body: Item, _query: dict[str, str], payin_id: str) -> Item:
    paid = state.find("payins", payin_id)
    state.need(body, "AuthorId")
    if paid["PaymentType"] != "CARD":
        raise Refusal(400, "param_error", {"PaymentType": "This payment can't be refunded."}, "Errors")
    left = paid["DebitedFunds"]["Amount"] - sum(
        item["DebitedFunds"]["Amount"]
        for item in state.items["refunds"].values()
        if item["InitialTransactionId"] == payin_id and item["Status"] == "SUCCEEDED"
    )
    refund = _refund(state, body, paid, "PAYIN", str(paid["CreditedWalletId"]), None)
    if any(item["InitialTransactionId"] == payin_id for item in state.items["disputes"].values()):
        state.fail(refund, "001402", "The transaction is disputed")
    elif body["DebitedFunds"]["Amount"] > left:
        state.fail(refund, "001401", "Transaction has already been successfully refunded")
    elif state.take(state.items["wallets"][paid["CreditedWalletId"]], body["DebitedFunds"]["Amount"]):
        state.succeed(refund)
    else:
        state.fail(refund, "001001", "Unsufficient wallet balance")
    state.tell(f"PAYIN_REFUND_{refund['Status']}", refund["Id"])
    return refund


@route("GET", "/(payins|transfers|payouts)/{}/refunds")
def refunds_of(state: Mangopay, _body: Item, _query: dict[str, str], _kind: str, item_id: str) -> list[Item]:
    return [item for item in state.items["refunds"].values() if item["InitialTransactionId"] == item_id]


@route("GET", "/disputes/{}")
def dispute(state: Mangopay, _body: Item, _query: dict[str, str], dispute_id: str) -> Item:
    return state.find("disputes", dispute_id)


@route("GET", "/disputes")
def disputes(state: Mangopay, _body: Item, query: dict[str, str]) -> list[Item]:
    return _since(list(state.items["disputes"].values()), query)


@route("GET", "/refunds/{}")
def refund(state: Mangopay, _body: Item, _query: dict[str, str], refund_id: str) -> Item:
    return state.find("refunds", refund_id)


def _refund(state: Mangopay, body: Item, initial: Item, kind: str, debited: str, credited: str | None) -> Item:
    cents, fees = body["DebitedFunds"]["Amount"], body["Fees"]["Amount"]
    fixed = {"Type": kind, "Nature": "REFUND", "InitialTransactionId": initial["Id"], "InitialTransactionType": kind}
    wallets = {"DebitedWalletId": debited, "CreditedWalletId": credited}
    return state.put("refunds", {**body, **fixed, **wallets, "CreditedFunds": euros(cents - fees), "Status": "CREATED"})


@route("POST", "/transfers")
def transfer(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "AuthorId", "DebitedWalletId", "CreditedWalletId", "DebitedFunds", "Fees")
    debited = state.wallet(body["DebitedWalletId"], "DebitedWalletId")
    credited = state.wallet(body["CreditedWalletId"], "CreditedWalletId")
    if debited["Owners"] != [body["AuthorId"]]:
        raise Refusal(400, "param_error", {"AuthorId": "The author does not own the debited wallet."})
    if not debited["Currency"] == credited["Currency"] == body["DebitedFunds"]["Currency"]:
        raise Refusal(400, "currency_incompatibility")
    cents, fees = body["DebitedFunds"]["Amount"], body["Fees"]["Amount"]
    fixed = {"Type": "TRANSFER", "Nature": "REGULAR", "CreditedUserId": credited["Owners"][0], "Status": "CREATED"}
    made = state.put("transfers", {**body, **fixed, "CreditedFunds": euros(cents - fees), "PendingUserAction": None})
    if state.take(debited, cents):
        credited["Balance"]["Amount"] += cents - fees
        state.fees[body["DebitedFunds"]["Currency"]] += fees
        state.succeed(made)
    else:
        # 200, and yet it failed.
        state.fail(made, "001001", "Unsufficient wallet balance")
    state.tell(f"TRANSFER_NORMAL_{made['Status']}", made["Id"])
    return made


@route("GET", "/transfers/{}")
def transfer_of(state: Mangopay, _body: Item, _query: dict[str, str], transfer_id: str) -> Item:
    return state.find("transfers", transfer_id)


@route("POST", "/transfers/{}/refunds")
def refund_transfer(state: Mangopay, body: Item, _query: dict[str, str], transfer_id: str) -> Item:
    moved = state.find("transfers", transfer_id)
    if body.get("AuthorId") != moved["AuthorId"]:
        words = "Author of the refund is not the author of the initial transfer"
        raise Refusal(400, "param_error", {"AuthorId": words})
    source, target = str(moved["CreditedWalletId"]), str(moved["DebitedWalletId"])
    made = _refund(state, body, moved, "TRANSFER", source, target)
    if state.take(state.items["wallets"][source], body["DebitedFunds"]["Amount"]):
        state.items["wallets"][target]["Balance"]["Amount"] += made["CreditedFunds"]["Amount"]
        state.fees["EUR"] += body["Fees"]["Amount"]
        state.succeed(made)
    else:
        state.fail(made, "001001", "Unsufficient wallet balance")
    state.tell(f"TRANSFER_REFUND_{made['Status']}", made["Id"])
    return made


@route("POST", "/users/{}/recipients")
def recipient(state: Mangopay, body: Item, _query: dict[str, str], user_id: str) -> Item:
    state.need(body, "DisplayName", "PayoutMethodType", "RecipientType", "Currency")
    owner = state.find("users", user_id)
    is_payin = body.get("RecipientScope") == "PAYIN"
    if not is_payin and owner["UserCategory"] != "OWNER":
        raise Refusal(400, "param_error", {"UserId": "NOT_IN_ALLOWED_VALUES"}, "Errors")
    made = state.put("recipients", {**body, "UserId": user_id, "Status": "ACTIVE" if is_payin else "PENDING"})
    made["PendingUserAction"] = None if is_payin else _page()
    return made


@route("GET", "/recipients/{}")
def recipient_of(state: Mangopay, _body: Item, _query: dict[str, str], recipient_id: str) -> Item:
    return state.find("recipients", recipient_id)


@route("GET", "/users/{}/recipients")
def recipients(state: Mangopay, _body: Item, _query: dict[str, str], user_id: str) -> list[Item]:
    return [item for item in state.items["recipients"].values() if item["UserId"] == user_id]


@route("POST", "/payouts/bankwire")
def pay_out(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "AuthorId", "DebitedWalletId", "DebitedFunds", "Fees", "BankAccountId")
    author, source = state.find("users", body["AuthorId"]), state.wallet(body["DebitedWalletId"], "DebitedWalletId")
    account = state.items["recipients"].get(body["BankAccountId"])
    if account is None or account["Status"] != "ACTIVE" or account["UserId"] != author["Id"]:
        raise Refusal(400, "param_error", {"BankAccountId": "The recipient is not active."}, "Errors")
    is_refund = (body.get("PaymentRef") or {}).get("ReasonType") == "PAYIN_REFUND"
    if is_refund:
        if account["RecipientScope"] != "PAYIN" or body["PaymentRef"]["ReferenceId"] not in state.items["payins"]:
            raise Refusal(400, "param_error", {"PaymentRef": "It is no pay-in of this account."})
    elif author["KYCLevel"] != "REGULAR":
        raise Refusal(400, "param_error", {"AuthorId": "The user has to be verified first."})
    fixed = {"Type": "PAYOUT", "Nature": "REGULAR", "PaymentType": "BANK_WIRE", "Status": "CREATED"}
    made = state.put("payouts", {**body, **fixed, "CreditedFunds": body["DebitedFunds"], "ResultCode": None})
    if not state.take(source, body["DebitedFunds"]["Amount"]):
        state.fail(made, "001001", "Unsufficient wallet balance")
        state.tell("PAYOUT_NORMAL_FAILED", made["Id"])
    return made


@route("GET", "/payouts/(?:bankwire/)?{}")
def payout(state: Mangopay, _body: Item, _query: dict[str, str], payout_id: str) -> Item:
    return state.find("payouts", payout_id)


@route("POST", "/users/{}/KYC/documents")
def paper(state: Mangopay, body: Item, _query: dict[str, str], user_id: str) -> Item:
    state.need(body, "Type")
    state.find("users", user_id)
    fixed = {"UserId": user_id, "Status": "CREATED", "Pages": 0, "RefusedReasonType": None}
    return state.put("papers", {**body, **fixed, "RefusedReasonMessage": None}, f"kyc_{state.new_id()}")


@route("GET", "/users/{}/KYC/documents")
def papers(state: Mangopay, _body: Item, _query: dict[str, str], user_id: str) -> list[Item]:
    return [item for item in state.items["papers"].values() if item["UserId"] == user_id]


@route("POST", "/users/{}/KYC/documents/{}/pages")
def page(state: Mangopay, body: Item, _query: dict[str, str], _user_id: str, paper_id: str) -> None:
    found = state.find("papers", paper_id)
    content = base64.b64decode(body["File"], validate=True)
    if not content.startswith((b"%PDF", b"\xff\xd8\xff", b"\x89PNG")):
        raise Refusal(400, "param_error", {"File": "The file is neither PDF, JPEG nor PNG."})
    if found["Status"] != "CREATED" or found["Pages"] >= 5:
        raise Refusal(400, "invalid_action")
    found["Pages"] += 1


@route("PUT", "/users/{}/KYC/documents/{}")
def ask_validation(state: Mangopay, body: Item, _query: dict[str, str], _user_id: str, paper_id: str) -> Item:
    found = state.find("papers", paper_id)
    if body.get("Status") != "VALIDATION_ASKED" or not found["Pages"] or found["Status"] != "CREATED":
        raise Refusal(400, "param_error", {"Status": "Validation can't be asked for now."})
    found["Status"] = "VALIDATION_ASKED"
    return found


@route("GET", "/KYC/documents/{}")
def paper_of(state: Mangopay, _body: Item, _query: dict[str, str], paper_id: str) -> Item:
    return state.find("papers", paper_id)


@route("POST", "/cardregistrations")
def card_registration(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "UserId", "Currency")
    made = state.put("cardregistrations", {**body, "Status": "CREATED", "CardId": None, "AccessKey": uuid4().hex})
    made |= {"PreregistrationData": uuid4().hex, "CardRegistrationURL": "https://homologation-webpayment.payline.com/"}
    return made


@route("GET", "/cardregistrations/{}")
def card_registration_of(state: Mangopay, _body: Item, _query: dict[str, str], item_id: str) -> Item:
    return state.find("cardregistrations", item_id)


@route("PUT", "/cardregistrations/{}")
def finish_card(state: Mangopay, body: Item, _query: dict[str, str], item_id: str) -> Item:
    found = state.find("cardregistrations", item_id)
    if str(body.get("RegistrationData", "")).startswith("data="):
        found |= {"Status": "VALIDATED", "ResultCode": "000000", "CardId": f"card_{uuid4().hex}"}
    else:
        found |= {"Status": "ERROR", "ResultCode": "105299"}
    return found


@route("POST", "/recurringpayinregistrations")
def recurring(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "AuthorId", "CardId", "CreditedWalletId", "FirstTransactionDebitedFunds", "FirstTransactionFees")
    return state.put("recurring", {**body, "Status": "CREATED", "RecurringType": "CUSTOM"})


@route("GET", "/recurringpayinregistrations/{}")
def recurring_of(state: Mangopay, _body: Item, _query: dict[str, str], item_id: str) -> Item:
    return state.find("recurring", item_id)


@route("PUT", "/recurringpayinregistrations/{}")
def end_recurring(state: Mangopay, body: Item, _query: dict[str, str], item_id: str) -> Item:
    found = state.find("recurring", item_id)
    found["Status"] = body["Status"]
    return found


@route("POST", "/payins/recurring/card/direct")
def charge(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "RecurringPayinRegistrationId", "DebitedFunds", "Fees")
    registration = state.find("recurring", body["RecurringPayinRegistrationId"])
    is_first = "BrowserInfo" in body
    if registration["Status"] == "ENDED" or is_first != (
        registration["Status"] in {"CREATED", "AUTHENTICATION_NEEDED"}
    ):
        raise Refusal(400, "param_error", {"RecurringPayinRegistrationId": "Its status does not allow this."})
    if is_first:
        state.need(body, "IpAddress", "SecureModeReturnURL")
    author = {name: registration[name] for name in ("AuthorId", "CreditedWalletId")}
    payin = _payin(state, {**author, **body}, "CARD", "DIRECT")
    if is_first:
        payin["SecureModeNeeded"] = True
        payin["SecureModeRedirectURL"] = f"https://api.sandbox.mangopay.com/Redirect/ACS?token={payin['Id']}"
    else:
        state.pay_card(payin["Id"])
    return payin


@route("GET", "/clients/wallets/FEES/{}")
def fees_wallet(state: Mangopay, _body: Item, _query: dict[str, str], currency: str) -> Item:
    return {"Id": f"FEES_{currency}", "FundsType": "FEES", "Balance": euros(state.fees[currency], currency)}


@route("GET", "/clients/wallets/FEES/{}/transactions")
def fees_transactions(state: Mangopay, _body: Item, _query: dict[str, str], currency: str) -> list[Item]:
    wallet_id = f"FEES_{currency}"
    return [item for item in state.items["fee payouts"].values() if item["DebitedWalletId"] == wallet_id]


@route("GET", "/hooks")
def hooks(state: Mangopay, _body: Item, _query: dict[str, str]) -> list[Item]:
    return list(state.hooks.values())


@route("POST", "/hooks")
def hook(state: Mangopay, body: Item, _query: dict[str, str]) -> Item:
    state.need(body, "EventType", "Url")
    if any(item["EventType"] == body["EventType"] for item in state.hooks.values()):
        raise Refusal(400, "param_error", {"EventType": "A hook has already been registered for this event."})
    made = {**body, "Id": state.new_id(), "Status": "ENABLED", "Validity": "VALID", "CreationDate": int(time.time())}
    state.hooks[made["Id"]] = made
    return made


@route("PUT", "/hooks/{}")
def change_hook(state: Mangopay, body: Item, _query: dict[str, str], hook_id: str) -> Item:
    state.hooks[hook_id] |= {**body, "Validity": "VALID"}
    return state.hooks[hook_id]
