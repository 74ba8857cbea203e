"""What legal statuses are called."""

from accounts.models.experts import LegalStatus
from foundation.i18n import Language, message, translate

_LABELS: dict[str, str] = {
    LegalStatus.SASU: message("SASU (France)"),
    LegalStatus.SARL: message("SARL (France)"),
    LegalStatus.EURL: message("EURL (France)"),
    LegalStatus.MICRO_ENTREPRENEUR: message("Micro-entrepreneur (France)"),
    LegalStatus.PORTAGE_SALARIAL: message("Portage salarial (France)"),
    LegalStatus.SOLE_TRADER: message("Sole trader"),
    LegalStatus.COMPANY: message("Registered company"),
    LegalStatus.OTHER: message("Other status"),
}


def label(status: str, language: Language) -> str:
    """Return what a status is called."""
    return translate(language, _LABELS[status])
