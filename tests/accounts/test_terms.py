"""Which version of the terms is in force, and that no published text changes."""

import hashlib
from datetime import date

import pytest

from accounts import terms
from accounts.terms import Document, Kind
from foundation.errors import NotFound
from foundation.i18n import LANGUAGES
from foundation.settings import ROOT

FIRST, SECOND = date(2026, 11, 30), date(2027, 3, 1)


def document(version: date, in_force_from: date, kind: Kind = Kind.USE) -> Document:
    return Document(kind, version, in_force_from, {"fr": "", "en": ""})


OLD = document(FIRST, FIRST)
NEW = document(date(2027, 2, 1), SECOND)
OTHER = document(date(2027, 2, 2), date(2027, 2, 20), Kind.SALE)
ALL = (OLD, OTHER, NEW)


def test_a_version_is_in_force_from_its_day_until_the_next_one() -> None:
    assert terms.current(Kind.USE, FIRST, ALL) == OLD
    assert terms.current(Kind.USE, date(2027, 2, 28), ALL) == OLD
    assert terms.current(Kind.USE, SECOND, ALL) == NEW
    assert terms.current(Kind.USE, date(2040, 1, 1), ALL) == NEW
    assert terms.current(Kind.USE, date(2020, 1, 1), ALL) == OLD


def test_versions_stand_newest_first_and_kinds_apart() -> None:
    assert terms.versions(Kind.USE, ALL) == [NEW, OLD]
    assert terms.versions(Kind.SALE, ALL) == [OTHER]


def test_a_version_ends_when_the_next_one_takes_over() -> None:
    assert terms.ends_on(OLD, ALL) == SECOND
    assert terms.ends_on(NEW, ALL) is None


@pytest.mark.parametrize("wrong", ["", "2026-11-29", "2026-11-30 ", "20261130", "2027-03-01", "\0", "../legal"])
def test_an_unknown_version_is_not_found(wrong: str) -> None:
    assert terms.find(Kind.USE, "2026-11-30", ALL) == OLD
    with pytest.raises(NotFound):
        terms.find(Kind.USE, wrong, ALL)


@pytest.mark.parametrize("published", terms.DOCUMENTS, ids=lambda item: item.name)
def test_a_published_text_never_changes(published: Document) -> None:
    # A change of terms is a new version: a new file with its own date, and a new entry.
    for language in LANGUAGES:
        content = (ROOT / "web" / "texts" / language / f"{published.name}.md").read_bytes()
        assert hashlib.sha256(content).hexdigest() == published.sha256[language], (published.name, language)


def test_every_file_of_terms_is_a_known_version() -> None:
    names = {document.name for document in terms.DOCUMENTS}
    for language in LANGUAGES:
        assert {path.stem for path in (ROOT / "web" / "texts" / language).glob("terms-*.md")} == names


def test_each_kind_has_versions_with_days_of_their_own() -> None:
    for kind in Kind:
        found = terms.versions(kind)
        assert len({item.in_force_from for item in found}) == len({item.version for item in found}) == len(found) > 0
        assert all(item.version <= item.in_force_from for item in found)
