"""What mails say of what happened: for each event a subject, a sentence, and the one thing to do next.

Placeholders: `counterpart` (the other side's name), `title` and `number` of what it is about, `day`, `amount`.
"""

from collections.abc import Mapping

from foundation.i18n import Language, translate
from web.news_texts import boosts, duties, identities, missions, money, offers, quotes, series
from web.news_texts.wording import NewsText

TEXTS: Mapping[str, NewsText] = {
    **quotes.TEXTS,
    **offers.TEXTS,
    **series.TEXTS,
    **missions.TEXTS,
    **duties.TEXTS,
    **identities.TEXTS,
    **money.TEXTS,
    **boosts.TEXTS,
}


def words(language: Language, code: str, **values: str) -> NewsText:
    """Return the words of an event, filled in."""
    text = TEXTS[code]
    return NewsText(
        translate(language, text.subject, **values),
        translate(language, text.lead, **values),
        translate(language, text.action, **values),
    )
