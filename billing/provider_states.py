"""What may be said of somebody, of a paper, a payout or a subscription at a payment provider, whichever it is."""

from enum import StrEnum


class OwnerKind(StrEnum):
    """As what an expert is paid, which decides on the papers."""

    PERSON = "person"
    SOLE_TRADER = "sole_trader"
    BUSINESS = "business"


class UserState(StrEnum):
    """Whether a user can be used."""

    PENDING = "pending"
    """They have to do something at the provider: see `User.action_url`."""
    ACTIVE = "active"
    CLOSED = "closed"


class RecipientState(StrEnum):
    """Whether money can be sent to a recipient."""

    PENDING = "pending"
    """Its owner has to confirm it at the provider: see `Recipient.action_url`."""
    ACTIVE = "active"
    CLOSED = "closed"


class PayoutState(StrEnum):
    """How far a payout is."""

    CREATED = "created"
    SUCCEEDED = "succeeded"
    """Sent. Not the end: see RETURNED."""
    FAILED = "failed"
    RETURNED = "returned"
    """It was sent, and the bank sent it back: the money is in the wallet again."""


class PaperKind(StrEnum):
    """What a paper proves."""

    IDENTITY = "identity"
    REGISTRATION = "registration"
    """That the business is registered: an extract of the register."""
    ARTICLES = "articles"
    """The articles of association."""
    SHAREHOLDERS = "shareholders"
    """Who owns the business: a signed declaration."""
    ADDRESS = "address"


class PaperState(StrEnum):
    """How far the provider is with a paper."""

    CREATED = "created"
    """Not all of it has arrived, or nobody was asked to look at it."""
    ASKED = "asked"
    """Being looked at: one or two days, longer for some countries."""
    VALIDATED = "validated"
    REFUSED = "refused"
    OUTDATED = "outdated"
    """It was valid, and has expired: a new one is needed."""


class DeclarationState(StrEnum):
    """How far the provider is with a declaration of who owns a business."""

    CREATED = "created"
    """Not all of it has arrived, or nobody was asked to look at it."""
    ASKED = "asked"
    VALIDATED = "validated"
    REFUSED = "refused"
    INCOMPLETE = "incomplete"
    """Something is missing beside it or in it: it is taken up again by the next one."""
    OUTDATED = "outdated"
    """It was valid under another legal status. Providers know no such thing."""


class Period(StrEnum):
    """How often."""

    MONTH = "month"
    YEAR = "year"


class SubscriptionState(StrEnum):
    """Whether a subscription can be charged."""

    CREATED = "created"
    """The first charge has not succeeded yet."""
    ACTIVE = "active"
    AUTHENTICATION = "authentication"
    """The payer has to be there for the next charge: `is_first` again, with `Charge.action_url`."""
    ENDED = "ended"
