"""What states and events of sheets, offers, quotes, missions and series are called: each in three short forms.

A state is said as a sentence about the thing; an event as what somebody may do, and as what was done.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from booking.lifecycle import (
    MissionEvent,
    MissionState,
    OfferEvent,
    OfferState,
    QuoteEvent,
    QuoteState,
    SeriesEvent,
    SeriesState,
    SheetEvent,
    SheetState,
)
from foundation.i18n import Language, message, translate
from foundation.lifecycles import Refused

STATES: Mapping[tuple[str, str], str] = {
    ("sheet", SheetState.DRAFT): message("This mission sheet is a draft."),
    ("sheet", SheetState.PUBLISHED): message("This mission sheet is published."),
    ("sheet", SheetState.CLOSED): message("This mission sheet is closed."),
    ("offer", OfferState.SENT): message("This offer was sent."),
    ("offer", OfferState.SEEN): message("This offer was read."),
    ("offer", OfferState.REFUSED): message("This offer was refused."),
    ("offer", OfferState.ANSWERED): message("This offer was answered by a quote."),
    ("offer", OfferState.EXPIRED): message("This offer has expired."),
    ("offer", OfferState.WITHDRAWN): message("This offer was withdrawn."),
    ("quote", QuoteState.DRAFT): message("This quote is a draft."),
    ("quote", QuoteState.SENT): message("This quote waits for the client’s answer."),
    ("quote", QuoteState.ACCEPTED): message("This quote is signed."),
    ("quote", QuoteState.AMENDED): message("This quote is signed, and an amendment waits for the client’s answer."),
    ("quote", QuoteState.DECLINED): message("This quote was declined."),
    ("quote", QuoteState.WITHDRAWN): message("This quote was withdrawn."),
    ("quote", QuoteState.EXPIRED): message("This quote has expired."),
    ("quote", QuoteState.CANCELLED): message("This quote was cancelled."),
    ("mission", MissionState.AWAITING_FUNDS): message("This mission waits for its funds."),
    ("mission", MissionState.FUNDED): message("This mission is paid for and has not begun."),
    ("mission", MissionState.IN_PROGRESS): message("This mission is in progress."),
    ("mission", MissionState.REPORTED): message("The end report of this mission waits for the client’s validation."),
    ("mission", MissionState.VALIDATED): message("This mission is validated."),
    ("mission", MissionState.CLOSED): message("This mission is closed."),
    ("mission", MissionState.DISPUTED): message("This mission is in dispute."),
    ("mission", MissionState.REFUND_IN_QUESTION): message("A refund of this mission is in question."),
    ("mission", MissionState.CANCELLED): message("This mission is cancelled."),
    ("series", SeriesState.DRAFT): message("This long mission is a draft."),
    ("series", SeriesState.OPEN): message("This long mission is running."),
    ("series", SeriesState.STOPPED): message("This long mission was stopped."),
    ("series", SeriesState.ENDED): message("This long mission has ended."),
}


@dataclass(frozen=True, slots=True)
class EventText:
    """What an event is called before and after it happens."""

    to_do: str
    done: str


_SETTLED = EventText(message("Settle it and go on"), message("Settled: the work goes on"))
EVENTS: Mapping[tuple[str, str], EventText] = {
    ("sheet", SheetEvent.PUBLISH): EventText(message("Publish it"), message("Published")),
    ("sheet", SheetEvent.EDIT): EventText(message("Edit it"), message("Edited")),
    ("sheet", SheetEvent.CLOSE): EventText(message("Close it"), message("Closed")),
    ("sheet", SheetEvent.REOPEN): EventText(message("Open it again"), message("Opened again")),
    ("offer", OfferEvent.SEE): EventText(message("Read it"), message("Read")),
    ("offer", OfferEvent.REFUSE): EventText(message("Refuse it"), message("Refused")),
    ("offer", OfferEvent.ANSWER): EventText(message("Answer with a quote"), message("Answered by a quote")),
    ("offer", OfferEvent.EXPIRE): EventText(message("Let it expire"), message("Expired")),
    ("offer", OfferEvent.RENEW): EventText(message("Send it again"), message("Sent again")),
    ("offer", OfferEvent.WITHDRAW): EventText(message("Withdraw it"), message("Withdrawn")),
    ("quote", QuoteEvent.SEND): EventText(message("Send the quote"), message("Quote sent")),
    ("quote", QuoteEvent.AMEND): EventText(message("Amend the quote"), message("Quote amended")),
    ("quote", QuoteEvent.ACCEPT): EventText(message("Accept the quote"), message("Quote accepted and signed")),
    ("quote", QuoteEvent.DECLINE): EventText(message("Decline the quote"), message("Quote declined")),
    ("quote", QuoteEvent.OVERTAKE): EventText(
        message("Choose another expert"), message("Declined: another expert was chosen")
    ),
    ("quote", QuoteEvent.WITHDRAW): EventText(message("Withdraw the quote"), message("Quote withdrawn")),
    ("quote", QuoteEvent.EXPIRE): EventText(message("Let the quote expire"), message("Quote expired")),
    ("quote", QuoteEvent.CANCEL): EventText(message("Cancel the quote"), message("Quote cancelled")),
    ("mission", MissionEvent.HOLD_FUNDS): EventText(message("Pay in advance"), message("Paid: the funds are held")),
    ("mission", MissionEvent.CONFIRM_PORTAGE): EventText(
        message("Confirm for the portage company"), message("Confirmed by the portage company")
    ),
    ("mission", MissionEvent.START): EventText(message("Start the work"), message("Work started")),
    ("mission", MissionEvent.REPORT): EventText(message("Send the end report"), message("End report sent")),
    ("mission", MissionEvent.RETURN_REPORT): EventText(
        message("Send the report back"), message("Report sent back for completion")
    ),
    ("mission", MissionEvent.VALIDATE): EventText(
        message("Validate the report"), message("Report validated: the invoices follow, and the funds with them")
    ),
    ("mission", MissionEvent.CLOSE): EventText(message("Close the mission"), message("Mission closed")),
    ("mission", MissionEvent.CANCEL): EventText(message("Cancel the mission"), message("Mission cancelled")),
    ("mission", MissionEvent.DISPUTE): EventText(message("Say that something is wrong"), message("Dispute opened")),
    ("mission", MissionEvent.SETTLE): _SETTLED,
    ("mission", MissionEvent.SETTLE_UNSTARTED): _SETTLED,
    ("mission", MissionEvent.SETTLE_REPORTED): _SETTLED,
    ("mission", MissionEvent.ASK_REFUND): EventText(message("Ask for a refund"), message("Refund asked for")),
    ("mission", MissionEvent.WITHDRAW): EventText(
        message("Withdraw from the contract"), message("The client withdrew from the contract")
    ),
    ("mission", MissionEvent.REFUND): EventText(message("Refund the funds"), message("The funds went back")),
    ("series", SeriesEvent.SEND): EventText(message("Send all months"), message("Months proposed")),
    ("series", SeriesEvent.EXTEND): EventText(message("Add months"), message("Months added")),
    ("series", SeriesEvent.STOP): EventText(message("Stop the long mission"), message("Long mission stopped")),
    ("series", SeriesEvent.END): EventText(message("End the long mission"), message("Long mission ended")),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something can't be done, and what is possible instead: each with the anchor of its place on the page."""

    reason: str
    possible: tuple[tuple[str, str], ...]


def refusal(error: Refused, language: Language) -> Refusal:
    """Return a refusal in words; of what has none, only that it can't be done as things stand."""
    state = STATES.get((error.kind, error.state), message("Things have changed meanwhile."))
    found: dict[str, str] = {}
    for event in error.possible:
        if text := EVENTS.get((error.kind, event)):
            # Where several ways have one name, the table's first one is the anchor.
            found.setdefault(translate(language, text.to_do), event.value)
    return Refusal(translate(language, state), tuple((event, label) for label, event in found.items()))


def done(kind: str, event: str, language: Language) -> str:
    """Return what was done, for a timeline."""
    return translate(language, EVENTS[kind, event].done)
