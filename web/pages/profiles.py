"""The profile page: all that an expert shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from accounts import legal_status_texts
from accounts.experts import Profile
from accounts.models.experts import Review, ReviewOrigin
from accounts.models.profiles import ReferenceLetter
from booking.reviews import Origin
from foundation.i18n import Language, message, translate
from indexer import documents
from taxonomy import zones
from taxonomy.wordlists import Wordlists
from web import maps
from web.pages.addresses import PATH
from web.pages.cards import expert
from web.rendering import address

SHOWN_ZONES = 4
_GEOGRAPHIC_ZONES = (
    *("maghreb", "west-africa", "central-africa", "east-africa", "southern-africa", "middle-east"),
    *("european-union", "nordics", "balkans", "caucasus", "central-asia", "south-asia", "southeast-asia"),
    *("far-east", "oceania", "north-america", "central-america", "south-america", "caribbean"),
)
"""Zones that a reader sees on a map; clubs of states, such as the OECD, would gather more and tell less."""

_CONTROLS = {
    ReviewOrigin.IMPORTED: message("Vouched for by the operator"),
    ReviewOrigin.MISSION: message("Mission validated on this site"),
}
_RULES = {
    ReviewOrigin.IMPORTED: message("The review was brought by the operator; it is not tied to a mission on this site."),
    ReviewOrigin.MISSION: message("The review was written by the client of a mission carried out on this site."),
}
_NOTE = message(
    "Reviews are shown with the date of the experience and the date of publication. No one is paid for a review; "
    "each is published as it was written, and says how it was controlled."
)


@dataclass(frozen=True, slots=True)
class Way:
    """By which page of results a reader came to a profile: its address, and its query id; empty where by none."""

    back_url: str | None = None
    search: str = ""


def context(
    profile: Profile,
    letters: Sequence[ReferenceLetter],
    wordlists: Wordlists,
    language: Language,
    *,
    origins: Mapping[str, Origin],
    today: date,
    sort: str,
    came: Way,
) -> dict[str, Any]:
    """Return the template's values."""
    shown = profile.expert
    document = documents.build(profile, wordlists, {})
    path = f"{PATH}/{shown.slug}"
    labels = {code: zones.country_label(code, language) for code in shown.countries}
    carried = [(name, value) for name, value in (("search", came.search), ("from", came.back_url)) if value]
    return {
        "expert": {
            **(common := expert(document, today)),
            "unconfirmed_since": common["unconfirmed_since"] if shown.is_available else None,
            "is_available_now": shown.is_available and common["is_available_now"],
            "available_from": shown.available_from if shown.is_available else None,
            "skills": shown.skills,
            "skill_langs": dict[str, str](),
            "matched_skills": set[str](),
            "soft_skills": shown.soft_skills,
            "summary_paragraphs": [part for part in shown.summary.split("\n\n") if part.strip()],
            "references": shown.client_references,
            "letters": letters,
            "legal_status_label": legal_status_texts.label(shown.legal_status, language)
            if shown.legal_status
            else None,
            "is_boosted": shown.boosted_until is not None and shown.boosted_until >= today,
            "boosted": False,
            "why": [],
            "reviews": [
                _review(review, origins.get(review.id), language, path, profile.muted)
                for review in _sorted(profile, sort)
            ],
            "hidden_reviews": len(profile.hidden),
            "search": came.search,
            "report_url": f"{path}/report",
            "ratings_by_skill": ratings_by_skill(profile.reviews),
            "review_rules": [
                {"label": translate(language, _CONTROLS[origin]), "text": translate(language, _RULES[origin])}
                for origin in ReviewOrigin
                if any(review.origin == origin for review in profile.reviews)
            ],
            "review_note": translate(language, _NOTE),
            "review_sort": sort,
            "review_sort_urls": {name: address(path, [("reviews", name), *carried]) for name in ("recent", "rating")},
            "zones": _zones(shown.countries, wordlists, language),
            "map": Markup(maps.world(shown.countries, labels)),  # noqa: S704 - made by us of codes and names
            "back_url": came.back_url,
        }
    }


def ratings_by_skill(reviews: Sequence[Review]) -> list[dict[str, Any]]:
    """Return the mean rating and the number of reviews of each reviewed skill, most reviewed first."""
    ratings: dict[str, list[int]] = {}
    for review in reviews:
        ratings.setdefault(review.skill, []).append(review.rating)
    return [
        {"skill": skill, "mean": round(sum(given) / len(given), 1), "count": len(given)}
        for skill, given in sorted(ratings.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _sorted(profile: Profile, sort: str) -> list[Review]:
    if sort == "rating":
        return sorted(profile.reviews, key=lambda review: -review.rating)
    return list(profile.reviews)


def described(origin: Origin, language: Language) -> str:
    """Return whose mission a review comes from: a name only where its owner agreed to it."""
    kind = message("A private client") if origin.is_person else message("A company")
    place = origin.place or (zones.country_label(origin.country, language) if origin.country else "")
    return ", ".join(part for part in (origin.name or translate(language, kind), place, origin.sector) if part)


def _review(
    review: Review, origin: Origin | None, language: Language, path: str, muted: frozenset[str]
) -> dict[str, Any]:
    return {
        "by": described(origin, language) if origin else "",
        "reply": origin.reply if origin else "",
        "skill": review.skill,
        "rating": review.rating,
        "comment": None if review.id in muted else review.comment,
        "is_muted": review.id in muted,
        "report_url": address(f"{path}/report", [("review", review.id)]),
        "on": review.experienced_on,
        "published_on": review.published_on,
        "control": translate(language, _CONTROLS[ReviewOrigin(review.origin)]),
    }


def _zones(countries: list[str], wordlists: Wordlists, language: Language) -> list[dict[str, Any]]:
    """Group countries under the smallest zones that hold several of them, the rest under their own name."""
    left = list(countries)
    found: list[dict[str, Any]] = []
    candidates = [zone for name in _GEOGRAPHIC_ZONES if (zone := wordlists.zones.zones.by_id.get(name))]
    while left and len(found) < SHOWN_ZONES:
        best = max(
            candidates,
            key=lambda zone: (
                len(wordlists.zones.members[zone.id].intersection(left)),
                -len(wordlists.zones.members[zone.id]),
            ),
            default=None,
        )
        inside = [code for code in left if best and code in wordlists.zones.members[best.id]]
        if best is None or len(inside) < 2:
            break
        found.append({"label": best.label(language), "countries": inside})
        left = [code for code in left if code not in inside]
    found.extend({"label": zones.country_label(code, language), "countries": [code]} for code in left)
    return found
