from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from booking import reminders, reports
from foundation.database import Database
from foundation.mails import MailRow
from foundation.settings import Reminders
from tests.booking.carried_out import PORTAGE, Stage

SINCE = date(2027, 1, 1)


@pytest.mark.parametrize(
    ("passed", "due"), [(0, None), (2, None), (3, 3), (6, 3), (7, 7), (13, 7), (14, 14), (20, 14), (21, 21), (365, 364)]
)
def test_reminders_follow_the_days_of_the_settings_and_then_go_on(passed: int, due: int | None) -> None:
    assert reminders.last_due(SINCE, (3, 7), 7, SINCE + timedelta(days=passed)) == due


@given(st.integers(0, 400), st.sets(st.integers(1, 60), min_size=1), st.integers(1, 30))
def test_whatever_the_settings_a_reminder_is_never_early_and_its_day_never_falls(
    passed: int, days: set[int], every: int
) -> None:
    plan = sorted(days)
    due = reminders.last_due(SINCE, plan, every, SINCE + timedelta(days=passed))
    after = reminders.last_due(SINCE, plan, every, SINCE + timedelta(days=passed + 1))
    assert (due is None) == (passed < plan[0])
    assert due is None or (due <= passed and after is not None and after >= due)


@pytest.mark.parametrize("days", [(), (0,), (7, 3), (3, 3)])
def test_days_that_do_not_grow_are_no_settings(days: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        Reminders(validation_days=days)


def reminded(database: Database) -> Counter[str]:
    """Count the reminders that were mailed, by what they are about."""
    with database.reading() as session:
        rows = session.execute(select(MailRow).where(col(MailRow.template) == "news")).scalars()
        codes = [(row.values or {})["code"] for row in rows]
    return Counter(code for code in codes if code.endswith("_reminder"))


def look(stage: Stage, days: int, settings: Reminders | None = None) -> None:
    """Look after missions each day for some days, three times a day."""
    for hours in range(0, days * 24, 8):
        at: datetime = stage.at + timedelta(hours=hours)
        reminders.look_after(stage.database, settings or Reminders(), at)


def test_a_client_is_reminded_of_the_payment_and_of_nothing_in_portage(database: Database) -> None:
    look(Stage(database).accept(), 11)
    assert reminded(database) == {"funds_reminder": 3}
    look(Stage(database).accept(**PORTAGE), 11)
    assert reminded(database) == {"funds_reminder": 3}


def test_an_expert_is_reminded_of_the_report_after_the_end_of_the_work(database: Database) -> None:
    stage = Stage(database).accept().pay().start()
    look(stage, 30)
    assert not reminded(database)
    stage.at = datetime(2027, 1, 29, 12, tzinfo=stage.at.tzinfo)
    look(stage, 9)
    assert reminded(database) == {"report_reminder": 3}


def test_a_client_is_reminded_until_the_report_is_validated_and_silence_releases_nothing(database: Database) -> None:
    stage = Stage(database).accept().pay().start().report()
    look(stage, 29, Reminders(note_en="Ask us for help."))
    assert reminded(database) == {"validation_reminder": 5}
    assert stage.mission.state == "reported"
    with database.reading() as session:
        notes = {(row.values or {}).get("note") for row in session.execute(select(MailRow)).scalars()}
    assert "Ask us for help." in notes
    with database.writing() as session:
        reports.send_back(session, stage.client, stage.id, "More", at=stage.now())
    look(stage, 1)
    assert reminded(database)["validation_reminder"] == 5
