"""What payouts wait for, in words: for the expert who sees to it, and for operators."""

from collections.abc import Mapping

from billing.payout_rules import Wait
from foundation.i18n import message

VERIFICATION = "/my/verification"
TO_DO: Mapping[Wait, tuple[str, str]] = {
    Wait.IDENTITY: (message("Say who is paid: the payment provider has to know you by name."), VERIFICATION),
    Wait.PROVIDER: (message("The payment provider wants to see that it is really you."), VERIFICATION),
    Wait.CLOSED: (message("The payment provider has closed your account there. Please write to us."), "/help"),
    Wait.BANK_DETAILS: (message("Say to which bank account you are paid."), "#details"),
    Wait.CONFIRMATION: (message("Confirm your bank account at the payment provider."), "#account"),
    Wait.NEW_BANK_DETAILS: (
        message("Your bank sent a payout back or refused it: please give your bank details anew."),
        "#details",
    ),
    Wait.DECLARATION: (
        message("Say who owns your company: the payment provider has to know, and to validate it."),
        VERIFICATION,
    ),
    Wait.PAPERS: (message("The payment provider has to validate your papers: one or two working days."), VERIFICATION),
}
"""What the expert has to do, and where."""
WAITS: Mapping[Wait, str] = {
    Wait.IDENTITY: message("waits for the expert’s identity"),
    Wait.PROVIDER: message("waits for the expert, whom the provider wants to see"),
    Wait.CLOSED: message("the provider has closed what it had of the expert"),
    Wait.BANK_DETAILS: message("waits for bank details"),
    Wait.CONFIRMATION: message("waits until the bank account is confirmed"),
    Wait.NEW_BANK_DETAILS: message("waits for other bank details"),
    Wait.DECLARATION: message("waits for a validated declaration of who owns the company"),
    Wait.PAPERS: message("waits for validated papers"),
}
