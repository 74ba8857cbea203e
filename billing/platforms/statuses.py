"""Messages of invoices' life cycles: XML of UN/CEFACT, CrossDomainAcknowledgementAndResponse (XP Z12-012, CDAR).

Every approved platform has to speak it. Elements are looked for by their names alone: the namespaces carry versions.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from billing.models.deliveries import State
from billing.platforms.interface import Status

STATES: Mapping[str, State] = {
    "200": State.DEPOSITED,
    "201": State.ISSUED,
    "202": State.RECEIVED,
    "203": State.AVAILABLE,
    "204": State.TAKEN_OVER,
    "205": State.APPROVED,
    "206": State.PARTLY_APPROVED,
    "207": State.DISPUTED,
    "208": State.SUSPENDED,
    "209": State.COMPLETED,
    "210": State.REFUSED,
    "211": State.PAYMENT_SENT,
    "212": State.COLLECTED,
    "213": State.REJECTED,
    "220": State.CANCELLED,
    "221": State.MISROUTED,
    "501": State.INADMISSIBLE,
}
"""Déposée, émise, reçue, mise à disposition, prise en charge, approuvée, approuvée partiellement, en litige, suspendue,
complétée, refusée, paiement transmis, encaissée, rejetée, annulée, erreur de routage, irrecevable."""
LARGEST_BYTES = 1_000_000
_PARIS = ZoneInfo("Europe/Paris")
_MOMENT, _DAY = ("204", "%Y%m%d%H%M%S"), ("102", "%Y%m%d")
"""Formats of dates, by their codes in UNTDID 2379."""


class Unreadable(ValueError):
    """This is no message of a life cycle."""


def read(content: bytes) -> Sequence[Status]:
    """Return what a message says of documents; raise Unreadable."""
    if len(content) > LARGEST_BYTES:
        raise Unreadable("it is too large")
    try:
        # Without entities and without the network: the file is somebody else's.
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"it is no XML: {error}") from error
    if root.getroottree().docinfo.doctype or _name(root) != "CrossDomainAcknowledgementAndResponse":
        raise Unreadable("it is no CrossDomainAcknowledgementAndResponse")
    found = [status for told in _all(root, "AcknowledgementDocument") for status in _statuses(told)]
    if not found:
        raise Unreadable("it says nothing of any document")
    return found


def _statuses(told: etree.Element) -> Iterator[Status]:
    issued = next(_all(told, "IssueDateTime"), None)
    for reference in _all(told, "ReferenceReferencedDocument"):
        code = _text(reference, "ProcessConditionCode")
        if code not in STATES:
            raise Unreadable(f"its status {code!r} is unknown")
        reasons = [
            " ".join(filter(None, (_text(status, "ReasonCode"), _text(status, "Reason"))))
            for status in _all(reference, "SpecifiedDocumentStatus")
        ]
        number = _text(reference, "IssuerAssignedID")
        if not number or issued is None:
            raise Unreadable("it does not say of which document, or when")
        yield Status(number, code, _instant(issued), "; ".join(filter(None, reasons)))


def _instant(element: etree.Element) -> datetime:
    """Return the moment that an element says: clocks are those of France, since the format has no zone."""
    for said in element.iter():
        for code, pattern in (_MOMENT, _DAY):
            if said.get("format") == code:
                try:
                    return datetime.strptime((said.text or "").strip(), pattern).replace(tzinfo=_PARIS)
                except ValueError as error:
                    raise Unreadable("its date is none") from error
    raise Unreadable("its date has no format that is known")


def _all(element: etree.Element, name: str) -> Iterator[etree.Element]:
    return (child for child in element if _name(child) == name)


def _text(element: etree.Element, name: str) -> str:
    found = next(_all(element, name), None)
    return "" if found is None else (found.text or "").strip()


def _name(element: etree.Element) -> str:
    return str(etree.QName(element).localname) if isinstance(element.tag, str) else ""
