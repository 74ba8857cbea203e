import atexit
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from accounts import experts, profile_forms, profiles
from accounts.events import EXPERT_CHANGED
from accounts.merges import missing
from accounts.models.accounts import AccountKind
from accounts.models.experts import Expert
from accounts.profiles import ChangedMeanwhile, Saved
from foundation import audits, outbox
from foundation.audits import Actor, ActorKind
from foundation.database import Database
from foundation.errors import Conflict, Invalid
from taxonomy.wordlists import Wordlists
from tests import builders, signed_in
from tests.builders import import_all, record

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
OWNER = Actor(ActorKind.ACCOUNT, "an account")
Save = Callable[..., Saved]


@pytest.fixture
def save(database: Database, wordlists: Wordlists) -> Save:
    import_all(database, [record("H001"), record("H002")])

    def save_one(ref: str = "H001", at: datetime = AT, **form: str) -> Saved:
        expert_id = stored(database, ref).id
        with database.writing() as session:
            return profiles.save(session, expert_id, form, wordlists, actor=OWNER, at=at)

    return save_one


def stored(database: Database, ref: str = "H001") -> Expert:
    with database.reading() as session:
        return experts.get(session, ref)


def undo(database: Database, ref: str = "H001") -> Saved:
    with database.writing() as session:
        return profiles.undo(session, experts.get(session, ref).id, actor=OWNER, at=AT)


def seen(database: Database) -> str:
    return profile_forms.dump_marks(profile_forms.marks(experts.columns(stored(database))))


def codes(error: Invalid) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in error.faults]


def test_a_save_changes_what_differs_grows_the_version_tells_the_index_and_is_in_the_log(
    database: Database, save: Save
) -> None:
    before = stored(database)
    with database.reading() as session:
        owed = outbox.count(session, EXPERT_CHANGED)
    saved = save(headline="Customs expert", summary=before.summary)
    after = stored(database)
    assert saved.fields == ("headline",)
    assert (after.headline, after.version, after.updated_at) == ("Customs expert", before.version + 1, AT)
    with database.reading() as session:
        assert outbox.count(session, EXPERT_CHANGED) == owed + 1
        entry = audits.entries(session, action="edited_profile")[0]
    assert (entry.object_id, entry.details) == (after.id, {"fields": ["headline"]})


def test_a_save_that_changes_nothing_writes_nothing(database: Database, save: Save) -> None:
    save(headline=stored(database).headline)
    assert stored(database).version == 1


def test_nothing_is_saved_where_one_field_is_wrong(database: Database, save: Save) -> None:
    with pytest.raises(Invalid):
        save(headline="New", countries="Atlantide")
    assert stored(database).headline != "New"


def test_an_import_leaves_alone_what_its_owner_has_edited_and_updates_the_rest(database: Database, save: Save) -> None:
    save(headline="Mine", availability="not")
    import_all(database, [record("H001", headline="Theirs", city="Nantes", available=True, visible=False)])
    after = stored(database)
    assert (after.headline, after.city, after.is_available, after.is_visible) == ("Mine", "Nantes", False, False)


def test_what_changed_elsewhere_is_not_overwritten_by_a_form_that_left_it_alone(database: Database, save: Save) -> None:
    marks = seen(database)
    old = stored(database)
    save(headline="Newer")
    save(seen=marks, headline=old.headline, city="Nantes")
    assert (stored(database).headline, stored(database).city) == ("Newer", "Nantes")


def test_two_edits_of_one_field_are_told_and_nothing_is_overwritten_until_saved_again(
    database: Database, save: Save
) -> None:
    marks = seen(database)
    save(headline="First")
    with pytest.raises(ChangedMeanwhile) as raised:
        save(seen=marks, headline="Second", city="Nantes")
    assert raised.value.fields == ["headline"]
    assert (stored(database).headline, stored(database).city) == ("First", None)
    save(seen=seen(database), headline="Second", city="Nantes")
    assert stored(database).headline == "Second"


def test_the_latest_change_is_taken_back_and_then_the_one_before(database: Database, save: Save) -> None:
    old = stored(database)
    save(headline="One", availability="from", available_from="2026-09-01")
    save(at=AT + timedelta(hours=1), headline="Two")
    assert undo(database).fields == ("headline",)
    assert stored(database).headline == "One"
    undo(database)
    after = stored(database)
    assert (after.headline, after.available_from) == (old.headline, old.available_from)
    with pytest.raises(Conflict):
        undo(database)


def test_a_burst_of_typing_is_one_change_to_take_back(database: Database, save: Save) -> None:
    old = stored(database)
    for second in range(50):
        save(at=AT + timedelta(seconds=second), headline=f"Typed {second}")
    undo(database)
    assert stored(database).headline == old.headline


def test_so_many_changes_can_be_taken_back_and_no_more_are_kept(database: Database, save: Save) -> None:
    for hour in range(profiles.KEPT_VERSIONS + 5):
        save(at=AT + timedelta(hours=hour), headline=f"Typed {hour}")
    for _ in range(profiles.KEPT_VERSIONS):
        undo(database)
    assert stored(database).headline == "Typed 4"
    with pytest.raises(Conflict):
        undo(database)


def test_a_draft_can_be_saved_half_written_and_is_shown_once_it_says_enough(
    database: Database, wordlists: Wordlists
) -> None:
    with database.writing() as session:
        draft = experts.draft(session, name="Anne", at=AT)

    def save_draft(**form: str) -> None:
        with database.writing() as session:
            profiles.save(session, draft.id, form, wordlists, actor=OWNER, at=AT)

    save_draft(headline="", summary="Customs.")
    with pytest.raises(Invalid) as raised:
        save_draft(visible="on")
    assert codes(raised.value) == [("headline", "needed_to_be_shown"), ("visible", "says_too_little")]
    save_draft(headline="Customs expert", visible="on")
    assert stored(database, draft.ref).is_visible
    with pytest.raises(Invalid) as raised:
        save_draft(headline="")
    assert codes(raised.value) == [("headline", "needed_to_be_shown")]


def test_an_operator_cannot_show_a_draft_that_says_nothing(database: Database) -> None:
    with database.writing() as session:
        draft = experts.draft(session, name="Anne", at=AT)
    with pytest.raises(Invalid), database.writing() as session:
        experts.show(session, draft.ref, at=AT)


def test_an_imported_profile_is_claimed_once(database: Database, save: Save) -> None:
    assert save
    made = [signed_in.make(database, AccountKind.OPERATOR) for _ in range(2)]
    with database.writing() as session:
        first, second = (session.merge(account) for account in made)
        first.kind = second.kind = AccountKind.EXPERT.value
        profiles.claim(session, first, "H001", at=AT)
        profiles.claim(session, first, "H001", at=AT)
        with pytest.raises(Conflict):
            profiles.claim(session, second, "H001", at=AT)
        with pytest.raises(Conflict):
            profiles.claim(session, first, "H002", at=AT)
        assert second.expert_id is None
    assert stored(database).availability_confirmed_on == AT.date()


WORDS = st.sampled_from(["", "Customs", "Other words"])


@lru_cache(maxsize=1)
def a_database() -> Database:
    """Return one database for all examples: each begins a profile of its own."""
    folder = TemporaryDirectory()
    database = builders.database_of(builders.settings_in(Path(folder.name)))
    atexit.register(folder.cleanup)
    return database


class Publishing(RuleBasedStateMachine):
    """Whatever is edited, hidden, shown, imported or taken back: nobody is shown who says too little."""

    def __init__(self) -> None:
        super().__init__()
        self.database = a_database()
        with self.database.writing() as session:
            self.expert = experts.draft(session, name="Anne", at=AT)
        self.words = builders.shared_wordlists().current()
        self.at = AT

    def attempt(self, work: Callable[[Any], object]) -> None:
        self.at += timedelta(minutes=5)
        try:
            with self.database.writing() as session:
                work(session)
        except (Invalid, Conflict):
            pass

    @rule(headline=WORDS, summary=WORDS, skills=WORDS)
    def edit(self, **form: str) -> None:
        self.save(form)

    @rule(tick=st.sampled_from(["", "on"]))
    def display(self, tick: str) -> None:
        self.save({"visible": tick})

    @rule()
    def take_back(self) -> None:
        self.attempt(lambda session: profiles.undo(session, self.expert.id, actor=OWNER, at=self.at))

    @rule()
    def operator_shows(self) -> None:
        self.attempt(lambda session: experts.show(session, self.expert.ref, at=self.at))

    def save(self, form: dict[str, str]) -> None:
        self.attempt(lambda session: profiles.save(session, self.expert.id, form, self.words, actor=OWNER, at=self.at))

    @invariant()
    def who_is_shown_says_enough(self) -> None:
        with self.database.reading() as session:
            expert = experts.get(session, self.expert.ref)
        assert not (expert.is_visible and missing(experts.columns(expert)))


Publishing.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
test_nobody_is_shown_who_says_too_little = Publishing.TestCase
