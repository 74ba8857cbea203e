"""The page of an expert's legal identity: what is asked depends on country and status."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts import legal_identities, legal_status_texts, vat_numbers
from accounts.models.experts import Expert, LegalStatus
from accounts.models.profiles import LegalIdentity
from foundation.errors import Fault
from foundation.i18n import Language, message, translate
from web.pages import spaces

_REASONS = {
    "not_there": message("This status does not exist in this country."),
    "no_such_number": message("This is no such number: please compare it with your papers."),
}
_FIELDS = ("legal_name", "address", "registration_number", "vat_number", "portage_company")


def context(
    expert: Expert,
    identity: LegalIdentity | None,
    given: Mapping[str, str],
    faults: Sequence[Fault],
    language: Language,
    *,
    saved: str,
) -> dict[str, Any]:
    """Return the template's values; `given` is what was chosen or typed, if anything was."""
    country = given.get("country") or (identity.country if identity else expert.based_in) or legal_identities.FRANCE
    offered = legal_identities.offered(country)
    chosen = given.get("status") or (identity.status if identity else expert.legal_status) or ""
    status = LegalStatus(chosen) if chosen in offered else None
    wanted = legal_identities.asked(status, country) if status else None
    values = {name: (getattr(identity, name, None) or "") for name in _FIELDS}
    values |= {name: given[name] for name in _FIELDS if name in given}
    is_typed = "legal_name" in given
    has_franchise = bool(given.get("has_vat_franchise")) if is_typed else bool(identity and identity.has_vat_franchise)
    return {
        "country": country,
        "country_name": spaces.country_name(country, language),
        "countries": spaces.country_choices(language),
        "statuses": [(item.value, legal_status_texts.label(item, language)) for item in offered],
        "status": status.value if status else "",
        "status_name": legal_status_texts.label(status, language) if status else "",
        "was_not_offered": bool(chosen) and status is None,
        "asked": wanted,
        "register_name": wanted.register.name if wanted and wanted.register else "",
        "is_in_eu": country in legal_identities.FRENCH_LANDS or legal_identities.is_in_eu(country),
        "values": values,
        "vat_standing": vat_numbers.standing(identity.vat_number, identity.vat_proof) if identity else "none",
        "has_vat_franchise": has_franchise,
        "faults": {
            fault.field: translate(language, _REASONS[fault.code])
            if fault.code in _REASONS
            else spaces.said(fault, language)
            for fault in faults
        },
        "saved": saved,
    }
