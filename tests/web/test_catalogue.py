"""The French catalogue says everything that pages and answers can say, and nothing else."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from foundation.i18n import CATALOGUES, translate
from foundation.settings import ROOT

PACKAGES = ("accounts", "billing", "booking", "foundation", "indexer", "search_api", "taxonomy", "web")
KEYWORDS = {**DEFAULT_KEYWORDS, "message": None, "translate": (2,), "fault": (3,)}
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
PLACEHOLDER = re.compile(r"%\(\w+\)[sdg]|%%|\{\w+\}|</?\w+>")
CLAUSE_MARK_WITHOUT_NARROW_SPACE = re.compile(r"[^\u202f](?:[;:!?»]|%%)|«(?!\u202f)|\u202f(?:[^;:!?»%\S]|$)")

Key = tuple[str, ...]


def key_of(text: str | tuple[str, ...] | list[str]) -> Key:
    return (text,) if isinstance(text, str) else tuple(text)


def messages_of_sources() -> Iterator[Key]:
    for package in PACKAGES:
        of_templates = {"extensions": "jinja2.ext.i18n", "trimmed": "false", "silent": "false"}
        options = {"**.html": of_templates, "**.txt": of_templates}
        for _, _, text, _, _ in extract_from_dir(ROOT / package, METHODS, options, KEYWORDS):
            yield key_of(text)


def french() -> Catalog:
    with (CATALOGUES / "fr" / "LC_MESSAGES" / "portulan.po").open("rb") as lines:
        return read_po(lines, locale="fr", abort_invalid=True)


def french_messages() -> list[Message]:
    return [message for message in french() if message.id]


@pytest.fixture(scope="module")
def wanted() -> set[Key]:
    return set(messages_of_sources())


def test_messages_of_templates_and_of_every_marked_call_are_seen(wanted: set[Key]) -> None:
    assert ("Why this expert",) in wanted  # a template
    assert ("%(shown)s expert", "%(shown)s experts") in wanted  # ngettext
    assert ("Clients’ reviews",) in wanted  # message()
    assert ("This parameter is not known.",) in wanted  # translate()
    assert ("“%(name)s” is no known zone.",) in wanted  # the faults of a search


def test_every_message_has_its_french(wanted: set[Key]) -> None:
    assert wanted - {key_of(message.id) for message in french_messages() if all(key_of(message.string))} == set()


def test_the_catalogue_holds_no_message_that_nobody_says(wanted: set[Key]) -> None:
    assert {key_of(message.id) for message in french_messages()} - wanted == set()


def test_no_translation_waits_for_review() -> None:
    assert [message.id for message in french_messages() if message.fuzzy] == []


def test_translations_fill_in_the_same_values() -> None:
    for message in french_messages():
        plural = key_of(message.id)[-1]
        for text in key_of(message.string):
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(plural)), text


def test_french_keeps_a_narrow_space_at_its_marks_and_no_typewriter_quotes() -> None:
    for message in french_messages():
        for text in key_of(message.string):
            assert not CLAUSE_MARK_WITHOUT_NARROW_SPACE.search(text), text
            assert not re.search("['\"“”]", text), text


def test_a_translation_is_used_and_filled_in() -> None:
    assert translate("fr", "“%(name)s” is no known zone.", name="Atlantide") == (
        "«\u202fAtlantide\u202f» n’est pas une zone connue."
    )
