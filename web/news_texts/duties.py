"""What mails say of the duties around work: papers, certificates, long relations, portage."""

from collections.abc import Mapping

from foundation.i18n import message
from web.news_texts.wording import NewsText

TEXTS: Mapping[str, NewsText] = {
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
}
