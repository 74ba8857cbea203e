from datetime import date

import pytest
from markupsafe import Markup

from foundation.i18n import Language
from web import rendering

NARROW = "\u202f"
NO_BREAK = "\xa0"


@pytest.mark.parametrize(
    ("day", "language", "text"),
    [
        (date(2026, 11, 1), "fr", "1er novembre 2026"),
        (date(2026, 11, 11), "fr", "11 novembre 2026"),
        (date(2026, 11, 2), "fr", "2 novembre 2026"),
        (date(2026, 11, 1), "en", "November 1, 2026"),
    ],
)
def test_a_day_is_written_as_its_language_does(day: date, language: Language, text: str) -> None:
    assert rendering.long_date(day, language) == text


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (650, "EUR", "fr", f"650{NO_BREAK}€"),
        (1250, "EUR", "fr", f"1{NARROW}250{NO_BREAK}€"),
        (1250, "EUR", "en", "€1,250"),
        (650.5, "EUR", "fr", f"650,50{NO_BREAK}€"),
        (90_000, "JPY", "en", "¥90,000"),
    ],
)
def test_money_shows_cents_only_where_there_are_some(
    amount: float, currency: str, language: Language, text: str
) -> None:
    assert rendering.money(amount, currency, language) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1000, f"1{NARROW}000"), (34.7, "34,7"), (-5, "-5")]
)
def test_numbers_have_the_separators_of_their_language(value: float, text: str) -> None:
    assert rendering.number(value, "fr") == text


@pytest.mark.parametrize(
    ("typed", "language", "text"),
    [
        ("Appels d'offres : l'export", "fr", f"Appels d’offres{NARROW}: l’export"),
        ("20 % de plus, 5 M €, prêt ?", "fr", f"20{NARROW}% de plus, 5 M{NARROW}€, prêt{NARROW}?"),
        ("dit « oui »", "fr", f"dit «{NARROW}oui{NARROW}»"),
        ("Women's wear : 20 %", "en", "Women’s wear : 20 %"),
        ("'quoted' 'words'", "en", "'quoted' 'words'"),
        ("a :b ;c", "fr", "a :b ;c"),
    ],
)
def test_a_text_is_set_as_print_does(typed: str, language: Language, text: str) -> None:
    assert rendering.typeset(typed, language) == text


def test_setting_a_text_leaves_its_marks_and_what_was_escaped() -> None:
    escaped = Markup("l&#x27;<mark>export</mark> &lt;b&gt; &amp; l&#39;Asie : <mark>vin</mark>&#x27;s")
    set_text = rendering.typeset(escaped, "fr")
    assert isinstance(set_text, Markup)
    assert set_text == f"l’<mark>export</mark> &lt;b&gt; &amp; l’Asie{NARROW}: <mark>vin</mark>’s"


def test_an_address_encodes_what_it_carries() -> None:
    assert rendering.address("/experts", [("q", "R&D é"), ("country", "FR")]) == ("/experts?q=R%26D+%C3%A9&country=FR")


def test_an_address_without_parameters_is_the_path() -> None:
    assert rendering.address("/experts", []) == "/experts"
