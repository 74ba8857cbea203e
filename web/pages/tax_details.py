"""The page on which an expert gives what is reported to the tax authority, and reads what is reported of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from billing import platform_sellers, tax_detail_forms
from billing.models.identity_papers import OwnerDetails
from billing.platform_reports import Missing, Report, Seller
from billing.tax_detail_forms import Asked
from foundation.i18n import Language, message, translate
from web.pages.spaces import country_choices
from web.pages.spendings import amount

YEARS = 5
_MISSING: Mapping[Missing, str] = {
    Missing.IDENTITY: message("Legal name and address"),
    Missing.NAME: message("First and last name"),
    Missing.BORN_ON: message("Day of birth"),
    Missing.TIN: message("Tax identification number"),
    Missing.BIRTH_PLACE: message("Place of birth"),
    Missing.REGISTRATION_NUMBER: message("Registration number of the company"),
}
ELSEWHERE = frozenset({Missing.IDENTITY, Missing.REGISTRATION_NUMBER})
"""What is given with the legal identity."""
_HEADS = (
    message("Year"),
    message("Quarter"),
    message("Currency"),
    message("Paid or credited to you"),
    message("Missions"),
    message("Commission withheld"),
    message("VAT on it"),
)
SHOWN_OF_NUMBER = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of an expert for the report."""

    seller: Seller
    asked: Asked | None
    reports: Sequence[Report]
    """Of each of the last years in which something was released to them."""


def read(session: Session, expert_id: str, key: bytes, this_year: int) -> Found:
    """Read all of it."""
    seller = platform_sellers.known(session, expert_id, key)
    is_known = session.get(OwnerDetails, expert_id) is not None
    asked = tax_detail_forms.asked_of(seller, is_known_to_provider=is_known)
    years = [
        platform_sellers.report(session, year, key, expert_id=expert_id)
        for year in range(this_year, this_year - YEARS, -1)
    ]
    return Found(seller, asked, [report for report in years if report.sellers or report.others])


def context(found: Found, language: Language) -> dict[str, Any]:
    """Return what the page shows."""
    seller = found.seller
    return {
        "seller": seller,
        "asked": found.asked,
        "missing": [(fact.value, translate(language, _MISSING[fact]), fact in ELSEWHERE) for fact in seller.missing],
        "ending": seller.tin[-SHOWN_OF_NUMBER:],
        "countries": [("", translate(language, message("Please choose"))), *country_choices(language)],
        "years": [
            {
                "year": report.year,
                "due_on": report.due_on,
                "is_reported": bool(report.sellers),
                "activities": [*report.sellers, *report.others][0].activities,
            }
            for report in found.reports
        ],
        "given": {
            "first_name": seller.first_name,
            "last_name": seller.last_name,
            "born_on": seller.born_on.isoformat() if seller.born_on else "",
            "tin_country": seller.tin_country or seller.residence,
            "birth_city": seller.birth_city,
            "birth_country": seller.birth_country,
            "has_no_tin": "yes" if seller.has_no_tin else "",
        },
    }


def rows(report: Report, language: Language) -> Iterator[list[object]]:
    """Yield the heading, and a row for each quarter and currency of a seller."""
    yield [translate(language, head) for head in _HEADS]
    for seller in (*report.sellers, *report.others):
        for activity in seller.activities:
            for place, quarter in enumerate(activity.quarters, 1):
                cents = (quarter.consideration_cents, quarter.fees_cents, quarter.taxes_cents)
                consideration, fees, taxes = (amount(one, language) for one in cents)
                yield [report.year, place, activity.currency, consideration, quarter.activities, fees, taxes]
