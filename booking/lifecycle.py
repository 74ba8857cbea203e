"""What may happen to sheets, offers, quotes, missions and series, and by whom (rows S11, S12, S15, S18 to S22).

What a table does not list is refused: see `foundation.lifecycles`. What depends on more than the state (funds, dates,
a colleague's limit) is asked by the use case, before it moves anything.
"""

from enum import StrEnum

from billing.lifecycle import Party
from foundation.lifecycles import Lifecycle, Move, as_diagram, as_table


def _by(to: StrEnum, *parties: Party) -> Move:
    return Move(to, frozenset(parties))


class SheetState(StrEnum):
    """How far a mission sheet is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"


class SheetEvent(StrEnum):
    """What may happen to a mission sheet."""

    PUBLISH = "publish"
    EDIT = "edit"
    CLOSE = "close"
    REOPEN = "reopen"


SHEETS = Lifecycle(
    "sheet",
    SheetState.DRAFT,
    {
        (SheetState.DRAFT, SheetEvent.EDIT): _by(SheetState.DRAFT, Party.CLIENT),
        (SheetState.DRAFT, SheetEvent.PUBLISH): _by(SheetState.PUBLISHED, Party.CLIENT),
        (SheetState.PUBLISHED, SheetEvent.EDIT): _by(SheetState.PUBLISHED, Party.CLIENT),
        (SheetState.PUBLISHED, SheetEvent.CLOSE): _by(SheetState.CLOSED, Party.CLIENT, Party.OPERATOR, Party.SYSTEM),
        (SheetState.CLOSED, SheetEvent.REOPEN): _by(SheetState.PUBLISHED, Party.CLIENT),
    },
)


class OfferState(StrEnum):
    """What became of a sheet that was proposed to an expert."""

    SENT = "sent"
    SEEN = "seen"
    REFUSED = "refused"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class OfferEvent(StrEnum):
    """What may happen to an offer."""

    SEE = "see"
    REFUSE = "refuse"
    ANSWER = "answer"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    RENEW = "renew"
    """The client proposes once more what ended unanswered; what was refused stays so."""


SEES_OFFER = (Party.EXPERT, Party.OPERATOR)
"""An operator answers for profiles that nobody has claimed (S11)."""
OFFERS = Lifecycle(
    "offer",
    OfferState.SENT,
    {
        (OfferState.SENT, OfferEvent.SEE): _by(OfferState.SEEN, *SEES_OFFER),
        **{
            (state, event): move
            for state in (OfferState.SENT, OfferState.SEEN)
            for event, move in {
                OfferEvent.REFUSE: _by(OfferState.REFUSED, *SEES_OFFER),
                OfferEvent.ANSWER: _by(OfferState.ANSWERED, Party.EXPERT),
                OfferEvent.EXPIRE: _by(OfferState.EXPIRED, Party.SYSTEM),
                OfferEvent.WITHDRAW: _by(OfferState.WITHDRAWN, Party.CLIENT, Party.SYSTEM),
            }.items()
        },
        (OfferState.EXPIRED, OfferEvent.RENEW): _by(OfferState.SENT, Party.CLIENT),
        (OfferState.WITHDRAWN, OfferEvent.RENEW): _by(OfferState.SENT, Party.CLIENT),
    },
)


class QuoteState(StrEnum):
    """How far a quote is. An amended one is signed, with a later version that waits for the client."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    AMENDED = "amended"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class QuoteEvent(StrEnum):
    """What may happen to a quote."""

    SEND = "send"
    AMEND = "amend"
    ACCEPT = "accept"
    DECLINE = "decline"
    OVERTAKE = "overtake"
    """Another expert's mission of the same sheet has started."""
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    CANCEL = "cancel"


QUOTES = Lifecycle(
    "quote",
    QuoteState.DRAFT,
    {
        (QuoteState.DRAFT, QuoteEvent.SEND): _by(QuoteState.SENT, Party.EXPERT),
        (QuoteState.SENT, QuoteEvent.AMEND): _by(QuoteState.SENT, Party.EXPERT),
        (QuoteState.SENT, QuoteEvent.ACCEPT): _by(QuoteState.ACCEPTED, Party.CLIENT),
        (QuoteState.SENT, QuoteEvent.DECLINE): _by(QuoteState.DECLINED, Party.CLIENT),
        (QuoteState.SENT, QuoteEvent.OVERTAKE): _by(QuoteState.DECLINED, Party.SYSTEM),
        (QuoteState.SENT, QuoteEvent.WITHDRAW): _by(QuoteState.WITHDRAWN, Party.EXPERT, Party.SYSTEM),
        (QuoteState.SENT, QuoteEvent.EXPIRE): _by(QuoteState.EXPIRED, Party.SYSTEM),
        (QuoteState.EXPIRED, QuoteEvent.AMEND): _by(QuoteState.SENT, Party.EXPERT),
        (QuoteState.ACCEPTED, QuoteEvent.AMEND): _by(QuoteState.AMENDED, Party.EXPERT),
        (QuoteState.ACCEPTED, QuoteEvent.CANCEL): _by(QuoteState.CANCELLED, Party.CLIENT, Party.EXPERT, Party.SYSTEM),
        # Whatever becomes of the amendment, what was signed stands until another version is.
        (QuoteState.AMENDED, QuoteEvent.AMEND): _by(QuoteState.AMENDED, Party.EXPERT),
        (QuoteState.AMENDED, QuoteEvent.ACCEPT): _by(QuoteState.ACCEPTED, Party.CLIENT),
        (QuoteState.AMENDED, QuoteEvent.DECLINE): _by(QuoteState.ACCEPTED, Party.CLIENT),
        (QuoteState.AMENDED, QuoteEvent.WITHDRAW): _by(QuoteState.ACCEPTED, Party.EXPERT, Party.SYSTEM),
        (QuoteState.AMENDED, QuoteEvent.EXPIRE): _by(QuoteState.ACCEPTED, Party.SYSTEM),
        (QuoteState.AMENDED, QuoteEvent.CANCEL): _by(QuoteState.CANCELLED, Party.CLIENT, Party.EXPERT, Party.SYSTEM),
    },
)


class MissionState(StrEnum):
    """How far a mission is."""

    AWAITING_FUNDS = "awaiting_funds"
    FUNDED = "funded"
    IN_PROGRESS = "in_progress"
    REPORTED = "reported"
    VALIDATED = "validated"
    CLOSED = "closed"
    DISPUTED = "disputed"
    REFUND_IN_QUESTION = "refund_in_question"
    CANCELLED = "cancelled"


class MissionEvent(StrEnum):
    """What may happen to a mission."""

    HOLD_FUNDS = "hold_funds"
    CONFIRM_PORTAGE = "confirm_portage"
    """The portage company confirms that it employs the expert and has its contract with the client (S29)."""
    START = "start"
    REPORT = "report"
    RETURN_REPORT = "return_report"
    VALIDATE = "validate"
    CLOSE = "close"
    CANCEL = "cancel"
    DISPUTE = "dispute"
    SETTLE = "settle"
    """Both go on with the work."""
    SETTLE_UNSTARTED = "settle_unstarted"
    """The same for what was not started yet: it waits for its start again."""
    SETTLE_REPORTED = "settle_reported"
    """The same for what was reported already: the report waits for its validation again."""
    ASK_REFUND = "ask_refund"
    REFUND = "refund"
    """All that was held has gone back."""
    WITHDRAW = "withdraw"
    """A private client withdraws within the days of the law, from what needs nobody to reckon what was done."""


_RUNNING = (MissionState.FUNDED, MissionState.IN_PROGRESS, MissionState.REPORTED)
_BOTH = (Party.CLIENT, Party.EXPERT)
_END_DISPUTES = (*_BOTH, Party.OPERATOR)
_DROP_REFUNDS = (Party.CLIENT, Party.SYSTEM)
"""The system follows a refund of a part, after which the work goes on."""
MISSIONS = Lifecycle(
    "mission",
    MissionState.AWAITING_FUNDS,
    {
        (MissionState.AWAITING_FUNDS, MissionEvent.HOLD_FUNDS): _by(MissionState.FUNDED, Party.SYSTEM),
        (MissionState.AWAITING_FUNDS, MissionEvent.CONFIRM_PORTAGE): _by(MissionState.FUNDED, Party.OPERATOR),
        (MissionState.AWAITING_FUNDS, MissionEvent.CANCEL): _by(MissionState.CANCELLED, *Party),
        (MissionState.FUNDED, MissionEvent.START): _by(MissionState.IN_PROGRESS, Party.EXPERT, Party.SYSTEM),
        (MissionState.IN_PROGRESS, MissionEvent.REPORT): _by(MissionState.REPORTED, Party.EXPERT),
        (MissionState.REPORTED, MissionEvent.RETURN_REPORT): _by(MissionState.IN_PROGRESS, Party.CLIENT),
        (MissionState.REPORTED, MissionEvent.VALIDATE): _by(MissionState.VALIDATED, Party.CLIENT),
        (MissionState.VALIDATED, MissionEvent.CLOSE): _by(MissionState.CLOSED, Party.SYSTEM),
        **{(state, MissionEvent.DISPUTE): _by(MissionState.DISPUTED, *_BOTH) for state in _RUNNING[1:]},
        **{(state, MissionEvent.ASK_REFUND): _by(MissionState.REFUND_IN_QUESTION, Party.CLIENT) for state in _RUNNING},
        # Where settling leads to depends on how far the work was: `booking.disagreements` decides which it is.
        (MissionState.DISPUTED, MissionEvent.SETTLE): _by(MissionState.IN_PROGRESS, *_END_DISPUTES),
        (MissionState.DISPUTED, MissionEvent.SETTLE_REPORTED): _by(MissionState.REPORTED, *_END_DISPUTES),
        (MissionState.DISPUTED, MissionEvent.ASK_REFUND): _by(MissionState.REFUND_IN_QUESTION, Party.CLIENT),
        (MissionState.REFUND_IN_QUESTION, MissionEvent.SETTLE): _by(MissionState.IN_PROGRESS, *_DROP_REFUNDS),
        (MissionState.REFUND_IN_QUESTION, MissionEvent.SETTLE_UNSTARTED): _by(MissionState.FUNDED, *_DROP_REFUNDS),
        (MissionState.REFUND_IN_QUESTION, MissionEvent.SETTLE_REPORTED): _by(MissionState.REPORTED, *_DROP_REFUNDS),
        **{
            # Companies have no such right, and private clients for some days only: see `booking.withdrawals`.
            (state, MissionEvent.WITHDRAW): Move(MissionState.CANCELLED, frozenset({Party.CLIENT}), is_offered=False)
            for state in (
                MissionState.AWAITING_FUNDS,
                *_RUNNING,
                MissionState.DISPUTED,
                MissionState.REFUND_IN_QUESTION,
            )
        },
        (MissionState.REFUND_IN_QUESTION, MissionEvent.REFUND): _by(MissionState.CANCELLED, Party.SYSTEM),
    },
)


class SeriesState(StrEnum):
    """How far a series of monthly missions is."""

    DRAFT = "draft"
    OPEN = "open"
    STOPPED = "stopped"
    ENDED = "ended"


class SeriesEvent(StrEnum):
    """What may happen to a series."""

    SEND = "send"
    EXTEND = "extend"
    """Further months are proposed."""
    STOP = "stop"
    """Nothing goes on from some month on; a stopped series can only be stopped earlier."""
    END = "end"
    """The last month is over, and nothing of the series waits for anybody."""


SERIES = Lifecycle(
    "series",
    SeriesState.DRAFT,
    {
        (SeriesState.DRAFT, SeriesEvent.SEND): _by(SeriesState.OPEN, Party.EXPERT),
        (SeriesState.OPEN, SeriesEvent.EXTEND): _by(SeriesState.OPEN, Party.EXPERT),
        (SeriesState.OPEN, SeriesEvent.STOP): _by(SeriesState.STOPPED, *_BOTH),
        (SeriesState.OPEN, SeriesEvent.END): _by(SeriesState.ENDED, Party.SYSTEM),
        (SeriesState.STOPPED, SeriesEvent.STOP): _by(SeriesState.STOPPED, *_BOTH),
        (SeriesState.ENDED, SeriesEvent.EXTEND): _by(SeriesState.OPEN, Party.EXPERT),
    },
)
LIFECYCLES = (SHEETS, OFFERS, QUOTES, MISSIONS, SERIES)


def documented() -> str:
    """Return the page of the documentation that shows the tables: `docs/missions.md` is held equal to it."""
    parts = ["# How a mission moves", "Made from `booking/lifecycle.py`; a test holds both equal."]
    for lifecycle in LIFECYCLES:
        parts += [f"## {lifecycle.kind.title()}", f"```mermaid\n{as_diagram(lifecycle)}\n```", as_table(lifecycle)]
    return "\n\n".join(parts) + "\n"
