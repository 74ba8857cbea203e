from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlmodel import col

from accounts import accounts, availabilities, experts, profiles
from accounts.availabilities import ASKED_BEFORE, LASTS
from accounts.links import LinkEnded
from accounts.models.accounts import Account, AccountKind
from accounts.models.experts import Expert
from foundation import audits, keys
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.errors import Invalid
from foundation.mails import MailRow
from foundation.settings import Settings
from taxonomy.wordlists import Wordlists
from tests import signed_in
from tests.builders import import_all, record

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SETTINGS = Settings(secret_key=SecretStr("a-key-of-the-installation"))
ASKED_AT = AT + LASTS - ASKED_BEFORE


@pytest.fixture
def loaded(database: Database) -> Database:
    import_all(database, [record("IMPORTED"), record("OWNED")])
    with database.reading() as session:
        expert_id = experts.get(session, "OWNED").id
    signed_in.make(database, AccountKind.EXPERT, "Anne", expert_id=expert_id, email="anne@example.org")
    with database.writing() as session:
        values = {"available_from": AT.date(), "availability_confirmed_on": AT.date()}
        experts.change(session, "OWNED", values, at=AT)
        experts.change(session, "IMPORTED", {"available_from": AT.date()}, at=AT)
    return database


def expert(database: Database, ref: str = "OWNED") -> Expert:
    with database.reading() as session:
        return experts.get(session, ref)


def look_after(database: Database, at: datetime) -> None:
    availabilities.look_after(database, SETTINGS, at)


def mails_to(database: Database) -> list[dict[str, Any]]:
    with database.reading() as session:
        rows = session.execute(select(MailRow).where(col(MailRow.template) == "availability_ask")).scalars()
        return [row.values or {} for row in rows]


def test_availability_counts_for_a_while_from_when_it_was_said_or_from_the_day_that_was_named() -> None:
    def last(**columns: Any) -> date | None:
        values: dict[str, Any] = {
            "ref": "A",
            "slug": "a",
            "name": "A",
            "headline": "A",
            "created_at": AT,
            "updated_at": AT,
        }
        return availabilities.ends_on(Expert(**values, **columns))

    assert last() is None
    assert last(availability_confirmed_on=AT.date()) == AT.date() + LASTS
    assert last(availability_confirmed_on=AT.date(), is_available=False) is None
    later = AT.date() + 90 * DAY
    assert last(availability_confirmed_on=AT.date(), available_from=later) == later + LASTS


def test_who_has_an_account_is_asked_once_some_days_before_and_not_earlier(loaded: Database) -> None:
    look_after(loaded, ASKED_AT - DAY)
    assert mails_to(loaded) == []
    for day in range(3):
        look_after(loaded, ASKED_AT + day * DAY)
    assert [(mail["name"], mail["confirmed_on"]) for mail in mails_to(loaded)] == [("Anne", "2026-06-01")]


def test_who_does_not_want_to_be_asked_is_not(loaded: Database) -> None:
    with loaded.writing() as session:
        account = session.execute(select(Account).where(col(Account.email) == "anne@example.org")).scalar_one()
        account.notifications = {"availability": False}
    look_after(loaded, ASKED_AT)
    assert mails_to(loaded) == []


def test_the_mail_has_a_link_that_ends_these_mails_and_no_others(loaded: Database) -> None:
    look_after(loaded, ASKED_AT)
    path, _, token = mails_to(loaded)[0]["unsubscribe_url"].rpartition("/")
    account_id = keys.read_signed(SETTINGS, availabilities.KEY, token) or ""
    with loaded.writing() as session:
        assert availabilities.wants_mails(session, account_id)
        for _ in range(2):
            availabilities.stop_mails(session, account_id, at=ASKED_AT)
        account = accounts.get(session, account_id)
        assert (account.email, account.notifications) == ("anne@example.org", {"availability": False})
        kept = [(entry.action, entry.details) for entry in audits.entries(session, object_id=account_id)]
    assert path == availabilities.STOP_PATH
    assert kept == [("mails_refused", {"topic": "availability"})]


def test_what_nobody_confirmed_is_no_longer_said_and_imported_profiles_are_left_alone(loaded: Database) -> None:
    look_after(loaded, AT + LASTS)
    assert expert(loaded).available_from == AT.date()
    before = expert(loaded).version
    for day in (1, 2):
        look_after(loaded, AT + LASTS + day * DAY)
    after = expert(loaded)
    assert (after.available_from, after.is_available, after.version) == (None, True, before + 1)
    assert availabilities.ends_on(after) == AT.date() + LASTS
    assert expert(loaded, "IMPORTED").available_from == AT.date()


def test_a_day_to_come_that_has_passed_keeps_its_own_end(loaded: Database, wordlists: Wordlists) -> None:
    with loaded.writing() as session:
        form = {"availability": "from", "available_from": "2026-09-01"}
        profiles.save(session, experts.get(session, "OWNED").id, form, wordlists, actor=SYSTEM, at=AT)
    last = date(2026, 9, 1) + LASTS
    look_after(loaded, datetime(2026, 12, 1, tzinfo=UTC))
    assert expert(loaded).available_from is None
    assert availabilities.ends_on(expert(loaded)) == last


@pytest.mark.parametrize(
    ("form", "columns"),
    [
        ({"availability": "now"}, (True, AT.date())),
        ({"availability": "from", "available_from": "2026-09-01"}, (True, date(2026, 9, 1))),
        ({"availability": "not"}, (False, None)),
    ],
)
def test_a_mailed_link_takes_one_answer(
    loaded: Database, wordlists: Wordlists, form: dict[str, str], columns: tuple[bool, date | None]
) -> None:
    look_after(loaded, ASKED_AT)
    token = mails_to(loaded)[0]["token"]
    with pytest.raises(Invalid), loaded.writing() as session:
        availabilities.answer(session, token, {"availability": "from"}, wordlists, at=ASKED_AT)
    with loaded.writing() as session:
        availabilities.answer(session, token, form, wordlists, at=ASKED_AT)
    after = expert(loaded)
    assert (after.is_available, after.available_from) == columns
    assert after.availability_confirmed_on == ASKED_AT.date()
    with pytest.raises(LinkEnded), loaded.writing() as session:
        availabilities.answer(session, token, form, wordlists, at=ASKED_AT)
