"""What became of documents, in words."""

from collections.abc import Mapping

from billing.documents import deliveries, deposits, sendings
from billing.documents.archives import Problem
from billing.documents.deliveries import Standing
from billing.models.deliveries import State, Way
from foundation.i18n import Language, message, translate
from web.rendering import PARIS, long_date

_MAILS: Mapping[tuple[str, State], str] = {
    (deliveries.CLIENT, State.QUEUED): message("is about to be mailed to the client"),
    (deliveries.CLIENT, State.SENT): message("mailed to the client on %(day)s"),
    (deliveries.CLIENT, State.FAILED): message("could not be mailed to the client on %(day)s"),
    (deliveries.EXPERT, State.QUEUED): message("is about to be mailed to the expert"),
    (deliveries.EXPERT, State.SENT): message("mailed to the expert on %(day)s"),
    (deliveries.EXPERT, State.FAILED): message("could not be mailed to the expert on %(day)s"),
}
_OTHERS: Mapping[State, str] = {
    State.QUEUED: message("is about to go to the invoicing platform"),
    State.HANDED_OVER: message("handed to the invoicing platform on %(day)s"),
    State.FAILED: message("could not be handed to the invoicing platform on %(day)s"),
    State.DEPOSITED: message("deposited at the invoicing platform on %(day)s"),
    State.ISSUED: message("passed on by the invoicing platform on %(day)s"),
    State.RECEIVED: message("received by the client’s platform on %(day)s"),
    State.AVAILABLE: message("available to the client at its platform since %(day)s"),
    State.TAKEN_OVER: message("in the client’s accounting since %(day)s"),
    State.APPROVED: message("approved by the client on %(day)s"),
    State.PARTLY_APPROVED: message("approved by the client in part on %(day)s"),
    State.DISPUTED: message("disputed by the client on %(day)s"),
    State.SUSPENDED: message("put off by the client on %(day)s: something is missing"),
    State.COMPLETED: message("completed on %(day)s"),
    State.REFUSED: message("refused by the client on %(day)s"),
    State.PAYMENT_SENT: message("the client’s platform notes its payment on %(day)s"),
    State.COLLECTED: message("noted as paid on %(day)s"),
    State.REJECTED: message("rejected by the invoicing platform on %(day)s"),
    State.CANCELLED: message("cancelled at the invoicing platform on %(day)s"),
    State.MISROUTED: message("not delivered: the invoicing platform did not find the client on %(day)s"),
    State.INADMISSIBLE: message("not admitted by the invoicing platform on %(day)s"),
    State.DAMAGED: message("damaged: what is kept is not what was issued, as was found on %(day)s"),
    State.UNMADE: message("without a file: it could not be made, as was found on %(day)s"),
    State.WHOLE: message("whole again since %(day)s"),
}
_REASONS: Mapping[str, str] = {
    sendings.NOBODY: message("nobody to write to"),
    sendings.BAD_ADDRESS: message("no address that can be written to"),
    deliveries.LATE: message("not sent within two days"),
    deposits.OTHER_BYTES: message("another file has its number there"),
    deposits.NO_PLATFORM: message("no platform is set up any more"),
    Problem.CONTENT.value: message("what it says has changed"),
    Problem.COLUMNS.value: message("its row says something else than the document"),
    Problem.FILE.value: message("the bytes of its file have changed"),
}
"""What we note ourselves; everything else is said as the platform or the mail server said it."""


def text(standing: Standing, language: Language) -> str:
    """Return how a document stands by one way, with the reason where there is one."""
    said = _MAILS[standing.party, standing.state] if standing.way is Way.MAIL else _OTHERS[standing.state]
    day = long_date(standing.at.astimezone(PARIS).date(), language)
    told = translate(language, said, day=day)
    reason = translate(language, _REASONS[standing.detail]) if standing.detail in _REASONS else standing.detail
    return f"{told} ({reason})" if reason and standing.state is not State.HANDED_OVER else told
