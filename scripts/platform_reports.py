"""`portulan dac7`: the yearly report on sellers to the tax authority, and what is missing for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from billing import platform_report_files as files
from billing import platform_sellers, tax_details
from billing.platform_reports import Report, Seller
from billing.statement_periods import FIRST_YEAR, LAST_YEAR
from foundation import clock
from foundation.errors import Fault, Invalid
from foundation.settings import Operator, Settings
from scripts import databases, tables
from scripts.tables import AsJson

OFF = 1
_SIREN_LENGTH = 9


def dac7(
    year: Annotated[int, typer.Argument(min=FIRST_YEAR, max=LAST_YEAR, help="The calendar year, such as 2026.")],
    out: Annotated[Path | None, typer.Option(help="Write the XML here: a file, or a folder for its due name.")] = None,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Leave sellers of whom facts are missing out.")
    ] = False,
    test: Annotated[bool, typer.Option("--test", help="Write records for the authority's tests.")] = False,
    as_json: AsJson = False,
) -> None:
    """Report what sellers were paid in a year (DAC7), and say of whom facts are missing: then it exits with 1.

    Directive (EU) 2021/514; French general tax code, articles 1649 ter A to E. It is due on 31 January.
    """
    settings, now = Settings(), clock.now()
    database = databases.opened(settings)
    with database.reading() as session:
        report = platform_sellers.report(session, year, tax_details.key_of(settings))
        requests = tax_details.requests_of(session)
    if as_json:
        tables.put_json(_values(report, requests))
    else:
        _put(report, requests)
    if out is not None:
        if report.incomplete and not incomplete:
            names = ", ".join(seller.name or seller.expert_id for seller in report.incomplete)
            reason = f"facts are missing of {names}; with --incomplete they are left out"
            raise Invalid([Fault("out", "facts_missing", reason)])
        filer = filer_of(settings.operator)
        whole = Report(year, [seller for seller in report.sellers if not seller.missing], report.others)
        path = out / files.file_name(whole, filer, now) if out.is_dir() else out
        path.write_bytes(files.write(whole, filer, now, is_test=test))
        if not as_json:
            tables.say(f"{len(whole.sellers)} sellers are in {path}.", style="green")
    raise typer.Exit(OFF if report.incomplete else 0)


def filer_of(operator: Operator) -> files.Filer:
    """Return the operator as who reports; raise Invalid where it is not French, or its SIREN can't be read."""
    digits = "".join(sign for sign in operator.registration_number if sign.isdigit())
    if operator.country != "FR" or len(digits) < _SIREN_LENGTH:
        reason = "the file is the French one: PORTULAN_OPERATOR_COUNTRY has to be FR, and a SIREN or SIRET be given"
        raise Invalid([Fault("PORTULAN_OPERATOR_REGISTRATION_NUMBER", "no_siren", reason)])
    return files.Filer(digits[:_SIREN_LENGTH], operator.vat_number, operator.name, "Portulan", operator.address)


def _values(report: Report, requests: Mapping[str, int]) -> dict[str, Any]:
    return {
        "year": report.year,
        "due_on": report.due_on,
        "sellers": [
            files.as_values(seller) | {"requests": requests.get(seller.expert_id, 0)} for seller in report.sellers
        ],
        "not_reported": [
            {"seller": seller.expert_id, "name": seller.name, "residence": seller.residence} for seller in report.others
        ],
    }


def _put(report: Report, requests: Mapping[str, int]) -> None:
    columns = (
        "seller",
        "residence",
        "currency",
        "activities#",
        "consideration#",
        "fees#",
        "taxes#",
        "missing",
        "asked#",
    )
    rows = [(*row, requests.get(seller.expert_id, 0)) for seller in report.sellers for row in _rows(seller)]
    tables.put(columns, rows, title=f"DAC7 {report.year}")
    if report.others:
        said = ", ".join(f"{seller.name} ({seller.residence})" for seller in report.others)
        tables.say(f"Not reported, resident outside of the European Union: {said}.")
    tables.say(f"Due on {report.due_on.isoformat()}, as are the sellers' copies.")
    if report.incomplete:
        tables.say(f"Facts are missing of {len(report.incomplete)} of {len(report.sellers)} sellers.", style="yellow")


def _rows(seller: Seller) -> list[tuple[object, ...]]:
    missing = ", ".join(fact.value for fact in seller.missing)
    return [
        (
            seller.name or seller.expert_id,
            seller.residence,
            activity.currency,
            activity.year.activities,
            _amount(activity.year.consideration_cents),
            _amount(activity.year.fees_cents),
            _amount(activity.year.taxes_cents),
            missing,
        )
        for activity in seller.activities
    ]


def _amount(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02}"
