"""What a client pays: sums and months with their chart, each mission's payment, and a table to download."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from sqlalchemy.orm import Session

from billing import spendings
from billing.models.escrows import Escrow
from billing.spendings import Spending
from foundation.i18n import Language, message, translate
from web import charts
from web.rendering import money

_HEADS = (
    message("Month"),
    message("Currency"),
    message("Paid"),
    message("Gone back"),
    message("Released to experts"),
    message("Held at its end"),
)


def context(session: Session, client_id: str, language: Language, today: date) -> dict[str, Any]:
    """Return what the page shows."""
    found = spendings.escrows_of(session, client_id)
    return {
        "spendings": [_spending(one, language) for one in spendings.by_currency(session, found, today)],
        "escrows": found,
    }


def rows(session: Session, client_id: str, language: Language, today: date) -> Iterator[list[object]]:
    """Yield the heading and a row for each month and currency; amounts as numbers with the reader's decimal mark."""
    yield [translate(language, head) for head in _HEADS]
    found: Sequence[Escrow] = spendings.escrows_of(session, client_id)
    for spending in spendings.by_currency(session, found, today):
        for month in spending.months:
            amounts = (month.paid_cents, month.refunded_cents, month.released_cents, month.held_cents)
            plain = [amount(cents, language) for cents in amounts]
            yield [month.first.strftime("%Y-%m"), spending.currency, *plain]


def amount(cents: int, language: Language) -> str:
    """Return an amount as spreadsheets of a language take it for a number. Pure; cents are not negative."""
    return f"{cents // 100}{',' if language == 'fr' else '.'}{cents % 100:02}"


def _spending(spending: Spending, language: Language) -> dict[str, Any]:
    said = [format_date(month.first, "MMM y", locale=language) for month in spending.months]
    chart = charts.bars([(month.paid_cents // 100,) for month in spending.months])
    return {
        "currency": spending.currency,
        "held_cents": spending.held_cents,
        **{f"{name}_cents": spending.sum_of(name) for name in ("paid", "refunded", "released")},
        "chart": chart,
        "labels": [(label, said[label.at]) for label in chart.labels],
        "titles": [
            f"{name}: {money(Decimal(month.paid_cents) / 100, spending.currency, language)}"
            for name, month in zip(said, spending.months, strict=True)
        ],
        "rows": list(zip(said, spending.months, strict=True)),
    }
