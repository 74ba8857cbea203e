"""Comparing amounts across currencies at dated reference rates.

Rates are the European Central Bank's, as the package `currencyconverter` carries them; currencies that the
bank doesn't quote but that are pegged to one that it does go through their peg. Good for comparing, never
for paying.
"""

from datetime import date
from functools import lru_cache

from currency_converter import CurrencyConverter

# Units of the currency for one unit of its anchor. Pegs in force: UAE, Saudi Arabia, Qatar, Bahrain, Oman,
# Jordan, Lebanon's official rate excepted; CFA and Comorian francs, Cape Verde, Bosnia, CFP franc, Bulgaria.
_PEGS: dict[str, tuple[float, str]] = {
    "AED": (3.6725, "USD"),
    "SAR": (3.75, "USD"),
    "QAR": (3.64, "USD"),
    "BHD": (0.376, "USD"),
    "OMR": (0.3845, "USD"),
    "JOD": (0.709, "USD"),
    "PAB": (1.0, "USD"),
    "XOF": (655.957, "EUR"),
    "XAF": (655.957, "EUR"),
    "KMF": (491.968, "EUR"),
    "CVE": (110.265, "EUR"),
    "BAM": (1.95583, "EUR"),
    "BGN": (1.95583, "EUR"),
    "XPF": (119.3317, "EUR"),
    "NAD": (1.0, "ZAR"),
    "SZL": (1.0, "ZAR"),
    "LSL": (1.0, "ZAR"),
}


@lru_cache(maxsize=1)
def _converter() -> CurrencyConverter:
    return CurrencyConverter(fallback_on_missing_rate=True)


def _last_rate_on(currency: str) -> date:
    bounds = _converter().bounds or {}
    last: date = bounds[currency].last_date
    return last


def rates_on() -> date:
    """Return the date of the rates in use."""
    return _last_rate_on("USD")


@lru_cache(maxsize=512)
def units_per_eur(currency: str) -> float | None:
    """Return how many units one euro gives, or None where no rate is known."""
    if currency == "EUR":
        return 1.0
    if currency in _PEGS:
        units, anchor = _PEGS[currency]
        through = units_per_eur(anchor)
        return None if through is None else units * through
    if currency not in (_converter().currencies or ()):
        return None
    return float(_converter().convert(1, "EUR", currency, date=_last_rate_on(currency)))


def convert(amount_cents: int, source: str, target: str) -> int | None:
    """Convert an amount for comparison, or None where a rate is missing."""
    from_rate, to_rate = units_per_eur(source), units_per_eur(target)
    if from_rate is None or to_rate is None:
        return None
    return round(amount_cents / from_rate * to_rate)
