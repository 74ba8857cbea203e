"""A series whose two sides, the clock and the portage company do anything in any order."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from booking import (
    missions,
    quote_deadlines,
    quote_versions,
    quotes,
    reminders,
    reports,
    series,
    series_checks,
    series_reminders,
    signatures,
)
from booking.lifecycle import QuoteState
from booking.models.missions import Series
from booking.models.quotes import Side
from booking.series_plans import DAY, Plan
from booking.series_rows import Month
from foundation.database import Database
from foundation.errors import DomainError
from foundation.mails import MailRow
from foundation.settings import Reminders
from tests import builders
from tests.booking import carried_out, quoting
from tests.booking.months import Pair
from tests.booking.quoting import AT

REMINDED = ("month_ends", "month_ends_client", "next_month_waits", "next_month_waits_expert")
COMMANDS = ("accept", "accept", "decline", "withdraw", "renew", "move", "dearer", "stop", "give up", "extend", "send")
places = st.integers(0, 5)
acts = st.tuples(st.sampled_from(COMMANDS), places)
works = st.tuples(st.sampled_from(["accept", "confirm", "report", "validate"]), places)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    found = builders.database_of(builders.settings_in(tmp_path_factory.mktemp("series")))
    yield found
    found.close()


class Run(Pair):
    """A series, and what may be done with it."""

    def __init__(self, database: Database) -> None:
        expert, client = quoting.expert(database), quoting.client(database)
        quoting.offered(database, client, expert)
        super().__init__(database, quoting.who(database, expert), quoting.who(database, client))
        self.operator = carried_out.operator(database)
        self.propose(Plan(3, date(2027, 1, 1)), portage="partner")
        self.stopped_after: date | None = None

    def act(self, command: str, place: int) -> None:
        """Do something if it may be done; whatever is refused changes nothing."""
        months = self.months
        month = months[place % len(months)]
        before = self.told_of()
        work: dict[str, Callable[[], object]] = {
            "accept": lambda: self.accept_checked(months, month),
            "decline": lambda: self.write(
                lambda session: signatures.decline(session, self.client, month.quote.id, "No", at=self.at)
            ),
            "withdraw": lambda: self.write(
                lambda session: quotes.withdraw(session, self.expert, month.quote.id, at=self.at)
            ),
            "renew": lambda: self.amend(month, series_checks.day_of(self.at) + 2 * DAY, "650"),
            "move": lambda: self.amend(month, (month.first or self.at.date()) + 5 * DAY, "650"),
            "dearer": lambda: self.amend(month, month.first or self.at.date(), "700"),
            "stop": lambda: self.stop(place % len(months)),
            "give up": lambda: self.stop(place % len(months), self.expert),
            "extend": lambda: self.write(
                lambda session: series.extend(session, self.expert, self.id, {"count": "1"}, "en", at=self.at)
            ),
            "send": self.send,
            "confirm": lambda: self.write(
                lambda session: missions.confirm_portage(session, self.operator, self.mission(month), at=self.at)
            ),
            "report": lambda: self.write(
                lambda session: reports.send(
                    session, self.expert, self.mission(month), carried_out.REPORT, "en", at=self.at
                )
            ),
            "validate": lambda: self.write(
                lambda session: reports.validate(session, self.client, self.mission(month), at=self.at)
            ),
        }
        try:
            work[command]()
        except DomainError:
            assert self.told_of() == before or command in {"renew", "move", "dearer"}

    def accept_checked(self, months: list[Month], month: Month) -> None:
        """Accept a month, and see that it was its turn."""
        if not month.latest:
            return
        self.accept([one.quote.id for one in months].index(month.quote.id))
        if month.signed is None:
            assert month.latest.starts_on
            assert month.latest.starts_on > series_checks.day_of(self.at)
            earlier = [one for one in months if one.first and one.first < month.latest.starts_on]
            today = series_checks.day_of(self.at)
            assert not [one for one in earlier if one.state is QuoteState.SENT and one.first and one.first > today]
            assert self.stopped_after is None or month.latest.starts_on <= self.stopped_after

    def amend(self, month: Month, first: date, rate: str) -> None:
        """Send a month again, beginning on another day or at another rate."""
        place = [one.quote.id for one in self.months].index(month.quote.id)
        steps = {"step_1_name": "", "step_1_from": "", "step_1_until": ""}
        days = {"starts_on": first.isoformat(), "ends_on": (first + 20 * DAY).isoformat()}
        self.save(place, day_rate=rate, valid_until=(first - DAY).isoformat(), **days, **steps)
        self.write(lambda session: quote_versions.amend(session, month.quote.id, "Otherwise", self.sending))

    def pass_time(self, days: int) -> None:
        """Let days go by, and what comes due happen each day, on the last one twice."""
        for day in [*range(days), days - 1]:
            at = self.at + (day + 1) * DAY
            quote_deadlines.look_after(self.database, at)
            reminders.look_after(self.database, Reminders(), at)
            series_reminders.look_after(self.database, Reminders(), at)
        self.at += days * DAY

    def write(self, work: Callable[..., object]) -> None:
        self.database.write(work)

    def mission(self, month: Month) -> str:
        return month.mission.id if month.mission else "none"

    def told_of(self) -> tuple[object, ...]:
        """Return what must not change where something is refused."""
        found = [(one.state, one.quote.latest_version, one.quote.accepted_version) for one in self.months]
        return self.state, *found, *(one.mission and one.mission.state for one in self.months)

    def check(self) -> None:
        """Check everything that holds of a series at any time."""
        months = self.months
        for one, other in combinations(months, 2):
            assert not any(mine.meets(theirs) for mine in one.taken for theirs in other.taken)
        assert len(series_checks.signed_rates(months)) <= 1
        with self.database.reading() as session:
            found = session.get_one(Series, self.id)
            mails = session.execute(select(MailRow)).scalars().all()
            for month in months:
                signed = signatures.of_quote(session, month.quote.id).get((1, Side.CLIENT))
                version = quotes.versions(session, month.quote.id)[0] if signed else None
                if signed and version and version.starts_on:
                    assert series_checks.day_of(signed.signed_at) < version.starts_on
        assert self.stopped_after is None or (found.stops_after and found.stops_after <= self.stopped_after)
        self.stopped_after = found.stops_after
        if found.stops_after:
            late = [month for month in months if month.first and month.first > found.stops_after]
            assert not [month for month in late if month.state is QuoteState.SENT]
        said = [row.values or {} for row in mails]
        ours = {f"/quotes/{month.quote.id}" for month in months} | {
            f"/missions/{month.mission.id}#report" for month in months if month.mission
        }
        told = Counter((one["code"], one["path"], one["day"]) for one in said if one.get("code") in REMINDED)
        assert all(count == 1 for (_, path, _), count in told.items() if path in ours)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(acts, works, works, st.integers(1, 12)), min_size=4, max_size=14))
def test_any_order_keeps_the_rules(database: Database, steps: list[tuple[str, int] | int]) -> None:
    run = Run(database)
    run.at = AT + timedelta(days=12)
    for step in steps:
        if isinstance(step, int):
            run.pass_time(step)
        else:
            run.act(*step)
        run.check()


def test_each_side_is_reminded_once_of_the_end_and_of_the_next_month(database: Database) -> None:
    run = Run(database)
    run.pass_time(1)
    run.act("accept", 0)
    run.act("confirm", 0)
    run.pass_time(84)
    paths = {f"/quotes/{month.quote.id}": place for place, month in enumerate(run.months)}
    paths |= {f"/missions/{month.mission.id}#report": place for place, month in enumerate(run.months) if month.mission}
    with database.reading() as session:
        said = [row.values or {} for row in session.execute(select(MailRow)).scalars()]
    told = Counter((one["code"], paths[one["path"]]) for one in said if one.get("path") in paths)
    assert {what: count for what, count in told.items() if what[0] in REMINDED} == {
        ("month_ends", 0): 1,
        ("month_ends_client", 0): 1,
        ("next_month_waits", 1): 1,
        ("next_month_waits_expert", 1): 1,
        ("next_month_waits", 2): 1,
        ("next_month_waits_expert", 2): 1,
    }
    assert ("quote_expiring", 1) not in told
    assert run.state == "open"


def test_a_series_ends_once_its_last_month_is_over_and_nothing_waits(database: Database) -> None:
    run = Run(database)
    for step in (("accept", 0), ("confirm", 0), 32, ("report", 0), ("validate", 0), 59):
        run.pass_time(step) if isinstance(step, int) else run.act(*step)
    run.pass_time(29)
    assert run.states == ["accepted", "expired", "expired"]
    assert run.state == "open"
    run.pass_time(1)
    assert run.state == "ended"
    run.act("renew", 2)
    assert run.states == ["accepted", "expired", "expired"]
    run.act("extend", 0)
    run.act("send", 0)
    assert (run.state, run.states[-1]) == ("open", "sent")
