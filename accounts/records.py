"""The expert record: one JSON object a line, the pinned format that other programs write and read.

An absent field leaves what is stored as it is, null clears it. Checking a line is pure: it gives a `Record`
or the list of everything that is wrong with it.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import orjson
import pycountry
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from accounts.models.experts import LegalStatus, ReviewOrigin
from foundation.errors import Fault
from taxonomy import languages, zones

MAX_LIST = 50
MAX_REFERENCES = 3
MAX_REVIEWS = 2_000
MAX_RATE = 1_000_000
EARLIEST = date(1970, 1, 1)

_CURRENCIES = frozenset(currency.alpha_3 for currency in pycountry.currencies)  # pyright: ignore[reportAttributeAccessIssue]
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _clean(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not hold control characters")
    return value


def _country(value: str) -> str:
    if value not in zones.country_codes():
        raise ValueError(f"{value!r} is not an ISO 3166-1 alpha-2 country code such as FR")
    return value


def _language(value: str) -> str:
    if value not in languages.codes():
        raise ValueError(f"{value!r} is not an ISO 639-1 language code such as fr")
    return value


def _currency(value: str) -> str:
    if value not in _CURRENCIES:
        raise ValueError(f"{value!r} is not an ISO 4217 currency code such as EUR")
    return value


def _amount(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004 - Pydantic collects ValueErrors only
    if round(value, 2) != value:
        raise ValueError("may have two decimals at most")
    return value


def _iso_date(value: object) -> object:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("must be a date as YYYY-MM-DD")
    parsed = date.fromisoformat(value)
    if parsed < EARLIEST:
        raise ValueError("is too long ago")
    return parsed


def _unique(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Ref = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$")]
Label = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=120), AfterValidator(_clean)
]
Sentence = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=400), AfterValidator(_clean)
]
Paragraph = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=2_000), AfterValidator(_clean)
]
Country = Annotated[str, Field(strict=True), AfterValidator(_country)]
LanguageCode = Annotated[str, Field(strict=True), AfterValidator(_language)]
Day = Annotated[date, BeforeValidator(_iso_date)]
Labels = Annotated[list[Label], Field(max_length=MAX_LIST), AfterValidator(_unique)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DayRate(_Strict):
    """A day rate before tax, in units of its currency with at most two decimals."""

    amount: Annotated[float, BeforeValidator(_amount), Field(gt=0, le=MAX_RATE)]
    currency: Annotated[str, Field(strict=True), AfterValidator(_currency)]

    @property
    def amount_cents(self) -> int:
        """Return the amount in cents."""
        return round(self.amount * 100)


class ReviewRecord(_Strict):
    """A review that the operator vouches for; `origin` says where an exported one came from."""

    skill: Label
    rating: Annotated[int, Field(strict=True, ge=1, le=5)]
    on: Day
    comment: Annotated[str, Field(strict=True, max_length=5_000), AfterValidator(_clean)] | None = None
    origin: Literal["imported", "mission"] = ReviewOrigin.IMPORTED.value


class ReferenceRecord(_Strict):
    """A client reference: who, in words that name no one against their will, and what was done."""

    client: Sentence
    text: Paragraph


class Record(_Strict):
    """One line of an import. `model_fields_set` tells absent fields from null ones."""

    ref: Ref
    name: Label | None = None
    headline: Sentence | None = None
    summary: Annotated[str, Field(strict=True, max_length=20_000), AfterValidator(_clean)] | None = None
    skills: Labels | None = None
    soft_skills: Labels | None = None
    sectors: Labels | None = None
    countries: Annotated[list[Country], Field(max_length=260), AfterValidator(_unique)] | None = None
    languages: Annotated[list[LanguageCode], Field(max_length=MAX_LIST), AfterValidator(_unique)] | None = None
    based_in: Country | None = None
    city: Label | None = None
    legal_status: LegalStatus | None = None
    day_rate: DayRate | None = None
    available: Annotated[bool, Field(strict=True)] | None = None
    available_from: Day | None = None
    visible: Annotated[bool, Field(strict=True)] | None = None
    boosted_until: Day | None = None
    references: Annotated[list[ReferenceRecord], Field(max_length=MAX_REFERENCES)] | None = None
    reviews: Annotated[list[ReviewRecord], Field(max_length=MAX_REVIEWS)] | None = None

    @field_validator("name", "headline", mode="before")
    @classmethod
    def _required_stays(cls, value: object) -> object:
        if value is None:
            raise ValueError("is required and can't be cleared")
        return value


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong on one line of an import."""

    line: int
    fault: Fault

    def __str__(self) -> str:
        return f"line {self.line}: {self.fault.field}: {self.fault.message}"


def parse(text: bytes) -> Record | list[Fault]:
    """Check one line; give the record or every fault of it."""
    try:
        loaded = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return [Fault("line", "json", f"is not JSON: {error}")]
    if not isinstance(loaded, dict):
        return [Fault("line", "json", "must be a JSON object")]
    try:
        return Record.model_validate(loaded)
    except ValidationError as error:
        return [_fault(detail) for detail in error.errors(include_url=False)]


def _fault(detail: Any) -> Fault:
    path = ".".join(str(part) for part in detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "is not a field of the expert record"
    elif detail["type"] == "missing":
        message = "is required"
    return Fault(path, str(detail["type"]), message)
