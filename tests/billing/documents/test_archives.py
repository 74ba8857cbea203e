"""Whether what was issued is still all there."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.documents import archives
from billing.documents.archives import RENDERED_WITHIN, Problem
from foundation.database import Database
from tests.billing.documents import samples
from tests.billing.documents.issuing import AT, damage, issue

SOON, LATE = AT + RENDERED_WITHIN, AT + RENDERED_WITHIN + timedelta(seconds=1)


def problems(database: Database, at: datetime = LATE, number: str = "") -> Sequence[tuple[Problem, str]]:
    with database.reading() as session:
        return [(finding.problem, finding.number) for finding in archives.verify(session, at=at, number=number)]


_ROWS = "UPDATE accounting_documents SET"
DAMAGES = {
    "another name in it": (f"{_ROWS} content = replace(content, 'Ateliers', 'Atelier')", "content"),
    "an amount in its row": (f"{_ROWS} net_cents = net_cents + 1, gross_cents = gross_cents + 1", "columns"),
    "a day in its row": (f"{_ROWS} issued_on = '2026-11-30'", "columns"),
    "another kind": (f"{_ROWS} kind = 'boost'", "columns"),
    "the bytes of its file": ("UPDATE document_files SET sha256 = 'x'", "file"),
    "its file": ("DELETE FROM document_files", "no_file"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(name: str, database: Database) -> None:
    issued, other = issue(database), issue(database, samples.SAMPLES["commission"](), reference="m2")
    assert problems(database) == []
    statement, expected = DAMAGES[name]
    if database.engine.dialect.name == "postgresql":
        statement = statement.replace("replace(content,", "replace(content::text,").replace(
            "'Atelier')", "'Atelier')::json"
        )
    key = "document_id" if "document_files" in statement else "id"
    damage(database, f"{statement} WHERE {key} = '{issued.id}'")
    assert problems(database) == [(Problem(expected), issued.number)]
    assert problems(database, number=issued.number) == [(Problem(expected), issued.number)]
    assert problems(database, number=other.number) == []


def test_a_file_is_missed_after_an_hour(database: Database) -> None:
    issued = issue(database, renders=False)
    assert problems(database, SOON) == []
    assert problems(database, LATE) == [(Problem.NO_FILE, issued.number)]


def test_numbers_that_no_document_has_are_found(database: Database) -> None:
    first, middle, last = (issue(database, reference=f"m{n}") for n in range(3))
    damage(
        database,
        f"DELETE FROM document_files WHERE document_id IN ('{middle.id}', '{last.id}')",
        f"DELETE FROM accounting_documents WHERE id IN ('{middle.id}', '{last.id}')",
    )
    assert problems(database) == [(Problem.GAP, middle.number), (Problem.GAP, last.number)]
    assert problems(database, number=first.number) == []


@given(st.sets(st.integers(1, 60)), st.integers(0, 60))
def test_what_is_missing_fills_the_series(positions: set[int], latest: int) -> None:
    found = archives.missing(positions, latest)
    assert not positions & set(found)
    assert sorted({*positions, *found}) == list(range(1, max({*positions, latest, 0}) + 1))
