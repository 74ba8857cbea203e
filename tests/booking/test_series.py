"""Series of monthly quotes: drafting, sending, accepting in order, adding to, stopping."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import Membership, Role
from billing.models.reductions import ReductionUse
from booking import (
    missions,
    overtakings,
    own_clients,
    quote_deadlines,
    quote_drafts,
    quote_versions,
    quotes,
    series,
    signatures,
)
from booking.models.missions import Mission, Series
from booking.models.quotes import Quote, QuoteKind, QuoteVersion
from booking.models.sheets import Sheet
from booking.quote_drafts import ChangedMeanwhile, For
from booking.quote_versions import SentTogether
from booking.series import Unready
from booking.series_plans import Plan
from booking.signatures import NotApproved
from foundation.database import Database
from foundation.errors import Conflict, DomainError, Invalid, NotFound
from foundation.lifecycles import Refused, StateChange
from foundation.mails import MailRow
from tests.booking import quoting
from tests.booking.months import MONTHLY, Pair
from tests.booking.quoting import AT

FIRST = date(2027, 1, 1)
THREE = Plan(3, FIRST)


@pytest.fixture
def pair(database: Database) -> Pair:
    expert, client = quoting.expert(database), quoting.client(database)
    quoting.offered(database, client, expert)
    return Pair(database, quoting.who(database, expert), quoting.who(database, client))


def told(database: Database) -> list[str]:
    """Return the codes of all news, in their order."""
    with database.reading() as session:
        return sorted(
            (row.values or {}).get("code", row.template) for row in session.execute(select(MailRow)).scalars()
        )


def test_months_are_sent_in_one_step_each_with_its_own_quote(pair: Pair) -> None:
    pair.propose(THREE)
    months = pair.months
    assert [month.quote.state for month in months] == ["sent"] * 3
    assert len({month.quote.number for month in months}) == 3
    assert [month.latest and month.latest.valid_until for month in months] == [
        *(date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28)),
    ]
    assert {month.quote.kind for month in months} == {QuoteKind.MONTH}
    assert [month.latest and month.latest.net_cents for month in months] == [292_500] * 3
    assert pair.state == "open"
    with pair.database.reading() as session:
        for month in months:
            assert signatures.of_quote(session, month.quote.id).keys() == {(1, "expert")}
    assert told(pair.database).count("months_proposed") == 1
    assert "quote_received" not in told(pair.database)


def test_one_wrong_month_keeps_all_from_being_sent_and_is_named(pair: Pair) -> None:
    pair.draft(THREE)
    pair.save(1, objectives="", day_rate="650")
    pair.save(2, starts_on="2027-01-20", valid_until="2027-01-20", ends_on="2027-03-31")
    with pytest.raises(Unready) as caught:
        pair.send()
    months = pair.months
    faults = {
        next(place for place, month in enumerate(months) if month.quote.id == quote_id): [one.field for one in found]
        for quote_id, found in caught.value.faults.items()
    }
    assert [fields for _, fields in sorted(faults.items())] == [["valid_until", "ends_on", "starts_on"], ["objectives"]]
    assert pair.states == ["draft"] * 3
    assert pair.state == "draft"
    pair.save(0, day_rate="651")
    pair.save(1, starts_on="2027-03-01", ends_on="2027-03-31", valid_until="2027-02-28")
    pair.save(1, objectives="One")
    with pytest.raises(Unready) as caught:
        pair.send()
    assert [one.field for found in caught.value.faults.values() for one in found] == ["day_rate"]


def test_months_are_drafts_of_their_expert_alone_and_no_month_leaves_by_itself(pair: Pair) -> None:
    made = pair.draft(THREE)
    month = pair.months[1].quote
    with pair.database.writing() as session, pytest.raises(SentTogether):
        quote_versions.send(session, month.id, pair.sending)
    with pair.database.writing() as session, pytest.raises(Conflict):
        series.split(session, pair.expert, month.id, THREE, "en", at=AT)
    with pair.database.writing() as session, pytest.raises(NotFound):
        series.extend(session, pair.client, made.id, {"count": "2"}, "en", at=AT)
    with pair.database.writing() as session, pytest.raises(ChangedMeanwhile):
        series.send(session, pair.expert, made.id, "another mark", pair.sending)
    with pair.database.writing() as session, pytest.raises(NotFound):
        series.send(session, pair.expert, "\0", "", pair.sending)
    with pair.database.writing() as session:
        quote_drafts.discard(session, pair.expert, month.id, at=AT)
        series.discard(session, pair.expert, made.id, at=AT)
    with pair.database.reading() as session:
        assert session.execute(select(Series)).first() is None
        assert session.execute(select(Quote)).first() is None


def test_a_rehearsal_tells_the_figures_and_changes_nothing(pair: Pair) -> None:
    made = pair.draft(THREE)
    with pair.database.writing() as session:
        figures = series.rehearse(session, pair.expert, made.id, pair.sending)
    assert {one.gross_cents for one in figures.values()} == {351_000}
    assert pair.states == ["draft"] * 3
    with pair.database.reading() as session:
        assert session.execute(select(StateChange)).first() is None
        assert session.execute(select(ReductionUse)).first() is None


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({"count": "0", "first": "2027-01-01"}, ["count"]),
        ({"count": "25", "first": "2026-12-01"}, ["count", "first"]),
        ({"count": "٣", "first": "2028-01-01"}, ["count", "first"]),
        ({"count": "3", "first": "soon"}, ["first"]),
    ],
)
def test_a_plan_that_can_not_be_read_is_told(form: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        series.read_plan(form, "en", today=AT.date())
    assert [fault.field for fault in caught.value.faults] == fields


def test_months_are_accepted_in_their_order_before_they_begin(pair: Pair) -> None:
    pair.propose(THREE)
    with pytest.raises(Invalid) as caught:
        pair.accept(1)
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [("version", "earlier")]
    assert "January 2027" in caught.value.faults[0].message
    mission = pair.accept(0)
    assert (mission.series_id, mission.starts_on) == (pair.id, FIRST)
    pair.accept(1)
    pair.at = AT.replace(year=2027, month=2, day=28, hour=22, minute=59)
    pair.accept(2)
    with pair.database.reading() as session:
        assert len(session.execute(select(Mission)).scalars().all()) == 3


def test_a_colleagues_limit_holds_for_the_months_together(pair: Pair) -> None:
    pair.propose(THREE)
    with pair.database.writing() as session:
        membership = session.get_one(Membership, pair.client.account_id)
        membership.role, membership.approval_limit_cents = Role.BUYER.value, 702_000  # Two months, with their tax.
    pair.accept(0)
    pair.accept(1)
    with pytest.raises(NotApproved):
        pair.accept(2)


def test_a_month_that_has_begun_in_paris_is_asked_for_again_and_renewed(pair: Pair) -> None:
    pair.propose(THREE)
    pair.accept(0)
    pair.at = AT.replace(year=2027, month=1, day=31, hour=23)
    with pytest.raises(Invalid) as caught:
        pair.accept(1)
    assert caught.value.faults[0].code == "begun"
    pair.at += timedelta(hours=3)
    quote_deadlines.look_after(pair.database, pair.at)
    assert pair.states == ["accepted", "expired", "sent"]
    month = pair.months[1].quote
    for _ in range(2):
        with pair.database.writing() as session:
            series.ask_again(session, pair.client, pair.id, month.id, at=pair.at)
    assert told(pair.database).count("month_wanted") == 1
    with pair.database.writing() as session, pytest.raises(Conflict):
        series.ask_again(session, pair.client, pair.id, pair.months[2].quote.id, at=pair.at)
    with pair.database.writing() as session, pytest.raises(Invalid) as caught:
        quote_versions.renew(session, month.id, "2027-02-10", "Late", pair.sending)
    assert [fault.field for fault in caught.value.faults] == ["starts_on"]
    pair.save(1, starts_on="2027-02-10", ends_on="2027-02-28", valid_until="2027-02-09", step_1_name="",
              step_1_from="", step_1_until="")  # fmt: skip
    with pair.database.writing() as session:
        quote_versions.amend(session, month.id, "Later", pair.sending)
    pair.accept(1)
    pair.accept(2)


def test_no_two_months_share_a_day_whatever_is_amended(pair: Pair) -> None:
    pair.propose(THREE)
    pair.accept(0)
    month = pair.months[0].quote
    pair.save(0, ends_on="2027-02-01")
    with pair.database.writing() as session, pytest.raises(Invalid) as caught:
        quote_versions.amend(session, month.id, "Longer", pair.sending)
    assert [fault.field for fault in caught.value.faults] == ["starts_on"]
    assert "February 2027" in caught.value.faults[0].message


def test_the_day_rate_of_a_signed_month_stays_for_all(pair: Pair) -> None:
    pair.propose(THREE)
    second = pair.months[1].quote
    pair.save(1, day_rate="700")
    with pair.database.writing() as session:
        quote_versions.amend(session, second.id, "Dearer", pair.sending)
    pair.accept(0)
    with pytest.raises(Invalid) as caught:
        pair.accept(1)
    assert caught.value.faults[0].code == "rate"
    pair.save(2, day_rate="660")
    with pair.database.writing() as session, pytest.raises(Invalid) as caught:
        quote_versions.amend(session, pair.months[2].quote.id, "Dearer", pair.sending)
    assert [fault.field for fault in caught.value.faults] == ["day_rate"]
    pair.save(1, day_rate="650")
    with pair.database.writing() as session:
        quote_versions.amend(session, second.id, "As signed", pair.sending)
    pair.accept(1)


def test_further_months_follow_the_last_one(pair: Pair) -> None:
    pair.propose(THREE)
    with pair.database.writing() as session:
        series.extend(session, pair.expert, pair.id, {"count": "2"}, "en", at=AT)
    assert pair.states == ["sent"] * 3 + ["draft"] * 2
    assert [month.first for month in pair.months[3:]] == [date(2027, 4, 1), date(2027, 5, 1)]
    assert [month.quote.draft["title"] for month in pair.months[3:]] == [
        "Follow-up – April 2027",
        "Follow-up – May 2027",
    ]
    pair.send()
    assert told(pair.database).count("months_proposed") == 2
    for count in ("25", "x"):
        with pair.database.writing() as session, pytest.raises(Invalid):
            series.extend(session, pair.expert, pair.id, {"count": count}, "en", at=AT)


@pytest.mark.parametrize("by", ["client", "expert"])
def test_stopping_takes_back_what_waits_and_cancels_what_is_unpaid(pair: Pair, by: str) -> None:
    pair.propose(Plan(5, FIRST))
    for place in range(4):
        pair.accept(place)
    missions_of = [month.mission for month in pair.months]
    with pair.database.writing() as session:
        for mission, state in ((missions_of[0], "in_progress"), (missions_of[2], "funded")):
            assert mission
            session.get_one(Mission, mission.id).state = state
    with pytest.raises(Invalid):
        pair.stop(0)
    pair.stop(1, pair.client if by == "client" else pair.expert)
    assert pair.states == [
        "accepted",
        "cancelled",
        "accepted",
        "cancelled",
        "declined" if by == "client" else "withdrawn",
    ]
    assert [month.mission and month.mission.state for month in pair.months] == [
        *("in_progress", "cancelled", "funded", "cancelled", None),
    ]
    assert pair.state == "stopped"
    codes = told(pair.database)
    assert (codes.count("series_stopped"), codes.count("series_stopped_own")) == (1, 1)
    with pair.database.writing() as session, pytest.raises(Refused):
        series.extend(session, pair.expert, pair.id, {"count": "1"}, "en", at=AT)
    with pair.database.writing() as session:
        assert missions.to_start(session, date(2027, 4, 1)) == []


def test_months_before_the_stop_are_still_to_be_accepted_and_it_is_only_made_earlier(pair: Pair) -> None:
    pair.propose(Plan(4, FIRST))
    with pair.database.writing() as session:
        series.extend(session, pair.expert, pair.id, {"count": "1"}, "en", at=AT)
    pair.stop(2)
    assert pair.states == ["sent", "sent", "declined", "declined", "draft"]
    with pytest.raises(Refused):
        pair.send()
    pair.accept(0)
    with pytest.raises(Invalid):
        pair.stop(2)
    pair.stop(1)
    assert pair.states[:3] == ["accepted", "declined", "declined"]


def test_who_only_looks_and_who_is_a_stranger_stops_nothing(pair: Pair) -> None:
    pair.propose(THREE)
    stranger = quoting.who(pair.database, quoting.client(pair.database))
    for who in (replace(pair.client, role=Role.VIEWER), stranger):
        with pytest.raises(NotFound):
            pair.stop(0, who)


def test_an_own_client_without_account_gets_one_link_and_all_months(database: Database) -> None:
    expert = quoting.who(database, quoting.expert(database))
    pair = Pair(database, expert, expert)
    address = {"client_country": "FR", "client_address": "1 rue", "client_is_person": ""}
    with database.writing() as session:
        to = For(client_name="Dupont", client_email="dupont@example.org")
        quote = quote_drafts.start(session, expert, to, QuoteKind.MISSION, "en", at=AT)
        quote_drafts.save(session, expert, quote.id, {**MONTHLY, **address}, quote.draft_edition, at=AT)
        pair.id = series.split(session, expert, quote.id, THREE, "en", at=AT).id
    pair.send()
    assert told(database).count("client_invitation") == 1
    client = quoting.client(database)
    with database.writing() as session:
        account = session.merge(client)
        account.email = "dupont@example.org"
        session.flush()
        assert own_clients.adopt(session, account, pair.sending.settings, at=AT) == 3
    pair.client = quoting.who(database, account)
    assert {month.quote.client_id for month in pair.months} == {pair.client.client_id}
    pair.accept(0)
    pair.stop(1)
    assert pair.states == ["accepted", "declined", "declined"]


def test_others_are_told_once_when_the_first_month_starts_and_later_months_are_left_alone(pair: Pair) -> None:
    rival = quoting.expert(pair.database, name="Rita")
    with pair.database.writing() as session:
        sheet = Sheet(client_id=pair.client.client_id, title="Audit", state="published", made_at=AT, changed_at=AT)
        session.add(sheet)
        session.flush()
        other = quoting.sent_row(session, str(rival.expert_id), str(pair.client.client_id), "Rita", at=AT)
        other.sheet_id = sheet.id
        sheet_id, other_id = sheet.id, other.id
    pair.draft(THREE)
    with pair.database.writing() as session:
        for month in pair.months:
            session.get_one(Quote, month.quote.id).sheet_id = sheet_id
    pair.send()
    first, second = pair.accept(0), pair.accept(1)

    def begin(mission_id: str, at: Any) -> None:
        with pair.database.writing() as session:
            row = session.get_one(Mission, mission_id)
            row.state, row.started_at = "in_progress", at
            session.flush()
            overtakings.overtake(session, mission_id, at=at)

    begin(first.id, AT)
    assert pair.states == ["accepted", "accepted", "sent"]
    with pair.database.writing() as session:
        assert session.get_one(Quote, other_id).state == "declined"
        session.get_one(Sheet, sheet_id).state = "published"
    begin(second.id, AT + timedelta(days=31))
    with pair.database.reading() as session:
        assert session.get_one(Sheet, sheet_id).state == "published"
    assert told(pair.database).count("overtaken") == 1


@pytest.mark.parametrize("other", ["stop", "withdraw", "amend"])
def test_of_two_who_decide_about_a_month_at_once_one_wins_and_the_other_is_told(pair: Pair, other: str) -> None:
    pair.propose(THREE)
    month = pair.months[0]
    pair.save(0, days_1_number="9")
    acts: list[Callable[[], object]] = [
        lambda: pair.accept(0),
        {
            "stop": lambda: pair.stop(0, pair.expert),
            "withdraw": lambda: pair.database.write(
                lambda session: quotes.withdraw(session, pair.expert, month.quote.id, at=AT)
            ),
            "amend": lambda: pair.database.write(
                lambda session: quote_versions.amend(session, month.quote.id, "More", pair.sending)
            ),
        }[other],
    ]
    ends: list[object] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            ends.append(act())
        except DomainError as error:
            ends.append(error)

    running = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(30)
    assert len(ends) == 2
    found = pair.months
    with pair.database.reading() as session:
        signed = session.execute(select(col(QuoteVersion.quote_id)).join(Quote).where(
            col(Quote.accepted_version).is_not(None))).first()  # fmt: skip
    if other == "stop":
        # Whoever comes first: nothing of what was stopped is carried out.
        assert pair.state == "stopped"
        assert {month.quote.state for month in found} <= {"withdrawn", "cancelled"}
        assert all(month.mission is None or month.mission.state == "cancelled" for month in found)
    else:
        refused = [end for end in ends if isinstance(end, DomainError)]
        assert len(refused) == 1 or other == "amend"
        assert bool(signed) == (found[0].quote.state in {"accepted", "amended"})
