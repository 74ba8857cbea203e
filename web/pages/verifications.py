"""The page on which an expert says who is paid, and proves it."""

from collections.abc import Mapping
from typing import Any

from billing.owners import Stage, Standing
from billing.provider_states import OwnerKind
from foundation.i18n import Language, message, translate
from web.pages import spaces

KINDS: Mapping[OwnerKind, str] = {
    OwnerKind.PERSON: message("a private person"),
    OwnerKind.SOLE_TRADER: message("a sole trader"),
    OwnerKind.BUSINESS: message("a company"),
}


def context(found: Standing, given: Mapping[str, str], language: Language, *, is_sandbox: bool) -> dict[str, Any]:
    """Return the template's values."""
    details = found.details
    return {
        "stage": found.stage.value,
        "asks": found.stage in {Stage.ASKED, Stage.DECLINED},
        "is_another": found.stage is Stage.ASKED and details is not None,
        "kind": found.kind.value if found.kind else "",
        "kind_name": translate(language, KINDS[found.kind]) if found.kind else "",
        "details": details if details and details.kind == found.kind else None,
        "declined": details.declined if details and found.stage is Stage.DECLINED else "",
        "countries": [("", translate(language, message("Please choose"))), *spaces.country_choices(language)],
        "form": given,
        "is_sandbox": is_sandbox,
    }
