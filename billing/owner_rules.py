"""As what an expert is paid, by legal status, and what has to be proved then, by country (mission row S26). Pure.

What is asked for is Mangopay's: docs.mangopay.com, guides/users/verification/requirements (natural users: identity;
sole traders: registration too, no articles; businesses: both), …/requirements/id-accepted (which papers prove an
identity, by the country that issued them) and …/requirements/kyb-local (extracts not older than three months,
languages, translations). It is a bank's duty to know whom it pays: code monétaire et financier, L. 561-5, R. 561-5.
"""

from collections.abc import Mapping
from enum import StrEnum

from accounts.legal_identities import FRENCH_LANDS, is_in_eu
from accounts.models.experts import LegalStatus
from billing.provider_states import OwnerKind, PaperKind

_KINDS: Mapping[LegalStatus, OwnerKind] = {
    LegalStatus.SASU: OwnerKind.BUSINESS,
    LegalStatus.SARL: OwnerKind.BUSINESS,
    LegalStatus.EURL: OwnerKind.BUSINESS,
    LegalStatus.COMPANY: OwnerKind.BUSINESS,
    LegalStatus.MICRO_ENTREPRENEUR: OwnerKind.SOLE_TRADER,
    LegalStatus.SOLE_TRADER: OwnerKind.SOLE_TRADER,
    LegalStatus.OTHER: OwnerKind.PERSON,
}
_EEA_BESIDES_EU = frozenset({"IS", "LI", "NO"})
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")
"""Papers of a business in any other language need a sworn translation into English or French, as another page."""


class Proof(StrEnum):
    """A paper that proves an identity."""

    PASSPORT = "passport"
    CARD = "card"
    LICENCE = "licence"
    PERMIT = "permit"


def kind_of(status: str | None) -> OwnerKind | None:
    """Return as what somebody of a legal status is paid; None where it is not known, or a portage company is paid."""
    return _KINDS.get(LegalStatus(status)) if status else None


def needed(kind: OwnerKind) -> tuple[PaperKind, ...]:
    """Return the papers without which nothing is paid out, in the order in which they are asked for."""
    if kind is OwnerKind.PERSON:
        return (PaperKind.IDENTITY,)
    if kind is OwnerKind.SOLE_TRADER:
        return (PaperKind.IDENTITY, PaperKind.REGISTRATION)
    return (PaperKind.IDENTITY, PaperKind.REGISTRATION, PaperKind.ARTICLES)


def declares(kind: OwnerKind) -> bool:
    """Tell whether an owner has to declare to whom they belong: businesses do.

    Mangopay asks it of businesses (docs.mangopay.com, guides/users/verification/beneficial-owners); the law, of banks
    that have one as a client: code monétaire et financier, L. 561-5 and L. 561-2-2.
    """
    return kind is OwnerKind.BUSINESS


def proofs(nationality: str) -> tuple[Proof, ...]:
    """Return what proves the identity of somebody of a country; a passport does everywhere."""
    if nationality == "NO":
        return (Proof.PASSPORT, Proof.CARD, Proof.LICENCE)
    if is_in_eea(nationality):
        return tuple(Proof)
    if nationality == "CH":
        return (Proof.PASSPORT, Proof.PERMIT)
    return (Proof.PASSPORT,)


def depends_on_status(kind: PaperKind) -> bool:
    """Tell whether a paper is about the business: with another status there is another one."""
    return kind in {PaperKind.REGISTRATION, PaperKind.ARTICLES, PaperKind.SHAREHOLDERS}


def is_quick(country: str) -> bool:
    """Tell whether papers of a country are looked at in a day or two; others may take longer (mission row S26)."""
    return is_in_eea(country)


def is_in_eea(country: str) -> bool:
    """Tell whether a country is in the European Economic Area; what belongs to France is."""
    return country in FRENCH_LANDS or is_in_eu(country) or country in _EEA_BESIDES_EU
