"""The commission: nothing is lost between client, expert and operator, and a reduction only ever helps the expert."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from billing import commissions, taxes
from billing.commissions import WHOLE_BP
from billing.taxes import Party, Tax, TaxCode
from foundation.settings import Operator, Settings

ON = date(2026, 12, 1)
OPERATOR = commissions.seller(Operator())
amounts = st.integers(0, 10**11)
rates = st.integers(0, Settings.model_fields["commission_bp"].metadata[1].le)
shares = st.integers(0, WHOLE_BP)
any_tax = st.builds(Tax, st.just(TaxCode.STANDARD), st.integers(0, 2_700), st.just("FR"))


@given(amounts, rates, any_tax, any_tax)
def test_what_the_client_pays_is_shared_without_rest(net_cents: int, rate_bp: int, sale: Tax, tax: Tax) -> None:
    gross_cents = net_cents + taxes.tax_cents(net_cents, sale)
    owed = commissions.reckon(net_cents, rate_bp=rate_bp, tax=tax)
    paid_out_cents = gross_cents - owed.total_cents
    assert owed.before_tax_cents + owed.tax_cents + paid_out_cents == gross_cents
    assert 0 <= owed.before_tax_cents <= owed.total_cents <= gross_cents
    assert abs(owed.before_tax_cents * WHOLE_BP - net_cents * rate_bp) <= WHOLE_BP // 2


@given(amounts, rates, shares, shares, any_tax)
def test_a_greater_reduction_never_costs_more(net_cents: int, rate_bp: int, one: int, other: int, tax: Tax) -> None:
    less, more = sorted((one, other))
    left = [commissions.reduced_bp(rate_bp, share) for share in (less, more)]
    assert rate_bp >= left[0] >= left[1] >= 0
    owed = [commissions.reckon(net_cents, rate_bp=rate, tax=tax).total_cents for rate in left]
    assert owed[0] >= owed[1] >= 0


@given(amounts, amounts, rates, any_tax)
def test_a_higher_price_never_owes_less(one: int, other: int, rate_bp: int, tax: Tax) -> None:
    owed = [commissions.reckon(net, rate_bp=rate_bp, tax=tax).total_cents for net in sorted((one, other))]
    assert owed == sorted(owed)


@pytest.mark.parametrize(
    ("expert", "code", "owed"),
    [
        (Party("FR", True, "FR44732829320"), TaxCode.STANDARD, (10_000, 2_000)),
        (Party("FR", True, None, has_vat_franchise=True), TaxCode.STANDARD, (10_000, 2_000)),
        (Party("DE", True, "DE136695976"), TaxCode.REVERSE_CHARGE, (10_000, 0)),
        (Party("DE", True), TaxCode.STANDARD, (10_000, 2_000)),
        (Party("MA", True, "1"), TaxCode.OUTSIDE, (10_000, 0)),
    ],
)
def test_the_commission_is_taxed_by_where_operator_and_expert_are(
    expert: Party, code: TaxCode, owed: tuple[int, int]
) -> None:
    tax = taxes.decide(OPERATOR, expert, ON)
    found = commissions.reckon(100_000, rate_bp=Settings().commission_bp, tax=tax)
    assert (tax.code, (found.before_tax_cents, found.tax_cents)) == (code, owed)


def test_half_is_let_off_and_all_may_be() -> None:
    assert [commissions.reduced_bp(1_000, share) for share in (0, 5_000, 3_333, WHOLE_BP)] == [1_000, 500, 667, 0]


def test_no_commission_is_reckoned_on_less_than_nothing() -> None:
    for net_cents, rate_bp in ((-1, 1_000), (1, -1), (1, WHOLE_BP + 1)):
        with pytest.raises(ValueError, match="no commission"):
            commissions.reckon(net_cents, rate_bp=rate_bp, tax=Tax(TaxCode.OUTSIDE, 0))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("commission_bp", -1),
        ("commission_bp", 3_001),
        ("own_client_first_reduction_bp", 10_001),
        ("own_client_reduction_bp", -1),
        ("referral_reduction_bp", 10_001),
    ],
)
def test_settings_of_the_commission_have_bounds(name: str, value: int) -> None:
    with pytest.raises(ValidationError):
        Settings(**{name: value})  # pyright: ignore[reportArgumentType]
