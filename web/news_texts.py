"""What mails say of the life of a mission: for each event a subject, a sentence, and the one thing to do next.

Placeholders: `counterpart` (the other side's name), `title` and `number` of what it is about, `day`, `amount`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from foundation.i18n import Language, message, translate


@dataclass(frozen=True, slots=True)
class NewsText:
    """The words of one event."""

    subject: str
    lead: str
    action: str


TEXTS: Mapping[str, NewsText] = {
    "quote_accepted": NewsText(
        message("%(counterpart)s has accepted your quote %(number)s"),
        message(
            "Your quote “%(title)s” of %(amount)s is accepted and is now your contract. Work starts once it is paid."
        ),
        message("Look at the mission"),
    ),
    "quote_signed": NewsText(
        message("You have accepted the quote %(number)s of %(counterpart)s"),
        message(
            "The quote “%(title)s” of %(amount)s is now your contract. The mission starts once the amount is held."
        ),
        message("Pay in advance"),
    ),
    "quote_declined": NewsText(
        message("%(counterpart)s has declined your quote %(number)s"),
        message("Your quote “%(title)s” was not accepted."),
        message("Read the quote"),
    ),
    "approval_wanted": NewsText(
        message("%(counterpart)s asks you to accept the quote %(number)s"),
        message(
            "The quote “%(title)s” of %(amount)s is above the limit of %(counterpart)s: somebody else has to accept it."
        ),
        message("Read the quote"),
    ),
}


def words(language: Language, code: str, **values: str) -> NewsText:
    """Return the words of an event, filled in."""
    text = TEXTS[code]
    return NewsText(
        translate(language, text.subject, **values),
        translate(language, text.lead, **values),
        translate(language, text.action, **values),
    )
