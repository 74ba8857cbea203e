import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from ranking import changes
from ranking.profiles import FIRST, Feature, Profile, Transform
from search_api import rankings
from search_api.models import MoveRow, PointerRow, ProfileRow
from search_api.pointers import LivePointers, Pointers, Surface
from search_api.rankings import Signature
from tests import databases

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
BOTH: tuple[Surface, ...] = ("search", "browse")
ANNE = Signature("anne", AT, "trying")


def draft(number: int) -> Profile:
    return changes.apply(FIRST, {"TEXT_WEIGHT": str(0.2 + number / 100)})


def allowed(_session: Session, _candidate: str, _live: str) -> None:
    return None


def unproven(_session: Session, candidate: str, live: str) -> str:
    return f"{candidate} was not compared with {live}"


@pytest.fixture(params=["sqlite", "postgresql"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Return an empty database of each kind."""
    address = f"sqlite:///{tmp_path / 'rows.db'}"
    if request.param == "postgresql":
        server = databases.server_at(request.getfixturevalue("postgres_address"))
        address = databases.own_of(server, tmp_path / "rows")
    databases.bring_up(address)
    found = Database(address)
    yield found
    found.close()


def save(database: Database, profile: Profile, signature: Signature = ANNE) -> str:
    return database.write(lambda session: rankings.save(session, profile, signature))


def promote(database: Database, profile: Profile, *surfaces: Surface) -> None:
    save(database, profile)
    database.write(lambda session: rankings.promote(session, profile.id, surfaces or BOTH, ANNE, refusal=allowed))


def roll_back(database: Database) -> dict[Surface, str]:
    return database.write(lambda session: rankings.roll_back(session, BOTH, ANNE))


def now(database: Database, surface: Surface = "search") -> Pointers:
    return LivePointers(database).current()[surface]


def test_an_installation_without_rows_ranks_by_the_first_profile(rows: Database) -> None:
    assert {now(rows, surface) for surface in BOTH} == {Pointers(FIRST, None)}


def test_a_saved_profile_comes_back_as_it_was(rows: Database) -> None:
    assert save(rows, draft(1)) == draft(1).id
    with rows.reading() as session:
        assert rankings.get(session, draft(1).id) == draft(1)
        assert rankings.get(session, FIRST.id) == FIRST


def test_the_same_content_again_is_the_same_row_with_its_first_author(rows: Database) -> None:
    save(rows, draft(1))
    save(rows, draft(1), Signature("bruno", AT + timedelta(days=1), "again"))
    with rows.reading() as session:
        found = session.scalars(select(ProfileRow).where(ProfileRow.id == draft(1).id)).all()  # pyright: ignore[reportArgumentType]
    assert [(row.author, row.note, row.created_at) for row in found] == [("anne", "trying", AT)]


def test_what_is_saved_can_not_be_changed_or_removed(rows: Database) -> None:
    promote(rows, draft(1))
    for statement in (select(ProfileRow), select(MoveRow)):
        with pytest.raises(Conflict, match="never changed"), rows.writing() as session:
            session.scalars(statement.limit(1)).one().note = "it was always so"
        with pytest.raises(Conflict, match="never removed"), rows.writing() as session:
            session.delete(session.scalars(statement.limit(1)).one())
    assert now(rows).live == draft(1)


def test_a_profile_that_can_not_rank_is_not_saved(rows: Database) -> None:
    bad = replace(FIRST, policy=replace(FIRST.policy, boost=0.5))
    with pytest.raises(Invalid) as caught:
        save(rows, bad)
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [("BOOST", "out_of_range")]
    with rows.reading() as session:
        assert rankings.rows(session) == []


def test_a_profile_that_an_engine_can_not_compile_is_not_saved(rows: Database) -> None:
    falling = (Feature("text", 0.1, Transform("half_life")), *FIRST.features[1:])
    with pytest.raises(Invalid) as caught:
        save(rows, replace(FIRST, features=falling))
    assert [fault.field for fault in caught.value.faults] == ["TEXT_TRANSFORM"]


def test_a_promoted_profile_is_live_since_then(rows: Database) -> None:
    promote(rows, draft(1))
    assert {now(rows, surface) for surface in BOTH} == {Pointers(draft(1), AT)}


def test_surfaces_are_promoted_apart(rows: Database) -> None:
    promote(rows, draft(1), "browse")
    assert (now(rows, "search").live, now(rows, "browse").live) == (FIRST, draft(1))


def test_who_is_live_already_is_not_promoted_again(rows: Database) -> None:
    promote(rows, draft(1))
    with pytest.raises(Conflict, match="live already"):
        promote(rows, draft(1))


def test_a_promotion_that_nothing_speaks_for_is_refused(rows: Database) -> None:
    save(rows, draft(1))
    with pytest.raises(Conflict, match=f"{draft(1).id} was not compared with {FIRST.id}.*--override"):
        rows.write(lambda session: rankings.promote(session, draft(1).id, BOTH, ANNE, refusal=unproven))
    assert now(rows).live == FIRST


def test_a_reason_overrides_a_refusal_and_is_kept(rows: Database) -> None:
    save(rows, draft(1))
    rows.write(
        lambda session: rankings.promote(
            session, draft(1).id, BOTH, ANNE, refusal=unproven, override_reason="the old one was wrong"
        )
    )
    with rows.reading() as session:
        kept = [(move.surface, move.from_id, move.override_reason) for move in rankings.history(session)]
    assert kept == [(surface, FIRST.id, "the old one was wrong") for surface in BOTH]
    assert now(rows).live == draft(1)


def test_what_is_not_there_can_not_be_promoted(rows: Database) -> None:
    with pytest.raises(NotFound, match="rp_000000000000"):
        rows.write(lambda session: rankings.promote(session, "rp_000000000000", BOTH, ANNE, refusal=allowed))


def test_rolling_back_goes_back_promotion_by_promotion(rows: Database) -> None:
    for number in (1, 2, 3):
        promote(rows, draft(number))
    assert [roll_back(rows)["search"] for _ in range(2)] == [draft(2).id, draft(1).id]
    promote(rows, draft(4))
    assert [roll_back(rows)["search"] for _ in range(2)] == [draft(1).id, FIRST.id]
    assert now(rows).live == FIRST
    with pytest.raises(Conflict, match="nothing to roll back to"):
        roll_back(rows)


def test_only_surfaces_that_moved_are_rolled_back(rows: Database) -> None:
    promote(rows, draft(1), "browse")
    assert roll_back(rows) == {"browse": FIRST.id}


def test_every_move_is_kept_with_who_and_why(rows: Database) -> None:
    promote(rows, draft(1), "search")
    rows.write(lambda session: rankings.roll_back(session, ["search"], Signature("bruno", AT, "regret")))
    with rows.reading() as session:
        told = [
            (move.action, move.from_id, move.to_id, move.author, move.note, move.moved_at)
            for move in rankings.history(session)
        ]
    assert told == [
        ("promote", FIRST.id, draft(1).id, "anne", "trying", AT),
        ("rollback", draft(1).id, FIRST.id, "bruno", "regret", AT),
    ]


def test_a_canary_and_a_shadow_are_set_and_ended(rows: Database) -> None:
    save(rows, draft(1))
    rows.write(lambda session: rankings.set_canary(session, draft(1).id, BOTH, ANNE, percent=5))
    rows.write(lambda session: rankings.set_shadow(session, draft(1).id, ["search"], ANNE))
    assert (now(rows).canary, now(rows).canary_percent, now(rows).shadow) == (draft(1), 5, draft(1))
    assert (now(rows, "browse").canary, now(rows, "browse").shadow) == (draft(1), None)
    rows.write(lambda session: rankings.set_canary(session, draft(1).id, BOTH, ANNE, percent=20))
    assert now(rows).canary_percent == 20
    assert now(rows).canary_mode == "answers"
    rows.write(lambda session: rankings.set_canary(session, draft(1).id, BOTH, ANNE, percent=20, mode="interleaved"))
    assert (now(rows).canary_percent, now(rows).canary_mode) == (20, "interleaved")
    with rows.reading() as session:
        moves = rankings.history(session, "search", "canary")
        assert [(move.percent, move.mode) for move in moves] == [(5, "answers"), (20, "answers"), (20, "interleaved")]
    rows.write(lambda session: rankings.set_canary(session, None, BOTH, ANNE))
    rows.write(lambda session: rankings.set_shadow(session, None, BOTH, ANNE))
    assert {now(rows, surface) for surface in BOTH} == {Pointers()}


@pytest.mark.parametrize(
    ("role", "percent", "mode"),
    [("live", None, "answers"), ("shadow", None, "interleaved"), ("canary", 5, None), ("canary", 5, "mixed")],
)
def test_the_database_keeps_modes_to_canaries(rows: Database, role: str, percent: int | None, mode: str | None) -> None:
    save(rows, draft(1))
    pointer = PointerRow(
        surface="search", role=role, profile_id=draft(1).id, percent=percent, mode=mode, moved_at=ANNE.at
    )
    with pytest.raises(IntegrityError):
        rows.write(lambda session: session.add(pointer))


@pytest.mark.parametrize("percent", [0, 100, -1])
def test_a_share_that_is_none_is_refused(rows: Database, percent: int) -> None:
    save(rows, draft(1))
    with pytest.raises(Invalid, match="PERCENT"):
        rows.write(lambda session: rankings.set_canary(session, draft(1).id, BOTH, ANNE, percent=percent))


def test_the_live_profile_is_no_canary_of_itself(rows: Database) -> None:
    with pytest.raises(Conflict, match="is live on search"):
        rows.write(lambda session: rankings.set_canary(session, FIRST.id, BOTH, ANNE, percent=5))


def test_a_canary_that_goes_live_is_no_canary_any_more(rows: Database) -> None:
    save(rows, draft(1))
    rows.write(lambda session: rankings.set_canary(session, draft(1).id, BOTH, ANNE, percent=5))
    rows.write(lambda session: rankings.set_shadow(session, draft(1).id, BOTH, ANNE))
    promote(rows, draft(1))
    assert now(rows) == Pointers(draft(1), AT)
    with rows.reading() as session:
        assert rankings.history(session, "search", "canary")[-1].action == "end"


def test_moves_at_once_are_put_in_order(rows: Database) -> None:
    for number in range(6):
        save(rows, draft(number))
    at_once = threading.Barrier(6)

    def move(number: int) -> None:
        at_once.wait()
        rows.write(lambda session: rankings.promote(session, draft(number).id, ["search"], ANNE, refusal=allowed))

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(move, number) for number in range(6)]:
            done.result()
    with rows.reading() as session:
        moves = rankings.history(session, "search", "live")
    assert [move.from_id for move in moves] == [FIRST.id, *(move.to_id for move in moves[:-1])]
    assert now(rows).live.id == moves[-1].to_id


def test_nothing_of_a_move_that_fails_is_kept(rows: Database) -> None:
    save(rows, draft(1))

    @contextmanager
    def failing() -> Iterator[Session]:
        with rows.writing() as session:
            yield session
            raise RuntimeError

    with pytest.raises(RuntimeError), failing() as session:
        rankings.promote(session, draft(1).id, BOTH, ANNE, refusal=allowed)
    with rows.reading() as session:
        assert [session.scalar(select(func.count()).select_from(table)) for table in (PointerRow, MoveRow)] == [0, 0]


def test_profiles_are_meant_by_id_by_its_beginning_and_by_role(rows: Database) -> None:
    promote(rows, draft(1))
    with rows.reading() as session:
        names = (draft(1).id, draft(1).id[:8], "live", "first", FIRST.id[:8])
        assert [rankings.find_id(session, name) for name in names] == [draft(1).id] * 3 + [FIRST.id] * 2
        for name in ("rp_", "rp_0000000", "canary", "shadow", "%"):
            with pytest.raises(NotFound):
                rankings.find_id(session, name)


def test_the_beginning_of_two_ids_means_none(rows: Database) -> None:
    # Of so many, two share six characters for certain: `rp_` and three digits.
    for number in range(200):
        save(rows, draft(number))
    with rows.reading() as session:
        heads = [row.id[:6] for row in rankings.rows(session)]
        twice = next(head for head in heads if heads.count(head) > 1)
        with pytest.raises(NotFound, match=r"\d ranking profiles begin with"):
            rankings.find_id(session, twice)
