"""When a referral earns nothing: each abuse has its reason, and what is nobody's fault has none."""

import pytest

from accounts import company_numbers
from billing import referral_rules
from billing.models.reductions import Refusal
from billing.referral_rules import Known

NUMBER = frozenset({"FR 732829320"})
SPONSOR = Known(frozenset({"s"}), frozenset({"+33600000001"}), NUMBER, frozenset({"sponsor.fr"}))
OTHER = Known(frozenset({"r"}), frozenset({"+33600000002"}), frozenset({"FR 493275291"}), frozenset({"other.fr"}))


@pytest.mark.parametrize(
    ("referred", "before", "is_known_already", "refusal"),
    [
        (OTHER, set[str](), False, None),
        (Known(frozenset({"r"})), set[str](), False, None),
        (Known(frozenset({"s"})), set[str](), False, Refusal.SELF),
        (Known(frozenset({"r"}), frozenset({"+33600000001"})), set[str](), False, Refusal.SELF),
        (Known(frozenset({"r"}), numbers=NUMBER), set[str](), False, Refusal.SAME_COMPANY),
        (Known(frozenset({"r"}), domains=frozenset({"sponsor.fr"})), set[str](), False, Refusal.SAME_COMPANY),
        (OTHER, {"x", "r"}, False, Refusal.CIRCULAR),
        (OTHER, {"x"}, False, None),
        (OTHER, set[str](), True, Refusal.KNOWN_ALREADY),
    ],
)
def test_a_referral_earns_unless_there_is_a_reason(
    referred: Known, before: set[str], is_known_already: bool, refusal: Refusal | None
) -> None:
    found = referral_rules.refuse(SPONSOR, referred, sponsors_before=before, is_known_already=is_known_already)
    assert found is refusal


def test_people_of_one_client_are_of_one_company() -> None:
    ones = [Known(frozenset({name}), clients=frozenset({"c"})) for name in ("a", "b")]
    assert referral_rules.refuse(*ones, sponsors_before=(), is_known_already=False) is Refusal.SAME_COMPANY


@pytest.mark.parametrize(
    ("other_side", "does_count"),
    [(Known(frozenset({"x"})), True), (SPONSOR, False), (OTHER, False), (Known(numbers=NUMBER), False)],
)
def test_a_transaction_with_the_sponsor_or_with_oneself_counts_for_nothing(other_side: Known, does_count: bool) -> None:
    assert referral_rules.counts(SPONSOR, OTHER, other_side) is does_count


def test_french_numbers_of_one_business_are_one() -> None:
    assert company_numbers.numbers_of("FR", "73282932000074", "FR44732829320") == NUMBER
    assert company_numbers.numbers_of("FR", "732829320", None) == NUMBER
    assert company_numbers.numbers_of("RE", "732829320", "FR44732829320") == NUMBER
    assert company_numbers.numbers_of("DE", "HRB 12-3", "DE136695976") == {"DE HRB123", "DE DE136695976"}
    assert company_numbers.numbers_of(None, None, "") == frozenset()


def test_an_address_that_anybody_may_have_tells_nothing() -> None:
    assert referral_rules.domains_of("anne@conseil-legoff.fr") == {"conseil-legoff.fr"}
    for email in ("anne@gmail.com", "anne@orange.fr", "anne@example.org", "", None):
        assert referral_rules.domains_of(email) == frozenset()
