"""The tax on a service: each row of the table in the research notes (§4), the four cases of S19, and more."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import mentions, tax_rates, taxes
from billing.taxes import Party, Tax, TaxCode, Undecided
from foundation.i18n import LANGUAGES
from taxonomy import zones

ON = date(2026, 12, 1)
NUMBERS = {"FR": "FR44732829320", "DE": "DE136695976", "FI": "FI20774740", "MC": "FR40303265045", "GB": "XI110305878"}


def business(country: str, *, has_number: bool = True, **more: object) -> Party:
    number = NUMBERS.get(country, f"{country}1") if has_number else None
    return Party(country, True, number, **more)  # pyright: ignore[reportArgumentType]


def consumer(country: str) -> Party:
    return Party(country, False)


def small(country: str, *, has_number: bool = False) -> Party:
    return business(country, has_number=has_number, has_vat_franchise=True)


FR, DE, US = business("FR"), business("DE"), business("US")
UNNUMBERED_FR, UNNUMBERED_DE = business("FR", has_number=False), business("DE", has_number=False)
S, E, AE = TaxCode.STANDARD, TaxCode.EXEMPT, TaxCode.REVERSE_CHARGE
FRENCH = Tax(S, 2000, "FR")
GERMAN = Tax(S, 1900, "DE")
REVERSED = Tax(AE, 0, None, "VATEX-EU-AE", ("reverse_charge",))
SMALL = Tax(E, 0, None, "VATEX-FR-FRANCHISE", ("franchise_fr",))


def outside(*said: str) -> Tax:
    return Tax(TaxCode.OUTSIDE, 0, None, "VATEX-EU-O", said)


TABLE = {
    # The rows of the research notes, §4.
    "same country, taxable": (FR, business("FR", has_number=False), FRENCH),
    "same country, a consumer": (DE, consumer("DE"), GERMAN),
    "French franchise, France": (small("FR"), FR, SMALL),
    "French franchise, a consumer": (small("FR"), consumer("DE"), SMALL),
    "two states, a business with a number": (FR, DE, REVERSED),
    "two states, a business without a number": (FR, UNNUMBERED_DE, FRENCH),
    "two states, a consumer": (DE, consumer("FR"), GERMAN),
    "out of the Union, a business, from France": (FR, US, outside("outside_scope_fr")),
    "out of the Union, a business, from elsewhere": (DE, US, outside("outside_scope")),
    "out of the Union, a consumer": (FR, consumer("US"), outside("outside_scope_consumer")),
    "into the Union, a business": (US, DE, outside("buyer_accounts")),
    "into the Union, a consumer": (US, consumer("DE"), outside()),
    # The cases of S19 that these do not have.
    "S19, case 1: both outside": (US, business("CN"), outside()),
    "S19, case 2: franchise, both numbers": (small("FR", has_number=True), DE, REVERSED),
    "S19, case 2: franchise, abroad without a number": (small("FR"), DE, SMALL),
    "S19, case 2: franchise, outside the Union": (small("FR"), US, outside("outside_scope_fr")),
    "S19, case 2: franchise of another state": (small("DE"), DE, Tax(E, 0, None, None, ("franchise_eu",))),
    "S19, case 2: franchise outside the Union": (small("US"), US, Tax(E, 0, None, None, ("franchise",))),
    "S19, case 3: the seller's number missing": (UNNUMBERED_FR, DE, FRENCH),
    "S19, case 3: both missing": (UNNUMBERED_DE, UNNUMBERED_FR, GERMAN),
    "S19, case 4: outside the Union, one's own rate": (
        business("MA", own_rate_bp=2000),
        business("MA"),
        Tax(S, 2000, "MA"),
    ),
    "S19, case 4: outside the Union, no tax": (business("US", own_rate_bp=0), US, outside()),
    # Places that are not what they seem.
    "Northern Ireland, where numbers are for goods": (FR, business("GB"), outside("outside_scope_fr")),
    "Greece, by the letters of its numbers": (FR, business("EL"), REVERSED),
    "Greece, at home": (business("EL"), business("GR"), Tax(S, 2400, "GR")),
    "Monaco is France": (FR, business("MC"), FRENCH),
    "Monaco is in the Union": (business("MC"), DE, REVERSED),
    "Réunion, where a business buys": (FR, business("RE"), Tax(S, 850, "RE")),
    "Réunion sells to the mainland": (business("RE"), FR, FRENCH),
    "a consumer in Réunion": (FR, consumer("RE"), FRENCH),
    "Réunion to a consumer in the Union": (business("RE"), consumer("DE"), Tax(S, 850, "RE")),
    "Réunion abroad": (business("RE"), DE, outside("outside_scope_fr")),
    "to Réunion from abroad": (DE, business("RE"), outside("outside_scope")),
    "French Guiana": (FR, business("GF"), outside("not_applicable_there")),
    "a small business in Guadeloupe": (small("GP"), FR, SMALL),
}


@pytest.mark.parametrize(("seller", "buyer", "expected"), TABLE.values(), ids=TABLE)
def test_the_tax_of_each_case(seller: Party, buyer: Party, expected: Tax) -> None:
    assert taxes.decide(seller, buyer, ON) == expected


@pytest.mark.parametrize(
    ("state", "before", "since", "rate"),
    [
        ("FI", 2400, date(2024, 9, 1), 2550),
        ("SK", 2000, date(2025, 1, 1), 2300),
        ("EE", 2200, date(2025, 7, 1), 2400),
        ("RO", 1900, date(2025, 8, 1), 2100),
    ],
)
def test_a_rate_holds_from_its_day(state: str, before: int, since: date, rate: int) -> None:
    at_home = business(state)
    assert taxes.decide(at_home, at_home, since - (date(2024, 1, 2) - date(2024, 1, 1))).rate_bp == before
    assert taxes.decide(at_home, at_home, since).rate_bp == taxes.decide(at_home, at_home, ON).rate_bp == rate


def test_every_state_has_a_rate_between_the_bounds_of_the_union() -> None:
    assert len(tax_rates.STATES) == 27
    for state in tax_rates.STATES:
        assert 1500 <= (tax_rates.standard_bp(state, ON) or 0) <= 2700, "directive 2006/112, article 97, and Hungary"


@pytest.mark.parametrize(
    ("seller", "on", "code"),
    [
        (business("CH"), ON, "own_rate_needed"),
        (business("CH", own_rate_bp=5_001), ON, "no_rate"),
        (business("CH", own_rate_bp=-1), ON, "no_rate"),
        (FR, date(2023, 12, 31), "no_rate"),
        (business(""), ON, "country_missing"),
    ],
)
def test_what_is_missing_is_said(seller: Party, on: date, code: str) -> None:
    with pytest.raises(Undecided) as raised:
        taxes.decide(seller, business(seller.country), on)
    assert raised.value.code == code


countries = st.sampled_from(sorted(zones.country_codes() | {"EL"}))
parties = st.builds(
    Party,
    countries,
    st.booleans(),
    st.none() | st.just("a number"),
    st.booleans(),
    st.integers(0, taxes.HIGHEST_OWN_RATE_BP),
)


@given(parties, parties)
def test_whoever_sells_to_whomever_there_is_one_answer_that_can_be_printed(seller: Party, buyer: Party) -> None:
    tax = taxes.decide(seller, buyer, ON)
    assert (tax.rate_bp > 0) is (tax.code is S) is (tax.country is not None)
    assert tax.code is not S or not tax.mentions
    if seller.has_vat_franchise:
        assert tax.code is not S, "a seller under a franchise charges none in any case"
    if tax.code is AE:
        assert all((seller.vat_number, buyer.vat_number, buyer.is_business))
        assert all(taxes.is_in_union(party.country) for party in (seller, buyer))
    for key in tax.mentions:
        for language in LANGUAGES:
            assert mentions.text(key, language, ON)


@given(st.integers(-(10**12), 10**12), st.integers(0, 10_000))
def test_a_tax_is_rounded_once_and_half_a_cent_goes_up(net_cents: int, rate_bp: int) -> None:
    cents = taxes.tax_cents(net_cents, Tax(S, rate_bp, "FR"))
    assert abs(cents * 10_000 - net_cents * rate_bp) <= 5_000
    assert taxes.tax_cents(-net_cents, Tax(S, rate_bp, "FR")) == -cents


@pytest.mark.parametrize(
    ("net_cents", "rate_bp", "tax"), [(50, 2550, 13), (2, 2500, 1), (1, 2500, 0), (12_345, 2000, 2469)]
)
def test_examples_of_rounding(net_cents: int, rate_bp: int, tax: int) -> None:
    assert taxes.tax_cents(net_cents, Tax(S, rate_bp, "X")) == tax


def test_the_french_franchise_is_written_by_the_law_of_the_day() -> None:
    old, new = (mentions.text("franchise_fr", "fr", day) for day in (date(2026, 8, 31), date(2026, 9, 1)))
    assert "293 B" in old
    assert "L. 223-3" in new
    assert mentions.accepted("franchise_fr", "fr", date(2027, 12, 31)) == [new, old]
    assert mentions.accepted("franchise_fr", "fr", date(2028, 1, 1)) == [new]
    assert mentions.accepted("franchise_fr", "fr", date(2026, 8, 31)) == [old]
    assert "259" in mentions.text("outside_scope_fr", "fr", ON)
    assert "259" not in mentions.text("outside_scope_fr", "fr", date(2028, 1, 1))


def test_every_mention_is_written_on_every_day_in_both_languages() -> None:
    for key in mentions.BY_KEY:
        for day in (date(2024, 1, 1), ON, date(2028, 1, 1), date(2100, 1, 1)):
            for language in LANGUAGES:
                assert mentions.text(key, language, day) == mentions.accepted(key, language, day)[0]
