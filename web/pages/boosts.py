"""What a Visibility Boost brought, in words for whoever pays for it (mission row B2)."""

from babel.numbers import format_decimal

from accounts.outcomes import FIRST_PLACES
from foundation.i18n import Language, message, translate
from ranking.lifts import FEWEST_DRAWS, Lift, Ratio

CONFIDENCE = 0.95
_ENOUGH = {
    "firsts": message(
        "Among the first %(places)s results: %(ratio)s times as often with the boost as without it (between "
        "%(low)s and %(high)s, %(confidence)s%% sure)."
    ),
    "views": message(
        "Profile opened from results: %(ratio)s times as often with the boost as without it (between %(low)s and "
        "%(high)s, %(confidence)s%% sure)."
    ),
}
_NOT_YET = {
    "firsts": message(
        "Among the first %(places)s results: not enough searches yet to say what the boost brings. So far "
        "%(boosted)s times with it, %(held_out)s times where it was withheld to compare; %(fewest)s different "
        "searches of either kind are needed."
    ),
    "views": message(
        "Profile opened from results: not enough searches yet to say what the boost brings. So far %(boosted)s "
        "times with it, %(held_out)s times where it was withheld to compare; %(fewest)s different searches of "
        "either kind are needed."
    ),
}


def effect(lift: Lift, language: Language) -> list[str]:
    """Return what a boost brought, measured with `CONFIDENCE`: a sentence about places, one about views."""
    return [_sentence("firsts", lift.firsts, language), _sentence("views", lift.views, language)]


def _sentence(name: str, ratio: Ratio, language: Language) -> str:
    def said(value: float | None) -> str:
        return format_decimal(value or 0.0, format="0.00", locale=language)

    return translate(
        language,
        (_ENOUGH if ratio.is_enough else _NOT_YET)[name],
        places=FIRST_PLACES,
        ratio=said(ratio.ratio),
        low=said(ratio.low),
        high=said(ratio.high),
        confidence=round(100 * CONFIDENCE),
        boosted=ratio.boosted,
        held_out=ratio.held_out,
        fewest=FEWEST_DRAWS,
    )
