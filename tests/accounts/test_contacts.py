import pytest

from accounts import contacts


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("+49 30 1234567", "+49301234567"),
        ("0033 6 12 34 56 78", "+33612345678"),
        ("12", None),
        ("call me", None),
        ("+999 123 456 789", None),
        ("1" * 5_000, None),
    ],
)
def test_phone_numbers_are_kept_as_they_are_dialled_from_anywhere(given: str, kept: str | None) -> None:
    assert contacts.read_phone(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Zoe@Example.ORG ", "zoe@example.org"),
        ("zoë@exämple.org", "zoë@exämple.org"),
        ("zoe", None),
        ("a@b\r\nBcc: c@d.org", None),
        ("x" * 300 + "@example.org", None),
    ],
)
def test_addresses_are_kept_in_small_letters(given: str, kept: str | None) -> None:
    assert contacts.read_email(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"), [("  Zoé \n Lahaye ", "Zoé Lahaye"), ("", None), ("x" * 121, None), ("a\x07b", None)]
)
def test_names_are_one_line(given: str, kept: str | None) -> None:
    assert contacts.read_name(given) == kept
