from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import declaration_forms
from billing.declaration_forms import FIELDS, MOST_PEOPLE, count, named, proposed, reshape
from billing.models.identity_papers import OwnerDetails
from billing.providers import declarations
from billing.providers.interface import Address, BeneficialOwner
from foundation.errors import Invalid
from tests.billing.owning import AT, TODAY

ANNE = OwnerDetails(
    expert_id="e",
    kind="business",
    first_name="Anne",
    last_name="Le Goff",
    born_on=date(1980, 2, 29),
    nationality="FR",
    residence="FR",
    line="1 rue du Port",
    city="Nantes",
    postal_code="44000",
    country="FR",
    name="LG SASU",
    given_at=AT,
)
LIFE = {
    "birth_city": "Brest",
    "birth_country": "FR",
    "line": "2 quai Vert",
    "postal_code": "29200",
    "city": "Brest",
    "country": "FR",
}
FORM = {**proposed(ANNE), **{named(1, field): value for field, value in LIFE.items()}, "complete": "yes"}
SECOND = {
    **{named(2, field): value for field, value in LIFE.items()},
    named(2, "first_name"): "Loïc",
    named(2, "last_name"): "Le Goff",
    named(2, "born_on"): "2010-05-04",
    named(2, "nationality"): "CA",
}
BOTH = {**FORM, **SECOND, "people": "2"}
AT_HOME = Address("2 quai Vert", "Brest", "29200", "FR")


def faults(form: dict[str, str]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        declaration_forms.check(form, ANNE, "fr", TODAY)
    assert all(fault.message for fault in caught.value.faults)
    return [(fault.field, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("first_name", " ", "missing"),
        ("last_name", "", "missing"),
        ("last_name", "x" * 101, "too_long"),
        ("birth_city", "", "missing"),
        ("birth_city", "x" * 101, "too_long"),
        ("birth_country", "", "no_country"),
        ("nationality", "France", "no_country"),
        ("country", "ZZ", "no_country"),
        ("line", "\x1b", "bad_characters"),
        ("city", "", "missing"),
        ("postal_code", "", "missing"),
        ("born_on", "yesterday", "no_day"),
        ("born_on", "2026-12-02", "unlikely"),
        ("born_on", "1880-01-01", "unlikely"),
    ],
)
@pytest.mark.parametrize("place", [1, 2])
def test_each_fault_is_named_with_its_person_and_field(place: int, field: str, value: str, code: str) -> None:
    assert (named(place, field), code) in faults({**BOTH, named(place, field): value})


def test_all_faults_are_found_at_once() -> None:
    found = faults({"people": "2"})
    assert {field for field, _ in found} >= {"p1_first_name", "p2_first_name", "p2_birth_city", "complete"}


def test_people_are_read_as_they_were_typed() -> None:
    anne, loic = declaration_forms.check(BOTH, ANNE, "fr", TODAY)
    assert anne == BeneficialOwner("Anne", "Le Goff", date(1980, 2, 29), "Brest", "FR", "FR", AT_HOME)
    # A child may own a company too.
    assert (loic.first_name, loic.born_on, loic.nationality) == ("Loïc", date(2010, 5, 4), "CA")
    assert declarations.read(declarations.write((anne, loic))) == (anne, loic)


def test_the_only_owner_is_whoever_represents_the_company() -> None:
    typed = {**FORM, "only_me": "yes", **dict.fromkeys(("p1_first_name", "p1_born_on", "p1_nationality"), "")}
    [anne] = declaration_forms.check(typed, ANNE, "fr", TODAY)
    assert (anne.first_name, anne.last_name, anne.born_on, anne.nationality) == (
        "Anne",
        "Le Goff",
        date(1980, 2, 29),
        "FR",
    )
    assert (anne.birth_city, anne.address) == ("Brest", AT_HOME)
    assert faults({**typed, "p1_line": ""}) == [("p1_line", "missing")]
    assert faults({**BOTH, "only_me": "yes"}) == [("only_me", "not_only")]
    empty = dict.fromkeys((named(2, field) for field in FIELDS), "")
    assert len(declaration_forms.check({**BOTH, **empty, "only_me": "yes"}, ANNE, "fr", TODAY)) == 1


def test_nobody_is_named_twice() -> None:
    twice = {**BOTH, "p2_first_name": "ANNE", "p2_born_on": "1980-02-29"}
    assert faults(twice) == [("p2_first_name", "twice")]


def test_some_countries_have_regions_and_some_no_postal_codes() -> None:
    assert faults({**FORM, "p1_country": "US"}) == [("p1_region", "missing")]
    assert declaration_forms.check({**FORM, "p1_country": "US", "p1_region": "MA"}, ANNE, "fr", TODAY)
    assert declaration_forms.check({**FORM, "p1_country": "AE", "p1_postal_code": ""}, ANNE, "fr", TODAY)


@pytest.mark.parametrize(("given", "people"), [("", 1), ("0", 1), ("3", 3), ("9", 4), ("44", 1), ("²", 1), ("x", 1)])
def test_a_form_has_room_for_one_to_four(given: str, people: int) -> None:
    assert count({"people": given}) == people


def test_people_are_added_and_taken_out() -> None:
    more = reshape(BOTH, "add")
    assert more is not None
    assert (count(more), more["p2_first_name"], more["complete"]) == (3, "Loïc", "yes")
    less = reshape(more, "remove-1")
    assert less is not None
    assert (count(less), less["p1_first_name"], less["p2_first_name"], less["complete"]) == (2, "Loïc", "", "yes")
    assert "p3_first_name" not in less
    for odd in ("", "remove", "remove-0", "remove-3", "remove-x", "send", "remove-" + "9" * 5_000):
        assert reshape(BOTH, odd) is None


@given(
    st.dictionaries(st.sampled_from([named(place, field) for place in range(1, 6) for field in FIELDS]), st.text()),
    st.lists(st.sampled_from(["add", "remove-1", "remove-2", "remove-4"]), max_size=8),
)
def test_whatever_is_added_or_taken_out_one_to_four_are_left(form: dict[str, str], wanted: list[str]) -> None:
    for one in wanted:
        people = count(form)
        form = reshape(form, one) or form
        assert 1 <= count(form) <= MOST_PEOPLE
        assert abs(count(form) - people) <= 1
