"""What identity papers are called, and why one is refused, in words that pages and mails share.

Codes are Mangopay's (docs.mangopay.com, guides/users/verification/documents/submission/refusals), as the port hands
them on, those of the simulated provider, and our own for what never reached one.
"""

from collections.abc import Mapping

from billing.provider_states import PaperKind
from foundation.i18n import Language, message, translate

NAMES: Mapping[PaperKind, str] = {
    PaperKind.IDENTITY: message("Proof of identity"),
    PaperKind.REGISTRATION: message("Proof of registration"),
    PaperKind.ARTICLES: message("Articles of association"),
    PaperKind.SHAREHOLDERS: message("Declaration of shareholders"),
    PaperKind.ADDRESS: message("Proof of address"),
}
NEVER_ARRIVED, NOT_TAKEN = "never_arrived", "not_taken"
OTHER = message("The payment provider gives no reason that we know.")
_EXPIRED = message(
    "It has expired, or is too old. Please send one that is valid; an extract is three months old at most."
)
_SOMEBODY_ELSE = message("It is not about the person or business that you named. Please compare names and numbers.")
REASONS: Mapping[str, str] = {
    "document_unreadable": message("It can’t be read. Please send a sharp picture in colour, without reflections."),
    "document_not_accepted": message(
        "This kind of paper is not accepted. Please send another one of those named here."
    ),
    "document_has_expired": _EXPIRED,
    "document_expired": _EXPIRED,
    "document_incomplete": message("A part of it is missing. Please send all pages, and both sides of a card."),
    "document_missing": message("There is no such paper in the file. Please look whether it is the right file."),
    "document_do_not_match_user_data": _SOMEBODY_ELSE,
    "document_do_not_match_account_data": _SOMEBODY_ELSE,
    "wrong_person": _SOMEBODY_ELSE,
    "document_falsified": message(
        "It looks as if it had been changed. Please send another kind of paper, a passport say."
    ),
    "underage_person": message("It is of somebody under 18, who can’t be paid."),
    NEVER_ARRIVED: message("It did not reach the payment provider, and we keep no copy. Please send it once more."),
    NOT_TAKEN: message("The payment provider does not take this file. Please send another one."),
}
SANDBOX_REASONS = (
    "document_unreadable",
    "document_not_accepted",
    "document_expired",
    "document_incomplete",
    "wrong_person",
    "document_falsified",
)
"""With what operators refuse papers of the sandbox."""


def name_of(kind: str, language: Language) -> str:
    """Return what a paper is called."""
    return translate(language, NAMES[PaperKind(kind)])


def reason_of(code: str | None, explanation: str, language: Language) -> str:
    """Return why a paper was refused, with the provider's own words after ours."""
    return " ".join(filter(None, (translate(language, REASONS.get(code or "", OTHER)), explanation.strip())))
