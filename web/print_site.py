"""The addresses at which a mission's documents are downloaded as PDF: quotes, purchase order, end report, receipts."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from booking.documents import pages, purchase_orders, quotes, receipts, reports
from booking.documents.contents import Print
from foundation import http
from foundation.database import Database
from web import mission_site, quote_site
from web.rendering import language_of
from web.sign_ins import required

POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
router = APIRouter(include_in_schema=False)


@router.get(f"{quote_site.PATH}/{{quote_id}}/versions/{{version:int}}.pdf")
def download_quote(request: Request, quote_id: str, version: int) -> Response:
    """Send a version of a quote to one of its sides."""
    who = required(request, quote_site.EXPERT, *quote_site.CLIENTS)
    with _database(request).reading() as session:
        found = quotes.find(session, who, quote_id, version)
    return _download(found)


@router.get(f"{mission_site.PATH}/{{mission_id}}/purchase-order.pdf")
def download_order(request: Request, mission_id: str) -> Response:
    """Send the client's order, as it holds now."""
    who = required(request, *mission_site.KINDS)
    with _database(request).reading() as session:
        found = purchase_orders.find(session, who, mission_id)
    return _download(found)


@router.get(f"{mission_site.PATH}/{{mission_id}}/report.pdf")
def download_report(request: Request, mission_id: str) -> Response:
    """Send the end report that was sent last."""
    who = required(request, *mission_site.KINDS)
    with _database(request).reading() as session:
        found = reports.find(session, who, mission_id)
    return _download(found)


@router.get(f"{mission_site.PATH}/{{mission_id}}/receipts/{{receipt_id}}.pdf")
def download_receipt(request: Request, mission_id: str, receipt_id: str) -> Response:
    """Send the receipt of a payment, by the payment's id, to the client that made it."""
    who, operator = required(request, *quote_site.CLIENTS), request.app.state.settings.operator
    with _database(request).reading() as session:
        found = receipts.find(session, who, mission_id, receipt_id, operator, language_of(request))
    return _download(found)


def _download(found: Print) -> Response:
    """Set the pages, once nothing is read any more: that takes a moment."""
    headers = {
        "Content-Disposition": http.as_download(found.file_name),
        "Content-Language": found.language,
        "Content-Security-Policy": POLICY,
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(pages.render(found), media_type="application/pdf", headers=headers)


def _database(request: Request) -> Database:
    return request.app.state.database
