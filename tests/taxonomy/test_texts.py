import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxonomy import texts

ANY_TEXT = st.text(max_size=120)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Négociation", "negociation"),
        ("ŒUVRE", "oeuvre"),
        ("Ørsted", "orsted"),
        ("Łódź", "lodz"),
        ("Straße", "strasse"),
        ("Cafe\N{COMBINING ACUTE ACCENT}", "cafe"),
        ("ÇA", "ca"),
    ],
)
def test_fold_takes_off_case_accents_and_ligatures(text: str, folded: str) -> None:
    assert texts.fold(text) == folded


@given(ANY_TEXT)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert texts.fold(texts.fold(text)) == texts.fold(text)


@pytest.mark.parametrize("text", ["l'export", "l’export", "lʼexport", "L'EXPORT", "d'export", "qu'export"])
def test_an_elided_article_goes(text: str) -> None:
    assert list(texts.words(text)) == ["export"]


def test_an_apostrophe_inside_a_name_only_parts_its_words() -> None:
    assert list(texts.words("O'Brien")) == ["o", "brien"]


def test_an_english_possessive_goes() -> None:
    assert list(texts.words("the client's orders")) == ["the", "client", "orders"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("C++", "cplusplus"),
        ("c#", "csharp"),
        ("F#", "fsharp"),
        (".NET", "dotnet"),
        ("node.js", "nodejs"),
        ("e-commerce", "ecommerce"),
        ("E-Mail", "email"),
        ("R&D", "r&d"),
        ("M&A", "m&a"),
        ("U.S.A.", "usa"),
    ],
)
def test_names_that_punctuation_would_tear_apart_stay_whole(text: str, word: str) -> None:
    assert list(texts.words(f"({text}), {text} {text}")) == [word, word, word]


def test_c_cplusplus_and_csharp_are_three_words() -> None:
    assert len({*texts.words("C"), *texts.words("C++"), *texts.words("C#")}) == 3


def test_the_word_net_alone_is_not_dotnet() -> None:
    assert list(texts.words("résultat net")) == ["resultat", "net"]


@given(ANY_TEXT)
def test_tokens_tell_where_they_stand(text: str) -> None:
    at = 0
    for token in texts.tokenise(text):
        assert at <= token.start < token.end <= len(text)
        at = token.end


def test_a_token_marks_its_own_letters_without_the_elided_article() -> None:
    text = "Chef de l’Équipe, C++"
    assert [text[token.start : token.end] for token in texts.tokenise(text)] == [
        "Chef",
        "de",
        "Équipe",
        "C++",
    ]


def test_key_is_the_same_for_every_spelling_of_a_label() -> None:
    assert texts.key("Étude de  marché") == texts.key("etude DE marche") == "etude de marche"


@pytest.mark.parametrize("word", ["le", "pour", "avec", "the", "for", "would", "souhaitons"])
def test_stop_words_have_no_stem(word: str) -> None:
    assert texts.stems(word) == ()


@pytest.mark.parametrize("word", ["hr", "rh", "tva", "vat", "export", "us", "r"])
def test_short_words_of_the_trade_are_no_stop_words(word: str) -> None:
    assert texts.stems(word)


@pytest.mark.parametrize(
    ("masculine", "feminine"),
    [
        ("directeur", "directrice"),
        ("vendeur", "vendeuse"),
        ("negociateurs", "negociatrices"),
        ("acheteurs", "acheteuses"),
        ("douanier", "douaniere"),
        ("commercial", "commerciale"),
    ],
)
def test_both_genders_meet_at_a_stem(masculine: str, feminine: str) -> None:
    assert set(texts.stems(masculine)) & set(texts.stems(feminine))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("exportation", "exportations"),
        ("negotiate", "negotiating"),
        ("markets", "market"),
        ("achat", "achats"),
    ],
)
def test_inflections_meet_at_a_stem(one: str, other: str) -> None:
    assert set(texts.stems(one)) & set(texts.stems(other))


def test_a_word_gives_the_stems_of_both_languages() -> None:
    assert len(texts.stems("negociateurs")) == 2


def test_short_words_and_words_with_digits_are_their_own_stem() -> None:
    assert texts.stems("b2b") == ("b2b",)
    assert texts.stems("tva") == ("tva",)
    assert texts.stems("incoterms2020") == ("incoterms2020",)


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("Livreur / Livreuse", "Livreur"),
        ("Vendeur/Vendeuse en magasin", "Vendeur en magasin"),
        ("Acheteurs / Acheteuses", "Acheteurs"),
        ("Directeur commercial / Directrice commerciale", "Directeur commercial"),
        ("Conseiller / Conseillère export", "Conseiller export"),
        ("Technicien / Technicienne", "Technicien"),
        ("Rédactrice / Rédacteur", "Rédactrice"),
        ("directeur·rice commercial·e", "directeur commercial"),
        ("chargé(e) d'affaires", "chargé d'affaires"),
        ("consultant(e)s", "consultant"),
    ],
)
def test_a_french_doublet_is_said_once(text: str, once: str) -> None:
    assert texts.without_doublets(text) == once


@pytest.mark.parametrize("text", ["Import/Export", "PME/ETI", "B2B/B2C", "24/7", "achat/vente", "import (CIF)"])
def test_what_a_slash_or_bracket_adds_stays(text: str) -> None:
    assert texts.without_doublets(text) == text


@given(ANY_TEXT)
def test_dropping_doublets_never_lengthens_a_text(text: str) -> None:
    assert len(texts.without_doublets(text)) <= len(text)


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("vente ventes", "vente"),
        ("fiscal fiscale fiscales fiscaux", "fiscal"),
        ("bateau bateaux", "bateau"),
        ("industriel industrielle industrielles", "industriel"),
        ("export exports", "export"),
        ("company companies", "company"),
        ("bus", "bus"),
    ],
)
def test_singular_and_plural_have_one_form(words: str, form: str) -> None:
    assert {texts.singular(word) for word in words.split()} == {form}


@pytest.mark.parametrize(("noun", "other"), [("paie", "payer"), ("vente", "vendre"), ("import", "important")])
def test_a_noun_and_its_verb_stay_apart(noun: str, other: str) -> None:
    assert texts.singular(noun) != texts.singular(other)
