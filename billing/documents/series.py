"""Numbers without gaps, for each legal person, kind and year (CGI, annex II, article 242 nonies A, I, 7°).

A row counts. It is locked from the allocation to the end of the transaction that issues, so that a number which is not
used after all is the next one's. A sequence of the database would leave a gap. Experts' series are apart from the
numbers that they give themselves: who invoices for others uses a series for each of them (BOI-TVA-DECLA-30-20-20-10).
"""

import base64
import hashlib
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import company_numbers
from billing.documents.contents import Kind
from billing.models.documents import DocumentSeries
from foundation.database import insert

OPERATOR = "operator"
"""Who sells where no expert does."""
_PREFIXES = {Kind.INVOICE: "FAC", Kind.CREDIT_NOTE: "AVO", Kind.COMMISSION: "COM", Kind.BOOST: "BST"}
_CODE_LENGTH = 10


def seller_of(expert_id: str, registration_number: str | None) -> str:
    """Return who sells: an expert under another legal identity is somebody else."""
    return f"{expert_id} {company_numbers.plain(registration_number)}"


def name(kind: Kind, seller: str, on: date) -> str:
    """Return what the numbers of a series begin with. Pure."""
    if seller == OPERATOR:
        return f"{_PREFIXES[kind]}-{on.year}"
    code = base64.b32encode(hashlib.sha256(seller.encode()).digest()).decode()[:_CODE_LENGTH]
    return f"{_PREFIXES[kind]}-{code}-{on.year}"


def allocate(session: Session, kind: Kind, seller: str, on: date) -> tuple[str, int]:
    """Return a series and the next position in it; nobody else gets one before this transaction is over."""
    series = name(kind, seller, on)
    new = insert(session, DocumentSeries).values(name=series, seller=seller, latest=1)
    counted = new.on_conflict_do_update(
        index_elements=["name"], set_={"latest": col(DocumentSeries.latest) + 1}
    ).returning(col(DocumentSeries.latest))
    position = session.execute(counted).scalar_one()
    owner = session.execute(select(col(DocumentSeries.seller)).where(col(DocumentSeries.name) == series)).scalar_one()
    if owner != seller:
        raise ValueError(f"the series {series} is another legal person’s: lengthen the code in its name")
    return series, position
