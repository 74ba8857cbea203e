import pytest

from taxonomy import languages


@pytest.mark.parametrize("text", ["de", "DE", "allemand", "German", " Allemand "])
def test_a_language_is_found_by_code_and_by_name_in_both_languages(text: str) -> None:
    assert languages.find(text) == "de"


@pytest.mark.parametrize("text", ["", "xx", "klingonais", "Germany"])
def test_what_is_no_language_is_not_found(text: str) -> None:
    assert languages.find(text) is None


def test_languages_are_named_in_the_language_asked_for() -> None:
    assert languages.label("de", "fr") == "allemand"
    assert languages.label("de", "en") == "German"


@pytest.mark.parametrize(
    ("word", "code"),
    [("germanophone", "de"), ("anglophones", "en"), ("sinophone", "zh"), ("téléphone", None)],
)
def test_a_word_like_germanophone_asks_for_a_language(word: str, code: str | None) -> None:
    assert languages.spoken(word) == code
