"""Cutting a reply out of a mail: what its author wrote, without what it answers to and what programs add below.

First by the line that our own mails begin with; then by what mail programs write above a quotation, in French, English
and German (`mail-parser-reply`, and our own list of what that does not know). Whoever answers below a quotation, or
between its lines, is read by what is not quoted. Closing words such as “Kind regards” stay: a cut too many would lose
what somebody said, one too few shows a line twice.
"""

import re

from mailparser_reply import EmailReplyParser

LONGEST = 200_000
"""Characters that are looked at: no reply is as long."""
_READ_CLOSELY = 10_000
"""Characters that the library looks through: its patterns take long over more, and over lines as those below."""
_SLOW_LINE = re.compile(r"^[> \t]*(?:On|Le|Am)\s[^\n]{150}", re.MULTILINE | re.IGNORECASE)
_MARKER = re.compile(r"^[>| \t*]*##-[^#]{1,300}-##", re.MULTILINE)
_SAID = r"wrote|writes|(?:a\s+)?[ée]crit|schrieb(?:en)?|geschrieben|ha\s+scritto|escribió"
_ATTRIBUTION = re.compile(
    r"^[> \t*]*(?:(?:On|Le|Am|El|Il|Em|At|Den|Op)\b[^\n]{0,200}(?:\n[^\n]{1,200}){0,3}?"
    rf"(?:{_SAID})\s*(?:[^\n]{{0,120}}(?:\n[^\n]{{1,80}})?)?:\s*$"
    r"|[^\n]{0,160}(?:<[^>\n]{1,120}@[^>\n]{1,120}>)[^\n]{0,60}(?:wrote|a écrit|schrieb)[^\n]{0,60}:\s*$"
    r"|\d{4}-\d\d-\d\d[^\n]{0,120}<[^>\n]{1,240}>\s*:\s*$)",
    re.MULTILINE | re.IGNORECASE,
)
_HEADER_NAMES = (
    r"From|Sent|To|Subject|Date|Cc|De|Envoyé|Envoyée|À|A|Objet|Date d['’]envoi|Pour|Copie à|Cc|"
    r"Von|Gesendet|An|Betreff|Datum|Kopie"
)
_HEADERS = re.compile(
    rf"^[> \t*]*(?:From|De|Von|Gesendet)\**\s?:[^\n]+\n(?:[> \t*]*(?:{_HEADER_NAMES})\**\s?:[^\n]*(?:\n|$)){{2,6}}",
    re.MULTILINE | re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"^[> \t]*(?:-{2,}\s*(?:Original Message|Message d['’]origine|Message original|Mail original|"
    r"Ursprüngliche Nachricht|Originalnachricht|Forwarded message|Message transféré|Reply message)\s*-{2,}|"
    r"_{20,}|(?:Begin forwarded message|Début du message (?:réexpédié|transféré)|"
    r"Anfang der weitergeleiteten Nachricht)\s*:|Message du \d\d/\d\d/\d\d)",
    re.MULTILINE | re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^(?:-- ?|—|__+)\s*$", re.MULTILINE)
_FOOTER = re.compile(
    r"\n+[ \t]*(?:Sent (?:from|with|via) |Get Outlook for |Envoyé (?:de|depuis|à partir|avec) |Télécharge[rz] Outlook|"
    r"Obtenir Outlook|Provenance\s?: |Gesendet (?:von|mit) |Von meinem |Outlook für |Diese Nachricht wurde von )"
    r"[^\n]{0,120}(?:\n[^\n]{0,80})?\s*$",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\n{3,}")
_PARSER = EmailReplyParser(languages=["en", "fr", "de"])


def cut(text: str) -> str:
    """Return what the author of a mail wrote; empty where nothing is left."""
    whole = text[:LONGEST].replace("\r\n", "\n").replace("\u00a0", " ").replace("\u202f", " ")
    whole = _BLANKS.sub("\n\n", "\n".join(line.rstrip() for line in whole.split("\n")))
    marked = _MARKER.search(whole)
    above = whole[: marked.start()] if marked else whole
    said = _without_ends(_above_quotation(above))
    # Below the quotation, or between its lines: our marker, and all else that is quoted, is left behind.
    return said or _without_ends(_unquoted(whole))


def _above_quotation(text: str) -> str:
    ends = [found.start() for pattern in (_ATTRIBUTION, _HEADERS, _SEPARATOR) if (found := pattern.search(text))]
    said = text[: min(ends)] if ends else text
    quoted = re.search(r"(?:^>.*\n?){3,}\s*\Z", said, re.MULTILINE)
    said = said[: quoted.start()] if quoted else said
    if len(said) > _READ_CLOSELY or not said.strip() or _SLOW_LINE.search(said):
        return said
    replies = _PARSER.read(said).replies
    first = replies[0].full_body if replies else ""
    return first if first.strip() else said


def _unquoted(text: str) -> str:
    without = _ATTRIBUTION.sub("", _MARKER.sub("", text))
    return "\n".join(line for line in without.split("\n") if not line.lstrip().startswith(">"))


def _without_ends(text: str) -> str:
    """Return a text without a signature that is marked as one, and without what programs add below."""
    signature = _SIGNATURE.search(text)
    said = text[: signature.start()] if signature and text[: signature.start()].strip() else text
    said = _FOOTER.sub("", f"\n{said.rstrip()}")
    lines = [line.rstrip() for line in said.split("\n")]
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()
