"""What mails say of Visibility Boosts."""

from collections.abc import Mapping

from foundation.i18n import message
from web.news_texts.wording import NewsText

TEXTS: Mapping[str, NewsText] = {
    "boost_start": NewsText(
        message("Your Visibility Boost has started"),
        message("We have received %(amount)s. The boost is on, and paid until %(day)s; then it is renewed."),
        message("See my Boost"),
    ),
    "boost_renew": NewsText(
        message("Your Visibility Boost is renewed"),
        message("We have charged your card %(amount)s. The boost is paid until %(day)s; then it is renewed."),
        message("See my Boost"),
    ),
    "boost_upgrade": NewsText(
        message("Your Visibility Boost now runs by the year"),
        message(
            "We have charged your card %(amount)s, less what was left of the month. The boost is paid until %(day)s; "
            "then it is renewed."
        ),
        message("See my Boost"),
    ),
    "boost_soon": NewsText(
        message("Your Visibility Boost is renewed on %(day)s"),
        message(
            "You pay it by the year: %(amount)s are charged to your card on %(day)s. If you want it no more, or by the "
            "month, say so before; it takes one click."
        ),
        message("See my Boost"),
    ),
    "boost_missed": NewsText(
        message("Your Visibility Boost could not be renewed"),
        message(
            "Your bank has refused %(amount)s. We try again in a few days; you can also pay with another card. Without "
            "a payment the boost ends on %(day)s."
        ),
        message("Pay now"),
    ),
    "boost_confirm": NewsText(
        message("Please confirm the renewal of your Visibility Boost"),
        message(
            "Your bank wants to know that it is really you who pays %(amount)s. Without your confirmation the boost "
            "ends on %(day)s."
        ),
        message("Confirm the payment"),
    ),
    "boost_taken_back": NewsText(
        message("Your bank has taken back the payment of your Visibility Boost"),
        message(
            "%(amount)s went back to your card. The boost goes on until %(day)s; to keep it, pay again before. Your "
            "card is not charged by itself. If you know nothing of this, ask your bank."
        ),
        message("Pay now"),
    ),
    "boost_given_back": NewsText(
        message("Your Visibility Boost is paid again"),
        message("Your bank has given back the payment that it had taken. The boost goes on until %(day)s, as before."),
        message("See my Boost"),
    ),
    "boost_cancelled": NewsText(
        message("Your Visibility Boost is cancelled"),
        message(
            "It runs until %(day)s, as paid, and is not renewed; your card is not charged again. Until then you can "
            "take the cancellation back."
        ),
        message("See my Boost"),
    ),
    "boost_ended": NewsText(
        message("Your Visibility Boost has ended"),
        message("Your profile is found by how well it fits, as before. Your card is not charged any more."),
        message("See what the boost brought"),
    ),
    "boost_unpaid": NewsText(
        message("Your Visibility Boost has ended: it was not paid"),
        message(
            "The renewal could not be charged, and the days of grace are over. You can subscribe anew at any time."
        ),
        message("See my Boost"),
    ),
}
