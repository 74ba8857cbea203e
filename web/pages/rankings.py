"""How the ranking works, written from the live profile and nothing else.

Law: Regulation (EU) 2019/1150 art. 5; Code de la consommation L. 111-7 and D. 111-6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from foundation.i18n import Language, message, translate
from ranking import reviews
from ranking.profiles import Profile, Source
from search_api import labels
from search_api.pointers import SURFACES, AllPointers, Mode, Surface
from search_api.searches import Found

FIRST_SINCE = date(2026, 11, 23)
"""Since when the first profile ranks: the day on which it came with the code."""

DAYS_A_MONTH = 365.25 / 12
_EXPLANATIONS = {
    "text": message(
        "How many of your words, their synonyms and translations the profile holds, and where: headline and skills "
        "count more than the summary, rare words more than common ones."
    ),
    "semantic": message(
        "How near the meaning of the profile is to that of your query, whatever the words and the language."
    ),
    "skill": message("Whether the profile lists the skills that you asked for, or mentions them."),
    "related": message("Whether the profile lists or mentions skills whose meaning is near that of your query."),
    "nearest_skill": message("How near the meaning of the closest of the expert’s skills is to that of your query."),
    "shared_skills": message(
        "Whether the expert shares skills with the few profiles that match your query best by everything else."
    ),
    "fit_in_zone": message("How near the expert comes to your query by meaning, for who works in the zone you named."),
    "zone": message(
        "Whether the expert works in the countries that you named, or lives there. Nobody is left out for this "
        "unless you set it as a filter."
    ),
    "sector": message("Whether the profile lists the sectors that you named."),
    "language": message("Whether the expert speaks the languages that you asked for."),
    "review_mean": message(
        "The mean of clients’ ratings. Those of the skill you ask for count in full, those of other skills for "
        "%(other)s%%, and each loses half its weight in %(months)s months. While there are few, the mean is drawn "
        "towards what is usual in the expert’s sectors, which is also what who has no review gets."
    ),
    "review_count": message("The number of reviews counts a little by itself."),
    "days_until_available": message(
        "Who is available now counts more than who will be later; who has not said is in between."
    ),
}

_NUMBERS = {
    "other": round(100 * reviews.OTHER_SKILL),
    "months": round(reviews.HALF_LIFE_DAYS / DAYS_A_MONTH),
}

_CRITERIA: dict[Source, str] = {
    "text": message("relevance"),
    "semantic": message("relevance"),
    "skill": message("skills asked for"),
    "related": message("skills asked for"),
    "zone": message("zones asked for"),
    "sector": message("sectors asked for"),
    "language": message("languages asked for"),
    "review_mean": message("reviews"),
    "review_count": message("reviews"),
    "days_until_available": message("availability"),
}


def criteria(found: Found, language: Language, *, is_boosting: bool) -> list[str]:
    """Return what the order of these results depends on, most important first; what was not asked has no weight."""
    shown = found.results or found.near
    weights: dict[str, float] = {}
    for part in shown[0].parts if shown else ():
        if part.source in _CRITERIA and part.weight > 0:
            name = _CRITERIA[part.source]
            weights[name] = weights.get(name, 0.0) + part.weight
    names = sorted(weights, key=lambda name: -weights[name])
    if names and is_boosting:
        names.append(message("Visibility Boost (sponsored)"))
    return [translate(language, name) for name in names]


@dataclass(frozen=True, slots=True)
class Version:
    """A profile that ranks searches now; `canary_percent` of them where it is being tried, all others where 0."""

    profile: Profile
    surface: Surface
    since: date
    canary_percent: int = 0
    canary_mode: Mode = "answers"


def in_use(pointers: AllPointers) -> list[Version]:
    """Return what ranks searches now, the live profile of searches first; each profile once."""
    found: list[Version] = []
    for surface in SURFACES:
        live_since = pointers[surface].live_since
        found.append(Version(pointers[surface].live, surface, live_since.date() if live_since else FIRST_SINCE))
    for surface in SURFACES:
        each = pointers[surface]
        if each.canary is not None and each.canary_since is not None:
            found.append(Version(each.canary, surface, each.canary_since.date(), each.canary_percent, each.canary_mode))
    return list({version.profile.id: version for version in reversed(found)}.values())[::-1]


def version(versions: Sequence[Version], profile_id: str) -> Version:
    """Return the version of a profile, or the live one of searches where that is not in use."""
    return next((item for item in versions if item.profile.id == profile_id), versions[0])


def address(found: Found) -> str:
    """Return where the version is explained that ranked an answer."""
    return f"/ranking?version={found.profile.id}"


def context(shown: Version, versions: Sequence[Version], language: Language) -> dict[str, Any]:
    """Return the template's values."""
    profile = shown.profile
    total = sum(feature.weight for feature in profile.features)
    heaviest = max(feature.weight for feature in profile.features)
    return {
        "parameters": [
            {
                "label": labels.part(feature.source, language),
                "weight": feature.weight / heaviest,
                "share_percent": round(100 * feature.weight / total, 1),
                "explanation": translate(language, _EXPLANATIONS[feature.source], **_NUMBERS),
            }
            for feature in sorted(profile.features, key=lambda feature: -feature.weight)
        ],
        "policies": _policies(profile, language),
        "profile_id": profile.id,
        "since": shown.since,
        "use": _use(shown, versions, language),
        "others": [
            {"id": item.profile.id, "text": _use(item, versions, language)}
            for item in versions
            if item.profile.id != profile.id
        ],
    }


def _use(shown: Version, versions: Sequence[Version], language: Language) -> str:
    """Return what a version ranks; nothing where it is the only one."""
    if len(versions) == 1:
        return ""
    texts = {
        ("search", "live"): message("Ranks searches with a query."),
        ("browse", "live"): message("Ranks lists without a query."),
        ("search", "answers"): message("Being tried on %(percent)s%% of searches with a query, drawn by chance."),
        ("browse", "answers"): message("Being tried on %(percent)s%% of lists without a query, drawn by chance."),
        ("search", "interleaved"): message(
            "On %(percent)s%% of searches with a query, drawn by chance, its results are mixed with those of the "
            "usual version, to compare the two. Together they keep the limits on sponsored places."
        ),
        ("browse", "interleaved"): message(
            "On %(percent)s%% of lists without a query, drawn by chance, its results are mixed with those of the "
            "usual version, to compare the two. Together they keep the limits on sponsored places."
        ),
    }
    text = texts[shown.surface, shown.canary_mode if shown.canary_percent else "live"]
    return translate(language, text, percent=shown.canary_percent)


def _policies(profile: Profile, language: Language) -> list[dict[str, str]]:
    policy = profile.policy
    rules = [
        (
            message("What a query does not ask for does not count"),
            message(
                "A part about zones, skills or languages counts only when your query names some. The other parts "
                "then share its weight in proportion."
            ),
        ),
        (
            message("Paid visibility is bounded"),
            message(
                "A Visibility Boost is paid for by the expert. It adds one more part, at most %(bound)s%% of "
                "the score of all others, and only when the relevance of words or meaning reaches %(floor)s%%. "
                "At most %(cap)s of the first %(top)s results owe their place to it, and of each %(top)s that "
                "follow. Each result of a sponsored expert is marked “Sponsored visibility”, also where it changes "
                "nothing, and you can switch it off."
            ),
        ),
        (
            message("Its effect is measured"),
            message(
                "For %(holdout)s%% of searches, drawn by chance, a boost is withheld, so that its real effect "
                "can be told."
            ),
        ),
        (
            message("Newcomers get a chance"),
            message(
                "When none of the first %(top)s is new, place %(place)s goes to the best newcomer whose score is at "
                "least %(reach)s%% of the one it replaces."
            ),
        ),
        (
            message("One text, one place"),
            message("Profiles that repeat a text word for word come after the first %(top)s results."),
        ),
    ]
    values = {
        "bound": f"{100 * policy.boost:g}",
        "floor": round(100 * policy.relevance_floor),
        "cap": policy.boosted_at_top,
        "top": policy.top,
        "holdout": policy.holdout_percent,
        "place": policy.newcomer_position,
        "reach": round(100 * policy.newcomer_reach),
    }
    return [{"title": translate(language, title), "text": translate(language, text, **values)} for title, text in rules]
