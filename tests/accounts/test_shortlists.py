"""Shortlists in the database: any sequence of changes leaves what a model of them says."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from accounts import experts, shared_shortlists, shortlist_rows, shortlists
from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.models.shortlists import Shortlist, ShortlistComment, ShortlistItem
from accounts.picks import MOST, Pick
from accounts.shared_shortlists import Comment
from accounts.shortlist_rows import Owner
from accounts.shortlists import ShortlistFull
from foundation.database import Database
from foundation.errors import NotFound
from tests import builders

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
BROWSER = Owner(token="browser")
OTHER = Owner(token="other")


def fill(database: Database, count: int = 8) -> list[str]:
    """Make experts, and return their ids."""
    builders.import_all(database, [builders.record(f"T{number}") for number in range(count)])
    with database.reading() as session:
        return list(session.execute(select(col(Expert.id)).order_by(col(Expert.ref))).scalars())


def make_client(database: Database) -> Owner:
    with database.writing() as session:
        client = Client(is_person=False, name="ACME", created_at=AT)
        session.add(client)
        session.flush()
        return Owner(client_id=client.id)


class Lists(RuleBasedStateMachine):
    """A browser's list and a client's, against lists of plain names."""

    database: Database
    experts: list[str]
    client: Owner

    @initialize()
    def begin(self) -> None:
        with self.database.writing() as session:
            session.execute(delete(Shortlist))
        self.wanted: dict[Owner, list[str]] = {BROWSER: [], self.client: []}
        self.said: list[str] = []

    @rule(is_browser=st.booleans(), number=st.integers(0, 7))
    def add(self, is_browser: bool, number: int) -> None:
        owner, expert_id = self.owner(is_browser), self.experts[number]
        listed = self.wanted[owner]
        is_refused = len(listed) == MOST and expert_id not in listed
        try:
            with self.database.writing() as session:
                shortlists.add(session, owner, expert_id, at=AT)
        except ShortlistFull:
            assert is_refused
            return
        assert not is_refused
        if expert_id not in listed:
            listed.append(expert_id)
            if owner == self.client:
                self.said = [other for other in self.said if other != expert_id]

    @rule(is_browser=st.booleans(), number=st.integers(0, 7))
    def remove(self, is_browser: bool, number: int) -> None:
        owner, expert_id = self.owner(is_browser), self.experts[number]
        with suppress(NotFound), self.database.writing() as session:
            shortlists.remove(session, owner, expert_id, at=AT)
        self.wanted[owner] = [other for other in self.wanted[owner] if other != expert_id]

    @rule(is_browser=st.booleans(), number=st.integers(0, 7))
    def remove_and_take_back(self, is_browser: bool, number: int) -> None:
        owner, expert_id = self.owner(is_browser), self.experts[number]
        if expert_id not in self.wanted[owner]:
            return
        with self.database.writing() as session:
            shortlists.remove(session, owner, expert_id, at=AT)
        with self.database.writing() as session:
            shortlists.restore(session, owner, at=AT)

    @rule(is_browser=st.booleans(), number=st.integers(0, 7), step=st.sampled_from([-1, 1]))
    def move(self, is_browser: bool, number: int, step: int) -> None:
        owner, expert_id = self.owner(is_browser), self.experts[number]
        with suppress(NotFound), self.database.writing() as session:
            shortlists.move(session, owner, expert_id, step, at=AT)
        listed = self.wanted[owner]
        if expert_id in listed:
            at = listed.index(expert_id)
            to = min(max(0, at + step), len(listed) - 1)
            listed[at], listed[to] = listed[to], listed[at]

    @rule()
    def adopt(self) -> None:
        with self.database.writing() as session:
            adopted = shortlists.adopt(session, BROWSER.token or "", self.client, at=AT)
        mine, theirs = self.wanted[self.client], self.wanted[BROWSER]
        both = list(dict.fromkeys([*mine, *theirs]))
        assert [pick.expert_id for pick in adopted.left_out] == both[MOST:]
        self.wanted = {BROWSER: [], self.client: both[:MOST]}
        told = dict.fromkeys([*self.said, *both[MOST:]])
        self.said = [expert_id for expert_id in told if expert_id not in both[:MOST]]

    @invariant()
    def lists_are_as_wanted(self) -> None:
        if not hasattr(self, "wanted"):
            return
        with self.database.reading() as session:
            for owner, listed in self.wanted.items():
                assert shortlists.shown_ids(session, owner) == listed
            found = shortlists.find(session, self.client)
            assert (found.left_out if found else []) == self.said

    def owner(self, is_browser: bool) -> Owner:
        return BROWSER if is_browser else self.client


def test_any_sequence_of_changes_leaves_what_it_should() -> None:
    with TemporaryDirectory() as folder:
        database = builders.database_of(builders.settings_in(Path(folder)))
        Lists.database, Lists.experts, Lists.client = database, fill(database), make_client(database)
        run_state_machine_as_test(
            Lists,
            settings=settings(
                max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
        database.close()


@pytest.fixture
def people(database: Database) -> list[str]:
    return fill(database, 6)


def add(database: Database, owner: Owner, *expert_ids: str) -> None:
    for expert_id in expert_ids:
        with database.writing() as session:
            shortlists.add(session, owner, expert_id, at=AT)


def test_the_database_itself_keeps_a_list_short(database: Database, people: list[str]) -> None:
    add(database, BROWSER, *people[:5])
    with database.writing() as session:
        shortlist = shortlists.find(session, BROWSER)
        assert shortlist
        present = shortlist_rows.read(session, shortlist.id)
        with pytest.raises(IntegrityError):
            shortlist_rows.keep(session, shortlist.id, (*present, Pick(people[5], AT)))
        session.rollback()


def test_a_list_has_one_owner() -> None:
    for values in ({}, {"client_id": "a", "token": "b"}, {"token": ""}):
        with pytest.raises(ValueError, match="one owner"):
            Owner(**values)


def test_a_browsers_list_that_nobody_uses_is_deleted_and_a_clients_stays(database: Database, people: list[str]) -> None:
    client = make_client(database)
    add(database, BROWSER, people[0])
    add(database, OTHER, people[0])
    add(database, client, people[0])
    later = AT + shortlists.KEPT_UNUSED
    with database.writing() as session:
        shortlists.mark_used(session, OTHER, at=AT + timedelta(days=1))
    with database.writing() as session:
        shortlists.sweep(session, at=later + timedelta(seconds=1))
    with database.reading() as session:
        assert shortlists.find(session, BROWSER) is None
        assert shortlists.find(session, OTHER)
        assert shortlists.find(session, client)
        assert session.execute(select(func.count()).select_from(ShortlistItem)).scalar_one() == 2


def test_who_hides_can_not_be_added_and_who_is_erased_leaves_no_words(database: Database, people: list[str]) -> None:
    add(database, BROWSER, people[0])
    with database.writing() as session:
        shortlists.write_note(session, BROWSER, people[0], "A note", at=AT)
        shared_shortlists.share(session, BROWSER, "List", key=b"key", at=AT)
    with database.writing() as session:
        shortlist = shortlists.find(session, BROWSER)
        assert shortlist
        assert shortlist.share_id
        token = shared_shortlists.token_of(shortlist.share_id, b"key")
        shared_shortlists.write(session, token, Comment("Karim", "Good", people[0]), at=AT)
        experts.hide(session, "T1", at=AT)
    with pytest.raises(NotFound):
        add(database, BROWSER, people[1])
    with database.writing() as session:
        shortlists.remove(session, BROWSER, people[0], at=AT)
        experts.remove(session, ["T0"])
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(ShortlistComment)).scalar_one() == 0
        found = shortlists.find(session, BROWSER)
        assert found
        assert found.removed is None


def test_a_list_takes_a_bounded_number_of_comments(database: Database, people: list[str]) -> None:
    add(database, BROWSER, people[0])
    with database.writing() as session:
        shared_shortlists.share(session, BROWSER, "List", key=b"key", at=AT)
        shortlist = shortlists.find(session, BROWSER)
        assert shortlist
        token = shared_shortlists.token_of(shortlist.share_id or "", b"key")
        write = partial(shared_shortlists.write, session, token, at=AT)
        for _ in range(shared_shortlists.MOST_COMMENTS):
            write(Comment("Karim", "Good"))
        with pytest.raises(shared_shortlists.TooManyComments):
            write(Comment("Karim", "Good"))


def test_another_key_makes_another_link() -> None:
    assert shared_shortlists.token_of("id", b"a") != shared_shortlists.token_of("id", b"b")
    assert len(shared_shortlists.token_of("id", b"a")) == 43
