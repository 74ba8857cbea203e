"""The part of an invoice that machines read: Factur-X at the level of EN 16931, with the French rules (BR-FR).

Amounts are written from whole cents, never by way of floats. Every document is of process S2, services that are paid
already: clients pay before a mission starts, and the operator keeps its commission back.
"""

from typing import Any

import facturx

from billing.documents import numbers
from billing.documents.contents import Content, Side
from billing.documents.notes import GENERAL
from billing.taxes import TaxCode

LEVEL = "en16931"
PAID_SERVICES = "S2"
_EUROS = "EUR"
_ADDRESS_LINES = 3


def xml(content: Content) -> bytes:
    """Return a document as XML (UN/CEFACT CII); raise ValueError where it can't be written at all."""
    # The package's own schematrons are asked over HTTP, or skipped; `schematrons` is where they are run.
    without: Any = False
    made = facturx.generate_cii_xml(fields(content), LEVEL, check_xsd=without, check_schematron=without)
    return bytes(made)


def fields(content: Content) -> dict[str, Any]:
    """Return a document by the names that EN 16931 gives its parts; made anew, since the package changes it."""
    found: dict[str, Any] = {
        "BT-1": content.number,
        "BT-2": content.issued_on,
        "BT-3": content.type_code,
        "BT-5": content.currency,
        "BT-9": content.paid_on,
        "BT-23": PAID_SERVICES,
        "BT-81": content.means.value,
        "BG-1": _notes(content),
        "BG-4": _side(content.seller, content, sells=True),
        "BG-7": _side(content.buyer, content, sells=False),
        "BG-23": [_breakdown(content)],
        "BG-25": [_line(content, position) for position in range(len(content.lines))],
        **_totals(content),
    }
    found |= {name: value for name, value in _given(content).items() if value}
    if content.reduction_cents:
        found["BG-20"] = [_reduction(content)]
    if content.preceding:
        found["BG-3"] = [{"BT-25": content.preceding.number, "BT-26": content.preceding.issued_on}]
    return found


def amount(cents: int) -> str:
    """Return cents as a decimal number."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def percent(rate_bp: int) -> str:
    """Return hundredths of a percent as a decimal number without idle zeros, as BR-FR-16 lists rates."""
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def _given(content: Content) -> dict[str, Any]:
    return {
        "BT-12": content.reference,
        "BT-13": content.order_number,
        "BT-72": content.ends_on,
        "BT-73": content.starts_on,
        "BT-74": content.ends_on,
    }


def _notes(content: Content) -> list[dict[str, str]]:
    said = [{"BT-21": note.code, "BT-22": note.text} for note in content.notes]
    own = [{"BT-21": GENERAL, "BT-22": text} for text in (content.title, content.reason) if text]
    return [*own, *said]


def _totals(content: Content) -> dict[str, str]:
    found = {
        "BT-106": amount(sum(line.net_cents for line in content.lines)),
        "BT-109": amount(content.net_cents),
        "BT-110": amount(content.tax_cents),
        "BT-112": amount(content.gross_cents),
        "BT-113": amount(content.gross_cents),
        "BT-115": amount(0),
    }
    if content.reduction_cents:
        found["BT-107"] = amount(content.reduction_cents)
    if content.tax_euro_cents is not None:
        found |= {"BT-6": _EUROS, "BT-111": amount(content.tax_euro_cents)}
    return found


def _side(side: Side, content: Content, *, sells: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"name": side.name, "country_code": side.country}
    for position, line in enumerate(address_lines(side), start=1):
        found[f"addr_l{position}"] = line
    if known := numbers.legal_id(side):
        found["legal_identifier"] = known[0]
        if known[1]:
            found["legal_identifier_schemeid"] = known[1]
    if siret := numbers.siret(side):
        found["identifiers"] = {"0009": siret}
    if reached := numbers.electronic_address(side):
        found |= {"einvoicing_addr": reached[0], "einvoicing_addr_schemeid": reached[1]}
    if sells and side.legal_form:
        found["legal_info"] = side.legal_form
    # Outside the scope of VAT no number of it may be named (BR-O-02).
    if content.taxation.code is TaxCode.OUTSIDE:
        return found
    if number := numbers.vat_number(side):
        found["vat_identifier"] = number
    elif sells and (known := numbers.legal_id(side)):
        found["tax_identifier"] = known[0]
    return found


def address_lines(side: Side) -> list[str]:
    """Return an address in three lines at most: what is too much stays in the last one."""
    lines = [line.strip(" ,") for line in side.address.splitlines() if line.strip(" ,")]
    return [*lines[: _ADDRESS_LINES - 1], ", ".join(lines[_ADDRESS_LINES - 1 :])] if lines[_ADDRESS_LINES:] else lines


def _rate(content: Content, name: str) -> dict[str, str]:
    """Return the rate, which is not named outside the scope of VAT (BR-O-05)."""
    return {} if content.taxation.code is TaxCode.OUTSIDE else {name: percent(content.taxation.rate_bp)}


def _breakdown(content: Content) -> dict[str, str]:
    taxation = content.taxation
    found = {
        "BT-116": amount(content.net_cents),
        "BT-117": amount(content.tax_cents),
        "BT-118": taxation.code.value,
        **_rate(content, "BT-119"),
    }
    if taxation.code is not TaxCode.STANDARD:
        reasons = {"BT-120": " – ".join(taxation.mentions), "BT-121": taxation.exemption or ""}
        found |= {name: text for name, text in reasons.items() if text}
    return found


def _reduction(content: Content) -> dict[str, str]:
    return {
        "amount": amount(content.reduction_cents),
        "reason": "Réduction convenue" if content.language == "fr" else "Agreed reduction",
        "reason_code": "95",
        "vat_category_code": content.taxation.code.value,
        **_rate(content, "vat_rate"),
    }


def _line(content: Content, position: int) -> dict[str, Any]:
    line = content.lines[position]
    whole, half = divmod(line.halves, 2)
    return {
        "BT-126": str(position + 1),
        "BT-129": f"{whole}.5" if half else str(whole),
        "BT-130": line.unit.value,
        "BT-131": amount(line.net_cents),
        "BT-146": amount(line.price_cents),
        "BT-151": content.taxation.code.value,
        "BT-153": line.label,
        **_rate(content, "BT-152"),
    }
