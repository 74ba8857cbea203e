import pytest

from web.pages import cards


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Jean-Marc Olivari", "JO"),
        ("Élodie", "É"),
        ("Serge Mbarga Etoundi", "SE"),
        ("3D Export", "E"),
        ("42", ""),
    ],
)
def test_initials_are_those_of_first_and_last_name(name: str, shown: str) -> None:
    assert cards.initials(name) == shown
