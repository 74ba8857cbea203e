from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import experts, exports
from accounts.events import EXPERT_CHANGED
from accounts.models.experts import Expert, Review
from foundation.database import Database
from foundation.errors import NotFound
from foundation.outbox import OutboxRow
from tests.builders import import_all, record

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
SOON = date(2026, 7, 1)
Change = Callable[[Session], object]
CHANGES: dict[str, Change] = {
    "show": lambda session: experts.show(session, "H001", at=AT),
    "hide": lambda session: experts.hide(session, "H001", at=AT),
    "available": lambda session: experts.declare_available(session, "H001", since=SOON, at=AT),
    "unavailable": lambda session: experts.declare_unavailable(session, "H001", at=AT),
    "delete": lambda session: experts.remove(session, ["H001"]),
}
every_change = pytest.mark.parametrize("name", CHANGES)


@pytest.fixture
def loaded(database: Database) -> Database:
    """Return a database with two experts who are found."""
    review = {"skill": "Douane", "rating": 5, "on": "2026-03-14"}
    import_all(database, [record("H001", reviews=[review]), record("H002", reviews=[review])])
    return database


def apply(database: Database, *names: str) -> None:
    for name in names:
        with database.writing() as session:
            CHANGES[name](session)


def expert(database: Database, ref: str = "H001") -> Expert:
    with database.reading() as session:
        return session.execute(select(Expert).where(Expert.ref == ref)).scalar_one()


def findable(database: Database) -> set[str]:
    with database.reading() as session:
        ids = list(session.execute(select(Expert.id)).scalars())
        found = experts.findable_among(session, ids)
        return {profile.expert.ref for profile in experts.load(session, found)}


def owed(database: Database) -> list[str]:
    with database.reading() as session:
        rows = session.execute(select(OutboxRow.key).where(OutboxRow.topic == EXPERT_CHANGED))
        return list(rows.scalars())


@pytest.mark.parametrize(
    ("names", "is_found"),
    [
        ([], True),
        (["hide"], False),
        (["hide", "show"], True),
        (["unavailable"], False),
        (["unavailable", "available"], True),
        (["hide", "available"], False),
        (["unavailable", "show"], False),
        (["delete"], False),
    ],
)
def test_who_is_found_is_visible_and_available(loaded: Database, names: list[str], *, is_found: bool) -> None:
    apply(loaded, *names)
    assert findable(loaded) == ({"H001", "H002"} if is_found else {"H002"})


def test_an_expert_who_becomes_available_later_is_found_and_says_when(loaded: Database) -> None:
    apply(loaded, "available")
    assert findable(loaded) == {"H001", "H002"}
    assert expert(loaded).available_from == SOON


def test_becoming_available_now_forgets_the_day(loaded: Database) -> None:
    apply(loaded, "available")
    with loaded.writing() as session:
        experts.declare_available(session, "H001", since=None, at=AT)
    assert expert(loaded).available_from is None


@every_change
def test_every_change_is_owed_to_the_index(loaded: Database, name: str) -> None:
    expert_id, before = expert(loaded).id, len(owed(loaded))
    apply(loaded, name)
    assert owed(loaded)[before:] == [expert_id]


@every_change
def test_a_change_that_is_undone_is_not_owed(loaded: Database, name: str) -> None:
    before = owed(loaded)

    def fail() -> None:
        with loaded.writing() as session:
            CHANGES[name](session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert owed(loaded) == before
    assert expert(loaded).version == 1


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"delete"}))
def test_every_change_makes_a_new_version(loaded: Database, name: str) -> None:
    apply(loaded, name)
    found = expert(loaded)
    assert (found.version, found.updated_at) == (2, AT)


@every_change
def test_a_change_touches_nobody_else(loaded: Database, name: str) -> None:
    before = expert(loaded, "H002").model_dump()
    apply(loaded, name)
    assert expert(loaded, "H002").model_dump() == before


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"delete"}))
def test_an_unknown_expert_cannot_be_changed(database: Database, name: str) -> None:
    with pytest.raises(NotFound, match="H001"):
        apply(database, name)


def test_deleting_takes_the_reviews_along(loaded: Database) -> None:
    apply(loaded, "delete")
    with loaded.reading() as session:
        assert session.execute(select(func.count()).select_from(Review)).scalar_one() == 1


def test_deleting_counts_who_there_was(loaded: Database) -> None:
    with loaded.writing() as session:
        assert experts.remove(session, ["H001", "nobody"]) == 1


def test_a_hidden_profile_has_no_page(loaded: Database) -> None:
    slug = expert(loaded).slug
    apply(loaded, "hide")
    with loaded.reading() as session, pytest.raises(NotFound):
        experts.get_shown(session, slug)


def test_a_profile_that_is_only_unavailable_keeps_its_page(loaded: Database) -> None:
    slug = expert(loaded).slug
    apply(loaded, "unavailable")
    with loaded.reading() as session:
        assert experts.get_shown(session, slug).expert.ref == "H001"


def test_who_signs_up_gets_a_hidden_draft_of_their_own(database: Database) -> None:
    with database.writing() as session:
        first = experts.draft(session, name="Anne Le Goff", at=AT)
        second = experts.draft(session, name="Anne Le Goff", at=AT)
    assert first.ref != second.ref
    assert first.slug != second.slug
    assert first.slug.startswith("anne-le-goff-")
    assert len(first.ref) > 20
    assert findable(database) == set()
    with database.reading() as session, pytest.raises(NotFound):
        experts.get_shown(session, first.slug)


def test_a_draft_is_no_record_yet_and_is_not_exported(database: Database) -> None:
    with database.writing() as session:
        experts.draft(session, name="Anne Le Goff", at=AT)
    with database.reading() as session:
        assert list(exports.lines(session)) == []
