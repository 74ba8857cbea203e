from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject
from sqlalchemy.exc import IntegrityError

from accounts import experts, letters
from accounts.letters import Checked
from accounts.models.profiles import ReferenceLetter
from foundation import audits, files
from foundation.database import Database
from foundation.errors import Invalid, NotFound
from tests.builders import import_all, record

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)


def pdf(pages: int = 1, change: Callable[[PdfWriter], Any] = lambda _: None) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    change(writer)
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def code_of(content: bytes) -> str:
    with pytest.raises(Invalid) as raised:
        letters.check(content)
    return raised.value.faults[0].code


def launching(writer: PdfWriter) -> None:
    action = DictionaryObject({NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("calc.exe")})
    note = DictionaryObject({NameObject("/Type"): NameObject("/Annot"), NameObject("/A"): writer._add_object(action)})  # noqa: SLF001
    writer.pages[0][NameObject("/Annots")] = ArrayObject([note])


def scripted(writer: PdfWriter) -> None:
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)


def zipped() -> bytes:
    written = BytesIO()
    with ZipFile(written, "w") as archive:
        archive.writestr("letter.pdf", "%PDF-1.7")
    return written.getvalue()


def test_a_short_plain_pdf_is_a_letter() -> None:
    assert letters.check(pdf(10)).pages == 10


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_file"),
        (b"%PDF-1.7 nothing else", "no_pdf"),
        (b"<html><script>alert(1)</script>%PDF-1.7", "no_pdf"),
        (zipped(), "no_pdf"),
        (b"%PDF-1.7\n" + zipped(), "no_pdf"),
        (b"x" + pdf(), "no_pdf"),
        (pdf()[:200], "no_pdf"),
        (pdf() + b"0" * letters.MOST_BYTES, "too_large"),
        (pdf(11), "too_many_pages"),
        (pdf(1, lambda writer: writer.encrypt("secret", algorithm="RC4-128")), "encrypted"),
        (pdf(1, scripted), "active_content"),
        (pdf(1, lambda writer: writer.add_attachment("a.exe", b"MZ")), "active_content"),
        (pdf(1, launching), "active_content"),
    ],
)
def test_anything_else_is_refused(content: bytes, code: str) -> None:
    assert code_of(content) == code


@given(st.binary(max_size=300), st.integers(0, 800))
@settings(max_examples=60)
def test_a_damaged_letter_is_taken_or_refused_and_nothing_else(noise: bytes, at: int) -> None:
    whole = pdf()
    with suppress(Invalid):
        letters.check(whole[:at] + noise + whole[at + len(noise) :])


@pytest.fixture
def loaded(database: Database) -> Database:
    import_all(database, [record("H001"), record("H002")])
    return database


def id_of(database: Database, ref: str) -> str:
    with database.reading() as session:
        return experts.get(session, ref).id


def add(database: Database, ref: str = "H001", *, is_shown: bool = True) -> str:
    with database.writing() as session:
        checked = Checked(pdf(), 1)
        expert_id = experts.get(session, ref).id
        return letters.add(session, expert_id, checked, "A letter", is_shown=is_shown, actor=audits.SYSTEM, at=AT).id


def test_there_are_never_more_than_three_letters_whatever_is_tried(loaded: Database) -> None:
    expert_id = id_of(loaded, "H001")
    first = [add(loaded) for _ in range(3)]
    with pytest.raises(Invalid):
        add(loaded)
    with loaded.writing() as session:
        letters.remove(session, expert_id, first[1], actor=audits.SYSTEM, at=AT)
    again = add(loaded)
    with pytest.raises(Invalid):
        add(loaded)
    with loaded.reading() as session:
        assert [letter.id for letter in letters.of(session, expert_id)] == [first[0], again, first[2]]
    with loaded.writing() as session:
        file_id = files.put(session, b"x", "application/pdf", at=AT)
    fourth = {"expert_id": expert_id, "title": "T", "is_shown": True, "pages": 1, "file_id": file_id, "added_at": AT}
    with pytest.raises(IntegrityError), loaded.writing() as session:
        session.add(ReferenceLetter(place=4, **fourth))


def test_a_letter_is_read_by_whom_it_is_for(loaded: Database) -> None:
    shown, private = add(loaded), add(loaded, is_shown=False)
    owner, other = id_of(loaded, "H001"), id_of(loaded, "H002")

    def may_read(letter: str, *, reader: str | None = None, is_operator: bool = False) -> bool:
        with loaded.reading() as session:
            try:
                letters.read(session, letter, reader_expert_id=reader, is_operator=is_operator)
            except NotFound:
                return False
        return True

    assert may_read(shown)
    assert may_read(private, reader=owner)
    assert may_read(private, is_operator=True)
    assert not may_read(private)
    assert not may_read(private, reader=other)
    assert not may_read("\0")
    with loaded.writing() as session:
        experts.hide(session, "H001", at=AT)
    assert not may_read(shown)
    assert may_read(shown, reader=owner)


def test_anothers_letter_can_be_neither_changed_nor_removed(loaded: Database) -> None:
    letter, other = add(loaded), id_of(loaded, "H002")
    with pytest.raises(NotFound), loaded.writing() as session:
        letters.remove(session, other, letter, actor=audits.SYSTEM, at=AT)
    with pytest.raises(NotFound), loaded.writing() as session:
        letters.change(session, other, letter, "Mine", is_shown=True, actor=audits.SYSTEM, at=AT)


def test_letters_go_with_their_expert(loaded: Database) -> None:
    letter = add(loaded)
    with loaded.writing() as session:
        stored = session.get(ReferenceLetter, letter)
        assert stored is not None
        file_id = stored.file_id
        experts.remove(session, ["H001"])
    with loaded.reading() as session, pytest.raises(NotFound):
        files.get(session, file_id)
