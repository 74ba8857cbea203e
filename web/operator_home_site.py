"""The address where operators begin: what needs somebody's attention, and the way to every area."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import notices, suspensions
from billing import (
    boost_chargebacks,
    ledger_differences,
    payments,
    payout_queues,
    platforms,
    proposals,
    refunds,
    wire_queue,
)
from billing.documents import contests
from billing.providers import sandbox_declarations, sandbox_papers
from booking import invoice_holds, missions, offer_desk, thread_lists
from foundation import clock, mails, outbox
from search_api import empties
from taxonomy import decisions
from web import free_skill_lists, operator_desk
from web.operator_desk import PAGE, PATH
from web.pages import documents

NEAR = timedelta(days=7)
"""How long before its term a suspended account is shown."""
WEEK = timedelta(days=7)
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """Show what waits."""
    operator = operator_desk.operator(request)
    today, platform = clock.today(), platforms.choose(request.app.state.settings)
    with operator_desk.database(request).reading() as session:
        decided = decisions.decisions(session)
        cards = [
            ("deliveries", outbox.count_dead(session)),
            ("mails", len(mails.failed(session, PAGE))),
            ("notices", notices.count_open(session)),
            ("refunds", len(refunds.queue(session, limit=PAGE))),
            ("payouts", payout_queues.count_failed(session)),
            ("documents", documents.count_waiting(session, platform)),
            ("boosts", boost_chargebacks.count_waiting(session)),
            ("wires", len(payments.unmatched(session, limit=PAGE))),
            ("partly-paid", wire_queue.count_partly_paid(session)),
            ("proposals", proposals.count_for(session, operator.account_id, at=clock.now())),
            ("papers", len(sandbox_papers.waiting(session, limit=PAGE))),
            ("declarations", len(sandbox_declarations.waiting(session, limit=PAGE))),
            ("ledger", len(ledger_differences.waiting(session, limit=PAGE))),
            ("threads", thread_lists.count_waiting_for_operator(session)),
            ("offers", offer_desk.count_waiting(session, clock.now())),
            ("invoices", invoice_holds.count_waiting(session)),
            ("contests", contests.count_waiting(session)),
            ("portage", len(missions.awaiting_portage(session))),
            ("complaints", suspensions.count_complaints(session)),
            ("terms", len(suspensions.nearing(session, today, within=NEAR))),
            ("skills", len(free_skill_lists.waiting(request, decided))),
            ("searches", len(empties.most_frequent(session, since=today - WEEK, limit=PAGE))),
        ]
    context: dict[str, Any] = {
        "all_cards": cards,
        "cards": [(name, count) for name, count in cards if count],
        "most": PAGE,
    }
    return operator_desk.page(request, "home.html", "home", context)
