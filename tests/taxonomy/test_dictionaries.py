import pytest

from taxonomy import dictionaries


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Je conseille des PME sur la douane et les incoterms.", "fr"),
        ("I help the owners of small firms with their customs.", "en"),
    ],
)
def test_the_language_of_a_text_shows_in_its_words(text: str, language: str) -> None:
    assert dictionaries.language_of(text) == language


@pytest.mark.parametrize("word", ["fromage", "cheese", "negociation", "biscuits"])
def test_ordinary_words_of_both_languages_are_known(word: str) -> None:
    assert dictionaries.has(word)


@pytest.mark.parametrize("word", ["douannes", "logistiqe", "xqzxqz", "zibulateur"])
def test_misspellings_are_no_ordinary_words(word: str) -> None:
    assert not dictionaries.has(word)
