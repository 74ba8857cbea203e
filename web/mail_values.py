"""What each template of `web/templates/mails` takes: the values of a mail, as its use case writes them.

Templates make links of tokens: use cases know no addresses of pages. Names end in `token` or `url` where the value may
open something, and nowhere else: those are blanked once the mail has left (`foundation.mails`). Addresses may be given
without their host.
"""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from foundation.i18n import Language
from web import news_texts

LONGEST_LINE = 200
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")
"""Spaces and line ends of every kind, but those that French and numbers need."""
_TURNED = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the direction of what follows, with which a name can look like another."""


def one_line(text: str) -> str:
    """Return a text as one line that is not overly long."""
    line = _SPACES.sub(" ", _TURNED.sub("", text)).strip()
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"


def _known_news(code: str) -> str:
    if code not in news_texts.TEXTS:
        raise ValueError("nothing is said of this")
    return code


Line = Annotated[str, AfterValidator(one_line)]
Url = Annotated[str, Field(pattern=r"^(https?:/)?/[^/\s\"<>][^\s\"<>]*$")]
Token = Annotated[str, Field(pattern=r"^[\w.~-]+$")]
Minutes = Annotated[int, Field(gt=0)]


class Values(BaseModel):
    """The values of a template, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ConfirmEmail(Values):
    """To a new account's address. It says nothing that whoever signed up wrote: the address may be a stranger's."""

    token: Token
    lasts_minutes: Minutes


class ResetPassword(Values):
    """To an account whose password is forgotten."""

    name: Line
    token: Token
    lasts_minutes: Minutes


class EmailTaken(Values):
    """To an account with whose address somebody tried to sign up."""

    name: Line


class ChangeEmail(Values):
    """To the address that an account is to have. It may be a stranger's too."""

    token: Token
    lasts_minutes: Minutes


class EmailChanged(Values):
    """To the address that an account no longer has."""

    name: Line
    new_email: Line


class PasswordChanged(Values):
    """To an account whose password was changed."""

    name: Line


class SecondFactorChanged(Values):
    """To an account whose second factor, or the codes that stand in for it, are others now."""

    name: Line
    change: Literal["added", "removed", "codes_renewed"]


class ExpertInvitation(Values):
    """To an expert whose profile stands here without an account; `slug` is the profile's if it is shown already."""

    name: Line
    token: Token
    lasts_minutes: Minutes
    slug: Line | None = None


class ColleagueInvitation(Values):
    """To somebody whom a colleague asks to join their company's account."""

    invited_by: Line
    company: Line
    role: Literal["owner", "buyer", "viewer", "accountant"]
    token: Token
    lasts_minutes: Minutes


class ClientInvitation(Values):
    """To an expert's own client who has no account yet: a quote, or another version of it (mission row S16)."""

    name: Line
    expert: Line
    title: Line
    number: Line
    reason: str = ""
    """Why there is another version."""
    amount_cents: int
    currency: Line
    day: date
    """The last one on which it can be accepted."""
    token: Token
    lasts_minutes: Minutes


class OperatorInvitation(Values):
    """To somebody who is to run the site."""

    invited_by: Line
    token: Token
    lasts_minutes: Minutes


class AlertExpert(Values):
    """An expert that a saved search has newly found; `language` is the headline's."""

    name: Line
    headline: Line
    slug: Line
    language: Language = "fr"


class Alert(Values):
    """New matches of a saved search: the first ones, of `total`. `unsubscribe_url` takes RFC 8058's one-click POST."""

    name: Line
    search: Line
    """What the search is called."""
    search_url: Url
    experts: Annotated[list[AlertExpert], Field(min_length=1)]
    total: Annotated[int, Field(gt=0)]
    unsubscribe_url: Url


class AvailabilityAsk(Values):
    """To an expert who has long said nothing about being available; one address answers yes or no."""

    name: Line
    confirmed_on: date | None = None
    """When they said so last."""
    token: Token
    lasts_minutes: Minutes
    unsubscribe_url: Url | None = None


class Suspension(Values):
    """To an account that is suspended: the reasons are owed to it (Regulation (EU) 2019/1150, articles 4 and 11)."""

    name: Line
    reason: str
    """The rule that was broken, in the recipient's language."""
    facts: str
    """What happened, in the recipient's language."""
    terminates_on: date | None = None
    """When the account ends for good, at least 30 days from the suspension; None: it may last."""


class SuspensionAnswered(Values):
    """To a suspended account: the suspension is over, or stays after a complaint was looked at."""

    name: Line
    is_lifted: bool
    reason: str


class NoticeReceived(Values):
    """To whoever sent a notice about something here (Regulation (EU) 2022/2065, article 16(4))."""

    name: Line
    number: Line
    expert: Line
    """Whose profile it is about."""
    explanation: str


class NoticeDecided(Values):
    """To whoever sent a notice, and to whom it is about: what was decided and why (articles 16(5) and 17)."""

    name: Line
    is_notifier: bool
    """Else the recipient is whose profile it is about."""
    number: Line
    expert: Line
    is_about_review: bool
    decision: Literal["no_action", "comment_hidden", "review_hidden", "profile_hidden", "suspended", "reopened"]
    reason: str


class News(Values):
    """To the other side of a mission, quote or offer, and to colleagues: something has happened (`web.news_texts`)."""

    name: Line
    code: Annotated[str, AfterValidator(_known_news)]
    path: Url
    counterpart: Line = ""
    title: Line = ""
    number: Line = ""
    note: str = ""
    """What the other side wrote, or a reason."""
    day: date | None = None
    amount_cents: int | None = None
    currency: Line = ""


class Said(Values):
    """A message of a thread; `author` is empty for the operator, who answers in an expert's place."""

    author: Line
    text: str
    files: list[Line] = []


class MessageNews(Values):
    """To somebody to whom others have written: what they wrote, and an address by which an answer lands there."""

    name: Line
    counterpart: Line
    thread_id: Line
    messages: Annotated[list[Said], Field(min_length=1)]
    left_out: Annotated[int, Field(ge=0)] = 0
    """Messages that are not in the mail."""
    reply_token: Token


class ReplyHeld(Values):
    """To somebody in whose name a mail came from another address."""

    name: Line
    sender: Line
    thread_id: Line


class MandateGiven(Values):
    """To an expert who gave the billing mandate, for their own files."""

    name: Line
    mandator: Line
    version: Line
    fingerprint: Line


class PaymentReceived(Values):
    """To those who pay for a client: what came, and what is still missing."""

    name: Line
    title: Line
    """What it is for."""
    reference: Line
    cents: Annotated[int, Field(gt=0)]
    missing_cents: Annotated[int, Field(ge=0)]
    currency: Line


class PaymentRequested(Values):
    """To a company's accounting, which may have no account here: what is to be paid, and the link to it (S20)."""

    sent_by: Line
    company: Line
    number: Line
    title: Line
    order_number: Line
    cents: Annotated[int, Field(gt=0)]
    currency: Line
    due_on: date | None
    """None: on receipt."""
    token: Token
    lasts_minutes: Minutes


class RefundAsked(Values):
    """To an expert: a client asks for money back, which only the expert's consent can send (mission row S25)."""

    name: Line
    title: Line
    refund_id: Line
    cents: Annotated[int, Field(gt=0)]
    currency: Line
    explanation: str
    is_reminder: bool


class RefundAnswered(Values):
    """To whoever asked for money back: the expert agrees, or does not."""

    name: Line
    title: Line
    reference: Line
    cents: Annotated[int, Field(gt=0)]
    currency: Line
    is_agreed: bool
    answer: str


class BankAccountChanged(Values):
    """To an expert who is paid to another bank account from now on: whoever did it, they hear of it (S23)."""

    name: Line
    ending: Line
    """The last four signs of its number."""
    country: Line


class PayoutStopped(Values):
    """To an expert whose payout failed, or was sent back by the bank: why, and what to do (S23)."""

    name: Line
    title: Line
    cents: Annotated[int, Field(gt=0)]
    currency: Line
    reason: Line
    """The provider's code."""
    came_back: bool


class DocumentSent(Values):
    """To whoever pays for a client, or to an expert: a document of accounting, which is attached (S24)."""

    name: Line
    document_id: Line
    sending: Line
    """Which line of the document's log this mail is."""
    party: Literal["client", "expert"]
    kind: Literal["invoice", "credit_note", "commission", "boost"]
    number: Line
    title: Line
    seller: Line
    buyer: Line
    cents: Annotated[int, Field(ge=0)]
    currency: Line


class AccountErased(Values):
    """To the address of an account that is gone."""

    name: Line


LAST = "account_erased"
"""The mail after which nothing is kept of whom it went to."""
TEMPLATES: dict[str, type[Values]] = {
    "confirm_email": ConfirmEmail,
    "reset_password": ResetPassword,
    "email_taken": EmailTaken,
    "change_email": ChangeEmail,
    "email_changed": EmailChanged,
    "password_changed": PasswordChanged,
    "second_factor_changed": SecondFactorChanged,
    "expert_invitation": ExpertInvitation,
    "colleague_invitation": ColleagueInvitation,
    "client_invitation": ClientInvitation,
    "operator_invitation": OperatorInvitation,
    "alert": Alert,
    "availability_ask": AvailabilityAsk,
    "suspension": Suspension,
    "suspension_answered": SuspensionAnswered,
    "notice_received": NoticeReceived,
    "notice_decided": NoticeDecided,
    "news": News,
    "message": MessageNews,
    "reply_held": ReplyHeld,
    "mandate_given": MandateGiven,
    "payment_received": PaymentReceived,
    "payment_request": PaymentRequested,
    "refund_asked": RefundAsked,
    "refund_answered": RefundAnswered,
    "bank_account_changed": BankAccountChanged,
    "payout_stopped": PayoutStopped,
    "document": DocumentSent,
    "account_erased": AccountErased,
}
