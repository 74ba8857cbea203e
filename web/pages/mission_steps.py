"""What a mission waits for, in words: a title, a sentence and the one thing to do, for each state and side. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from booking import funds
from booking.lifecycle import MissionState, Party
from booking.models.missions import Mission
from foundation.i18n import message


@dataclass(frozen=True, slots=True)
class Next:
    """What a mission waits for, as one side reads it; `anchor` names the form or the page of the one action."""

    title: str
    text: str
    action: str = ""
    anchor: str = ""


def waits_for(mission: Mission, today: date) -> frozenset[Party]:
    """Return who has something to do now. Pure."""
    state = MissionState(mission.state)
    if state is MissionState.AWAITING_FUNDS:
        return frozenset({Party.CLIENT if funds.uses_escrow(mission) else Party.OPERATOR})
    is_due = mission.ended_at is not None or (mission.ends_on is not None and mission.ends_on < today)
    return {
        MissionState.FUNDED: frozenset({Party.EXPERT}),
        MissionState.IN_PROGRESS: frozenset({Party.EXPERT}) if is_due else frozenset(),
        MissionState.REPORTED: frozenset({Party.CLIENT}),
        MissionState.DISPUTED: frozenset(Party) - {Party.SYSTEM},
        MissionState.REFUND_IN_QUESTION: frozenset({Party.EXPERT, Party.OPERATOR}),
    }.get(state, frozenset())


_NEXT: Mapping[tuple[MissionState, Party], Next] = {
    (MissionState.AWAITING_FUNDS, Party.CLIENT): Next(
        message("Waiting for your payment"),
        message(
            "Work starts once the whole amount is held in escrow. It is released to the expert only after you have "
            "validated the end report."
        ),
        message("Pay in advance"),
        "pay",
    ),
    (MissionState.AWAITING_FUNDS, Party.EXPERT): Next(
        message("Waiting for the client’s payment"),
        message("You get a mail as soon as the amount is held. Please don’t start before: you would not be covered."),
    ),
    (MissionState.FUNDED, Party.CLIENT): Next(
        message("Paid: work can start"),
        message("The amount is held in escrow. The expert starts the work, or it starts by itself on the agreed day."),
    ),
    (MissionState.FUNDED, Party.EXPERT): Next(
        message("Paid: you can start"),
        message(
            "The amount is held for you. Say that you start, or wait: the work starts by itself on the agreed day."
        ),
        message("Start the work"),
        "start",
    ),
    (MissionState.IN_PROGRESS, Party.CLIENT): Next(
        message("Work in progress"),
        message("At the end the expert sends you a report, objective by objective, for you to validate."),
    ),
    (MissionState.IN_PROGRESS, Party.EXPERT): Next(
        message("Work in progress"),
        message("When the work is done, report on each objective. The client validates the report, and you are paid."),
        message("Write the end report"),
        "report",
    ),
    (MissionState.REPORTED, Party.CLIENT): Next(
        message("The end report is there"),
        message(
            "Please read it, and validate it or send it back. The funds stay held until you validate: silence never "
            "releases them."
        ),
        message("Read the report"),
        "report",
    ),
    (MissionState.REPORTED, Party.EXPERT): Next(
        message("Waiting for the client’s validation"),
        message("We remind the client until the report is validated. The funds stay held for you meanwhile."),
    ),
    (MissionState.VALIDATED, Party.CLIENT): Next(
        message("Validated"), message("Thank you. The funds are being released to the expert.")
    ),
    (MissionState.VALIDATED, Party.EXPERT): Next(
        message("Validated"), message("The client has validated your report. The funds are being released to you.")
    ),
    (MissionState.CLOSED, Party.CLIENT): Next(
        message("Closed"), message("The mission is over, and the expert is paid. Thank you.")
    ),
    (MissionState.CLOSED, Party.EXPERT): Next(
        message("Closed"), message("The mission is over. A transfer takes two to four working days.")
    ),
    (MissionState.CANCELLED, Party.CLIENT): Next(message("Cancelled"), message("This mission does not take place.")),
    (MissionState.CANCELLED, Party.EXPERT): Next(message("Cancelled"), message("This mission does not take place.")),
    (MissionState.DISPUTED, Party.CLIENT): Next(
        message("In dispute"),
        message("Please look for a solution together first: write to the other side. The funds stay held meanwhile."),
    ),
    (MissionState.DISPUTED, Party.EXPERT): Next(
        message("In dispute"),
        message("Please look for a solution together first: write to the other side. The funds stay held meanwhile."),
    ),
    (MissionState.REFUND_IN_QUESTION, Party.CLIENT): Next(
        message("A refund is in question"),
        message("You asked for money back. The expert has to agree; until then the funds stay held."),
    ),
    (MissionState.REFUND_IN_QUESTION, Party.EXPERT): Next(
        message("A refund is in question"),
        message("The client asks for money back. Nothing goes back unless you agree; until you answer all stays held."),
        message("Answer the request"),
        "refund",
    ),
}
_PORTAGE_AWAITED = Next(
    message("Waiting for the portage company"),
    message(
        "The portage company employs the expert, contracts with the client and invoices. "
        "Work starts once it has confirmed."
    ),
)
_TOP_UP = Next(
    message("A top-up is awaited"),
    message("The price was raised by an amendment. The report can be validated once the rest is held."),
    message("Pay the rest"),
    "pay",
)
TOO_EARLY = message(
    "Your client is a private person, who may withdraw for 14 days and has not asked that you begin before: work can "
    "start from %(day)s on. To begin earlier, amend the quote with an earlier start: accepting it, your client asks "
    "for that."
)
_DONE_TOLD = Next(
    message("The work is declared done"),
    message("The quote is frozen from now on. The end report is what is awaited."),
)


def next_step(mission: Mission, party: Party, lacking_cents: int, *, is_early: bool = False) -> Next:
    """Return what a mission waits for, as a party reads it; `is_early` while work may not begin yet. Pure."""
    reader = Party.EXPERT if party is Party.EXPERT else Party.CLIENT
    state = MissionState(mission.state)
    found = _NEXT[state, reader]
    if state is MissionState.AWAITING_FUNDS and not funds.uses_escrow(mission):
        found = _PORTAGE_AWAITED
    elif is_early and state is MissionState.FUNDED and party is Party.EXPERT:
        found = Next(message("Paid: work starts later"), TOO_EARLY)
    elif lacking_cents and state in {MissionState.FUNDED, MissionState.IN_PROGRESS, MissionState.REPORTED}:
        found = _TOP_UP if party is Party.CLIENT else Next(_TOP_UP.title, _TOP_UP.text, found.action, found.anchor)
    elif state is MissionState.IN_PROGRESS and mission.ended_at:
        found = Next(_DONE_TOLD.title, _DONE_TOLD.text, found.action, found.anchor)
    return Next(found.title, found.text) if party is Party.OPERATOR else found
