"""How many documents are made a second, and what one costs when a report is validated: one with checks, then its file.

Checking is what stands between the validation and the release; numbering and freezing is the transaction of it.
"""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from billing import taxes
from billing.documents import checks, drafts, factur_x, issues, pages
from billing.documents.contents import Content, Means, Side
from billing.documents.drafts import Deal
from billing.documents.issues import About, Checked
from billing.taxes import Party
from foundation import clock
from foundation.database import Database
from foundation.settings import Operator
from migrations import upgrades
from scripts.benchmarks import machines

CHECKED, ISSUED = 30, 200
ON = date(2026, 12, 1)
LINES = {"5 lines": 5, "200 lines": 200}
COLUMNS = {
    "own_ms": "our rules, ms",
    "check_p50_ms": "all checks, ms",
    "check_p95_ms": "p95, ms",
    "issue_ms": "number and freeze, ms",
    "file_ms": "file, ms",
    "per_s": "checked, issued and made, documents/s",
}


def run() -> dict[str, float]:
    """Measure short and long invoices on SQLite, in one process."""
    console = Console(width=160)
    console.print(machines.line())
    figures: dict[str, float] = {}
    table = Table("invoice", *COLUMNS.values(), title="documents")
    began = time.perf_counter()
    checks.check(_invoice(1), "en")
    figures["documents.first_check_s"] = time.perf_counter() - began
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'documents.db'}")
        try:
            upgrades.run(database)
            for name, lines in LINES.items():
                values = _measure(database, lines)
                figures |= {f"documents.{name.replace(' ', '_')}.{key}": value for key, value in values.items()}
                table.add_row(name, *(f"{values[key]:,.4g}" for key in COLUMNS))
        finally:
            database.close()
    console.print(table)
    console.print(
        f"The first check of a process, with the public rules read: {figures['documents.first_check_s']:.2f} s"
    )
    console.print(machines.line())
    return figures


def _measure(database: Database, lines: int) -> dict[str, float]:
    content = _invoice(lines)
    own = _times(lambda _: list(checks.own_breaches(content)), CHECKED)
    checked = _times(lambda _: issues.check(content, "en"), CHECKED)
    draft = issues.check(content, "en")
    issued = _times(lambda place: _issue(database, draft, f"{lines} {place}"), ISSUED)
    numbered = content.model_copy(update={"number": "FAC-K7Q2-2026-1"})
    made = _times(lambda _: pages.render(numbered), CHECKED)
    whole_ms = float(np.mean(checked) + np.mean(issued) + np.mean(made))
    return {
        "own_ms": float(np.median(own)),
        "check_p50_ms": float(np.median(checked)),
        "check_p95_ms": float(np.percentile(checked, 95)),
        "xml_ms": float(np.median(_times(lambda _: factur_x.xml(numbered), CHECKED))),
        "issue_ms": float(np.median(issued)),
        "file_ms": float(np.median(made)),
        "per_s": 1e3 / whole_ms,
    }


def _issue(database: Database, draft: Checked, reference: str) -> None:
    about = About(reference, "expert", "client")
    database.write(lambda session: issues.issue(session, draft, about, at=clock.now()))


def _times(work: Callable[[int], object], times: int) -> list[float]:
    """Return how long each of so many took, in milliseconds."""
    found: list[float] = []
    for place in range(times):
        began = time.perf_counter()
        work(place)
        found.append((time.perf_counter() - began) * 1e3)
    return found


def _invoice(lines: int) -> Content:
    """Return an expert's invoice between two French companies."""
    operator = Operator()
    seller = drafts.operator_side(operator)
    buyer = Side(
        name="Cidres de l’Estran",
        address="3 quai du Port\n35400 Saint-Malo",
        country="FR",
        registration_number="99900012800010",
        vat_number="FR29999000128",
    )
    tax = taxes.decide(Party("FR", True, seller.vat_number), Party("FR", True, buyer.vat_number), ON)
    deal = Deal(
        seller=seller,
        buyer=buyer,
        title="Étude du marché japonais du cidre",
        lines=tuple(drafts.day_line(f"Conseil, lot {place}", place % 9 + 1, 65_000) for place in range(1, lines + 1)),
        taxation=drafts.taxation(tax, "fr", ON),
        currency="EUR",
        paid_on=ON,
        means=Means.TRANSFER,
        reference="M-2026-00042",
        order_number="BC 2026/77",
        starts_on=ON,
        ends_on=ON,
    )
    return drafts.invoice(deal, issuer=operator.name, language="fr", on=ON)
