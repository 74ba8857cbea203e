"""Standard rates of VAT in the European Union, by the day from which each holds.

Source of all: the Commission's page “VAT rules and rates” (europa.eu/youreurope, standard rates of the member states),
compared with several published tables of 2025. What changed since 2024 has its own line and its own source. No day
before 2024 is known: nothing was sold here then. Reduced rates are not for consulting.
"""

from collections.abc import Sequence
from datetime import date

FIRST_DAY = date(2024, 1, 1)
_UNCHANGED_BP = {
    "AT": 2000, "BE": 2100, "BG": 2000, "CY": 1900, "CZ": 2100, "DE": 1900, "DK": 2500, "EE": 2200, "ES": 2100,
    "FI": 2400, "FR": 2000, "GR": 2400, "HR": 2500, "HU": 2700, "IE": 2300, "IT": 2200, "LT": 2100, "LU": 1700,
    "LV": 2100, "MT": 1800, "NL": 2100, "PL": 2300, "PT": 2300, "RO": 1900, "SE": 2500, "SI": 2200, "SK": 2000,
}  # fmt: skip
_CHANGES: Sequence[tuple[str, date, int]] = (
    ("FI", date(2024, 9, 1), 2550),  # Tax administration of Finland (vero.fi): 25.5 % from 1 September 2024
    ("SK", date(2025, 1, 1), 2300),  # Act 278/2024 on the consolidation of public finances
    ("EE", date(2025, 7, 1), 2400),  # Security Tax Act as amended: 24 % from 1 July 2025
    ("RO", date(2025, 8, 1), 2100),  # Law 141/2025: 21 % from 1 August 2025
)
FRENCH_OVERSEAS_BP = {"GP": 850, "MQ": 850, "RE": 850, "GF": None, "YT": None}
"""French departments with a rate of their own (CGI, article 296), or where VAT does not apply (article 294, 1).

They are no part of the Union's VAT territory (directive 2006/112, article 6). Source: impots.gouv.fr, “TVA sur
prestations de services métropole/DOM”.
"""
STATES = frozenset(_UNCHANGED_BP)
"""The member states."""


def standard_bp(state: str, on: date) -> int | None:
    """Return a member state's standard rate on a day, in hundredths of a percent; None where none is known."""
    if on < FIRST_DAY:
        return None
    changed = [rate for country, since, rate in _CHANGES if country == state and since <= on]
    return changed[-1] if changed else _UNCHANGED_BP.get(state)
