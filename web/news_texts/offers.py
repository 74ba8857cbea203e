"""What mails say of mission sheets and offers."""

from collections.abc import Mapping

from foundation.i18n import message
from web.news_texts.wording import NewsText

_REFUSED = message("%(counterpart)s has refused your offer")
_SEE_SHEET = message("See the mission sheet")
TEXTS: Mapping[str, NewsText] = {
    "offer_received": NewsText(
        message("%(counterpart)s proposes a mission to you: %(title)s"),
        message(
            "%(counterpart)s has chosen your profile for the mission “%(title)s”. Answer with a quote or refuse until "
            "%(day)s; nobody has to accept an offer."
        ),
        message("Read the offer"),
    ),
    "offer_reminder": NewsText(
        message("%(counterpart)s waits for your answer until %(day)s"),
        message("The offer “%(title)s” ends on %(day)s. A short refusal is an answer too."),
        message("Read the offer"),
    ),
    "sheet_changed": NewsText(
        message("%(counterpart)s has changed the mission sheet “%(title)s”"),
        message("The sheet that was proposed to you says something else by now: its page shows what is different."),
        message("See what has changed"),
    ),
    "sheet_closed": NewsText(
        message("%(counterpart)s has closed the mission sheet “%(title)s”"),
        message("The offer that was made to you is withdrawn: you need do nothing more. Thank you for your time."),
        message("See your offers"),
    ),
    "sheet_closed_answered": NewsText(
        message("%(counterpart)s has closed the mission sheet “%(title)s”"),
        message("Nobody else is asked any more. Your quote stays with the company until it decides."),
        message("See your offers"),
    ),
    "offer_refused_no_time": NewsText(
        _REFUSED, message("“%(title)s”: the expert has no time for it at the moment."), _SEE_SHEET
    ),
    "offer_refused_dates": NewsText(_REFUSED, message("“%(title)s”: the dates do not suit the expert."), _SEE_SHEET),
    "offer_refused_not_my_field": NewsText(
        _REFUSED, message("“%(title)s”: the expert thinks that others would do this better."), _SEE_SHEET
    ),
    "offer_refused_budget": NewsText(
        _REFUSED, message("“%(title)s”: the expert can’t do it within this budget."), _SEE_SHEET
    ),
    "offer_refused_conflict_of_interest": NewsText(
        _REFUSED, message("“%(title)s”: the expert works for somebody with whom this would conflict."), _SEE_SHEET
    ),
    "offer_refused_other": NewsText(_REFUSED, message("“%(title)s”: the expert does not take it on."), _SEE_SHEET),
    "overtaken": NewsText(
        message("Another expert was chosen: %(title)s"),
        message("The mission of %(counterpart)s has started with another expert: your quote or offer is declined."),
        message("Go to my dashboard"),
    ),
}
