"""What mails say of quotes and their signatures."""

from collections.abc import Mapping

from foundation.i18n import message
from web.news_texts.wording import NewsText

TEXTS: Mapping[str, NewsText] = {
    "quote_received": NewsText(
        message("Quote %(number)s by %(counterpart)s: %(title)s"),
        message("%(counterpart)s has sent you a quote of %(amount)s: “%(title)s”. It can be accepted until %(day)s."),
        message("Read the quote"),
    ),
    "quote_amended": NewsText(
        message("%(counterpart)s has amended the quote %(number)s"),
        message(
            "There is a new version of “%(title)s”, of %(amount)s. The page shows what has changed; nothing new holds "
            "before you accept it, until %(day)s. The reason:"
        ),
        message("See what has changed"),
    ),
    "quote_withdrawn": NewsText(
        message("%(counterpart)s has withdrawn the quote %(number)s"),
        message("The last version of “%(title)s” can’t be accepted any more. What was signed before stands."),
        message("Read the quote"),
    ),
    "quote_expiring": NewsText(
        message("The quote %(number)s by %(counterpart)s can be accepted until %(day)s"),
        message("“%(title)s”, of %(amount)s, still waits for your answer."),
        message("Read the quote"),
    ),
    "quote_expired": NewsText(
        message("The quote %(number)s by %(counterpart)s has expired"),
        message("“%(title)s” could be accepted until %(day)s. If it still interests you, ask the expert to renew it."),
        message("Read the quote"),
    ),
    "own_quote_expired": NewsText(
        message("Your quote %(number)s for %(counterpart)s has expired"),
        message("“%(title)s” could be accepted until %(day)s. You can renew it with one click."),
        message("Renew the quote"),
    ),
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
    "amend_for_tax": NewsText(
        message("%(counterpart)s can’t accept your quote %(number)s as it is: another tax is due"),
        message(
            "By what your client has said of the company since, “%(title)s” bears another tax. Open the quote, choose "
            "“Amend the quote” and send it again: tax and client are filled in anew. Your client can then accept it."
        ),
        message("Amend the quote"),
    ),
    "amend_for_own_client": NewsText(
        message("%(counterpart)s can’t accept your quote %(number)s as it is: the company was here before"),
        message(
            "The reduced commission is for clients whom you bring here, and by its registration number this company is "
            "registered already. Open the quote “%(title)s”, choose “Amend the quote” and send it again: it then says "
            "the commission that holds. Your client can then accept it."
        ),
        message("Amend the quote"),
    ),
    "approval_wanted": NewsText(
        message("%(counterpart)s asks you to accept the quote %(number)s"),
        message(
            "The quote “%(title)s” of %(amount)s is above the limit of %(counterpart)s: somebody else has to accept it."
        ),
        message("Read the quote"),
    ),
    "withdrawn": NewsText(
        message("%(counterpart)s has withdrawn from the contract: %(title)s"),
        message(
            "Private clients may withdraw within 14 days, without a reason. The mission is cancelled; nothing that was "
            "paid is kept."
        ),
        message("Look at the mission"),
    ),
    "withdrawn_share_wanted": NewsText(
        message("%(counterpart)s has withdrawn from the contract: %(title)s"),
        message(
            "Private clients may withdraw within 14 days, without a reason. Please stop the work and state which share "
            "was done: that share stays due to you, the rest goes back."
        ),
        message("State the share"),
    ),
    "withdrawal_received": NewsText(
        message("Your withdrawal from the contract: %(title)s"),
        message(
            "We have received your withdrawal from the mission %(number)s with %(counterpart)s on %(day)s. Keep this "
            "mail: it proves it. What is to go back goes to where it came from."
        ),
        message("Look at the mission"),
    ),
}
