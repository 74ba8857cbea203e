from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from foundation import mails, outbox
from foundation.database import Database
from foundation.errors import Invalid
from foundation.mails import MAIL_WRITTEN, Mail, MailRow

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
TO = "anne@example.org"


def write(database: Database, key: str = "k", at: datetime = AT, to: str = TO, **values: Any) -> bool:
    with database.writing() as session:
        return mails.write(session, Mail(to=to, language="fr", template="t", values=values), key=key, at=at)


def rows(database: Database) -> list[MailRow]:
    with database.reading() as session:
        return list(session.execute(select(MailRow).order_by(MailRow.written_at, MailRow.recipient)).scalars())


def row(database: Database) -> MailRow:
    (found,) = rows(database)
    return found


def send(database: Database, at: datetime = AT) -> None:
    with database.writing() as session:
        mails.mark_sent(session, row(database).id, at)


def owed(database: Database) -> int:
    with database.reading() as session:
        return outbox.count(session, MAIL_WRITTEN)


def test_a_mail_is_owed_by_a_row_and_by_the_outbox(database: Database) -> None:
    assert write(database, name="Anne", day=date(2026, 12, 1))
    found = row(database)
    assert (found.recipient, found.language, found.template, found.written_at) == (TO, "fr", "t", AT)
    assert found.values == {"name": "Anne", "day": "2026-12-01"}
    assert owed(database) == 1


def test_a_mail_is_not_owed_when_the_change_is_undone(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            mails.write(session, Mail(TO, "fr", "t"), key="k", at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (rows(database), owed(database)) == ([], 0)


def test_the_same_event_mails_nobody_twice(database: Database) -> None:
    assert write(database, n=1)
    assert not write(database, n=2)
    assert (row(database).values, owed(database)) == ({"n": 1}, 1)
    assert write(database, "another")
    assert owed(database) == 2


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anne",
        "anne@example.org\r\nBcc: all@example.org",
        "anne@example.org\nBcc: all@example.org",
        "anne@example.org, all@example.org",
        "Anne <anne@example.org>",
        "an\0ne@example.org",
        "\ud800@example.org",
        "a" * 1_000_000 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused(database: Database, address: str) -> None:
    with pytest.raises(Invalid) as refusal:
        write(database, to=address)
    assert [(fault.field, fault.code) for fault in refusal.value.faults] == [("email", "bad_address")]
    assert rows(database) == []


def test_texts_are_kept_as_both_databases_and_mail_programs_can_hold_them(database: Database) -> None:
    write(database, name="Zo\0ë 🧭\x1b[1m\ud800", lines="a\n\tb\r\nc", long="x" * 1_000_000, deep=[{"n\0": "\0"}])
    values = row(database).values
    assert values is not None
    assert (values["name"], values["lines"], values["deep"]) == ("Zoë 🧭[1m", "a\n\tb\nc", [{"n": ""}])
    assert len(values["long"]) == mails.LONGEST_TEXT
    assert values["long"].endswith("x…")


def test_what_opens_something_is_blanked_once_the_mail_has_left(database: Database) -> None:
    write(database, name="Anne", token="t0k", unsubscribe_url="/stop?t", experts=[{"name": "B", "reply_token": "x"}])
    send(database)
    assert row(database).values == {
        "name": "Anne",
        "token": "",
        "unsubscribe_url": "",
        "experts": [{"name": "B", "reply_token": ""}],
    }
    assert row(database).sent_at == AT


def test_what_opens_something_is_blanked_once_the_mail_has_failed(database: Database) -> None:
    write(database, token="t0k")
    with database.writing() as session:
        mails.mark_failed(session, row(database).id, "550 no\0body" + "!" * 10_000)
    assert row(database).values == {"token": ""}
    failure = row(database).failure
    assert failure is not None
    assert failure.startswith("550 nobody!")
    assert len(failure) == mails.LONGEST_FAILURE


def test_only_a_mail_that_has_neither_left_nor_failed_is_owed(database: Database) -> None:
    write(database)
    mail_id = row(database).id
    with database.writing() as session:
        assert mails.find_owed(session, mail_id) is not None
        assert mails.find_owed(session, "nobody’s") is None
        mails.mark_sent(session, mail_id, AT)
        assert mails.find_owed(session, mail_id) is None
    write(database, "other", to="other@example.org")
    with database.writing() as session:
        other = next(found for found in rows(database) if found.recipient == "other@example.org")
        mails.mark_failed(session, other.id, "550")
        assert mails.find_owed(session, other.id) is None


def clear(database: Database, at: datetime) -> None:
    with database.writing() as session:
        mails.clear(session, at)


def test_a_month_after_it_left_a_mail_holds_nothing(database: Database) -> None:
    write(database, f"invitation {TO}", name="Anne")
    sent_at = AT + timedelta(days=2)
    send(database, sent_at)
    clear(database, sent_at + mails.KEPT_FOR)
    assert (row(database).values, row(database).recipient) == ({"name": "Anne"}, TO)
    clear(database, sent_at + mails.KEPT_FOR + timedelta(seconds=1))
    found = row(database)
    assert (found.values, found.recipient, found.sent_at, found.failure) == (None, "", sent_at, None)
    assert TO not in str(found.model_dump())
    assert not write(database, f"invitation {TO}"), "its key still says that it was sent"


def test_a_mail_that_could_not_leave_for_a_month_is_given_up(database: Database) -> None:
    write(database)
    clear(database, AT + mails.KEPT_FOR + timedelta(seconds=1))
    found = row(database)
    assert (found.values, found.recipient, found.failure) == (None, "", mails.TOO_LATE)
    with database.reading() as session:
        assert mails.find_owed(session, found.id) is None


def test_nothing_is_left_of_mails_to_an_address_that_is_forgotten(database: Database) -> None:
    write(database, "a", to="Anne@example.org")
    write(database, "b", to="anne@example.org")
    write(database, "c", to="bob@example.org")
    with database.writing() as session:
        mails.forget(session, "Anne@example.org")
    assert [found.recipient for found in rows(database)] == ["bob@example.org"]


def test_the_newest_mails_that_left_are_listed_first(database: Database) -> None:
    for number in range(3):
        write(database, f"k{number}", AT + timedelta(seconds=number), to=f"k{number}@example.org")
    with database.writing() as session:
        for found in rows(database)[:2]:
            mails.mark_sent(session, found.id, AT)
        assert [found.recipient[:2] for found in mails.newest(session, 10)] == ["k1", "k0"]
        assert [found.recipient[:2] for found in mails.newest(session, 1)] == ["k1"]


@pytest.mark.parametrize("change", [{"language": "de"}, {"sent_at": AT, "failure": "550"}])
def test_the_database_refuses_what_can_not_be(database: Database, change: dict[str, Any]) -> None:
    given = {"id": "i", "key": "k", "recipient": TO, "language": "fr", "template": "t", "written_at": AT, **change}
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(MailRow(**given))


def test_a_mail_is_known_by_its_event_afterwards(database: Database) -> None:
    write(database)
    with database.reading() as session:
        assert [mails.was_written(session, key) for key in ("k", "another")] == [True, False]


def test_what_mails_say_of_somebody_who_is_erased_is_dropped_and_owed_ones_are_not_sent(database: Database) -> None:
    write(database, values={"experts": [{"name": "Zéphyrine 100% Quatrefages"}]})
    write(database, key="other", values={"name": "Zéphyrine 1000 Quatrefages"})
    with database.writing() as session:
        mails.forget_mentions(session, {"Zéphyrine 100% Quatrefages"})
    kept = {found.values is not None: found.recipient for found in rows(database)}
    assert kept == {False: "", True: TO}
    with database.reading() as session:
        gone = next(found for found in rows(database) if found.values is None)
        assert mails.find_owed(session, gone.id) is None
