"""What has to be written on a quote or an invoice, by the day: law is recodified, so no mention is a constant.

A wording is written from a day on; an older one may still be read, where the law says until when. Documents freeze the
text that they were issued with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from foundation.i18n import Language

_EVER, _FOREVER = date(2024, 1, 1), date.max
_RECODIFIED = date(2026, 9, 1)
"""VAT moves from the CGI to the CIBS (ordinance 2025-1247)."""
_OLD_REFERENCES_UNTIL = date(2027, 12, 31)
"""Until when references to the CGI are accepted after that."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a mention is written from a day on, and until which day it is accepted."""

    key: str
    written_from: date
    accepted_until: date
    fr: str
    en: str
    source: str


WORDINGS: Sequence[Wording] = (
    Wording(
        "franchise_fr",
        _EVER,
        _OLD_REFERENCES_UNTIL,
        "TVA non applicable, article 293 B du CGI",
        "VAT not applicable, article 293 B of the French tax code (CGI)",
        "CGI, article 293 E",
    ),
    Wording(
        "franchise_fr",
        _RECODIFIED,
        _FOREVER,
        "TVA non applicable, article L. 223-3 du Code des impositions sur les biens et services (CIBS)",
        "VAT not applicable, article L. 223-3 of the French code of taxes on goods and services (CIBS)",
        "impots.gouv.fr, for invoices from 1 September 2026",
    ),
    Wording(
        "franchise_eu",
        _EVER,
        _FOREVER,
        "Exonération : franchise des petites entreprises, article 284 de la directive 2006/112/CE",
        "Exempt: special scheme for small enterprises, article 284 of Directive 2006/112/EC",
        "Directive 2006/112/EC, articles 226(11) and 284 (as amended by Directive 2020/285)",
    ),
    Wording(
        "franchise",
        _EVER,
        _FOREVER,
        "Sans taxe : régime des petites entreprises du pays du vendeur",
        "No tax: small enterprises’ scheme of the seller’s country",
        "no general rule outside the Union: the seller’s own mentions complete it",
    ),
    Wording(
        "reverse_charge",
        _EVER,
        _FOREVER,
        "Autoliquidation",
        "Reverse charge",
        "Directive 2006/112/EC, articles 44, 196 and 226(11a); CGI, annex II, article 242 nonies A, I, 13°",
    ),
    Wording(
        "buyer_accounts",
        _EVER,
        _FOREVER,
        "TVA due par le preneur, article 196 de la directive 2006/112/CE",
        "VAT to be accounted for by the customer, article 196 of Directive 2006/112/EC",
        "Directive 2006/112/EC, articles 44 and 196",
    ),
    Wording(
        "outside_scope_fr",
        _EVER,
        _OLD_REFERENCES_UNTIL,
        "TVA non applicable, article 259, 1° du CGI (article 44 de la directive 2006/112/CE)",
        "VAT not applicable, article 259, 1° of the French tax code (article 44 of Directive 2006/112/EC)",
        "CGI, article 259, 1°; annex II, article 242 nonies A, I, 12°",
    ),
    Wording(
        "outside_scope_fr",
        date(2028, 1, 1),
        _FOREVER,
        "TVA française non applicable, article 44 de la directive 2006/112/CE",
        "French VAT not applicable, article 44 of Directive 2006/112/EC",
        # The reference to the directive alone is enough, whatever number the article has in the CIBS.
        "Directive 2006/112/EC, articles 44 and 226(11)",
    ),
    Wording(
        "outside_scope",
        _EVER,
        _FOREVER,
        "Hors du champ de la TVA, article 44 de la directive 2006/112/CE",
        "Outside the scope of VAT, article 44 of Directive 2006/112/EC",
        "Directive 2006/112/EC, article 44",
    ),
    Wording(
        "outside_scope_consumer",
        _EVER,
        _FOREVER,
        "Hors du champ de la TVA, article 59, c) de la directive 2006/112/CE",
        "Outside the scope of VAT, article 59(c) of Directive 2006/112/EC",
        "Directive 2006/112/EC, article 59(c)",
    ),
    Wording(
        "not_applicable_there",
        _EVER,
        _FOREVER,
        "TVA non applicable en Guyane et à Mayotte",
        "VAT does not apply in French Guiana and Mayotte",
        "CGI, article 294, 1",
    ),
    Wording(
        "recovery_costs",
        _EVER,
        _FOREVER,
        "Retard de paiement : indemnité forfaitaire de 40 € pour frais de recouvrement",
        "Late payment: fixed compensation of €40 for recovery costs",
        "Commercial code, articles L. 441-10, II, and D. 441-5",
    ),
    Wording(
        "late_penalties",
        _EVER,
        _FOREVER,
        "Pénalités de retard : trois fois le taux d’intérêt légal",
        "Late payment penalties: three times the French legal interest rate",
        "Commercial code, articles L. 441-9, I, and L. 441-10, II",
    ),
    Wording(
        "no_recovery_costs",
        _EVER,
        _FOREVER,
        "Frais de recouvrement : sans objet, le client est un particulier",
        "Recovery costs: not applicable, the client is a private person",
        "Commercial code, article L. 441-10, II, which is for professionals",
    ),
    Wording(
        "no_late_penalties",
        _EVER,
        _FOREVER,
        "Pénalités de retard : sans objet, le prix a été payé d’avance",
        "Late payment penalties: not applicable, the price was paid in advance",
        "Commercial code, article L. 441-10, II, which is for professionals",
    ),
    Wording(
        "no_discount",
        _EVER,
        _FOREVER,
        "Escompte pour paiement anticipé : néant",
        "Discount for early payment: none",
        "Commercial code, article L. 441-9, I",
    ),
)
BY_KEY = MappingProxyType({key: [one for one in WORDINGS if one.key == key] for key in {one.key for one in WORDINGS}})


def text(key: str, language: Language, on: date) -> str:
    """Return how a mention is written on a day; KeyError where there is no such mention."""
    known = BY_KEY[key]
    latest = [wording for wording in known if wording.written_from <= on] or known[:1]
    return getattr(latest[-1], language)


def accepted(key: str, language: Language, on: date) -> list[str]:
    """Return every wording that may stand on a document of a day, the one to be written first."""
    known = [one for one in BY_KEY[key] if one.written_from <= on <= one.accepted_until]
    return [getattr(wording, language) for wording in reversed(known)]
