"""The page of an expert's papers: what each is, how it stands, and what is wrong with one that was sent."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from booking import cover, vigilance
from booking.cover import Policy
from booking.models.papers import OtherClients, PaperKind, WorkPaper
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate

NAMES: Mapping[PaperKind, str] = {
    PaperKind.RC_PRO: message("Certificate of professional liability insurance (RC Pro)"),
    PaperKind.VIGILANCE: message("URSSAF attestation (attestation de vigilance)"),
    PaperKind.REGISTRATION: message("Extract of the register (Kbis, RNE)"),
    PaperKind.FOREIGN_WORKERS: message("List of employees who need a work permit"),
    PaperKind.IDENTITY_ABROAD: message("Abroad: proof of VAT number, or of identity and address"),
    PaperKind.SOCIAL_ABROAD: message("Abroad: proof of social security, such as form A1"),
    PaperKind.REGISTRATION_ABROAD: message("Abroad: extract of the register of businesses"),
}
STATES: Mapping[vigilance.State, str] = {
    vigilance.State.THERE: message("There"),
    vigilance.State.MISSING: message("Missing"),
    vigilance.State.OUTDATED: message("Too old"),
}
_REASONS: Mapping[tuple[str, str], str] = {
    ("kind", "missing"): message("Please choose what this paper is."),
    ("issued_on", "missing"): message("Please give the day on which it was issued."),
    ("issued_on", "not_yet"): message("This day has not come yet, or is too long ago."),
    ("ends_on", "missing"): message("Please give the last day of the cover, as the certificate says it."),
    ("ends_on", "over"): message("This paper has ended already, or its end is too far away."),
    ("issued_on", "no_day"): message("Please give the day, like 2026-12-31."),
    ("ends_on", "no_day"): message("Please give the day, like 2026-12-31."),
    ("has_other_clients", "missing"): message("Please tick the statement if it is true."),
}
_OF_FILES: Mapping[str, str] = {
    "too_large": message("This file is too large."),
    "no_file": message("Please choose a file."),
    "no_paper": message("This is no PDF, JPEG or PNG that can be read."),
    "encrypted": message("This PDF is protected by a password. Please send one that opens without."),
    "too_many_pages": message("A paper has ten pages at most."),
    "active_content": message(
        "This PDF holds a program or opens something. Please print it to a new PDF and send that."
    ),
}


def context(
    found: Mapping[PaperKind, WorkPaper],
    stated: Sequence[OtherClients],
    policy: Policy,
    language: Language,
    *,
    today: date,
    form: Mapping[str, str],
    error: Invalid | None,
) -> dict[str, Any]:
    """Return the template's values."""
    faults = error.faults if error else []
    return {
        "rows": [_row(kind, found[kind], today, language) for kind in PaperKind if kind in found],
        "kinds": [(kind.value, translate(language, NAMES[kind])) for kind in PaperKind],
        "cover": cover.cover(found.get(PaperKind.RC_PRO), policy, today),
        "stated": stated,
        "form": form,
        "faults": {fault.field: said(fault, language) for fault in reversed(faults)},
    }


def said(fault: Fault, language: Language) -> str:
    """Return a fault in words."""
    return translate(language, _REASONS.get((fault.field, fault.code)) or _OF_FILES[fault.code])


def _row(kind: PaperKind, paper: WorkPaper, today: date, language: Language) -> dict[str, Any]:
    [standing] = vigilance.standings([kind], {kind: paper}, today)
    return {
        "paper": paper,
        "name": translate(language, NAMES[kind]),
        "state": standing.state.value,
        "state_name": translate(language, STATES[standing.state]),
        "until": standing.until,
    }
