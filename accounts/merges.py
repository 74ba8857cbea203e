"""What a record makes of an expert: a stored one and what is said of it merged, as rows. All of it is pure."""

from datetime import datetime
from typing import Any

from accounts import slugs
from accounts.models.experts import ExpertColumns, ReviewOrigin
from accounts.models.identities import new_id
from accounts.records import Record, ReviewRecord
from foundation.errors import Fault

Row = dict[str, Any]
COLUMNS = tuple(ExpertColumns.model_fields)
_RENAMED = {
    "available": "is_available",
    "visible": "is_visible",
    "boosted_until": "boost_granted_until",
}
_CLEARED: Row = {"summary": "", "is_available": True, "is_visible": True}
_LISTS = ("skills", "soft_skills", "sectors", "countries", "languages")


def merge(stored: Row | None, record: Record, *, at: datetime) -> Row:
    """Return the columns of an expert after a record: absent fields stay, null clears. Pure."""
    row = dict(stored) if stored else _blank(record.ref, at)
    for name in record.model_fields_set - {"ref", "reviews", "day_rate", "references"}:
        column = _RENAMED.get(name, name)
        value = getattr(record, name)
        if value is None:
            value = [] if column in _LISTS else _CLEARED.get(column)
        row[column] = value
    if row["legal_status"] is not None:
        row["legal_status"] = str(row["legal_status"])
    if "day_rate" in record.model_fields_set:
        row["day_rate_cents"] = record.day_rate.amount_cents if record.day_rate else None
        row["day_rate_currency"] = record.day_rate.currency if record.day_rate else None
    if "references" in record.model_fields_set:
        row["client_references"] = [reference.model_dump() for reference in record.references or []]
    if stored is None:
        row["slug"] = slugs.of(row["name"], record.ref)
    return row


def merge_import(stored: Row | None, record: Record, *, at: datetime) -> Row:
    """Merge a record of an import: what the owner has edited stays as the owner left it (decision 0019)."""
    owned = set(stored["owned_fields"]) if stored else set[str]()
    if not owned:
        return merge(stored, record, at=at)
    return merge(stored, Record.model_construct(record.model_fields_set - owned, **dict(record)), at=at)


def missing(row: Row) -> list[Fault]:
    """Return what an expert still lacks after a merge."""
    faults = [Fault(name, "missing", "is required") for name in ("name", "headline") if not row[name]]
    if not row["summary"].strip() and not row["skills"]:
        faults.append(Fault("summary", "missing", "is required where there are no skills"))
    return faults


def _blank(ref: str, at: datetime) -> Row:
    row = ExpertColumns(ref=ref, slug="", name="", headline="", created_at=at, updated_at=at).model_dump()
    return {**row, "version": 0}


def merge_reviews(expert_id: str, stored: list[Row], record: Record, at: datetime) -> list[Row] | None:
    """Return the imported reviews that shall stand, or None when they do already.

    A review that was there keeps its id and its date of publication. Those earned here are not touched.
    """
    if "reviews" not in record.model_fields_set:
        return None
    wanted = [review for review in record.reviews or [] if review.origin == ReviewOrigin.IMPORTED.value]
    known: dict[tuple[Any, ...], list[Row]] = {}
    for row in stored:
        known.setdefault(_review_identity(row), []).append(row)
    kept: list[Row] = []
    is_new = len(wanted) != len(stored)
    for review in wanted:
        same = known.get((review.skill, review.rating, review.on, review.comment))
        if same:
            kept.append(same.pop())
        else:
            is_new = True
            kept.append(_review_row(expert_id, review, at))
    return kept if is_new else None


def _review_identity(row: Row) -> tuple[Any, ...]:
    return row["skill"], row["rating"], row["experienced_on"], row["comment"]


def _review_row(expert_id: str, review: ReviewRecord, at: datetime) -> Row:
    return {
        "id": new_id(),
        "expert_id": expert_id,
        "skill": review.skill,
        "rating": review.rating,
        "comment": review.comment,
        "experienced_on": review.on,
        "published_on": max(review.on, at.date()),
        "origin": ReviewOrigin.IMPORTED.value,
    }
