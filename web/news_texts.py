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


_REFUSED = message("%(counterpart)s has refused your offer")
_SEE_SHEET = message("See the mission sheet")
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
    "papers_wanted": NewsText(
        message("%(counterpart)s needs papers of you for %(number)s"),
        message(
            "French companies have to ask for certain papers from 5,000 € before tax, when the contract is made and "
            "every six months. For “%(title)s” some are missing or too old."
        ),
        message("Send my papers"),
    ),
    "papers_due_again": NewsText(
        message("Six months on: please check the papers of %(counterpart)s"),
        message(
            "For “%(title)s” (%(number)s) the law asks you to check your contractor’s papers again. Here you see "
            "which are there; keep a copy."
        ),
        message("Look at the papers"),
    ),
    "paper_ends": NewsText(
        message("One of your papers ends on %(day)s"),
        message("A company that you work for needs it: please send a newer one before %(day)s."),
        message("Renew my papers"),
    ),
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
    "certificate_ends": NewsText(
        message("Your insurance certificate ends on %(day)s"),
        message("Please send the next one. After %(day)s only the marketplace’s policy covers your missions."),
        message("Renew my certificate"),
    ),
    "long_relation_expert": NewsText(
        message("You have worked with %(counterpart)s for long"),
        message(
            "All your missions together come to more than 18 months. If you have other clients too, please state it: "
            "that shows that you are independent."
        ),
        message("State that I have other clients"),
    ),
    "long_relation_client": NewsText(
        message("You have worked with %(counterpart)s for long"),
        message(
            "All your missions together come to more than 18 months. The expert is asked to state whether there are "
            "other clients; without any, the relation might be taken for dependency."
        ),
        message("Read what that means"),
    ),
    "portage_wanted": NewsText(
        message("Portage: please confirm the mission %(number)s"),
        message(
            "%(counterpart)s has accepted the mission “%(title)s” of %(amount)s before tax, to be carried out in "
            "portage. Please employ the expert, contract with the client, and write to us once that is done: the "
            "mission starts then."
        ),
        message("How portage works here"),
    ),
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
    "referral_earned": NewsText(
        message("You have earned a reduced commission"),
        message(
            "Somebody who signed up with your promo code has completed a first transaction. Your commission is reduced "
            "on your next quote, once; your account of reductions shows what became of it."
        ),
        message("See my reductions"),
    ),
    "overtaken": NewsText(
        message("Another expert was chosen: %(title)s"),
        message("The mission of %(counterpart)s has started with another expert: your quote or offer is declined."),
        message("Go to my dashboard"),
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


def words(language: Language, code: str, **values: str) -> NewsText:
    """Return the words of an event, filled in."""
    text = TEXTS[code]
    return NewsText(
        translate(language, text.subject, **values),
        translate(language, text.lead, **values),
        translate(language, text.action, **values),
    )
