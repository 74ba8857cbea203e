"""Exporting experts as records: importing what was exported changes nothing."""

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy.orm import Session

from accounts import experts
from accounts.experts import Profile
from accounts.models.experts import Expert, Review

CHUNK = 500


def lines(session: Session) -> Iterator[bytes]:
    """Yield one JSON line an expert, in a stable order; a draft that no import would take is left out."""
    after = ""
    while ids := experts.ids_after(session, after, CHUNK):
        by_id = {profile.expert.id: profile for profile in experts.load(session, ids)}
        for expert_id in ids:
            if expert_id in by_id and _is_importable(by_id[expert_id].expert):
                yield orjson.dumps(record(by_id[expert_id])) + b"\n"
        session.expunge_all()
        after = ids[-1]


def record(profile: Profile) -> dict[str, Any]:
    """Return an expert as a record; reviews say where they come from."""
    expert = profile.expert
    found: dict[str, Any] = {
        "ref": expert.ref,
        "name": expert.name,
        "headline": expert.headline,
        "summary": expert.summary,
        "skills": expert.skills,
        "soft_skills": expert.soft_skills,
        "sectors": expert.sectors,
        "countries": expert.countries,
        "languages": expert.languages,
        "based_in": expert.based_in,
        "city": expert.city,
        "legal_status": expert.legal_status,
        "day_rate": _day_rate(expert.day_rate_cents, expert.day_rate_currency),
        "available": expert.is_available,
        "available_from": expert.available_from,
        "visible": expert.is_visible,
        "boosted_until": expert.boost_granted_until,
    }
    if expert.client_references:
        found["references"] = expert.client_references
    # Those that an operator hid too: importing the record again changes nothing, and they stay hidden.
    found["reviews"] = [_review(review) for review in (*profile.reviews, *profile.hidden)]
    return found


def _is_importable(expert: Expert) -> bool:
    """Tell whether a profile has what a record requires: one that was just begun by its owner has not."""
    return bool(expert.name and expert.headline and (expert.summary.strip() or expert.skills))


def _day_rate(cents: int | None, currency: str | None) -> dict[str, Any] | None:
    if cents is None:
        return None
    return {"amount": cents // 100 if cents % 100 == 0 else cents / 100, "currency": currency}


def _review(review: Review) -> dict[str, Any]:
    found: dict[str, Any] = {"skill": review.skill, "rating": review.rating, "on": review.experienced_on}
    if review.comment is not None:
        found["comment"] = review.comment
    return {**found, "origin": review.origin}
