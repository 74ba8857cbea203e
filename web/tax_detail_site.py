"""The addresses where an expert gives tax details, and takes along what is reported of them (mission row B6)."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from billing import platform_report_files, platform_sellers, tax_detail_forms, tax_details
from billing.platform_reports import Report
from billing.statement_periods import Period, day_of
from billing.tax_detail_requests import PATH
from foundation import clock
from foundation.database import Database
from foundation.errors import Invalid, NotFound
from web import forms, spreadsheets
from web.forms import Form
from web.pages import tax_details as pages
from web.rendering import language_of, private, render
from web.space_site import Owner, owner_of
from web.statement_site import period_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(PATH)
def show(request: Request) -> Response:
    """Show what is missing, the form, and what is reported."""
    return _page(request, owner_of(request), None, {})


@router.post(PATH)
def give(request: Request, form: Form) -> Response:
    """Seal what an expert gives."""
    owner, at = owner_of(request), clock.now()
    with _database(request).reading() as session:
        asked = _read(request, session, owner).asked
    if asked is None:
        return forms.lead_on(PATH)
    try:
        details = tax_detail_forms.check(form, asked, language_of(request), day_of(at))
    except Invalid as error:
        return _page(request, owner, form, forms.faults_by_field(error), status=422)
    with _database(request).writing() as session:
        tax_details.put(session, owner.signed_in, details, _key(request), at=at)
    return forms.lead_on(PATH, done="given")


@router.get(f"{PATH}/report.json")
def download_report(request: Request) -> Response:
    """Give all that is reported of an expert for a year."""
    report = _report(request)
    found = [platform_report_files.as_values(seller) for seller in (*report.sellers, *report.others)]
    content = orjson.dumps({"year": report.year, "is_reported": bool(report.sellers), **found[0]})
    name = f"portulan-dac7-{report.year}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type="application/json", headers={**headers, "X-Robots-Tag": "noindex"})


@router.get(f"{PATH}/report.csv")
def download_figures(request: Request) -> Response:
    """Give the figures of a year."""
    report, language = _report(request), language_of(request)
    answer = spreadsheets.answer(f"portulan-dac7-{report.year}.csv", pages.rows(report, language), language)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _report(request: Request) -> Report:
    """Return an expert's part of the report of the year that an address names; raise NotFound where there is none."""
    owner, period = owner_of(request), period_of(request)
    with _database(request).reading() as session:
        report = platform_sellers.report(session, period.year, _key(request), expert_id=owner.expert_id)
    if period != Period(period.year) or not (report.sellers or report.others):
        raise NotFound("nothing was released in such a year")
    return report


def _page(
    request: Request, owner: Owner, form: dict[str, str] | None, faults: dict[str, str], *, status: int = 200
) -> Response:
    language = language_of(request)
    with _database(request).reading() as session:
        found = _read(request, session, owner)
    shown: dict[str, Any] = pages.context(found, language)
    shown |= {
        "form": shown["given"] if form is None else form,
        "faults": faults,
        "done": request.query_params.get("done", ""),
    }
    return private(render(request, "my/tax_details.html", language, shown, status=status))


def _read(request: Request, session: Any, owner: Owner) -> pages.Found:
    return pages.read(session, owner.expert_id, _key(request), day_of(clock.now()).year)


def _key(request: Request) -> bytes:
    return tax_details.key_of(request.app.state.settings)


def _database(request: Request) -> Database:
    return request.app.state.database
