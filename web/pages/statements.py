"""The page of a statement of account: which periods there are, the balance at both ends, and each line between."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from babel.dates import format_date
from sqlalchemy.orm import Session

from billing import statement_lines, statement_periods
from billing.models.ledger import FactKind
from billing.statement_periods import Period
from billing.statements import Aside, Column, Line, Side, Statement
from foundation.i18n import Language, translate
from web import statement_texts as texts

ASIDES = (FactKind.REFUND, FactKind.BOOST)


def context(
    session: Session, side: Side, party_id: str, period: Period, language: Language, now: datetime
) -> dict[str, Any]:
    """Return what the page shows."""
    first_at = statement_lines.first_at(session, side, party_id)
    found = statement_lines.of(session, side, party_id, period)
    return {
        "period": period,
        "said": name_of(period, language),
        "made_on": statement_periods.day_of(now),
        "is_running": period.before > now,
        "years": [
            (year, [(month, _month(month.first, language)) for month in months])
            for year, months in statement_periods.between(first_at, now)
        ],
        "statements": [_statement(one, language) for one in found if _says_something(one)],
        "is_empty": first_at is None and not found,
    }


def name_of(period: Period, language: Language) -> str:
    """Return a period as people read it."""
    return str(period.year) if period.month is None else format_date(period.first, "MMMM y", locale=language)


def fact_words(side: Side, fact: FactKind, language: Language, *, is_reversal: bool) -> str:
    """Return what happened, for the side that reads it."""
    what = translate(language, texts.FACTS[side].get(fact, fact.value))
    return translate(language, texts.TAKEN_BACK, what=what) if is_reversal else what


def _says_something(found: Statement) -> bool:
    return bool(found.lines or found.asides or found.opening_cents)


def _statement(found: Statement, language: Language) -> dict[str, Any]:
    heads = [translate(language, texts.COLUMNS[found.side][column]) for column in found.columns]
    return {
        "currency": found.currency,
        "opening_cents": found.opening_cents,
        "closing_cents": found.closing_cents,
        "returning_cents": found.returning_cents,
        "heads": heads,
        "sums": list(zip(found.columns, heads, [found.sum_of(column) for column in found.columns], strict=True)),
        "lines": [_line(line, found.side, found.columns, language) for line in found.lines],
        "asides": [_aside(aside, language) for aside in found.asides],
        "aside_sums": [
            (fact.value, fact_words(found.side, fact, language, is_reversal=False), found.aside_of(fact))
            for fact in ASIDES
            if any(aside.fact is fact for aside in found.asides)
        ],
    }


def _line(line: Line, side: Side, columns: Sequence[Column], language: Language) -> dict[str, Any]:
    return {
        **_said(line, side, language),
        "amounts": [line.amounts.get(column, 0) for column in columns],
        "balance_cents": line.balance_cents,
    }


def _aside(aside: Aside, language: Language) -> dict[str, Any]:
    return {**_said(aside, Side.EXPERT, language), "cents": aside.cents}


def _said(line: Line | Aside, side: Side, language: Language) -> dict[str, Any]:
    return {
        "day": statement_periods.day_of(line.effective_at),
        "what": fact_words(side, line.fact, language, is_reversal=line.is_reversal),
        "fact": line.fact.value,
        "subject": line.subject,
        "key": line.key,
        "transaction_id": line.transaction_id,
    }


def _month(first: date, language: Language) -> str:
    return format_date(first, "LLLL", locale=language)
