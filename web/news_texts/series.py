"""What mails say of long missions, month by month."""

from collections.abc import Mapping

from foundation.i18n import message
from web.news_texts.wording import NewsText

TEXTS: Mapping[str, NewsText] = {
    "months_proposed": NewsText(
        message("%(counterpart)s proposes “%(title)s” month by month"),
        message(
            "Monthly quotes to read: %(number)s, of %(amount)s in all. You accept each month before it begins, the "
            "first one until %(day)s, and you may stop at any month."
        ),
        message("Read the months"),
    ),
    "month_wanted": NewsText(
        message("%(counterpart)s asks you for a new quote: %(title)s"),
        message("The month was not accepted before %(day)s was over. Please give it other dates, and send it again."),
        message("Renew the quote"),
    ),
    "series_stopped": NewsText(
        message("%(counterpart)s stops the long mission: %(title)s"),
        message(
            "Nothing of it goes on after %(day)s. Months that were not accepted or not paid are called off; a month "
            "that has begun goes to its end. The reason:"
        ),
        message("Look at the months"),
    ),
    "series_stopped_own": NewsText(
        message("You have stopped the long mission: %(title)s"),
        message(
            "Nothing of it goes on after %(day)s, and %(counterpart)s knows. A month that has begun goes to its end; "
            "of one that is paid for and has not begun, the money goes back when the expert agrees. You wrote:"
        ),
        message("Look at the months"),
    ),
    "month_ends": NewsText(
        message("Please report: “%(title)s” ends on %(day)s"),
        message(
            "If %(counterpart)s validates your report before the month is over, this month counts for its invoice."
        ),
        message("Write the end report"),
    ),
    "month_ends_client": NewsText(
        message("“%(title)s” ends on %(day)s: please validate it in time"),
        message(
            "%(counterpart)s reports the end some days before. Validate the report, so that this month is settled."
        ),
        message("Look at the mission"),
    ),
    "next_month_waits": NewsText(
        message("The next month waits for you until %(day)s: %(title)s"),
        message(
            "%(counterpart)s has sent you the quote of %(amount)s. It is accepted before the month begins; without "
            "that, work is neither paid nor insured."
        ),
        message("Read and accept it"),
    ),
    "next_month_waits_expert": NewsText(
        message("%(counterpart)s has not accepted the next month yet: %(title)s"),
        message(
            "The quote can be accepted until %(day)s. Please don’t begin before that: you would neither be paid nor "
            "insured."
        ),
        message("Look at the quote"),
    ),
}
