"""SMS: rows that are owed, texts that fit, and how they leave."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from foundation import clock, outbox, sms
from foundation.database import Database
from foundation.errors import Invalid, Unreachable
from foundation.outbox import OutboxRow
from foundation.sms import SMS_WRITTEN, Sms, SmsRow
from tests import sms_gateways
from tests.builders import settings_in
from tests.sms_gateways import TOKEN, Taken
from web import reactions
from web.sms import Texter

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
TO = "+33612345678"


def write(database: Database, key: str = "k", text: str = "Devis accepté", to: str = TO, account: str = "a") -> bool:
    with database.writing() as session:
        return sms.write(session, Sms(account, to, "fr", text), key=key, at=AT)


def rows(database: Database) -> list[SmsRow]:
    with database.reading() as session:
        return list(session.execute(select(SmsRow).order_by(SmsRow.written_at, SmsRow.text)).scalars())


def row(database: Database) -> SmsRow:
    (found,) = rows(database)
    return found


def owed(database: Database) -> list[OutboxRow]:
    with database.reading() as session:
        return list(session.execute(select(OutboxRow).where(OutboxRow.topic == SMS_WRITTEN)).scalars())


def deliver(database: Database, texter: Texter) -> None:
    with database.writing() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now()))
    lane = next(lane for lane in reactions.sms_table(texter) if lane.topic == SMS_WRITTEN)
    outbox.drain(database, SMS_WRITTEN, lane.reaction, batch=lane.batch)


@pytest.fixture
def gateway() -> Iterator[Taken]:
    with sms_gateways.serving() as found:
        yield found


def texter_to(url: str, folder: Path, database: Database, token: str = TOKEN, pause_s: float = 0) -> Texter:
    return Texter(settings_in(folder, sms_url=url, sms_token=token), database, pause_s=pause_s)


def test_an_sms_is_owed_once_for_each_event(database: Database) -> None:
    assert write(database)
    assert not write(database, text="Encore")
    found = row(database)
    assert (found.recipient, found.language, found.text, found.written_at) == (TO, "fr", "Devis accepté", AT)
    assert len(owed(database)) == 1
    assert write(database, "another")


def test_an_sms_is_not_owed_when_the_change_is_undone(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            sms.write(session, Sms("a", TO, "fr", "x"), key="k", at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (rows(database), owed(database)) == ([], [])


@pytest.mark.parametrize(
    "number", ["", "0612345678", "+0612345678", "+33 6 12", "+33612345678\n", "+" + "1" * 16, "+33６12345678", "+1\0"]
)
def test_a_number_that_is_not_e164_is_refused(database: Database, number: str) -> None:
    with pytest.raises(Invalid) as refusal:
        write(database, to=number)
    assert [(fault.field, fault.code) for fault in refusal.value.faults] == [("phone", "bad_number")]
    assert rows(database) == []


@pytest.mark.parametrize(
    ("text", "fits"),
    [("x" * 160, True), ("x" * 161, False), ("€" * 80, True), ("€" * 80 + "x", False), ("", False), ("\u200b", False)],
)
def test_a_text_has_to_fit_into_one_sms(database: Database, text: str, fits: bool) -> None:
    if fits:
        assert write(database, text=text)
        return
    with pytest.raises(Invalid) as refusal:
        write(database, text=text)
    assert [(fault.field, fault.code) for fault in refusal.value.faults] == [("text", "bad_length")]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("L’œuvre « prête » : 1\u202f200\u00a0€ – ça va…", 'L\'oeuvre " prete " : 1 200 € - ca va...'),
        ("e\u0301te\u0301 Łódź 李", "été ?odz ?"),
        ("a\0b\ud800c🧭", "abc?"),
    ],
)
def test_what_the_alphabet_of_sms_lacks_is_written_otherwise(text: str, kept: str) -> None:
    assert sms.in_alphabet(text) == kept


def test_a_long_name_is_made_to_fit() -> None:
    assert sms.shortened("Zoë", 10) == "Zoe"
    assert sms.shortened("€€€€€", 5) == "€€."
    assert sms.places(sms.shortened("x" * 1_000, 40)) == 40


def test_an_sms_leaves_once_by_the_gateway(gateway: Taken, tmp_path: Path, database: Database) -> None:
    texter = texter_to(gateway.url, tmp_path, database)
    write(database)
    deliver(database, texter)
    found = row(database)
    assert gateway.messages == [{"id": found.id, "from": "Portulan", "to": TO, "text": "Devis accepté"}]
    assert found.sent_at is not None
    assert owed(database) == []
    texter.deliver([found.id, "nobody’s"])
    assert gateway.asked == 1


def test_one_that_was_taken_before_its_row_was_marked_is_not_sent_twice(
    gateway: Taken, tmp_path: Path, database: Database
) -> None:
    write(database)
    gateway.messages.append({"id": row(database).id})
    deliver(database, texter_to(gateway.url, tmp_path, database))
    assert row(database).sent_at is not None
    assert len(gateway.messages) == 1


def test_one_that_is_refused_for_good_says_why_and_the_next_leaves(
    gateway: Taken, tmp_path: Path, database: Database
) -> None:
    gateway.answers.append((422, "no such number\0"))
    write(database, "one", "A")
    write(database, "two", "B")
    deliver(database, texter_to(gateway.url, tmp_path, database))
    assert sorted((found.failure, found.sent_at is None) for found in rows(database) if found.failure) == [
        ("422 no such number", True)
    ]
    assert len(gateway.messages) == 1
    assert owed(database) == []


@pytest.mark.parametrize(("status", "attempts"), [(500, 1), (503, 0), (429, 0)])
def test_one_that_fails_is_tried_again(
    gateway: Taken, tmp_path: Path, database: Database, status: int, attempts: int
) -> None:
    gateway.answers += [(status, "no")] * 2
    texter = texter_to(gateway.url, tmp_path, database)
    write(database)
    deliver(database, texter)
    assert [found.attempts for found in owed(database)] == [attempts]
    gateway.answers.clear()
    deliver(database, texter)
    assert (len(gateway.messages), owed(database)) == (1, [])


def test_a_gateway_that_is_away_or_refuses_our_token_is_left_alone(
    gateway: Taken, tmp_path: Path, database: Database
) -> None:
    write(database)
    texter = texter_to(gateway.url, tmp_path, database, "wrong", pause_s=3_600)
    with pytest.raises(Unreachable, match="refuses our token") as refusal:
        texter.deliver([row(database).id])
    assert "wrong" not in str(refusal.value)
    with pytest.raises(Unreachable):
        texter.deliver([row(database).id])
    assert gateway.asked == 1
    nowhere = texter_to("http://127.0.0.1:9/", tmp_path, database)
    deliver(database, nowhere)
    assert [found.attempts for found in owed(database)] == [0]


def test_without_a_gateway_sms_are_files_that_only_their_owner_reads(tmp_path: Path, database: Database) -> None:
    texter = Texter(settings_in(tmp_path), database)
    write(database)
    deliver(database, texter)
    (file,) = (tmp_path / "sms").iterdir()
    assert file.read_text() == f"{TO}\n\nDevis accepté\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 or os.name != "posix"
    texter.clear(clock.now() + sms.KEPT_FOR - timedelta(hours=1))
    assert file.exists()
    texter.clear(clock.now() + sms.KEPT_FOR + timedelta(seconds=1))
    found = row(database)
    assert (file.exists(), found.text, found.recipient, found.failure) == (False, "", "", None)
    assert not write(database), "its key still says that it was sent"


def test_an_sms_that_could_not_leave_for_a_month_is_given_up(database: Database) -> None:
    write(database)
    with database.writing() as session:
        sms.clear(session, AT + sms.KEPT_FOR + timedelta(seconds=1))
        assert sms.find_owed(session, row(database).id) is None
    assert (row(database).text, row(database).failure) == ("", sms.TOO_LATE)


def test_what_sms_say_of_somebody_who_is_erased_is_dropped(database: Database) -> None:
    write(database, "one", "Zéphyrine 100% Quatrefages accepte")
    write(database, "two", "Un devis")
    with database.writing() as session:
        sms.forget_mentions(session, {"Zéphyrine 100% Quatrefages", "李雷"})
    assert [(found.text, found.recipient) for found in rows(database)] == [("", ""), ("Un devis", TO)]


def test_the_database_refuses_one_that_was_both_sent_and_not(database: Database) -> None:
    given = {"id": "i", "key": "k", "account_id": "a", "recipient": TO, "language": "fr", "text": "t"}
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(SmsRow(**given, written_at=AT, sent_at=AT, failure="no"))
