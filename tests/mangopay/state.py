"""What the stand-in holds: users, wallets and money, as Mangopay would, and what Mangopay does by itself."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

Item = dict[str, Any]
ERRORS = {
    "param_error": "One or several required parameters are missing or incorrect.",
    "ressource_not_found": "The ressource does not exist",
    "idempotent_creation_conflict": "The idempotency key was used before.",
    "forbidden_ressource": "The ressource is not yours.",
    "fraud_policy": "These names are not real.",
}


class Refusal(Exception):
    """What Mangopay answers instead."""

    def __init__(self, status: int, kind: str, fields: dict[str, str] | None = None, spelled: str = "errors") -> None:
        super().__init__(kind)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: Item = {
            "Message": ERRORS.get(kind, kind),
            "Type": kind,
            "Id": str(uuid4()),
            # Sometimes a float.
            "Date": time.time() if spelled == "errors" else int(time.time()),
            spelled: fields,
        }


def euros(cents: int, currency: str = "EUR") -> Item:
    return {"Currency": currency, "Amount": cents}


@dataclass
class Faults:
    """What goes wrong next; each is used up by the requests that it hits."""

    next: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Method, how the path ends, and what happens: see `tests.mangopay.server`."""

    def add(self, what: str, method: str = "POST", path: str = "", times: int = 1) -> None:
        self.next += [(method, path, what)] * times

    def take(self, method: str, path: str) -> str:
        for index, (wanted, ending, what) in enumerate(self.next):
            if wanted == method and path.endswith(ending):
                del self.next[index]
                return what
        return ""


class Mangopay:
    """Everything in memory."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Item]] = defaultdict(dict)
        self.responses: dict[tuple[str, str], Item] = {}
        self.hooks: dict[str, Item] = {}
        self.told: list[tuple[str, str]] = []
        self.tell: Callable[[str, str], None] = lambda event, item_id: self.told.append((event, item_id))
        self.fees: dict[str, int] = defaultdict(int)
        self.guarded: set[str] = set()
        """Owners whom Mangopay wants to see before anybody reads their wallets, whoever says that nobody is there."""
        self._count = 100_000_000

    def new_id(self) -> str:
        self._count += 1
        return str(self._count)

    def put(self, kind: str, item: Item, item_id: str = "") -> Item:
        found = {"Id": item_id or self.new_id(), "CreationDate": int(time.time()), **item}
        self.items[kind][found["Id"]] = found
        return found

    def find(self, kind: str, item_id: str) -> Item:
        if item_id not in self.items[kind]:
            raise Refusal(404, "ressource_not_found", {"RessourceNotFound": f"Cannot find {kind} {item_id}"})
        return self.items[kind][item_id]

    def need(self, body: Item, *names: str) -> None:
        lacking = {name: f"The {name} field is required." for name in names if body.get(name) in (None, "", [])}
        if lacking:
            raise Refusal(400, "param_error", lacking)

    def wallet(self, wallet_id: object, name: str) -> Item:
        if str(wallet_id) not in self.items["wallets"]:
            raise Refusal(400, "param_error", {name: "The wallet does not exist."}, "Errors")
        return self.items["wallets"][str(wallet_id)]

    def transactions(self, **wanted: str) -> list[Item]:
        """Return movements, oldest first."""
        found = (item for kind in ("payins", "transfers", "payouts", "refunds") for item in self.items[kind].values())
        wallet = wanted.get("wallet")
        hits = [
            item
            for item in found
            if not wallet or wallet in {str(item.get("DebitedWalletId")), str(item.get("CreditedWalletId"))}
        ]
        user = wanted.get("user")
        return sorted(
            (item for item in hits if not user or user in {item.get("AuthorId"), item.get("CreditedUserId")}),
            key=lambda item: int(item["Id"]),
        )

    def take(self, wallet: Item, cents: int) -> bool:
        """Take money out of a wallet; False where it is not there."""
        if wallet["Balance"]["Amount"] < cents:
            return False
        wallet["Balance"]["Amount"] -= cents
        return True

    def succeed(self, item: Item, code: str = "000000") -> None:
        item |= {"Status": "SUCCEEDED", "ResultCode": code, "ResultMessage": "Success"}
        item["ExecutionDate"] = int(time.time())

    def fail(self, item: Item, code: str, words: str = "failed") -> None:
        item |= {"Status": "FAILED", "ResultCode": code, "ResultMessage": words}

    def guard(self, owner_id: str, query: dict[str, str]) -> None:
        """Refuse to show an owner's wallets, unless it is said that the platform looks by itself."""
        is_owner = self.items["users"].get(owner_id, {}).get("UserCategory") == "OWNER"
        if is_owner and (query.get("ScaContext") != "USER_NOT_PRESENT" or owner_id in self.guarded):
            refusal = Refusal(401, "unauthorized")
            page = f"https://sca.sandbox.mangopay.com/?token=sca_{uuid4().hex}"
            refusal.headers["WWW-Authenticate"] = f"PendingUserAction RedirectUrl={page}"
            raise refusal

    # What comes about without being asked for.

    def pay_fees_out(self, currency: str = "EUR") -> None:
        """Mangopay sends the commissions of a month to the platform's bank."""
        money = euros(self.fees[currency], currency)
        self.fees[currency] = 0
        made = {"Type": "PAYOUT", "Nature": "REGULAR", "DebitedFunds": money, "CreditedFunds": money}
        payout = self.put("fee payouts", {**made, "Fees": euros(0, currency), "DebitedWalletId": f"FEES_{currency}"})
        self.succeed(payout)

    def pay_card(self, payin_id: str, code: str = "000000") -> None:
        """A payer types a card on the hosted page, or answers the bank's question."""
        payin = self.items["payins"][payin_id]
        if payin["Status"] != "CREATED":
            return
        if code == "000000":
            self.succeed(payin)
            wallet = self.items["wallets"][payin["CreditedWalletId"]]
            wallet["Balance"]["Amount"] += payin["DebitedFunds"]["Amount"] - payin["Fees"]["Amount"]
            self.fees["EUR"] += payin["Fees"]["Amount"]
        else:
            self.fail(payin, code, "Transaction refused by the bank")
        registration = self.items["recurring"].get(str(payin.get("RecurringPayinRegistrationId")))
        if registration and code == "000000":
            registration["Status"] = "IN_PROGRESS"
            self.tell("RECURRING_REGISTRATION_IN_PROGRESS", registration["Id"])
        self.tell(f"PAYIN_NORMAL_{payin['Status']}", payin_id)

    def send_wire(self, reference: str, cents: int, sender: str = "Anna SARL", iban: str = "") -> str:
        """A payer's bank sends a transfer. Return its id."""
        payin = next(item for item in self.items["payins"].values() if item.get("WireReference") == reference)
        payin |= {
            "DebitedFunds": euros(cents),
            "CreditedFunds": euros(cents),
            "Fees": euros(0),
            "DebitedBankAccount": {"OwnerName": sender, "IBAN": iban, "Type": "IBAN"} if iban else None,
        }
        self.succeed(payin)
        self.items["wallets"][payin["CreditedWalletId"]]["Balance"]["Amount"] += cents
        self.tell("PAYIN_NORMAL_SUCCEEDED", payin["Id"])
        return payin["Id"]

    def let_wire_expire(self, payin_id: str) -> None:
        self.fail(self.items["payins"][payin_id], "101108", "Transaction expired")
        self.tell("PAYIN_NORMAL_FAILED", payin_id)

    def dispute(self, payin_id: str, cents: int, kind: str = "CONTESTABLE") -> str:
        """A payer's bank takes a payment back, out of the platform's own wallet. Return the dispute's id."""
        dispute = self.put(
            "disputes",
            {
                "InitialTransactionId": payin_id,
                "InitialTransactionType": "PAYIN",
                "InitialTransactionNature": "REGULAR",
                "DisputeType": kind,
                "ContestDeadlineDate": int(time.time()) + 604_800,
                "DisputedFunds": euros(cents),
                "ContestedFunds": None,
                "Status": "PENDING_CLIENT_ACTION",
                "DisputeReason": {"DisputeReasonType": "FRAUD", "DisputeReasonMessage": None},
                "ResultCode": None,
                "RepudiationId": self.new_id(),
                "ClosedDate": None,
            },
        )
        self.tell("DISPUTE_CREATED", dispute["Id"])
        return dispute["Id"]

    def close_dispute(self, dispute_id: str, result: str, contested_cents: int | None = None) -> None:
        dispute = self.items["disputes"][dispute_id]
        dispute |= {"Status": "CLOSED", "ResultCode": result, "ClosedDate": int(time.time())}
        if contested_cents is not None:
            dispute["ContestedFunds"] = euros(contested_cents)
        self.tell("DISPUTE_CLOSED", dispute_id)

    def settle_payouts(self, code: str = "000000") -> None:
        """Banks book what is under way."""
        for payout in self.items["payouts"].values():
            if payout["Status"] != "CREATED":
                continue
            if code == "000000":
                self.succeed(payout)
            else:
                self.fail(payout, code, "The bank refuses it")
                self._give_back(payout)
            self.tell(f"PAYOUT_NORMAL_{payout['Status']}", payout["Id"])

    def return_payout(self, payout_id: str) -> str:
        """A bank sends a payout back, days later. Return the id of the refund."""
        payout = self.items["payouts"][payout_id]
        refund = self.put(
            "refunds",
            {
                "AuthorId": payout["AuthorId"],
                "DebitedFunds": payout["DebitedFunds"],
                "CreditedFunds": payout["DebitedFunds"],
                "Fees": euros(0),
                "Type": "PAYOUT",
                "Nature": "REFUND",
                "InitialTransactionId": payout_id,
                "InitialTransactionType": "PAYOUT",
                "CreditedWalletId": payout["DebitedWalletId"],
                "DebitedWalletId": None,
                "RefundReason": {"RefundReasonType": "BANKACCOUNT_HAS_BEEN_CLOSED", "RefundReasonMessage": None},
            },
        )
        self.succeed(refund)
        self._give_back(payout)
        self.tell("PAYOUT_REFUND_SUCCEEDED", refund["InitialTransactionId"])
        return refund["Id"]

    def _give_back(self, payout: Item) -> None:
        wallet = self.items["wallets"][payout["DebitedWalletId"]]
        wallet["Balance"]["Amount"] += payout["DebitedFunds"]["Amount"]

    def confirm(self, kind: str, item_id: str, *, is_confirmed: bool = True) -> None:
        """A user does on Mangopay's page what they are asked to."""
        item = self.items[kind][item_id]
        item["PendingUserAction"] = None
        if kind == "recipients":
            item["Status"] = "ACTIVE" if is_confirmed else "CANCELED"
            self.tell(f"RECIPIENT_{item['Status']}", item_id)
        else:
            item["UserStatus"] = "ACTIVE"
            self.tell("USER_ACCOUNT_ACTIVATED", item_id)

    def outdate_papers(self, user_id: str) -> None:
        """What a user says of themselves is no longer what their papers say."""
        for paper in self.items["papers"].values():
            if paper["UserId"] == user_id and paper["Status"] in {"VALIDATED", "VALIDATION_ASKED"}:
                paper["Status"] = "OUT_OF_DATE"
                self.tell("KYC_OUTDATED", paper["Id"])
        self.items["users"][user_id]["KYCLevel"] = "LIGHT"
        self.tell("USER_KYC_LIGHT", user_id)

    def judge_paper(self, paper_id: str, reason: str = "", words: str = "") -> None:
        """Somebody at Mangopay looks at a paper."""
        paper = self.items["papers"][paper_id]
        paper["Status"] = "REFUSED" if reason else "VALIDATED"
        paper |= {"RefusedReasonType": reason or None, "RefusedReasonMessage": words or None}
        self.tell("KYC_FAILED" if reason else "KYC_SUCCEEDED", paper_id)
        self._raise_level(self.items["users"][paper["UserId"]])

    def judge_declaration(self, declaration_id: str, status: str, reason: str = "", words: str = "") -> None:
        """Somebody at Mangopay looks at who is said to own a business."""
        declaration = self.items["declarations"][declaration_id]
        declaration |= {"Status": status, "Reason": reason or None, "Message": words or None}
        declaration["ProcessedDate"] = int(time.time())
        self.tell(f"UBO_DECLARATION_{status}", declaration_id)
        self._raise_level(self.items["users"][declaration["UserId"]])

    def _raise_level(self, user: Item) -> None:
        """Verify a user who has proved all that is asked of their kind."""
        kind = user.get("LegalPersonType")
        asked = {"IDENTITY_PROOF"} | ({"REGISTRATION_PROOF"} if user["PersonType"] == "LEGAL" else set())
        asked |= {"ARTICLES_OF_ASSOCIATION", "UBO"} if kind == "BUSINESS" else set()
        valid = {
            item.get("Type", "UBO")
            for items in ("papers", "declarations")
            for item in self.items[items].values()
            if item["UserId"] == user["Id"] and item["Status"] == "VALIDATED"
        }
        if asked <= valid:
            user["KYCLevel"] = "REGULAR"
            self.tell("USER_KYC_REGULAR", user["Id"])
