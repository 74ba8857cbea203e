"""Sellers are asked in time for what the report needs, reminded twice, and told of their copies."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import Account
from accounts.sign_ins import SignedIn
from billing import tax_detail_requests, tax_details
from billing.models.tax_details import TaxDetails
from foundation.database import Database
from foundation.mails import MailRow
from tests.billing.identified import identify
from tests.billing.selling import COMPANY, GIVEN, KEY, NOON, release, seller

SOLD_ON = date(2026, 3, 2)
AT = datetime(2026, 3, 3, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def anne(database: Database) -> SignedIn:
    """Return a seller of whom things are missing."""
    who = seller(database)
    release(database, str(who.expert_id), SOLD_ON)
    return who


def look_after(database: Database, *days: int) -> None:
    for day in days:
        tax_detail_requests.look_after(database, KEY, AT + day * DAY)


def told(database: Database) -> list[str]:
    with database.reading() as session:
        mails = session.execute(select(MailRow).order_by(col(MailRow.written_at), col(MailRow.key))).scalars().all()
    return [str(mail.values["code"]) for mail in mails if mail.template == "news"]


def test_a_seller_is_asked_and_reminded_twice_a_month_apart(database: Database, anne: SignedIn) -> None:
    look_after(database, 0, 0, 1, 29)
    assert told(database) == ["tax_details_wanted"]
    look_after(database, 30, 30, 59)
    assert told(database) == ["tax_details_wanted"] * 2
    look_after(database, 60, 90, 150)
    assert told(database) == ["tax_details_wanted"] * 3
    with database.reading() as session:
        kept = session.get_one(TaxDetails, str(anne.expert_id))
        assert (kept.requests, kept.asked_at, kept.sealed) == (3, AT + 60 * DAY, None)


def test_who_gave_everything_is_left_alone_and_asked_anew_once_something_is_missing(
    database: Database, anne: SignedIn
) -> None:
    look_after(database, 0)
    database.write(lambda session: tax_details.put(session, anne, GIVEN, KEY, at=AT))
    look_after(database, 31, 62)
    assert told(database) == ["tax_details_wanted"]
    without = GIVEN.model_copy(update={"tin": ""})
    database.write(lambda session: tax_details.put(session, anne, without, KEY, at=AT))
    look_after(database, 63)
    assert told(database) == ["tax_details_wanted"] * 2


def test_what_came_by_another_way_is_not_wanted_any_more(database: Database, anne: SignedIn) -> None:
    expert_id = str(anne.expert_id)
    look_after(database, 0)
    with database.reading() as session:
        assert tax_details.are_wanted(session, expert_id)
    identify(database, Account(kind="expert", name="Anne", expert_id=expert_id), **COMPANY)
    look_after(database, 1)
    with database.reading() as session:
        assert not tax_details.are_wanted(session, expert_id)
    assert told(database) == ["tax_details_wanted"]


def test_who_sold_nothing_or_lives_elsewhere_is_not_asked(database: Database) -> None:
    seller(database)
    british = seller(database, status="sole_trader", country="GB", registration_number="")
    release(database, str(british.expert_id), SOLD_ON)
    look_after(database, 0)
    assert told(database) == []


def test_copies_are_told_of_once_in_january(database: Database, anne: SignedIn) -> None:
    database.write(lambda session: tax_details.put(session, anne, GIVEN, KEY, at=AT))
    for day in (5, 9, 10, 11, 31):
        tax_detail_requests.look_after(database, KEY, datetime(2027, 1, day, 6, tzinfo=UTC))
        assert told(database) == (["tax_report_ready"] if day >= 10 else [])
    tax_detail_requests.look_after(database, KEY, datetime(2027, 2, 10, 6, tzinfo=UTC))
    assert told(database) == ["tax_report_ready"]


def test_the_last_year_is_looked_after_until_its_report_is_due() -> None:
    assert tax_detail_requests.years(date(2027, 1, 31)) == [2026, 2027]
    assert tax_detail_requests.years(date(2027, 2, 1)) == [2027]


def test_details_are_kept_for_ten_years_after_the_last_release(database: Database, anne: SignedIn) -> None:
    idle = seller(database, details=GIVEN)
    database.write(lambda session: tax_details.put(session, anne, GIVEN, KEY, at=NOON))

    def kept(at: datetime) -> set[str]:
        database.write(lambda session: tax_details.sweep(session, at))
        with database.reading() as session:
            return set(session.execute(select(col(TaxDetails.expert_id))).scalars())

    assert kept(NOON + tax_details.KEPT_FOR) == {anne.expert_id, idle.expert_id}
    assert kept(NOON + tax_details.KEPT_FOR + DAY) == {anne.expert_id}
    assert kept(AT + tax_details.KEPT_FOR) == set()
