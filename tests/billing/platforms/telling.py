"""What a platform tells, as it writes it: messages of the life cycle by XP Z12-012."""

from datetime import datetime
from xml.sax.saxutils import escape

from billing.platforms.statuses import STATES

_WHOLE = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossDomainAcknowledgementAndResponse
  xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossDomainAcknowledgementAndResponse:100"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
  xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
  <rsm:ExchangedDocument><ram:ID>CDV-1</ram:ID></rsm:ExchangedDocument>
  <rsm:AcknowledgementDocument>
    <ram:TypeCode>23</ram:TypeCode>
    <ram:IssueDateTime><udt:DateTimeString format="204">{at:%Y%m%d%H%M%S}</udt:DateTimeString></ram:IssueDateTime>
    {references}
  </rsm:AcknowledgementDocument>
</rsm:CrossDomainAcknowledgementAndResponse>
"""
_REFERENCE = """<ram:ReferenceReferencedDocument>
      <ram:IssuerAssignedID>{number}</ram:IssuerAssignedID>
      <ram:TypeCode>380</ram:TypeCode>
      <ram:ProcessConditionCode>{code}</ram:ProcessConditionCode>
      <ram:ProcessCondition>{words}</ram:ProcessCondition>
      <ram:IssuerTradeParty><ram:GlobalID schemeID="0002">443061841</ram:GlobalID></ram:IssuerTradeParty>
      {reason}
    </ram:ReferenceReferencedDocument>"""
_REASON = """<ram:SpecifiedDocumentStatus>
        <ram:ReasonCode>{code}</ram:ReasonCode><ram:Reason>{text}</ram:Reason>
      </ram:SpecifiedDocumentStatus>"""


def message(number: str, *codes: str, at: datetime, reason_code: str = "", reason: str = "") -> bytes:
    """Return a message that tells statuses of a document; `at` is what clocks in France show."""
    said = _REASON.format(code=reason_code, text=escape(reason)) if reason_code or reason else ""
    references = [
        _REFERENCE.format(number=escape(number), code=code, words=STATES.get(code, ""), reason=said) for code in codes
    ]
    return _WHOLE.format(at=at, references="".join(references)).encode()
