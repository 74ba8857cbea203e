"""Which mails somebody may switch off. What an account's safety or a contract needs is always sent."""

from enum import StrEnum

from accounts.models.accounts import Account, AccountKind


class Topic(StrEnum):
    """What a mail is about, of those that may be refused."""

    ALERTS = "alerts"
    """New matches of saved searches."""
    AVAILABILITY = "availability"
    """The question whether one is still available."""
    MESSAGES = "messages"
    """What somebody wrote to one."""
    OFFERS = "offers"
    """Mission sheets that are proposed to one, or that one proposes, and what becomes of them."""


_TOPICS: dict[AccountKind, tuple[Topic, ...]] = {
    AccountKind.COMPANY: (Topic.MESSAGES, Topic.OFFERS, Topic.ALERTS),
    AccountKind.PRIVATE_CLIENT: (Topic.MESSAGES, Topic.OFFERS, Topic.ALERTS),
    AccountKind.EXPERT: (Topic.MESSAGES, Topic.OFFERS, Topic.AVAILABILITY),
    AccountKind.OPERATOR: (),
}


def topics_of(kind: AccountKind) -> tuple[Topic, ...]:
    """Return what somebody of a kind may choose."""
    return _TOPICS[kind]


def wants(account: Account, topic: Topic) -> bool:
    """Tell whether an account is to be mailed about a topic."""
    return account.notifications.get(topic.value, True)
