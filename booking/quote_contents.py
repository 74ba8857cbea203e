"""What a quote says, part by part (mission rows S14, S18, S29), and the document that is signed.

A document is what was said with all that was true when it was sent: both legal identities, the tax, the amounts. Its
hash is what signatures name. The commission is no part of it: it is the expert's affair.
"""

import hashlib
from datetime import date
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from booking.models.missions import Portage
from booking.models.quotes import QuoteKind
from foundation.i18n import Language

LONGEST_TITLE, LONGEST_LABEL, LONGEST_ITEM, LONGEST_TEXT = 160, 200, 500, 8_000
MOST_ITEMS, MOST_STEPS, MOST_LINES, MOST_SKILLS, MOST_MENTIONS = 20, 12, 10, 12, 12
MOST_HALF_DAYS = 800
HIGHEST_RATE_CENTS = 2_000_000
HIGHEST_NET_CENTS = 1_000_000_000
"""Ten million: with any tax on top it is still a whole number that both databases hold."""
CURRENCIES = ("EUR", "CHF", "GBP", "USD")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Part):
    """A step of the roadmap; dated steps are the back-planning."""

    name: str
    starts_on: date
    ends_on: date


class Days(_Part):
    """Days of work at the quote's one day rate."""

    label: str
    half_days: int

    @property
    def number(self) -> float:
        """Return how many days these are."""
        return self.half_days / 2


class Item(_Part):
    """Something at a price of its own."""

    label: str
    cents: int


class Mention(_Part):
    """A legal mention, word by word as it stood in the expert's collection or was written for this quote."""

    title: str
    text: str


class Content(_Part):
    """What the expert says, without what is known of the two sides."""

    kind: QuoteKind
    title: str
    objectives: tuple[str, ...]
    """On each of them the end report says whether it was reached."""
    terms: str = ""
    deliverables: tuple[str, ...] = ()
    specifics: str = ""
    means: str = ""
    roadmap: tuple[Step, ...] = ()
    strengths: str = ""
    personal_message: str = ""
    mentions: tuple[Mention, ...] = ()
    skills: tuple[str, ...] = ()
    """What the mission uses; the client is invited to rate each at its end."""
    currency: str
    day_rate_cents: int | None = None
    days: tuple[Days, ...] = ()
    items: tuple[Item, ...] = ()
    starts_on: date
    ends_on: date
    valid_until: date
    portage: Portage = Portage.NONE
    portage_company: str = ""
    payment: Literal["escrow_in_full", "portage_company"] = "escrow_in_full"
    """There is no deposit: the whole price is paid in before the mission starts, or the portage company collects."""


class Seller(_Part):
    """The expert's legal identity as it was."""

    name: str
    legal_name: str
    status: str
    country: str
    address: str
    registration_number: str | None = None
    vat_number: str | None = None
    vat_proof: dict[str, str] | None = None
    has_vat_franchise: bool = False
    own_rate_bp: int | None = None
    """What is charged at home, outside the Union."""


class Buyer(_Part):
    """The client as it was; of an own client without account, what the expert said."""

    name: str
    is_person: bool
    country: str
    address: str | None = None
    legal_form: str | None = None
    registration_number: str | None = None
    vat_number: str | None = None
    vat_proof: dict[str, str] | None = None
    email: str | None = None
    """Only where there was no account yet."""


class Taxed(_Part):
    """The tax decision, with the mentions as they have to be written."""

    code: str
    rate_bp: int
    country: str | None = None
    exemption: str | None = None
    mentions: tuple[str, ...] = ()


class Parties(_Part):
    """Both legal identities as they were."""

    expert: Seller
    client: Buyer


class Document(Content):
    """What is signed."""

    number: str
    version: int = Field(ge=1)
    language: Language
    parties: Parties
    tax: Taxed | None
    """None in portage: the company that invoices decides."""
    net_cents: int
    tax_cents: int
    gross_cents: int


def hash_of(document: dict[str, Any]) -> str:
    """Return a document's SHA-256 in hex: of its JSON as a row holds it, names sorted, without spaces, in UTF-8."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()
