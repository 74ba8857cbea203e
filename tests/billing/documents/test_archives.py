"""Whether what was issued is still all there."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.documents import archives, deliveries, issues
from billing.documents.archives import RENDERED_WITHIN, Problem
from billing.models.deliveries import Way
from billing.models.documents import DocumentFile
from foundation.audits import SYSTEM
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


def archived(database: Database, document_id: str) -> Sequence[tuple[str, str]]:
    with database.reading() as session:
        lines = deliveries.log(session, document_id)
    return [(line.state, line.detail) for line in lines if line.way == Way.ARCHIVE]


def waiting(database: Database) -> set[str]:
    with database.reading() as session:
        return {one.document_id for one in deliveries.waiting(session)}


def test_damage_is_told_operators_until_it_is_mended(database: Database) -> None:
    issued, other = issue(database), issue(database, reference="m2")
    archives.look_after(database, LATE)
    assert archived(database, issued.id) == []
    with database.reading() as session:
        sha256 = session.get_one(DocumentFile, issued.id).sha256
    damage(database, f"UPDATE document_files SET sha256 = 'x' WHERE document_id = '{issued.id}'")
    for _ in range(2):
        archives.look_after(database, LATE)
        assert archived(database, issued.id) == [("damaged", "file")]
        assert waiting(database) == {issued.id}
    database.write(lambda session: deliveries.settle(session, issued.id, SYSTEM, at=LATE))
    assert waiting(database) == set()
    archives.look_after(database, LATE)
    assert waiting(database) == {issued.id}, "it is as bad as before"
    damage(database, f"UPDATE document_files SET sha256 = '{sha256}' WHERE document_id = '{issued.id}'")
    for _ in range(2):
        archives.look_after(database, LATE)
    assert archived(database, issued.id)[-1] == ("whole", "")
    assert len(archived(database, issued.id)) == 4
    assert waiting(database) == set()
    assert archived(database, other.id) == []


@pytest.mark.parametrize("look", [archives.look_for_files, archives.look_after])
def test_a_file_that_is_not_made_in_time_is_told_until_it_is(
    look: Callable[[Database, datetime], None], database: Database
) -> None:
    issued = issue(database, renders=False)
    look(database, SOON)
    assert archived(database, issued.id) == []
    for _ in range(2):
        look(database, LATE)
        assert archived(database, issued.id) == [("unmade", "")]
    assert waiting(database) == {issued.id}
    issues.render(database, [issued.id], LATE)
    for _ in range(2):
        look(database, LATE)
    assert archived(database, issued.id) == [("unmade", ""), ("whole", "")]
    assert waiting(database) == set()


def test_looking_for_files_takes_no_damage_for_mended(database: Database) -> None:
    issued = issue(database)
    damage(database, f"UPDATE document_files SET sha256 = 'x' WHERE document_id = '{issued.id}'")
    archives.look_after(database, LATE)
    archives.look_for_files(database, LATE)
    assert archived(database, issued.id) == [("damaged", "file")]


def test_more_documents_than_are_read_at_once_are_all_checked(database: Database) -> None:
    for n in range(archives.AT_ONCE + 1):
        issue(database, reference=f"m{n}", renders=False)
    archives.look_after(database, LATE)
    assert len(waiting(database)) == archives.AT_ONCE + 1
    assert len(problems(database)) == archives.AT_ONCE + 1
