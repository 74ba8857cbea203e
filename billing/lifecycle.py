"""What may happen to money: escrows, payments, refunds, transfers, payouts (mission rows S20, S22, S23, S25).

What a table does not list is refused: see `foundation.lifecycles`. What depends on amounts is asked by the use case,
and the tables' CHECKs hold it: never negative, never the same cent released and refunded.
"""

from dataclasses import dataclass
from enum import StrEnum

from billing.provider_states import PayoutState
from foundation.lifecycles import Lifecycle, Move, as_diagram, as_table


class Party(StrEnum):
    """Who brings something about."""

    CLIENT = "client"
    EXPERT = "expert"
    OPERATOR = "operator"
    SYSTEM = "system"


def _by(to: StrEnum, *parties: Party) -> Move:
    return Move(to, frozenset(parties))


class EscrowState(StrEnum):
    """How an escrow stands."""

    AWAITING = "awaiting"
    HELD = "held"
    DISPUTED = "disputed"
    RELEASED = "released"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


class EscrowEvent(StrEnum):
    """What may happen to an escrow."""

    PAY_IN = "pay_in"
    """A payment arrived."""
    COVER = "cover"
    """All that is due is held."""
    CHANGE_DUE = "change_due"
    """Another price was agreed, and what is held still does, or still doesn't."""
    RAISE_DUE = "raise_due"
    """More is due than is held: a top-up is awaited."""
    RETURN_SURPLUS = "return_surplus"
    """What was paid in excess goes back; nobody has to agree to that."""
    DISPUTE = "dispute"
    """The client asks for money back."""
    SETTLE = "settle"
    """The dispute is over, and what stays due is held."""
    SETTLE_SHORT = "settle_short"
    """The same, and a top-up is still awaited."""
    REFUND = "refund"
    """All that was held goes back."""
    GIVE_BACK = "give_back"
    """The client has a right to all of it, whatever the expert says."""
    CHARGE_BACK = "charge_back"
    """The payer's bank took back what was held: it is awaited anew."""
    WIN_BACK = "win_back"
    """The bank gave back what it had taken."""
    RELEASE = "release"
    CANCEL = "cancel"


_OPEN = (EscrowState.AWAITING, EscrowState.HELD, EscrowState.DISPUTED)
_RESTING = (EscrowState.AWAITING, EscrowState.HELD)
_BOTH = (Party.CLIENT, Party.EXPERT)
ESCROWS = Lifecycle(
    "escrow",
    EscrowState.AWAITING,
    {
        **{(state, EscrowEvent.PAY_IN): _by(state, Party.SYSTEM, Party.OPERATOR) for state in _OPEN},
        **{(state, EscrowEvent.CHANGE_DUE): _by(state, Party.SYSTEM) for state in _RESTING},
        (EscrowState.AWAITING, EscrowEvent.COVER): _by(EscrowState.HELD, Party.SYSTEM, Party.OPERATOR),
        (EscrowState.HELD, EscrowEvent.RAISE_DUE): _by(EscrowState.AWAITING, Party.SYSTEM),
        **{(state, EscrowEvent.RETURN_SURPLUS): _by(state, Party.SYSTEM) for state in _RESTING},
        **{(state, EscrowEvent.DISPUTE): _by(EscrowState.DISPUTED, Party.CLIENT) for state in _RESTING},
        (EscrowState.DISPUTED, EscrowEvent.SETTLE): _by(EscrowState.HELD, *_BOTH),
        (EscrowState.DISPUTED, EscrowEvent.SETTLE_SHORT): _by(EscrowState.AWAITING, *_BOTH),
        (EscrowState.DISPUTED, EscrowEvent.REFUND): _by(EscrowState.REFUNDED, Party.EXPERT),
        **{(state, EscrowEvent.CHARGE_BACK): _by(EscrowState.AWAITING, Party.SYSTEM) for state in _RESTING},
        (EscrowState.DISPUTED, EscrowEvent.CHARGE_BACK): _by(EscrowState.DISPUTED, Party.SYSTEM),
        **{(state, EscrowEvent.WIN_BACK): _by(state, Party.SYSTEM) for state in _OPEN},
        **{(state, EscrowEvent.GIVE_BACK): _by(EscrowState.REFUNDED, Party.CLIENT) for state in _RESTING},
        (EscrowState.HELD, EscrowEvent.RELEASE): _by(EscrowState.RELEASED, Party.SYSTEM),
        (EscrowState.AWAITING, EscrowEvent.CANCEL): _by(EscrowState.CANCELLED, Party.SYSTEM),
    },
)


class PaymentState(StrEnum):
    """How far a payment is."""

    CREATED = "created"
    CHALLENGE = "challenge"
    """The payer's bank asks whether it is really them."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PaymentEvent(StrEnum):
    """What a provider says of a payment."""

    CHALLENGE = "challenge"
    SUCCEED = "succeed"
    FAIL = "fail"


PAYMENTS = Lifecycle(
    "payment",
    PaymentState.CREATED,
    {
        (PaymentState.CREATED, PaymentEvent.CHALLENGE): _by(PaymentState.CHALLENGE, Party.SYSTEM),
        **{
            (state, event): _by(to, Party.SYSTEM)
            for state in (PaymentState.CREATED, PaymentState.CHALLENGE)
            for event, to in (
                (PaymentEvent.SUCCEED, PaymentState.SUCCEEDED),
                (PaymentEvent.FAIL, PaymentState.FAILED),
            )
        },
    },
)


class RefundState(StrEnum):
    """How far a refund is. One that needs no consent begins agreed."""

    ASKED = "asked"
    REFUSED = "refused"
    """The expert does not agree: the money stays held until both find another way."""
    AGREED = "agreed"
    DONE = "done"
    FAILED = "failed"
    """The provider could not send the money back."""
    WITHDRAWN = "withdrawn"


class RefundEvent(StrEnum):
    """What may happen to a refund."""

    CONSENT = "consent"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    FINISH = "finish"
    FAIL = "fail"
    BOUNCE = "bounce"
    """A bank returned what had been sent, days later."""
    RETRY = "retry"


REFUNDS = Lifecycle(
    "refund",
    RefundState.ASKED,
    {
        (RefundState.ASKED, RefundEvent.CONSENT): _by(RefundState.AGREED, Party.EXPERT),
        (RefundState.ASKED, RefundEvent.REFUSE): _by(RefundState.REFUSED, Party.EXPERT),
        (RefundState.ASKED, RefundEvent.WITHDRAW): _by(RefundState.WITHDRAWN, Party.CLIENT),
        (RefundState.REFUSED, RefundEvent.CONSENT): _by(RefundState.AGREED, Party.EXPERT),
        (RefundState.REFUSED, RefundEvent.WITHDRAW): _by(RefundState.WITHDRAWN, Party.CLIENT),
        (RefundState.AGREED, RefundEvent.FINISH): _by(RefundState.DONE, Party.SYSTEM),
        (RefundState.AGREED, RefundEvent.FAIL): _by(RefundState.FAILED, Party.SYSTEM),
        (RefundState.DONE, RefundEvent.BOUNCE): _by(RefundState.FAILED, Party.SYSTEM),
        (RefundState.FAILED, RefundEvent.RETRY): _by(RefundState.AGREED, Party.OPERATOR),
    },
)


class TransferState(StrEnum):
    """How far the provider is with what was released."""

    CREATED = "created"
    """Owed: it waits as long as the provider does not know the expert."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class TransferEvent(StrEnum):
    """What a provider says of a transfer."""

    SUCCEED = "succeed"
    FAIL = "fail"


TRANSFERS = Lifecycle(
    "transfer",
    TransferState.CREATED,
    {
        (TransferState.CREATED, TransferEvent.SUCCEED): _by(TransferState.SUCCEEDED, Party.SYSTEM),
        (TransferState.CREATED, TransferEvent.FAIL): _by(TransferState.FAILED, Party.SYSTEM),
    },
)


class PayoutEvent(StrEnum):
    """What a provider says of a payout."""

    SEND = "send"
    FAIL = "fail"
    RETURN = "return"
    """A bank sent it back, after it was sent."""


PAYOUTS = Lifecycle(
    "payout",
    PayoutState.CREATED,
    {
        (PayoutState.CREATED, PayoutEvent.SEND): _by(PayoutState.SUCCEEDED, Party.SYSTEM),
        (PayoutState.CREATED, PayoutEvent.FAIL): _by(PayoutState.FAILED, Party.SYSTEM),
        (PayoutState.SUCCEEDED, PayoutEvent.RETURN): _by(PayoutState.RETURNED, Party.SYSTEM),
    },
)


class ChargebackState(StrEnum):
    """How a payment stands that the payer's bank took back."""

    TAKEN = "taken"
    """The money is gone; the operator may contest it at the provider's."""
    LOST = "lost"
    WON = "won"
    """The bank gave it back, or a part of it."""


class ChargebackEvent(StrEnum):
    """What a provider says of a chargeback."""

    LOSE = "lose"
    WIN = "win"


CHARGEBACKS = Lifecycle(
    "chargeback",
    ChargebackState.TAKEN,
    {
        (ChargebackState.TAKEN, ChargebackEvent.LOSE): _by(ChargebackState.LOST, Party.SYSTEM),
        (ChargebackState.TAKEN, ChargebackEvent.WIN): _by(ChargebackState.WON, Party.SYSTEM),
    },
)


class Deed(StrEnum):
    """What an operator does with money by hand."""

    ASSIGN = "assign"
    """Count a payment for an escrow."""
    RETURN = "return"
    """Send a payment back that is for nothing."""
    RETRY = "retry"
    """Have the provider try a refund again."""


class ProposalState(StrEnum):
    """How far a deed is that needs a second operator."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    """Another operator confirmed it, and it was done."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    """Nobody confirmed it in time."""


class ProposalEvent(StrEnum):
    """What may happen to a proposal. Who confirms or declines is another one than who proposed."""

    CONFIRM = "confirm"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


PROPOSALS = Lifecycle(
    "proposal",
    ProposalState.PROPOSED,
    {
        (ProposalState.PROPOSED, ProposalEvent.CONFIRM): _by(ProposalState.CONFIRMED, Party.OPERATOR),
        (ProposalState.PROPOSED, ProposalEvent.DECLINE): _by(ProposalState.DECLINED, Party.OPERATOR),
        (ProposalState.PROPOSED, ProposalEvent.WITHDRAW): _by(ProposalState.WITHDRAWN, Party.OPERATOR),
        (ProposalState.PROPOSED, ProposalEvent.EXPIRE): _by(ProposalState.EXPIRED, Party.SYSTEM),
    },
)


class BoostState(StrEnum):
    """How a Boost subscription stands."""

    AWAITING = "awaiting"
    """Nothing was paid yet."""
    ACTIVE = "active"
    PAST_DUE = "past_due"
    """A renewal could not be charged: the boost goes on for some days of grace."""
    CANCELLED = "cancelled"
    """It runs to the end of what was paid, and is not renewed."""
    ENDED = "ended"


class BoostEvent(StrEnum):
    """What may happen to a Boost subscription."""

    START = "start"
    """The first payment came."""
    RENEW = "renew"
    UPGRADE = "upgrade"
    """A longer period begins at once."""
    MISS = "miss"
    """A renewal could not be charged."""
    CANCEL = "cancel"
    RESUME = "resume"
    """The cancellation is taken back."""
    GIVE_UP = "give_up"
    """Ended at once by its owner, who has paid nothing for the days to come."""
    LAPSE = "lapse"
    """The days that were paid, or those of grace, are over."""
    LEAVE = "leave"
    """Its owner is erased."""


_LIVE = (BoostState.AWAITING, BoostState.ACTIVE, BoostState.PAST_DUE, BoostState.CANCELLED)
BOOSTS = Lifecycle(
    "boost",
    BoostState.AWAITING,
    {
        (BoostState.AWAITING, BoostEvent.START): _by(BoostState.ACTIVE, Party.SYSTEM),
        (BoostState.AWAITING, BoostEvent.LAPSE): _by(BoostState.ENDED, Party.SYSTEM),
        (BoostState.ACTIVE, BoostEvent.RENEW): _by(BoostState.ACTIVE, Party.SYSTEM),
        (BoostState.ACTIVE, BoostEvent.UPGRADE): _by(BoostState.ACTIVE, Party.SYSTEM),
        (BoostState.ACTIVE, BoostEvent.MISS): _by(BoostState.PAST_DUE, Party.SYSTEM),
        (BoostState.ACTIVE, BoostEvent.CANCEL): _by(BoostState.CANCELLED, Party.EXPERT),
        (BoostState.PAST_DUE, BoostEvent.RENEW): _by(BoostState.ACTIVE, Party.SYSTEM),
        (BoostState.PAST_DUE, BoostEvent.GIVE_UP): _by(BoostState.ENDED, Party.EXPERT),
        (BoostState.PAST_DUE, BoostEvent.LAPSE): _by(BoostState.ENDED, Party.SYSTEM),
        (BoostState.CANCELLED, BoostEvent.RESUME): _by(BoostState.ACTIVE, Party.EXPERT),
        (BoostState.CANCELLED, BoostEvent.LAPSE): _by(BoostState.ENDED, Party.SYSTEM),
        **{(state, BoostEvent.LEAVE): _by(BoostState.ENDED, Party.SYSTEM) for state in _LIVE},
    },
)
LIFECYCLES = (ESCROWS, PAYMENTS, REFUNDS, CHARGEBACKS, TRANSFERS, PAYOUTS, PROPOSALS, BOOSTS)


@dataclass(frozen=True, slots=True)
class Amounts:
    """The cents of an escrow: what is due to the payee in all, what came, what went back, what was released."""

    due: int
    paid: int
    refunded: int
    released: int

    @property
    def held(self) -> int:
        """Return what is there."""
        return self.paid - self.refunded - self.released

    @property
    def missing(self) -> int:
        """Return what is still to be paid."""
        return max(0, self.due - self.released - self.held)

    @property
    def surplus(self) -> int:
        """Return what is there and due to nobody."""
        return max(0, self.held - (self.due - self.released))

    @property
    def is_covered(self) -> bool:
        """Tell whether all that is due is there."""
        return self.missing == 0


def documented() -> str:
    """Return the page of the documentation that shows the tables: `docs/money.md` is held equal to it."""
    parts = ["# How money moves", "Made from `billing/lifecycle.py`; a test holds both equal."]
    for lifecycle in LIFECYCLES:
        parts += [f"## {lifecycle.kind.title()}", f"```mermaid\n{as_diagram(lifecycle)}\n```", as_table(lifecycle)]
    return "\n\n".join(parts) + "\n"
