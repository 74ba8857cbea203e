"""The page that tells an expert whether a search finds them, where and why, or why not and what would help."""

from collections.abc import Sequence
from typing import Any

from foundation.i18n import Language, message, translate
from search_api import labels
from search_api.absences import Absence
from search_api.explanations import Reason, Standing

GOOD = 0.6
"""A feature of which this share is reached needs no advice."""
MOST_ADVICE = 3
_REASONS = {
    "not_visible": message("Your profile is hidden. Tick “Show my profile” and save."),
    "not_available": message(
        "You said that you are not available: who is not, is in no results. Change it in your profile."
    ),
    "not_indexed": message("Your latest change is just being taken up. Please try again in a moment."),
    "index_behind": message("Your latest change is just being taken up; what follows is about the profile before it."),
    "no_vector": message("Your text is still being read for its meaning. Please try again in some minutes."),
    "distant": message("In its meaning, too, your profile is far from this search."),
    "lone": message("No expert’s words match this search, and nobody is near enough in meaning."),
    "outnumbered": message("In its meaning your profile is near, but many others are nearer."),
}
_WORDS = message(
    "Your profile lacks words of this search: %(words)s. If you do this, say it in your headline, skills or summary."
)
_OUTSIDE = message("Others stand before you: only the first 10,000 are listed.")
_FILTERED = message("A filter of this search leaves you out.")
_ADVICE = {
    "text": message("Use the words of this search in your headline and summary, where they are true."),
    "semantic": message(
        "Describe this kind of work more fully in your summary: what you did, for whom, with what outcome."
    ),
    "skill": message("Name the skill that is asked for among your skills, if you have it."),
    "related": message("Name skills close to the one that is asked for, if you have them."),
    "nearest_skill": message("Name your skills as precisely as they are asked for."),
    "shared_skills": message("The best matches share skills that you do not name: look at theirs."),
    "zone": message("Add the country or zone that is asked for, if you work there."),
    "fit_in_zone": message("Say what you do in the place that is asked for."),
    "sector": message("Add the sector that is asked for, if you know it."),
    "language": message("Add the language that is asked for, if you work in it."),
    "review_mean": message("Reviews come from validated missions; each good one helps a little."),
    "days_until_available": message("Confirm in your profile when you are available."),
}


def context(query: str, standing: Standing | None, absences: Sequence[Absence], language: Language) -> dict[str, Any]:
    """Return the template's values for a search that was made."""
    return {
        "q": "",
        "query": query,
        "is_asked": True,
        "standing": _standing(standing, language) if standing else None,
        "reasons": [_absence(item, language) for item in absences] or [translate(language, _OUTSIDE)],
    }


def _standing(standing: Standing, language: Language) -> dict[str, Any]:
    counted = sorted((item for item in standing.reasons if item.weight > 0), key=lambda item: -item.points)
    return {
        "rank": standing.rank,
        "total": standing.total,
        "reasons": [
            {
                "label": labels.part(item.source, language),
                "points": 100 * item.points,
                "most": 100 * item.weight,
                "share": item.value,
            }
            for item in counted
        ],
        "advice": _advice(counted, language) if standing.rank > 1 else [],
    }


def _advice(counted: Sequence[Reason], language: Language) -> list[str]:
    """Return what would raise the score most: the features of which most is wanting."""
    wanting = [item for item in counted if item.value < GOOD and item.source in _ADVICE]
    wanting.sort(key=lambda item: -item.weight * (1 - item.value))
    return [translate(language, _ADVICE[item.source]) for item in wanting[:MOST_ADVICE]]


def _absence(item: Absence, language: Language) -> str:
    if item.code == "words":
        return translate(language, _WORDS, words=", ".join(item.wanting))
    return translate(language, _REASONS.get(item.code, _FILTERED))
