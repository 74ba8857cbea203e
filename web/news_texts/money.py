"""What mails say of money that went back, and of invoices."""

from collections.abc import Mapping

from foundation.i18n import message
from web.news_texts.wording import NewsText

TEXTS: Mapping[str, NewsText] = {
    "charged_back": NewsText(
        message("The client’s bank took the payment for “%(title)s” back"),
        message(
            "The bank of %(counterpart)s took back %(amount)s that were held for you: they are not held any more. We "
            "have asked for a new payment. Nothing can be released before; please talk to your client before you go on."
        ),
        message("Look at the mission"),
    ),
    "charged_back_client": NewsText(
        message("Your bank took back what you paid for “%(title)s”"),
        message(
            "Your bank took back %(amount)s that were held for %(counterpart)s. Unless you meant it to, please pay "
            "again, best by transfer. If something is wrong with the mission, say so on its page."
        ),
        message("Pay again"),
    ),
    "charge_returned": NewsText(
        message("The payment for “%(title)s” is back"),
        message("The bank gave back %(amount)s that it had taken: the mission’s page says what is held."),
        message("Look at the mission"),
    ),
    "charged_back_operator": NewsText(
        message("A bank took back %(amount)s: %(number)s"),
        message(
            "A bank took back a card payment for “%(title)s”. Contest it at the provider’s before the deadline, or let "
            "it be. The page says what was still held, and what is lost."
        ),
        message("See the money"),
    ),
    "invoices_held": NewsText(
        message("The invoices of the mission %(number)s can’t be issued yet"),
        message(
            "“%(title)s” by %(counterpart)s is validated. What is held for it is not released before its invoices are "
            "in order. What is wrong, and how to mend it:"
        ),
        message("See what waits"),
    ),
    "invoice_details_wanted": NewsText(
        message("Your details are to be completed: %(title)s"),
        message(
            "%(counterpart)s has validated your report. The invoice can’t be issued with the details that we have of "
            "you, and the funds are released with it. What is missing:"
        ),
        message("Look at the mission"),
    ),
    "invoice_details_wanted_client": NewsText(
        message("Your company’s details are to be completed: %(title)s"),
        message(
            "You have validated the report of %(counterpart)s. The invoice to you can’t be issued with the details "
            "that we have. What is missing:"
        ),
        message("Look at the mission"),
    ),
    "document_contested": NewsText(
        message("%(counterpart)s contests %(number)s"),
        message("Take it back and issue it anew, or say why it stands. The reason:"),
        message("Look at it"),
    ),
    "contest_upheld": NewsText(
        message("Your objection is founded: the invoice was issued anew"),
        message("The invoice for “%(title)s” was taken back by a credit note, and issued with what is true now."),
        message("Look at the mission"),
    ),
    "contest_dismissed": NewsText(
        message("%(number)s stands as it is"),
        message("We have looked at your objection. Our answer:"),
        message("Look at it"),
    ),
    "referral_earned": NewsText(
        message("You have earned a reduced commission"),
        message(
            "Somebody who signed up with your promo code has completed a first transaction. Your commission is reduced "
            "on your next quote, once; your account of reductions shows what became of it."
        ),
        message("See my reductions"),
    ),
}
