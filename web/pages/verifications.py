"""The page on which an expert says who is paid, and proves it."""

from collections.abc import Mapping
from typing import Any

from billing import owner_rules
from billing.identity_paper_texts import name_of, reason_of
from billing.models.identity_papers import OPEN, IdentityPaper
from billing.owner_rules import Proof
from billing.owners import Stage, Standing
from billing.provider_states import OwnerKind, PaperKind, PaperState
from foundation.i18n import Language, message, translate
from web.pages import spaces

KINDS: Mapping[OwnerKind, str] = {
    OwnerKind.PERSON: message("a private person"),
    OwnerKind.SOLE_TRADER: message("a sole trader"),
    OwnerKind.BUSINESS: message("a company"),
}
STATES: Mapping[PaperState, str] = {
    PaperState.CREATED: message("On its way"),
    PaperState.ASKED: message("Being looked at"),
    PaperState.VALIDATED: message("In order"),
    PaperState.REFUSED: message("To be sent again"),
    PaperState.OUTDATED: message("No longer valid"),
}
MISSING = message("To be sent")
PROOFS: Mapping[Proof, str] = {
    Proof.PASSPORT: message("passport"),
    Proof.CARD: message("identity card, both sides"),
    Proof.LICENCE: message("driving licence, both sides"),
    Proof.PERMIT: message("residence permit, both sides"),
}
_HINTS: Mapping[PaperKind, str] = {
    PaperKind.REGISTRATION: message(
        "An extract of the register of businesses, three months old at most: in France the Kbis, for sole traders the "
        "“avis de situation” of Sirene or an extract of the RNE."
    ),
    PaperKind.ARTICLES: message("The latest version, signed."),
    PaperKind.SHAREHOLDERS: message("The payment provider’s form, signed by whoever represents the company by law."),
    PaperKind.ADDRESS: message("A bill or tax notice of the last twelve months, for example."),
}
_LANGUAGES = message(
    "In German, English, Spanish, French, Italian, Dutch or Portuguese; else with a sworn translation into English or "
    "French as another file."
)
_PROVING = frozenset({Stage.CONFIRMING, Stage.PROVING, Stage.VERIFIED})
_UNASKED = (PaperKind.SHAREHOLDERS, PaperKind.ADDRESS)
"""Only sent where the provider asks for more."""


def context(
    found: Standing,
    papers: Mapping[PaperKind, IdentityPaper],
    given: Mapping[str, str],
    language: Language,
    *,
    is_sandbox: bool,
) -> dict[str, Any]:
    """Return the template's values."""
    details = found.details if found.details and found.details.kind == found.kind else None
    needed = owner_rules.needed(found.kind) if found.kind and found.stage in _PROVING else ()
    country = details.country if details else ""
    nationality = details.nationality if details else ""
    return {
        "stage": found.stage.value,
        "is_another": found.stage is Stage.ASKED and found.details is not None,
        "kind": found.kind.value if found.kind else "",
        "kind_name": translate(language, KINDS[found.kind]) if found.kind else "",
        "details": details,
        "declined": details.declined if details else "",
        "is_told": details is None or details.is_told,
        "countries": [("", translate(language, message("Please choose"))), *spaces.country_choices(language)],
        "form": given,
        "about": given.get("kind", ""),
        "is_sandbox": is_sandbox,
        "rows": [_row(kind, papers.get(kind), nationality, language) for kind in needed],
        "others": [_row(kind, papers.get(kind), nationality, language) for kind in _UNASKED] if needed else [],
        "is_quick": owner_rules.is_quick(country) and owner_rules.is_quick(nationality),
    }


def _row(kind: PaperKind, paper: IdentityPaper | None, nationality: str, language: Language) -> dict[str, Any]:
    state = PaperState(paper.state) if paper else None
    waits_or_holds = state in {*OPEN, PaperState.VALIDATED}
    return {
        "kind": kind.value,
        "name": name_of(kind, language),
        "hint": _hint(kind, nationality, language),
        "paper": paper,
        "state": state.value if state else "missing",
        "state_name": translate(language, STATES[state] if state else MISSING),
        "reason": reason_of(paper.reason, paper.explanation, language) if paper and state == "refused" else "",
        "may_send": not waits_or_holds,
    }


def _hint(kind: PaperKind, nationality: str, language: Language) -> str:
    if kind is PaperKind.IDENTITY:
        named = "; ".join(translate(language, PROOFS[proof]) for proof in owner_rules.proofs(nationality))
        return translate(language, message("One of these, valid and in colour: %(named)s."), named=named)
    hint = translate(language, _HINTS[kind])
    return f"{hint} {translate(language, _LANGUAGES)}" if owner_rules.depends_on_status(kind) else hint
