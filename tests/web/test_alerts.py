"""Alerts: who is new is mailed once for each due time, and nobody who may not be shown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from accounts import experts
from accounts.models.accounts import Account, AccountKind
from foundation import outbox, schedules
from foundation.mails import MailRow
from foundation.outbox import OutboxRow
from search_api import alerts, saved_searches
from search_api.alerts import Due
from search_api.events import ALERT_DUE, DAILY_ALERTS_DUE, WEEKLY_ALERTS_DUE
from search_api.models import Frequency, SavedSearch
from search_api.requests import Parameters
from tests import builders, signed_in
from tests.builders import Directory
from web import deliveries, reactions
from web.alerts import Alerter
from web.mail_values import TEMPLATES
from web.mails import compose

SUNDAY = datetime(2026, 11, 29, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 5, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


def customs(number: int, **fields: Any) -> dict[str, Any]:
    return builders.record(f"C{number:03}", name=f"Customs {number}", headline="Douane", **fields)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    with builders.directory(tmp_path, [customs(1), builders.record("X001", headline="Marketing")]) as found:
        yield found


def make_searcher(directory: Directory, kind: AccountKind = AccountKind.COMPANY, **columns: Any) -> Account:
    return signed_in.make(directory.database, kind, **{"email": "anna@example.org", **columns})


def save(directory: Directory, account: Account, frequency: Frequency = Frequency.DAILY, q: str = "douane") -> str:
    parameters = Parameters(q=q)
    found = directory.find(q=q, size=100).results
    with directory.database.writing() as session:
        ids = [item.document.id for item in found]
        return saved_searches.save(session, account.id, "Customs", parameters, frequency, found_now=ids, at=SUNDAY)


def alerter(directory: Directory) -> Alerter:
    return Alerter(directory.settings, directory.index)


def run(directory: Directory, at: datetime) -> None:
    """Deliver what the schedules owe at a time."""
    schedules.owe_due(directory.database, reactions.SCHEDULES, at)
    table = [
        lane
        for lane in reactions.whole_table(directory.settings, directory.index)
        if lane.topic in {DAILY_ALERTS_DUE, WEEKLY_ALERTS_DUE, ALERT_DUE}
    ]
    deliveries.drain(directory.database, table, lambda _topic, _count: None)


def mails(directory: Directory) -> list[tuple[str, list[str], int]]:
    """Return the alerts written: to whom, about whom, of how many."""
    with directory.database.reading() as session:
        statement = select(MailRow).order_by(col(MailRow.written_at), col(MailRow.recipient))
        rows = session.execute(statement).scalars().all()
    for row in rows:
        assert (row.template, row.failure) == ("alert", None)
        if row.sent_at is None:  # links are blanked once it is
            TEMPLATES["alert"].model_validate(row.values)
    return [
        (row.recipient, sorted(item["name"] for item in (row.values or {})["experts"]), (row.values or {})["total"])
        for row in rows
    ]


def test_who_is_new_is_mailed_once_and_who_was_there_before_never(directory: Directory) -> None:
    save(directory, make_searcher(directory))
    run(directory, MONDAY)
    assert mails(directory) == []
    directory.load([customs(2)])
    run(directory, TUESDAY)
    assert mails(directory) == [("anna@example.org", ["Customs 2"], 1)]
    run(directory, TUESDAY + timedelta(hours=3))
    run(directory, TUESDAY + timedelta(days=1))
    assert len(mails(directory)) == 1


def test_the_mail_names_the_search_and_leads_to_it_and_to_its_end(directory: Directory) -> None:
    save(directory, make_searcher(directory, language="fr"))
    directory.load([customs(number) for number in range(2, 15)])
    run(directory, MONDAY)
    with directory.database.reading() as session:
        mail = compose(session.execute(select(MailRow)).scalar_one(), directory.settings)
    assert mail["To"] == "anna@example.org"
    assert mail["Subject"] == "13 nouveaux experts pour «\u202fCustoms\u202f»"
    text = mail.get_body(("plain",)).get_content()
    assert "et 3 autres." in text
    assert f"{directory.settings.site_address}/experts?q=douane\n" in text
    assert mail["List-Unsubscribe"].startswith(f"<{directory.settings.site_address}/alerts/stop/")


def test_an_expert_who_changes_so_as_to_match_is_new(directory: Directory) -> None:
    save(directory, make_searcher(directory))
    directory.load([builders.record("X001", headline="Marketing et douane", name="Changed")])
    run(directory, MONDAY)
    assert mails(directory) == [("anna@example.org", ["Changed"], 1)]
    directory.load([builders.record("X001", headline="Marketing", name="Changed")])
    run(directory, TUESDAY)
    directory.load([builders.record("X001", headline="Douane", name="Changed")])
    run(directory, TUESDAY + timedelta(days=1))
    assert len(mails(directory)) == 1


def test_repeating_a_delivery_mails_nothing_twice(directory: Directory) -> None:
    search_id = save(directory, make_searcher(directory))
    directory.load([customs(2)])
    again = alerter(directory)
    for _ in range(3):
        again.deliver([Due(search_id, MONDAY).key])
        again.owe(Frequency.DAILY, [MONDAY.isoformat()])
    assert len(mails(directory)) == 1
    with directory.database.reading() as session:
        assert outbox.count(session, ALERT_DUE) == 0
    # Whoever comes after a due time was dealt with is left for the next one, and not lost.
    directory.load([customs(3)])
    again.deliver([Due(search_id, MONDAY).key])
    run(directory, TUESDAY)
    assert [names for _, names, _ in mails(directory)] == [["Customs 2"], ["Customs 3"]]


def test_a_weekly_alert_comes_on_mondays_and_one_that_was_missed_later(directory: Directory) -> None:
    save(directory, make_searcher(directory), Frequency.WEEKLY)
    directory.load([customs(2)])
    run(directory, MONDAY - timedelta(hours=1))
    assert mails(directory) == []
    run(directory, MONDAY + timedelta(days=2))
    assert len(mails(directory)) == 1
    directory.load([customs(3)])
    run(directory, MONDAY + timedelta(days=6))
    assert len(mails(directory)) == 1
    run(directory, MONDAY + timedelta(days=7))
    assert [names for _, names, _ in mails(directory)] == [["Customs 2"], ["Customs 3"]]


def test_alerts_are_due_at_five_and_on_mondays() -> None:
    due = {schedule.name: schedule.last_due(SUNDAY + timedelta(days=3)) for schedule in reactions.SCHEDULES}
    assert due["alerts.daily"] == MONDAY + timedelta(days=2)
    assert due["alerts.weekly"] == MONDAY


def test_ten_are_listed_and_the_rest_is_counted(directory: Directory) -> None:
    save(directory, make_searcher(directory))
    directory.load([customs(number) for number in range(2, 15)])
    run(directory, MONDAY)
    ((_, names, total),) = mails(directory)
    assert (len(names), total) == (10, 13)


def test_one_bad_search_holds_up_no_other(directory: Directory) -> None:
    account = make_searcher(directory)
    bad, good = save(directory, account), save(directory, account)
    unknown = save(directory, account)
    with directory.database.writing() as session:
        session.execute(update(SavedSearch).where(col(SavedSearch.id) == bad).values(parameters={"nonsense": 1}))
        gone = update(SavedSearch).where(col(SavedSearch.id) == unknown)
        session.execute(gone.values(parameters={"zone": ["atlantis"]}))
    directory.load([customs(2)])
    run(directory, MONDAY)
    assert len(mails(directory)) == 1
    with directory.database.reading() as session:
        owed = session.execute(select(col(OutboxRow.key)).where(col(OutboxRow.topic) == ALERT_DUE)).scalars().all()
        looked = saved_searches.find_mailed(session, good).looked_at
    assert owed == [Due(bad, MONDAY).key]
    assert looked == MONDAY


@pytest.mark.parametrize(
    "values",
    [
        {"email_confirmed_at": None},
        {"suspended_at": SUNDAY, "suspension_reason": "fraud"},
        {"notifications": {"alerts": False}},
    ],
    ids=str,
)
def test_who_may_not_or_does_not_want_to_be_written_to_gets_no_alert(
    directory: Directory, values: dict[str, Any]
) -> None:
    save(directory, make_searcher(directory, AccountKind.PRIVATE_CLIENT, **values))
    directory.load([customs(2)])
    run(directory, MONDAY)
    assert mails(directory) == []


def test_searches_that_are_off_or_deleted_send_nothing(directory: Directory) -> None:
    account = make_searcher(directory)
    save(directory, account, Frequency.OFF)
    removed = save(directory, account)
    with directory.database.writing() as session:
        saved_searches.remove(session, account.id, removed, at=SUNDAY)
    directory.load([customs(2)])
    run(directory, MONDAY)
    alerter(directory).deliver([Due(removed, MONDAY).key, Due("gone", MONDAY).key])
    assert mails(directory) == []


def test_who_hides_between_the_search_and_the_mail_is_not_in_it(directory: Directory) -> None:
    search_id = save(directory, make_searcher(directory))
    directory.load([customs(2), customs(3)])
    found = [item.document for item in directory.find(q="douane", size=100).results]
    with directory.database.writing() as session:
        experts.hide(session, "C002", at=MONDAY)
        experts.remove(session, ["C003"])
    with directory.database.writing() as session:
        assert alerts.tell(session, Due(search_id, MONDAY), found) is None
    with directory.database.writing() as session:
        experts.show(session, "C002", at=MONDAY)
    run(directory, TUESDAY)
    assert [names for _, names, _ in mails(directory)] == [["Customs 2"]]


def test_what_was_told_is_remembered_within_bounds() -> None:
    told = alerts.told_after([str(number) for number in range(1_000)], ["0", "new"])
    assert len(told) == 1_000
    assert told[-2:] == ["0", "new"]
    assert "1" not in told
    assert "2" in told
