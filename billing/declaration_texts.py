"""Why a declaration of who owns a company comes back, in words that pages and mails share.

Codes are Mangopay's (docs.mangopay.com, guides/users/verification/beneficial-owners), as the port hands them on, and
our own for what never reached a provider.
"""

from collections.abc import Mapping

from billing.identity_paper_texts import NEVER_ARRIVED, NOT_TAKEN, OTHER
from foundation.i18n import Language, message, translate

_AMONG_PAPERS = message("Please send it under “The payment provider asks for another paper”, then declare once more.")
REASONS: Mapping[str, str] = {
    "missing_ubo": message("Somebody is missing: please name everybody who holds more than a quarter, or decides."),
    "wrong_ubo_information": message(
        "Something about a person is wrong. Please compare names, birthdays and addresses with their papers."
    ),
    "ubo_identity_needed": message("A proof of identity of one of the people is missing."),
    "shareholders_declaration_needed": message(
        "Your papers do not say enough about who owns the company: a signed declaration of shareholders is missing."
    ),
    "organization_chart_needed": message("A chart of who holds whom is missing."),
    "documents_needed": message("A paper is missing that proves it."),
    "declaration_do_not_match_ubo_information": message(
        "It does not agree with your papers. Please name exactly those who are in them."
    ),
    "specific_case": message("It is a special case."),
    NEVER_ARRIVED: message("It did not reach the payment provider, and we keep no copy. Please send it once more."),
    NOT_TAKEN: message("The payment provider does not take these details. Please look through them again."),
}
WANTING_PAPERS = frozenset(
    {"ubo_identity_needed", "shareholders_declaration_needed", "organization_chart_needed", "documents_needed"}
)
"""Reasons that ask for another paper."""
SANDBOX_REASONS = (
    "missing_ubo",
    "wrong_ubo_information",
    "declaration_do_not_match_ubo_information",
    "shareholders_declaration_needed",
    "specific_case",
)
"""With what operators send declarations back in the sandbox."""


def reason_of(code: str | None, explanation: str, language: Language) -> str:
    """Return why a declaration came back, and what to do, with the provider's own words after ours."""
    said = translate(language, REASONS.get(code or "", OTHER))
    to_do = translate(language, _AMONG_PAPERS) if code in WANTING_PAPERS else ""
    return " ".join(filter(None, (said, to_do, explanation.strip())))
