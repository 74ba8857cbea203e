"""Who may come in where: the one table of rules, and a site with two sides at which each of them is tried."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from accounts.models.experts import Expert
from booking.events import MESSAGE_WRITTEN
from foundation import clock, outbox
from foundation.database import Database
from tests import two_sides
from tests.builders import eventually
from tests.personal_rows import dump
from tests.two_sides import Side


class Rule(StrEnum):
    """Who may come in."""

    EVERYBODY = "everybody"
    MAILED = "whoever has the link that was mailed"
    SHARED = "whoever has the link of a shared list"
    PAYING = "whoever has the link of a payment request"
    LIST = "whoever has a shortlist of their own, and may change it"
    LISTING = "everybody but who only looks at a company's shortlist"
    SIGNED_IN = "whoever has signed in, suspended or not"
    FACTOR = "the same, and operators who have yet to set up their second factor"
    CLIENTS = "companies and private clients"
    WRITERS = "companies and private clients, and who has yet to sign up"
    SIDES = "companies, private clients and experts"
    COMPANY = "companies"
    EXPERT = "experts"
    OPERATOR = "operators"
    SHEETING = "everybody but colleagues who only read their company's mission sheets"
    PARTIES = "clients and experts, and operators who look after them"
    FILE = "whoever may see this file, or this mission sheet"
    PROVIDER = "whoever has the address that a payment provider was given"
    DEMONSTRATION = "nobody but in a demonstration"


COMPANY = frozenset({"owner", "buyer", "accountant", "viewer"})
CLIENTS = COMPANY | {"private"}
WHOLE = CLIENTS | {"expert", "operator", "suspended expert", "suspended operator"}
MAY = {
    Rule.LIST: CLIENTS - {"viewer"},
    Rule.LISTING: {*two_sides.ROLES} - {"viewer"},
    Rule.SHEETING: {*two_sides.ROLES} - {"viewer", "accountant"},
    Rule.SIGNED_IN: WHOLE,
    Rule.FACTOR: WHOLE | {"operator without second factor"},
    Rule.CLIENTS: CLIENTS,
    Rule.WRITERS: CLIENTS | {"anonymous"},
    Rule.SIDES: CLIENTS | {"expert"},
    Rule.COMPANY: COMPANY,
    Rule.EXPERT: {"expert"},
    Rule.OPERATOR: {"operator"},
    Rule.PARTIES: CLIENTS | {"expert", "operator"},
    Rule.FILE: frozenset[str](),
    Rule.PROVIDER: frozenset[str](),
    Rule.DEMONSTRATION: frozenset[str](),
}
"""Who may; a rule that is not here lets anybody try."""
TABLE = {
    Rule.EVERYBODY: """
        GET /  GET /experts  GET /experts/{slug}  GET /ranking  GET /legal  GET /compare  GET /help  GET /help/{slug}
        GET /terms/{name}  GET /privacy  GET /cookies  GET /robots.txt  GET /sitemap.xml
        GET /openapi.json  GET /api/v1/experts  GET /api/v1/suggest  GET /healthz  GET /readyz  GET /metrics
        GET /sign-up  POST /sign-up  GET /sign-up/sent  GET /sign-in  POST /sign-in  GET /sign-in/code
        POST /sign-in/code  POST /sign-out  GET /forgotten-password  POST /forgotten-password
        GET /forgotten-password/sent  GET /account/erased
        GET /experts/{slug}/report  POST /experts/{slug}/report  POST /seen/keep  POST /seen/clear
        GET /shortlist
        GET /account/{path:path}  GET /my/searches/{path:path}  GET /shortlist/{path:path}
        GET /operator/grading/{path:path}
    """,
    Rule.MAILED: """
        GET /confirm-email  POST /confirm-email  GET /invitation  POST /invitation  GET /reset-password
        POST /reset-password  GET /change-email  POST /change-email  GET /availability  POST /availability
        GET /availability/stop/{token}  POST /availability/stop/{token}
        GET /alerts/stop/{token}  POST /alerts/stop/{token}
    """,
    Rule.SHARED: "GET /shortlist/shared/{token}  POST /shortlist/shared/{token}",
    Rule.PAYING: "GET /payment-requests/{token}",
    Rule.LISTING: "POST /shortlist/add",
    Rule.SHEETING: "GET /sheets/new  POST /sheets/new",
    Rule.LIST: """
        POST /shortlist/remove  POST /shortlist/restore  POST /shortlist/move  POST /shortlist/note
        POST /shortlist/left-out  POST /shortlist/share  POST /shortlist/share/end  POST /shortlist/comments/remove
    """,
    Rule.SIGNED_IN: """
        GET /account  POST /account  POST /account/password  POST /account/email  POST /account/notifications
        POST /account/sign-ins/end  POST /account/complaint  POST /account/terms  POST /account/second-factor/remove
        POST /account/recovery-codes  GET /account/export  POST /account/export  GET /account/erase
        POST /account/erase
    """,
    Rule.FACTOR: "GET /account/second-factor  POST /account/second-factor",
    Rule.CLIENTS: """
        POST /series/{series_id}/ask  GET /quotes/compare  GET /quotes/{quote_id}/accept  POST /quotes/{quote_id}/accept
        POST /quotes/{quote_id}/decline  POST /quotes/{quote_id}/ask-approval
        GET /payments  GET /payments.csv  GET /payments/statements  GET /payments/statements.csv
        GET /payments/documents  GET /missions/{mission_id}/receipts/{receipt_id}.pdf
        GET /payments/{reference}  POST /payments/{reference}/card  POST /payments/{reference}/refund
        GET /payments/{reference}/request  POST /payments/{reference}/request/link
        POST /payments/{reference}/request/link/end  POST /payments/{reference}/request/mail
        POST /payments/{reference}/refund/{refund_id}/withdraw  GET /sandbox/bank  POST /sandbox/bank
        POST /sandbox/bank/arrive  GET /sandbox/card/{transaction_id}  POST /sandbox/card/{transaction_id}
        POST /sandbox/card/{transaction_id}/challenge
        POST /sandbox/card/{transaction_id}/take-back  POST /sandbox/card/{transaction_id}/decide
        GET /account/company  POST /account/company  GET /my/searches  GET /my/searches/new  POST /my/searches
        GET /sheets  GET /sheets/{sheet_id}/publish  POST /sheets/{sheet_id}/publish  POST /sheets/{sheet_id}/close
        POST /sheets/{sheet_id}/reopen  POST /sheets/{sheet_id}/files
        POST /sheets/{sheet_id}/files/{sheet_file_id}/remove
        POST /my/searches/{search_id}  POST /my/searches/{search_id}/remove  POST /my/searches/{search_id}/restore
    """,
    Rule.COMPANY: """
        POST /account/company/colleagues  POST /account/company/colleagues/withdraw
        POST /account/company/colleagues/position  POST /account/company/colleagues/remove
    """,
    Rule.WRITERS: "GET /experts/{slug}/write  POST /experts/{slug}/write",
    Rule.SIDES: """
        GET /quotes  GET /quotes/{quote_id}  POST /quotes/{quote_id}/cancel  POST /series/{series_id}/stop
        GET /quotes/{quote_id}/versions/{version:int}.pdf
        GET /sandbox/kept-card/{kept_id}  POST /sandbox/kept-card/{kept_id}
        GET /sandbox/charge/{charge_id}  POST /sandbox/charge/{charge_id}
        GET /sandbox/recipient/{recipient_id}  POST /sandbox/recipient/{recipient_id}
        GET /messages  GET /messages/{thread_id}  POST /messages/{thread_id}  POST /messages/{thread_id}/archive
        POST /messages/{thread_id}/held/{mail_id}
    """,
    Rule.EXPERT: """
        GET /refunds/{refund_id}  POST /refunds/{refund_id}
        GET /my/profile  POST /my/profile  POST /my/profile/undo  GET /my/identity  POST /my/identity  GET /my/found
        GET /my/papers  POST /my/papers  POST /my/papers/clients  POST /my/papers/{paper_id}/remove
        GET /my/verification  POST /my/verification  POST /my/verification/confirm  GET /my/verification/back
        POST /my/verification/papers  POST /my/verification/owners
        GET /quotes/new  POST /quotes/new  GET /quotes/{quote_id}/edit  POST /quotes/{quote_id}/edit
        GET /quotes/{quote_id}/preview  POST /quotes/{quote_id}/send  POST /quotes/{quote_id}/renew
        POST /quotes/{quote_id}/withdraw  POST /quotes/{quote_id}/discard
        GET /quotes/{quote_id}/months  POST /quotes/{quote_id}/months  POST /series/{series_id}/send
        POST /series/{series_id}/extend  POST /series/{series_id}/discard
        GET /quotes/mentions  POST /quotes/mentions  POST /quotes/mentions/drop
        GET /my/boost  POST /my/boost  POST /my/boost/card  GET /my/boost/card/{card_id}
        GET /my/boost/card/{card_id}/back  POST /my/boost/pay  GET /my/boost/change  POST /my/boost/change
        POST /my/boost/cancel  POST /my/boost/resume
        GET /my/statements  GET /my/statements.csv  GET /my/tax-details  POST /my/tax-details
        GET /my/tax-details/report.json  GET /my/tax-details/report.csv  GET /my/documents
        GET /documents/{number}/contest  POST /documents/{number}/contest
        GET /my/payouts  POST /my/payouts/account  GET /my/payouts/confirm/{bank_account_id}
        GET /my/mandate  POST /my/mandate  POST /my/mandate/end  GET /my/referrals  POST /my/referrals
        POST /my/profile/portrait  POST /my/profile/portrait/remove  POST /my/profile/letters
        POST /my/profile/letters/{letter_id}  POST /my/profile/letters/{letter_id}/remove
        GET /my/audience  GET /my/audience.csv  GET /my/dashboard
        GET /offers  GET /offers/{offer_id}  POST /offers/{offer_id}/agreement  POST /offers/{offer_id}/refuse
        GET /offers/{offer_id}/files/{sheet_file_id}
    """,
    Rule.OPERATOR: """
        GET /operator/boosts  GET /operator/invoices  POST /operator/invoices/{mission_id}/try
        GET /operator/documents  POST /operator/documents/{number}/settle
        POST /operator/documents/{number}/deposit
        GET /operator/contests  POST /operator/contests/{document_id}/uphold
        POST /operator/contests/{document_id}/dismiss
        GET /operator/refunds  POST /operator/refunds/{refund_id}/remind  POST /operator/refunds/{refund_id}/retry
        GET /operator/payouts  POST /operator/payouts/{transfer_id}/retry
        GET /operator/money/{reference}  GET /operator/proposals  POST /operator/proposals/{proposal_id}/confirm
        POST /operator/proposals/{proposal_id}/decline  POST /operator/proposals/{proposal_id}/withdraw
        GET /operator/papers  GET /operator/papers/{sandbox_paper_id}/pages/{place:int}
        POST /operator/papers/{sandbox_paper_id}/validate  POST /operator/papers/{sandbox_paper_id}/refuse
        POST /operator/papers/declarations/{sandbox_declaration_id}/validate
        POST /operator/papers/declarations/{sandbox_declaration_id}/refuse
        GET /operator/ledger  POST /operator/ledger/{difference_id}/look
        GET /operator/wires  POST /operator/wires/{payment_id}/assign  POST /operator/wires/{payment_id}/return
        GET /operator  GET /operator/people  GET /operator/people/{account_id}
        POST /operator/people/{account_id}/suspend  POST /operator/people/{account_id}/{action}
        GET /operator/profiles/{expert_id}  POST /operator/profiles/{expert_id}/invite
        POST /operator/profiles/{expert_id}/withhold
        GET /operator/threads  GET /operator/threads/{thread_id}  POST /operator/threads/{thread_id}
        POST /operator/threads/reachable/{account_id}
        GET /operator/notices  GET /operator/notices/{notice_id}  POST /operator/notices/{notice_id}/decide
        GET /operator/offers  GET /operator/offers/{offer_id}  POST /operator/offers/{offer_id}/passed-on
        POST /operator/offers/{offer_id}/refuse
        POST /operator/notices/{notice_id}/undo  GET /operator/deliveries  POST /operator/deliveries/retry
        POST /operator/deliveries/drop  POST /operator/deliveries/mails/{mail_id}/resend
        POST /operator/deliveries/sms/{sms_id}/resend  GET /operator/searches
        GET /operator/skills  POST /operator/skills/undo  POST /operator/skills/{action}  GET /operator/audit
        GET /operator/audit/entries.csv  GET /operator/grading  POST /operator/grading  POST /operator/grading/undo
        POST /operator/grading/queries  POST /missions/{mission_id}/confirm
    """,
    Rule.PARTIES: """
        GET /series/{series_id}  GET /series/{series_id}/calendar.ics  GET /documents/{number}.pdf
        POST /documents/{number}/send
        GET /missions  GET /missions/{mission_id}  GET /missions/{mission_id}/calendar.ics
        GET /missions/{mission_id}/files/{report_file_id}
        GET /missions/{mission_id}/purchase-order.pdf  GET /missions/{mission_id}/report.pdf
        POST /missions/{mission_id}/withdraw  POST /missions/{mission_id}/share
        POST /missions/{mission_id}/start  POST /missions/{mission_id}/end  POST /missions/{mission_id}/cancel
        POST /missions/{mission_id}/dispute  POST /missions/{mission_id}/settle  POST /missions/{mission_id}/refund
        POST /missions/{mission_id}/report  POST /missions/{mission_id}/report/return
        POST /missions/{mission_id}/report/validate  POST /missions/{mission_id}/reviews
        POST /missions/{mission_id}/reviews/{review_id}/reply
    """,
    Rule.FILE: """
        GET /letters/{letter_id}  GET /papers/{paper_id}  GET /portraits/{portrait}-{size_px:int}
        GET /messages/files/{file_id}
        GET /sheets/{sheet_id}  GET /sheets/{sheet_id}/edit  POST /sheets/{sheet_id}/edit
        POST /sheets/{sheet_id}/discard  GET /sheets/{sheet_id}/files/{sheet_file_id}
    """,
    Rule.PROVIDER: """
        GET /providers/mangopay/{word}
    """,
    Rule.DEMONSTRATION: """
        GET /demo  POST /demo/sign-in  GET /demo/mail  GET /demo/mail/{mail_id}  GET /demo/mail/{mail_id}/html
    """,
}
"""The one table of rules: a route that is not in it fails `tests/web/test_gates.py`."""
RULES = {line: rule for rule, lines in TABLE.items() for line in re.split(r"\s{2,}", lines.strip())}
ROUTES = [tuple(line.split(" ", 1)) for line in RULES]
UNSAFE = [(method, path) for method, path in ROUTES if method != "GET"]
MOUNTED = {"/static"}
LEADS_TO = {
    "anonymous": "/sign-in",
    "half signed in": "/sign-in/code",
    "operator without second factor": "/account/second-factor",
    "suspended expert": "/account",
    "suspended operator": "/account",
}
"""Where those are led who can do something about not being let in."""
UNTOLD = {
    *("audit_entries", "sign_ins", "outbox", "schedules", "leases"),
    *("visitor_salts", "result_pages", "impressions", "views"),
}
"""Tables that change by looking, or by the clock."""
PARAMETERS = {
    "letter_id": "letter", "portrait": "portrait", "account_id": "account", "notice_id": "notice", "mail_id": "mail",
    "sheet_id": "sheet", "offer_id": "offer", "sheet_file_id": "sheet_file",
    "search_id": "search", "token": "shared", "expert_id": "expert", "thread_id": "thread", "file_id": "message_file",
    "reference": "reference", "refund_id": "refund", "payment_id": "wire", "transaction_id": "card",
    "transfer_id": "transfer", "bank_account_id": "bank_account",
    "kept_id": "kept_card", "charge_id": "charge", "recipient_id": "recipient", "card_id": "kept_card",
    "receipt_id": "receipt",
    "report_file_id": "report_file", "mission_id": "mission", "review_id": "review", "proposal_id": "proposal",
    "paper_id": "paper", "sms_id": "mail", "difference_id": "mail",
    "sandbox_paper_id": "mail", "sandbox_declaration_id": "mail",
    "quote_id": "quote", "series_id": "series", "number": "document",
    "document_id": "document_row",
}  # fmt: skip
NASTY = ("a%00b", "x" * 5_000, "..%2F..%2Fetc%2Fpasswd", "%F0%9F%98%80%E2%80%AE", "%ED%A0%80", "'%20OR%201=1--", "-1")


class Tried:
    """A site with two sides, and how it is asked."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.database: Database = client.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
        with self.database.reading() as session:
            self.shown = session.execute(select(Expert).where(Expert.ref == "H001")).scalar_one()
        self.one, self.other = (two_sides.seed(client, mark, self.shown.id) for mark in two_sides.MARKS)

    def ask(
        self, side: Side, role: str, method: str, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> Response:
        """Ask as somebody who has just signed in, and check what every answer has."""
        self.client.cookies.clear()
        cookie = {"Cookie": f"portulan={two_sides.token_of(self.client, side, role)}"}
        data = {} if method == "GET" else {"data": form or {}}
        answer = self.client.request(method, path, headers={**cookie, **headers}, follow_redirects=False, **data)
        if answer.status_code == 503:  # The machine had something else to do for too long: nothing was done.
            answer = self.client.request(method, path, headers={**cookie, **headers}, follow_redirects=False, **data)
        told = f"{role}: {method} {path}"
        assert answer.status_code < 500, told
        assert "frame-ancestors" in answer.headers["Content-Security-Policy"], told
        assert answer.headers["X-Content-Type-Options"] == "nosniff", told
        assert "Referrer-Policy" in answer.headers, told
        assert "Access-Control-Allow-Origin" not in answer.headers, told
        return answer

    def rows(self) -> dict[str, list[str]]:
        """Return what every table holds, once nothing is under way."""
        eventually(lambda: not self._owed())
        return {table: rows for table, rows in dump(self.database).items() if table not in UNTOLD}

    def rows_of(self, side: Side) -> set[str]:
        """Return the rows that are a side's."""
        words = [side.mark, *side.ids.values(), *(account.id for account in side.people.values())]
        rows = {f"{table}: {row}" for table, rows in self.rows().items() for row in rows}
        return {row for row in rows if any(word in row for word in words)}

    def _owed(self) -> int:
        with self.database.reading() as session:
            # Who was told of a message a moment ago is told of the next one some minutes later.
            is_later = (outbox.OutboxRow.topic == MESSAGE_WRITTEN) & (outbox.OutboxRow.due_at > clock.now())
            is_owed = outbox.OutboxRow.is_dead.is_(False) & ~is_later
            return len(session.execute(select(outbox.OutboxRow.id).where(is_owed)).all())


def leaves(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield method and path of every route: included routers are branches of a tree (FastAPI 0.137)."""
    for route in routes:
        branch = getattr(route, "original_router", None)
        if branch is not None:
            yield from leaves(branch.routes, prefix + route.include_context.prefix)
            continue
        methods = getattr(route, "methods", None)
        yield from ((method, prefix + route.path) for method in sorted(methods or {"MOUNT"}) if method != "HEAD")


def filled(path: str, side: Side, shown: Expert, **values: str) -> str:
    """Return a path with a side's own ids in it."""
    token = side.ids[{"alerts": "stop", "availability": "unasked"}.get(path.split("/")[1], "shared")]
    names = {name: side.ids[key] for name, key in PARAMETERS.items()}
    fixed = {
        "slug": shown.slug,
        "size_px:int": "96",
        "place:int": "1",
        "version:int": "1",
        "path:path": "x/y",
        "name": "use",
        "action": "lift",
        "word": "x",
    }
    if path.startswith("/help"):
        fixed["slug"] = "signing-in"
    return path.format_map(Named({**names, "token": token, **fixed, **values}))


class Named(dict[str, str]):
    """Fills `{path:path}` too, of which `str.format` would take the second part for a format."""

    def __missing__(self, key: str) -> "Filled":
        return Filled(self, key)


class Filled:
    def __init__(self, names: Named, name: str) -> None:
        self.names, self.name = names, name

    def __format__(self, convertor: str) -> str:
        return self.names[f"{self.name}:{convertor}"]


def is_refused(answer: Response, role: str, rule: Rule) -> bool:
    """Tell whether an answer refuses in the way that is due to somebody."""
    if rule in {Rule.LIST, Rule.LISTING, Rule.SHEETING, Rule.FILE, Rule.PROVIDER, Rule.DEMONSTRATION}:
        return answer.status_code == 404
    if role in LEADS_TO:
        return answer.status_code == 303 and answer.headers["location"].partition("?")[0] == LEADS_TO[role]
    return answer.status_code == 403


def secrets_in(answer: Response, side: Side, typed: Iterable[str] = ()) -> list[str]:
    """Return which of a side's secrets an answer tells, in its body or its headers, besides what was typed."""
    whole = f"{answer.content!r} {answer.text} {answer.headers}".casefold()
    for text in typed:
        whole = whole.replace(text, "")
    return [secret for secret in side.secrets if secret.casefold() in whole]


def form_of(side: Side, shown: Expert) -> dict[str, str]:
    """Return a form that names a side's things in every way that some form of ours does."""
    ids = side.ids
    names = {"account": ids["account"], "comment": ids["comment"], "email": f"{side.mark}.invited@example.org"}
    wished = {"role": "owner", "name": "N", "title": "T", "note": "n", "frequency": "off", "reason": "r", "text": "t"}
    return {**names, **wished, "expert": ids["expert"], "search": f"q={shown.name}", "sign_in": ids["account"]}
