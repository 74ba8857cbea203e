"""What an invoice says, as it is frozen when it is issued: a value of whole cents, from which all else is made.

The XML and the pages are both made of it and of nothing else, so that they can't say different things.
"""

import hashlib
from datetime import date
from enum import StrEnum
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from billing.taxes import TaxCode
from foundation.i18n import Language


class Kind(StrEnum):
    """What is issued."""

    INVOICE = "invoice"
    """Of an expert to a client, issued by the operator under the billing mandate."""
    CREDIT_NOTE = "credit_note"
    """What takes back an invoice, or a part of one; amounts are positive in it."""
    COMMISSION = "commission"
    """Of the operator to an expert."""
    BOOST = "boost"
    """The same, for a Visibility Boost."""


class Unit(StrEnum):
    """What is counted, by its code in UN/ECE recommendation 20."""

    DAY = "DAY"
    ONE = "C62"


class Means(StrEnum):
    """How it was paid, by its code in UNTDID 4461."""

    TRANSFER = "42"
    """Not 30, which asks to pay by transfer, and so wants an account (CII-SR-470): it is paid already."""
    CARD = "48"
    OFFSET = "97"
    """The operator kept it back from what it paid out."""
    OTHER = "1"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Side(_Part):
    """Who sells or buys, as they were."""

    name: str
    address: str
    """In one text; lines or commas part it."""
    country: str
    is_business: bool = True
    registration_number: str | None = None
    """As it was given; of French ones, `numbers` reads SIREN and SIRET."""
    vat_number: str | None = None
    email: str | None = None
    """Where electronic invoices reach who has no SIREN."""
    legal_form: str | None = None
    """With capital and register, where the law wants them on invoices."""


class Line(_Part):
    """Something that was sold."""

    label: str
    halves: int
    """How much of it, in half units: days are sold by halves."""
    unit: Unit
    price_cents: int
    """Of one unit, before tax."""
    net_cents: int

    @property
    def exact_cents(self) -> int:
        """Return what it comes to: half a cent goes up."""
        return (self.halves * self.price_cents + 1) // 2


class Taxation(_Part):
    """The one tax on everything that a document sells."""

    code: TaxCode
    rate_bp: int
    exemption: str | None = None
    """VATEX code."""
    mentions: tuple[str, ...] = ()
    """As they have to be written on the day of issue."""


class Note(_Part):
    """A mention that the law wants, with its subject code in UNTDID 4451."""

    code: str
    text: str


class Preceding(_Part):
    """The invoice that a credit note takes back."""

    number: str
    issued_on: date


class Content(_Part):
    """A whole document."""

    kind: Kind
    number: str
    language: Language
    issued_on: date
    title: str
    """Of the mission, or what else it is for."""
    seller: Side
    buyer: Side
    issuer: str = ""
    """Who issues it in the seller's name; empty: the seller."""
    reference: str = ""
    """Of the quote that was signed, or of the mission."""
    order_number: str = ""
    """The buyer's own."""
    starts_on: date | None = None
    ends_on: date | None = None
    """When the work was done; a document without has to say it in its lines."""
    currency: str
    lines: tuple[Line, ...]
    reduction_cents: int = 0
    """What was taken off the price by agreement, before tax."""
    taxation: Taxation
    net_cents: int
    tax_cents: int
    gross_cents: int
    tax_euro_cents: int | None = None
    """The tax in euros, where a French seller invoices in another currency (CGI, annex II, art. 242 nonies A)."""
    paid_on: date
    means: Means
    preceding: Preceding | None = None
    reason: str = ""
    """Why a credit note is issued."""
    notes: tuple[Note, ...] = ()

    @property
    def is_credit(self) -> bool:
        """Tell whether it takes back rather than asks."""
        return self.kind == Kind.CREDIT_NOTE

    @property
    def type_code(self) -> str:
        """Return its code in UNTDID 1001.

        Never 389: that is for invoices which the buyer makes; the operator is a third party (CGI, article 289, I-2).
        """
        return "381" if self.is_credit else "380"


def frozen(content: Content) -> dict[str, Any]:
    """Return a document as a row keeps it."""
    return content.model_dump(mode="json")


def thawed(kept: dict[str, Any]) -> Content:
    """Return a document from what a row keeps."""
    return Content.model_validate(kept)


def hash_of(kept: dict[str, Any]) -> str:
    """Return its SHA-256 in hex: of its JSON with sorted names, without spaces, in UTF-8."""
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()
