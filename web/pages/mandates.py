"""The page of an expert's billing mandate: the text, how it stands, and what was given before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models.profiles import LegalIdentity
from billing import mandates
from billing.mandates import MandateText
from billing.models.mandates import Mandate
from foundation.i18n import Language
from web import rendering
from web.long_texts import LongText


@dataclass(frozen=True)
class Given:
    """What is known of an expert's mandates."""

    identity: LegalIdentity | None
    in_force: Mandate | None
    all: Sequence[Mandate]


def context(
    shown: MandateText, text: LongText, given: Given, language: Language, *, fault: str, done: str
) -> dict[str, Any]:
    """Return the template's values."""
    is_current = shown == mandates.CURRENT
    return {
        "text": text,
        "shown": shown,
        "published_on": rendering.long_date(shown.published_on, language),
        "text_hash": shown.sha256[language],
        "is_current": is_current,
        "identity": given.identity,
        "is_needed": given.identity is None or mandates.is_needed(given.identity),
        "in_force": given.in_force,
        # An earlier text was given and no longer does; or another legal person gave it.
        "has_lapsed": given.in_force is None and any(one.ended_at is None for one in given.all),
        "former": [one for one in given.all if one != given.in_force],
        "other_texts": [one for one in reversed(mandates.TEXTS) if one != shown],
        "fault": fault,
        "done": done,
    }
