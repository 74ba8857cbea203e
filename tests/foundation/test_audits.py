from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from foundation import audits
from foundation.audits import Actor, ActorKind
from foundation.database import Database

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
ANNA = Actor(ActorKind.ACCOUNT, "a1")


def test_entries_say_who_did_what_latest_first_and_go_on_where_one_stopped(database: Database) -> None:
    with database.writing() as session:
        for number in range(5):
            audits.record(session, ANNA, "looked_at", "account", f"o{number}", at=AT, reason="ticket 7")
        audits.record(session, Actor(ActorKind.COMMAND, name="root"), "promoted", "ranking_profile", "rp_1", at=AT)
    with database.reading() as session:
        page = audits.entries(session, account_id="a1", limit=2)
        assert [entry.object_id for entry in page] == ["o4", "o3"]
        following = audits.entries(session, account_id="a1", limit=2, before=page[-1].id)
        assert [entry.object_id for entry in following] == ["o2", "o1"]
        (promoted,) = audits.entries(session, object_kind="ranking_profile")
        assert (promoted.actor_name, promoted.actor_account_id) == ("root", None)
        assert page[0].details == {"reason": "ticket 7"}


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET action = 'nothing'", "DELETE FROM audit_entries"])
def test_the_database_itself_keeps_the_log_from_being_changed(database: Database, change: str) -> None:
    with database.writing() as session:
        audits.record(session, ANNA, "signed_in", "account", "a1", at=AT)
    with pytest.raises(DBAPIError, match="only added to"), database.writing() as session:
        session.execute(text(change))


def test_an_entry_of_the_log_is_not_written_over(database: Database) -> None:
    with database.writing() as session:
        audits.record(session, ANNA, "signed_in", "account", "a1", at=AT)
    is_sqlite = database.engine.dialect.name == "sqlite"
    over = (
        "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries"
        if is_sqlite
        else "INSERT INTO audit_entries SELECT * FROM audit_entries ON CONFLICT (id) DO UPDATE SET action = 'nothing'"
    )
    with pytest.raises(DBAPIError, match="only added to"), database.writing() as session:
        session.execute(text(over))


def test_what_is_undone_leaves_no_trace(database: Database) -> None:
    def fail_late(session: Session) -> None:
        audits.record(session, ANNA, "signed_in", "account", "a1", at=AT)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(fail_late)
    with database.reading() as session:
        assert audits.entries(session) == []
