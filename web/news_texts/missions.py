"""What mails say of missions, from their funds to their reviews."""

from collections.abc import Mapping

from foundation.i18n import message
from web.news_texts.wording import NewsText

TEXTS: Mapping[str, NewsText] = {
    "mission_funded": NewsText(
        message("Paid: you can start “%(title)s”"),
        message("%(counterpart)s has paid: the amount is held for you. You can start the work now."),
        message("Start the work"),
    ),
    "mission_funded_client": NewsText(
        message("Your payment for “%(title)s” is held"),
        message(
            "The amount is held in escrow. %(counterpart)s can start the work; nothing is released before you say so."
        ),
        message("Look at the mission"),
    ),
    "mission_started": NewsText(
        message("%(counterpart)s has started: %(title)s"),
        message("The work has started. At its end you get a report to validate."),
        message("Look at the mission"),
    ),
    "mission_started_expert": NewsText(
        message("The mission has started: %(title)s"),
        message("The agreed day has come: the mission for %(counterpart)s counts as started."),
        message("Look at the mission"),
    ),
    "mission_ended": NewsText(
        message("%(counterpart)s says that the work is done: %(title)s"),
        message("Nothing about the quote changes any more. Please send your end report, so that you can be paid."),
        message("Write the end report"),
    ),
    "mission_ended_client": NewsText(
        message("%(counterpart)s says that the work is done: %(title)s"),
        message("Nothing about the quote changes any more. The end report will follow, for you to validate."),
        message("Look at the mission"),
    ),
    "mission_cancelled": NewsText(
        message("The mission is cancelled: %(title)s"),
        message("The mission with %(counterpart)s and its quote are cancelled. Nothing is to be paid."),
        message("Look at the mission"),
    ),
    "top_up_asked": NewsText(
        message("A top-up is to be paid: %(title)s"),
        message("The price was raised by an amendment that you accepted: %(amount)s are still to be paid."),
        message("Pay the rest"),
    ),
    "mission_disputed": NewsText(
        message("%(counterpart)s says that something is wrong: %(title)s"),
        message("Please look for a solution together first. The funds stay held meanwhile."),
        message("Look at the mission"),
    ),
    "mission_settled": NewsText(
        message("Settled: %(title)s"),
        message("The matter with %(counterpart)s is settled: the work goes on from where it was."),
        message("Look at the mission"),
    ),
    "mission_refunded": NewsText(
        message("The funds go back: %(title)s"),
        message("As agreed with %(counterpart)s, the funds go back to the client. The mission is over."),
        message("Look at the mission"),
    ),
    "report_sent": NewsText(
        message("The end report of %(counterpart)s is there: %(title)s"),
        message("Please read it, and validate it or send it back. The funds stay held until you validate."),
        message("Read the report"),
    ),
    "report_returned": NewsText(
        message("%(counterpart)s sent your report back: %(title)s"),
        message("Something is missing. Please complete it and send it again."),
        message("Complete the report"),
    ),
    "mission_validated": NewsText(
        message("%(counterpart)s has validated your report: %(title)s"),
        message("Congratulations. The funds are being released to you."),
        message("Look at the mission"),
    ),
    "mission_closed": NewsText(
        message("The mission is closed: %(title)s"),
        message("The funds are released to you. A transfer takes two to four working days."),
        message("Look at the mission"),
    ),
    "review_invited": NewsText(
        message("How was the work of %(counterpart)s?"),
        message("The mission “%(title)s” is over. A few words about it help others to choose, if you like."),
        message("Rate the work"),
    ),
    "review_written": NewsText(
        message("%(counterpart)s has rated your work: %(title)s"),
        message("The review stands on your profile. You can answer it, for all who read it."),
        message("Read the review"),
    ),
    "client_gone": NewsText(
        message("A client has left: “%(title)s” ends"),
        message("The client has erased their account here. What you were asked for or had proposed ends with it."),
        message("Look at it"),
    ),
    "expert_gone": NewsText(
        message("An expert has left: “%(title)s” ends"),
        message("The expert has erased their account here: this quote can’t be accepted any more."),
        message("Read the quote"),
    ),
    "funds_reminder": NewsText(
        message("Reminder: “%(title)s” waits for your payment"),
        message("%(counterpart)s starts once the amount is held. If you don’t want the mission any more, cancel it."),
        message("Pay in advance"),
    ),
    "report_reminder": NewsText(
        message("Reminder: the end report of “%(title)s”"),
        message("The mission for %(counterpart)s is past its end. If the work is done, please send your report."),
        message("Write the end report"),
    ),
    "validation_reminder": NewsText(
        message("Reminder: the report of “%(title)s” waits for you"),
        message(
            "%(counterpart)s has sent the end report. Please validate it or send it back: "
            "until then the funds stay held."
        ),
        message("Read the report"),
    ),
}
