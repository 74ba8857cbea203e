import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_api import groups, understanding, units
from search_api.understanding import Understanding
from tests.builders import Directory

BRIEF = (
    "Notre PME familiale fabrique depuis trente ans des biscuits bretons et souhaite vendre ses produits aux "
    "grandes surfaces du Maroc et de la Tunisie. Nous cherchons quelqu'un qui connaisse la douane, les "
    "importateurs, les étiquettes en arabe, la négociation commerciale avec les centrales, les salons "
    "professionnels de Casablanca, et qui puisse nous accompagner chaque mois sur place pendant un an."
)


def read(few: Directory, query: str) -> Understanding:
    searcher = few.searcher()
    return understanding.read(query, searcher.wordlists, searcher.engine)


def kinds(found: Understanding) -> list[tuple[str, str]]:
    return [(unit.kind, unit.value) for unit in found.units]


@pytest.mark.parametrize(
    ("query", "units"),
    [
        ("douane Maghreb", [("skill", "customs"), ("zone", "maghreb")]),
        ("customs Greater Maghreb", [("skill", "customs"), ("zone", "maghreb")]),
        ("étude de marché au Brésil", [("skill", "market-study"), ("country", "BR")]),
        ("market study in Brazil", [("skill", "market-study"), ("country", "BR")]),
        ("clients allemands", [("word", "clients"), ("country", "DE")]),
        ("German customers", [("country", "DE"), ("word", "customers")]),
        ("export to Casablanca", [("skill", "export"), ("city", "MA")]),
        ("C++ Chine", [("skill", "cpp"), ("country", "CN")]),
        ("agroalimentaire", [("sector", "agri-food")]),
        ("DRH", [("skill", "human-resources")]),
    ],
)
def test_skills_sectors_and_places_are_understood_in_both_languages(
    few: Directory, query: str, units: list[tuple[str, str]]
) -> None:
    assert kinds(read(few, query)) == units


@pytest.mark.parametrize(
    "query", ["germanophone", "parlant allemand", "parle allemand", "German speaking", "fluent German"]
)
def test_asking_for_a_speaker_asks_for_a_language_and_no_place(few: Directory, query: str) -> None:
    found = read(few, query)
    assert found.languages == {"de"}
    assert found.places == ()


def test_a_demonym_alone_is_a_place_and_no_language(few: Directory) -> None:
    found = read(few, "marché allemand")
    assert found.languages == frozenset()
    assert found.places == (frozenset({"DE"}),)


def test_us_is_a_country_in_capitals_only(few: Directory) -> None:
    assert ("country", "US") in kinds(read(few, "US importers"))
    assert ("country", "US") not in kinds(read(few, "help us export"))


def test_a_zone_means_all_its_countries(few: Directory) -> None:
    (maghreb,) = read(few, "Maghreb").places
    assert {"MA", "DZ", "TN"} <= maghreb


def test_places_weigh_and_are_never_required(few: Directory) -> None:
    required = {group.label: group.is_required for group in read(few, "douane Maghreb").groups}
    assert required == {"douane": True, "Maghreb": False}


def test_a_synonym_is_an_alternative_of_its_word(few: Directory) -> None:
    (group,) = read(few, "négoce").groups
    stems = {stem for item in group.alternatives for term in item.terms for stem in term}
    assert "trad" in stems or "commerc" in stems
    assert group.alternatives[0].weight >= max(item.weight for item in group.alternatives)


def test_misspellings_are_corrected_and_told(few: Directory) -> None:
    found = read(few, "logistiqe Marroc")
    assert found.text == "logistique maroc"
    assert [(item.typed, item.used) for item in found.corrections] == [
        ("logistiqe", "logistique"),
        ("Marroc", "maroc"),
    ]
    assert ("country", "MA") in kinds(found)


@pytest.mark.parametrize("query", ["douane Maghreb", "Customs clearance", "dégustation de licornes", "C++"])
def test_what_lists_or_profiles_know_is_not_corrected(few: Directory, query: str) -> None:
    found = read(few, query)
    assert found.text == query
    assert found.corrections == ()


def test_a_french_doublet_is_read_once(few: Directory) -> None:
    assert kinds(read(few, "Livreur / Livreuse")) == [("word", "livreur")]


def test_nothing_but_stop_words_asks_for_nothing(few: Directory) -> None:
    found = read(few, "pour le et avec the of")
    assert found.units == ()
    assert found.groups == ()


def test_a_pasted_brief_is_reduced_to_its_most_telling_units(few: Directory) -> None:
    assert len(BRIEF.split()) >= 60
    found = read(few, BRIEF)
    assert len(found.groups) <= groups.MOST_GROUPS < len(found.units)
    labels = {group.label for group in found.groups}
    assert {"douane", "Maroc", "Tunisie", "négociation commerciale", "Casablanca"} <= labels


SNIPPETS = ["douane", "l’export", "Maghreb", "logistiqe", "C++", "chargé(e)", "Vendeur / Vendeuse", "DRH"]
SNIPPETS += ["parlant", "allemand", "Côte d'Ivoire", "e-commerce", "R&D", "d'étude de marché", "🚢"]
QUERIES = st.lists(st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=8)), max_size=8).map(" ".join)


@settings(deadline=None, max_examples=150)
@given(QUERIES)
def test_every_unit_says_where_it_stands_in_what_was_searched(few: Directory, query: str) -> None:
    found = read(few, query)
    at = 0
    for unit in found.units:
        assert at <= unit.begin < unit.end <= len(found.text)
        assert found.text[unit.begin : unit.end] == unit.text
        at = unit.end


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("douane Maghreb", "Maghreb"),
        ("l’étude de marché au Brésil", "l’ au Brésil"),
        ("C++, Chine", ", Chine"),
    ],
)
def test_cutting_a_unit_out_leaves_the_rest_as_it_was_typed(few: Directory, query: str, left: str) -> None:
    found = read(few, query)
    unit = found.units[0]
    assert " ".join((found.text[: unit.begin] + found.text[unit.end :]).split()) == left


def test_the_words_that_a_match_needs_grow_with_the_query_but_more_slowly() -> None:
    needed = [understanding.minimum_words(asked) for asked in range(61)]
    assert needed == sorted(needed)
    assert needed[:3] == [0, 1, 2]
    assert all(words <= asked for asked, words in enumerate(needed))
    assert needed[60] > needed[5]
    assert needed[60] < 60 / 3


def test_fewer_words_never_mean_more_than_asked_and_never_none() -> None:
    for asked in range(1, 61):
        assert 1 <= understanding.fewest_words(asked) <= understanding.minimum_words(asked)


@pytest.mark.parametrize(("language", "labels"), [("fr", ["Douane", "Allemagne"]), ("en", ["Customs", "Germany"])])
def test_units_are_called_what_readers_call_them(few: Directory, language: str, labels: list[str]) -> None:
    found = read(few, "dédouanement Deutschland").units
    called = [units.label(unit, few.wordlists.current(), language) for unit in found]  # pyright: ignore[reportArgumentType]
    assert called[1] == labels[1]
    assert called[0].startswith(labels[0])


@pytest.mark.parametrize(
    ("query", "spoken"),
    [
        ("anglais et allemand courants", {"en", "de"}),
        ("speaks fluent German or Spanish", {"de", "es"}),
        ("parlant chinois", {"zh"}),
        ("fluent German, Dutch speaker", {"de", "nl"}),
    ],
)
def test_one_word_asks_for_all_languages_that_are_joined_to_it(few: Directory, query: str, spoken: set[str]) -> None:
    found = read(few, query)
    assert (found.languages, found.places) == (spoken, ())


def test_a_demonym_after_an_article_is_no_language(few: Directory) -> None:
    assert read(few, "parlant de clients allemands").languages == frozenset()


def test_a_name_in_a_sentence_is_no_misspelling(few: Directory) -> None:
    assert read(few, "nous exposons au salon Achemma de Francfort").corrections == ()
    assert read(few, "douanne").corrections != ()
    assert read(few, "Douanne").corrections != ()


def test_quelqu_un_is_no_word_to_look_for(few: Directory) -> None:
    assert [unit.text for unit in read(few, "quelqu'un pour la douane").units] == ["douane"]


def test_customs_are_not_customers(few: Directory) -> None:
    searcher = few.searcher()
    groups_of = {query: read(few, query).groups[0] for query in ("customs", "customers")}
    stems = {query: group.alternatives[0].terms[0] for query, group in groups_of.items()}
    assert not set(stems["customs"]) & set(stems["customers"])
    assert searcher.wordlists.skills.find("customs")


@pytest.mark.parametrize(
    ("query", "concept"),
    [("frontière", "skill:customs"), ("hackers", "skill:cybersecurity"), ("unpaid invoices", "skill:debt-collection")],
)
def test_an_everyday_word_points_to_the_concept_of_the_trade(few: Directory, query: str, concept: str) -> None:
    found = read(few, query)
    terms = {stem for item in found.groups[0].alternatives for term in item.terms for stem in term}
    assert concept in terms
    assert concept in found.named


def test_a_skill_that_is_named_counts_more_than_what_everyday_words_point_to(few: Directory) -> None:
    assert read(few, "coaching, hackers").named == ("skill:coaching",)


@pytest.mark.parametrize(
    ("query", "topic"),
    [("douane Maghreb", "douane"), ("clients allemands", "clients"), ("Maroc", "Maroc"), ("audit", "audit")],
)
def test_the_topic_is_the_query_without_its_places_unless_nothing_else_is_left(
    few: Directory, query: str, topic: str
) -> None:
    assert read(few, query).topic == topic
