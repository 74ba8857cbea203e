from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import clock, currencies

QUOTED = ("EUR", "USD", "CHF", "GBP", "CNY", "JPY", "INR", "BRL")
PEGGED = ("AED", "SAR", "XOF", "XAF", "XPF", "CVE", "BAM", "NAD")
amounts = st.integers(100, 100_000_000)


@given(amounts, st.sampled_from(QUOTED + PEGGED))
def test_an_amount_in_its_own_currency_stays_as_it_is(cents: int, currency: str) -> None:
    assert currencies.convert(cents, currency, currency) == cents


@given(amounts, st.sampled_from(QUOTED + PEGGED))
def test_an_amount_comes_back_from_euros_as_it_went(cents: int, currency: str) -> None:
    euros = currencies.convert(cents, currency, "EUR")
    assert euros is not None
    back = currencies.convert(euros, "EUR", currency)
    units = currencies.units_per_eur(currency)
    assert units is not None
    assert back == pytest.approx(cents, abs=units / 2 + 1)


@pytest.mark.parametrize(
    ("amount", "source", "target", "expected"),
    [
        (10_000, "EUR", "XOF", 6_559_570),
        (6_559_570, "XAF", "EUR", 10_000),
        (10_000, "USD", "AED", 36_725),
        (37_500, "SAR", "USD", 10_000),
        (195_583, "BAM", "EUR", 100_000),
        (5_000, "ZAR", "NAD", 5_000),
    ],
)
def test_pegged_currencies_go_through_their_peg(amount: int, source: str, target: str, expected: int) -> None:
    assert currencies.convert(amount, source, target) == expected


@pytest.mark.parametrize("currency", QUOTED[1:] + PEGGED)
def test_a_rate_is_the_right_way_up(currency: str) -> None:
    dear = {"USD", "CHF", "GBP"}
    units = currencies.units_per_eur(currency)
    assert units is not None
    assert (0.5 < units < 1.5) if currency in dear else units > 1.5


@pytest.mark.parametrize("currency", ["VND", "XXX", "eur", ""])
def test_a_currency_without_a_rate_cannot_be_compared(currency: str) -> None:
    assert currencies.convert(100, currency, "EUR") is None
    assert currencies.convert(100, "EUR", currency) is None


def test_the_rates_say_of_which_day_they_are() -> None:
    assert date(2024, 1, 1) <= currencies.rates_on() <= clock.today()
