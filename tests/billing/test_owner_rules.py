import pytest

from accounts.models.experts import LegalStatus
from billing import owner_rules
from billing.owner_rules import Proof
from billing.provider_states import OwnerKind, PaperKind
from billing.providers.sandbox_parties import ASKED_PAPERS, DECLARING

PERSON, TRADER, BUSINESS = OwnerKind
IDENTITY, REGISTRATION, ARTICLES = PaperKind.IDENTITY, PaperKind.REGISTRATION, PaperKind.ARTICLES


@pytest.mark.parametrize(
    ("status", "kind", "papers", "declares"),
    [
        ("sasu", BUSINESS, (IDENTITY, REGISTRATION, ARTICLES), True),
        ("sarl", BUSINESS, (IDENTITY, REGISTRATION, ARTICLES), True),
        ("eurl", BUSINESS, (IDENTITY, REGISTRATION, ARTICLES), True),
        ("company", BUSINESS, (IDENTITY, REGISTRATION, ARTICLES), True),
        ("micro_entrepreneur", TRADER, (IDENTITY, REGISTRATION), False),
        ("sole_trader", TRADER, (IDENTITY, REGISTRATION), False),
        ("other", PERSON, (IDENTITY,), False),
    ],
)
def test_the_legal_status_decides_as_what_one_is_paid_and_what_has_to_be_proved(
    status: str, kind: OwnerKind, papers: tuple[PaperKind, ...], declares: bool
) -> None:
    assert owner_rules.kind_of(status) is kind
    assert (owner_rules.needed(kind), owner_rules.declares(kind)) == (papers, declares)


def test_in_portage_and_without_a_status_nobody_is_paid_by_us() -> None:
    paid = {status for status in LegalStatus if owner_rules.kind_of(status)}
    assert set(LegalStatus) - paid == {LegalStatus.PORTAGE_SALARIAL}
    assert owner_rules.kind_of(None) is None


def test_the_simulated_provider_verifies_whoever_proved_what_is_needed() -> None:
    assert {kind: frozenset(owner_rules.needed(kind)) for kind in OwnerKind} == ASKED_PAPERS
    assert {kind for kind in OwnerKind if owner_rules.declares(kind)} == DECLARING


@pytest.mark.parametrize(
    ("country", "proofs", "is_quick"),
    [
        ("FR", tuple(Proof), True),
        ("RE", tuple(Proof), True),
        ("GR", tuple(Proof), True),
        ("IS", tuple(Proof), True),
        ("NO", (Proof.PASSPORT, Proof.CARD, Proof.LICENCE), True),
        ("CH", (Proof.PASSPORT, Proof.PERMIT), False),
        ("GB", (Proof.PASSPORT,), False),
        ("MA", (Proof.PASSPORT,), False),
        ("", (Proof.PASSPORT,), False),
    ],
)
def test_the_country_decides_which_papers_prove_who_one_is_and_how_long_that_takes(
    country: str, proofs: tuple[Proof, ...], is_quick: bool
) -> None:
    assert (owner_rules.proofs(country), owner_rules.is_quick(country)) == (proofs, is_quick)


def test_papers_about_the_business_are_asked_for_anew_with_another_status() -> None:
    about = {kind for kind in PaperKind if owner_rules.depends_on_status(kind)}
    assert about == {REGISTRATION, ARTICLES, PaperKind.SHAREHOLDERS}
