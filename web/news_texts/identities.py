"""What mails say of who is paid, and what the tax authority is told of them."""

from collections.abc import Mapping

from foundation.i18n import message
from web.news_texts.wording import NewsText

TEXTS: Mapping[str, NewsText] = {
    "identity_paper_refused": NewsText(
        message("%(title)s: the payment provider has refused it"),
        message("Please send it again; payouts wait until it is validated. The reason:"),
        message("See what is asked for"),
    ),
    "identity_paper_outdated": NewsText(
        message("%(title)s: the payment provider asks for it anew"),
        message("What you sent is no longer valid. Please send a new one, so that payouts can go on."),
        message("Send a new one"),
    ),
    "identity_declaration_refused": NewsText(
        message("Who owns your company: the payment provider has refused the declaration"),
        message("Please declare it again; payouts wait until it is validated. The reason:"),
        message("See what is asked for"),
    ),
    "identity_declaration_incomplete": NewsText(
        message("Who owns your company: the payment provider finds the declaration incomplete"),
        message("Please complete it and declare again; payouts wait until it is validated. What is missing:"),
        message("See what is asked for"),
    ),
    "tax_details_wanted": NewsText(
        message("For the yearly report to the tax authority something is missing of you"),
        message(
            "Every platform reports what its sellers were paid in a year to the tax authority (Directive (EU) "
            "2021/514, DAC7). For that we need your tax number and a few details; it is due on %(day)s."
        ),
        message("Give my tax details"),
    ),
    "tax_report_ready": NewsText(
        message("What is reported of you to the tax authority for %(title)s"),
        message("Your copy is there. Please tell us before the end of January if something in it is wrong."),
        message("See my copy"),
    ),
    "identity_wanted_anew": NewsText(
        message("Your legal status has changed: the payment provider asks for papers anew"),
        message("Whom it pays is decided by your status. Please send what it asks for, so that payouts can go on."),
        message("See what is asked for"),
    ),
    "identity_verified": NewsText(
        message("You are verified: payouts can begin"),
        message("The payment provider has validated your papers. What you earn is paid out to you from now on."),
        message("See how things stand"),
    ),
}
