from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import records
from accounts.records import Record
from tests.builders import REFERENCE, REVIEW, full_record, record

FULL = full_record()


def fields_of(found: Record | list[Any]) -> list[str]:
    """Return the fields that a line's faults name."""
    assert isinstance(found, list), "the line was taken for good"
    return [fault.field for fault in found]


def parse(**fields: Any) -> Record | list[Any]:
    return records.parse(orjson.dumps(record(**fields)))


BAD = [
    ("nonsense", 1, "nonsense"),
    ("ref", None, "ref"),
    ("ref", "", "ref"),
    ("ref", "has space", "ref"),
    ("ref", "-starts-badly", "ref"),
    ("ref", "line\n", "ref"),
    ("ref", "x" * 101, "ref"),
    ("ref", 12, "ref"),
    ("name", None, "name"),
    ("name", "", "name"),
    ("name", "   ", "name"),
    ("name", 12, "name"),
    ("name", "x" * 121, "name"),
    ("name", "bell\x07", "name"),
    ("headline", None, "headline"),
    ("headline", "", "headline"),
    ("headline", "x" * 401, "headline"),
    ("summary", 3, "summary"),
    ("summary", "nul\x00", "summary"),
    ("summary", "x" * 20_001, "summary"),
    ("skills", "Douane", "skills"),
    ("skills", ["Douane", 3], "skills.1"),
    ("skills", ["Douane", ""], "skills.1"),
    ("skills", [f"s{number}" for number in range(51)], "skills"),
    ("soft_skills", {}, "soft_skills"),
    ("soft_skills", [None], "soft_skills.0"),
    ("sectors", [["Vin"]], "sectors.0"),
    ("countries", "FR", "countries"),
    ("countries", ["FR", "fr"], "countries.1"),
    ("countries", ["XX"], "countries.0"),
    ("countries", ["France"], "countries.0"),
    ("languages", ["FR"], "languages.0"),
    ("languages", ["fra"], "languages.0"),
    ("languages", ["xx"], "languages.0"),
    ("based_in", "UK", "based_in"),
    ("based_in", ["FR"], "based_in"),
    ("city", 75_000, "city"),
    ("city", "", "city"),
    ("legal_status", "SASU", "legal_status"),
    ("legal_status", "gmbh", "legal_status"),
    ("day_rate", 650, "day_rate"),
    ("day_rate", {"amount": 650}, "day_rate.currency"),
    ("day_rate", {"currency": "EUR"}, "day_rate.amount"),
    ("day_rate", {"amount": 650, "currency": "eur"}, "day_rate.currency"),
    ("day_rate", {"amount": 650, "currency": "EURO"}, "day_rate.currency"),
    ("day_rate", {"amount": 650, "currency": "EUR", "unit": "day"}, "day_rate.unit"),
    ("day_rate", {"amount": 0, "currency": "EUR"}, "day_rate.amount"),
    ("day_rate", {"amount": -1, "currency": "EUR"}, "day_rate.amount"),
    ("day_rate", {"amount": 0.001, "currency": "EUR"}, "day_rate.amount"),
    ("day_rate", {"amount": 650.125, "currency": "EUR"}, "day_rate.amount"),
    ("day_rate", {"amount": 1e9, "currency": "EUR"}, "day_rate.amount"),
    ("day_rate", {"amount": "650", "currency": "EUR"}, "day_rate.amount"),
    ("day_rate", {"amount": True, "currency": "EUR"}, "day_rate.amount"),
    ("available", "yes", "available"),
    ("available", 1, "available"),
    ("available_from", "2026-13-01", "available_from"),
    ("available_from", "2026-02-30", "available_from"),
    ("available_from", "tomorrow", "available_from"),
    ("available_from", "2026-12-01T00:00:00", "available_from"),
    ("available_from", 20_261_201, "available_from"),
    ("available_from", "1066-10-14", "available_from"),
    ("visible", "true", "visible"),
    ("boosted_until", "soon", "boosted_until"),
    ("references", [REFERENCE] * 4, "references"),
    ("references", [{"client": "PME"}], "references.0.text"),
    ("references", [{**REFERENCE, "url": "http://x"}], "references.0.url"),
    ("reviews", REVIEW, "reviews"),
    ("reviews", [REVIEW, {**REVIEW, "rating": 6}], "reviews.1.rating"),
    ("reviews", [{**REVIEW, "rating": 0}], "reviews.0.rating"),
    ("reviews", [{**REVIEW, "rating": 4.5}], "reviews.0.rating"),
    ("reviews", [{**REVIEW, "rating": True}], "reviews.0.rating"),
    ("reviews", [{**REVIEW, "on": "14/03/2026"}], "reviews.0.on"),
    ("reviews", [{**REVIEW, "on": None}], "reviews.0.on"),
    ("reviews", [{"rating": 5, "on": "2026-03-14"}], "reviews.0.skill"),
    ("reviews", [{**REVIEW, "author": "me"}], "reviews.0.author"),
    ("reviews", [{**REVIEW, "origin": "friend"}], "reviews.0.origin"),
]


@pytest.mark.parametrize(("field", "value", "named"), BAD)
def test_a_bad_value_is_refused_and_its_field_named(field: str, value: Any, named: str) -> None:
    found = records.parse(orjson.dumps({**record(), field: value}))
    assert set(fields_of(found)) == {named}


@pytest.mark.parametrize("line", [b"{", b"nonsense", b"[]", b'"text"', b"3", b"null", b"\xff\xfe{}", b"{}{}"])
def test_a_line_that_is_no_json_object_is_refused(line: bytes) -> None:
    assert fields_of(records.parse(line)) == ["line"]


def test_a_line_without_ref_is_refused() -> None:
    assert fields_of(records.parse(b'{"name": "A", "headline": "B", "summary": "C"}')) == ["ref"]


def test_every_fault_of_a_line_is_listed() -> None:
    found = parse(name=None, headline=None, countries=["XX"], languages=["zz"], shoe_size=44)
    assert set(fields_of(found)) == {"name", "headline", "countries.0", "languages.0", "shoe_size"}


def test_a_bad_code_is_quoted_in_the_reason() -> None:
    found = parse(countries=["ZZ"])
    assert isinstance(found, list)
    assert "'ZZ'" in found[0].message


def test_an_unknown_field_is_called_so() -> None:
    found = parse(shoe_size=44)
    assert isinstance(found, list)
    assert found[0].message == "is not a field of the expert record"


def test_the_pinned_record_is_good() -> None:
    found = records.parse(orjson.dumps(FULL))
    assert isinstance(found, Record)
    assert (found.available_from, found.city) == (date(2026, 12, 1), "Lyon")


@pytest.mark.parametrize("field", sorted(set(FULL) - {"ref", "name", "headline"}))
def test_null_is_good_in_every_field_that_can_be_cleared(field: str) -> None:
    assert isinstance(records.parse(orjson.dumps({**FULL, field: None})), Record)


@pytest.mark.parametrize(
    "status",
    [
        "sasu",
        "sarl",
        "eurl",
        "micro_entrepreneur",
        "portage_salarial",
        "sole_trader",
        "company",
        "other",
    ],
)
def test_every_pinned_legal_status_is_good(status: str) -> None:
    assert isinstance(parse(legal_status=status), Record)


def test_spaces_around_labels_are_dropped_and_repeated_labels_said_once() -> None:
    found = parse(name="  Anne ", skills=[" Douane", "Douane", "Vente"])
    assert isinstance(found, Record)
    assert (found.name, found.skills) == ("Anne", ["Douane", "Vente"])


@given(st.integers(1, 100_000_000))
def test_a_day_rate_keeps_its_cents(cents: int) -> None:
    found = parse(day_rate={"amount": cents / 100, "currency": "EUR"})
    assert isinstance(found, Record)
    assert found.day_rate is not None
    assert found.day_rate.amount_cents == cents


@given(st.binary(max_size=40))
def test_no_line_of_bytes_breaks_the_check(line: bytes) -> None:
    assert fields_of(records.parse(line))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(Record.model_fields)), json_values))
def test_whatever_the_fields_hold_a_line_is_either_good_or_has_named_faults(fields: dict[str, Any]) -> None:
    try:
        line = orjson.dumps(fields)
    except (
        TypeError,
        orjson.JSONEncodeError,
    ):  # integers beyond 64 bits and lone surrogates are no JSON here
        return
    found = records.parse(line)
    if isinstance(found, list):
        assert all(fault.field and fault.message for fault in found)
    else:
        assert found.ref
