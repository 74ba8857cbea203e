from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from accounts import experts, imports
from accounts.events import EXPERT_CHANGED
from accounts.imports import Outcome
from accounts.models.experts import Expert, Review, ReviewOrigin, StagedExpert, StagedReview
from foundation import clock, outbox
from foundation.database import Database
from foundation.outbox import OutboxRow
from tests.builders import REVIEW, full_record, import_all, lines, record

MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
OTHER_REVIEW = {"skill": "Vente", "rating": 3, "on": "2026-04-01"}
FULL = full_record()


def run(
    database: Database,
    records: Iterable[dict[str, Any]],
    *,
    at: datetime = MONDAY,
    skip_invalid: bool = False,
) -> Outcome:
    return imports.run(database, lines(records), at=at, skip_invalid=skip_invalid)


def said(outcome: Outcome) -> list[str]:
    return [str(fault) for fault in outcome.faults]


def expert(database: Database, ref: str = "H001") -> Expert:
    with database.reading() as session:
        return session.execute(select(Expert).where(Expert.ref == ref)).scalar_one()


def reviews(database: Database, ref: str = "H001") -> list[Review]:
    with database.reading() as session:
        (profile,) = experts.load(session, [expert(database, ref).id])
    return sorted(profile.reviews, key=lambda review: (review.experienced_on, review.id))


def count(database: Database, table: type[Any]) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def owed(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.execute(select(OutboxRow.key).where(OutboxRow.topic == EXPERT_CHANGED)).scalars())


def state(database: Database) -> dict[str, Any]:
    return expert(database).model_dump()


def filler(size: int = imports.CHUNK) -> list[dict[str, Any]]:
    """Return enough records to fill a chunk, so that what came before is staged already."""
    return [record(f"F{number:05}") for number in range(size)]


# What a record means


def test_a_new_expert_is_visible_and_available(database: Database) -> None:
    run(database, [record("H001")])
    found = expert(database)
    assert (found.is_visible, found.is_available, found.version) == (True, True, 1)


def test_everything_that_the_record_says_is_stored(database: Database) -> None:
    run(database, [FULL])
    found = state(database)
    assert {name: found[name] for name in ("name", "city", "skills", "countries", "legal_status")} == {
        "name": "Anne Le Goff",
        "city": "Lyon",
        "skills": ["Douane"],
        "countries": ["CN", "VN"],
        "legal_status": "sasu",
    }
    assert (found["day_rate_cents"], found["day_rate_currency"]) == (65_050, "EUR")
    assert (found["is_available"], found["is_visible"]) == (False, False)
    assert (found["available_from"], found["boost_granted_until"]) == (date(2026, 12, 1), date(2027, 1, 31))
    assert found["client_references"] == FULL["references"]
    assert [(review.skill, review.rating, review.comment) for review in reviews(database)] == [("Douane", 5, "Bien.")]


@pytest.mark.parametrize("field", ["name", "headline"])
def test_a_new_expert_needs_name_and_headline(database: Database, field: str) -> None:
    new = record("H001")
    del new[field]
    assert said(run(database, [new])) == [f"line 1: {field}: is required"]


def test_a_new_expert_needs_a_summary_or_skills(database: Database) -> None:
    assert said(run(database, [record("H001", summary=None)])) == [
        "line 1: summary: is required where there are no skills"
    ]


@pytest.mark.parametrize("fields", [{"skills": ["Douane"]}, {"summary": "Douane."}])
def test_either_a_summary_or_skills_is_enough(database: Database, fields: dict[str, Any]) -> None:
    bare = {"ref": "H001", "name": "A", "headline": "B"}
    assert run(database, [{**bare, **fields}]).created == 1


def test_the_last_of_summary_and_skills_cannot_be_cleared(database: Database) -> None:
    run(database, [record("H001")])
    assert not run(database, [{"ref": "H001", "summary": None}]).is_published
    assert expert(database).summary


@pytest.mark.parametrize("field", sorted(set(FULL) - {"ref"}))
def test_an_absent_field_stays_as_it_is(database: Database, field: str) -> None:
    run(database, [FULL])
    before, reviews_before = state(database), [review.model_dump() for review in reviews(database)]
    run(database, [{"ref": "H001", field: FULL[field]}], at=TUESDAY)
    assert state(database) == before
    assert [review.model_dump() for review in reviews(database)] == reviews_before


@pytest.mark.parametrize(
    ("field", "column", "cleared"),
    [
        ("summary", "summary", ""),
        ("skills", "skills", []),
        ("soft_skills", "soft_skills", []),
        ("sectors", "sectors", []),
        ("countries", "countries", []),
        ("languages", "languages", []),
        ("based_in", "based_in", None),
        ("city", "city", None),
        ("legal_status", "legal_status", None),
        ("day_rate", "day_rate_cents", None),
        ("day_rate", "day_rate_currency", None),
        ("available", "is_available", True),
        ("available_from", "available_from", None),
        ("visible", "is_visible", True),
        ("boosted_until", "boost_granted_until", None),
        ("references", "client_references", []),
    ],
)
def test_null_clears(database: Database, field: str, column: str, cleared: Any) -> None:
    run(database, [FULL])
    run(database, [{"ref": "H001", field: None}])
    assert state(database)[column] == cleared


@pytest.mark.parametrize("nothing", [None, []])
def test_no_reviews_clears_the_imported_ones(database: Database, nothing: Any) -> None:
    run(database, [FULL])
    run(database, [{"ref": "H001", "reviews": nothing}])
    assert reviews(database) == []


def test_importing_a_ref_again_updates_the_same_expert(database: Database) -> None:
    run(database, [FULL])
    before = expert(database)
    outcome = run(database, [{"ref": "H001", "name": "Anne Martin"}], at=TUESDAY)
    after = expert(database)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 1, 0)
    assert (after.id, after.version, after.name) == (before.id, 2, "Anne Martin")
    assert (after.created_at, after.updated_at) == (MONDAY, TUESDAY)


def test_the_address_of_a_profile_survives_a_new_name(database: Database) -> None:
    run(database, [FULL])
    before = expert(database).slug
    run(database, [{"ref": "H001", "name": "Anne Martin"}])
    assert expert(database).slug == before


# All or nothing


def test_one_bad_line_keeps_everything_out(database: Database) -> None:
    outcome = run(database, [*filler(), record("H001", countries=["XX"]), record("H002")])
    assert not outcome.is_published
    assert (count(database, Expert), owed(database)) == (0, [])


def test_an_import_that_fails_leaves_what_was_there(database: Database) -> None:
    run(database, [FULL])
    before = state(database)
    run(database, [{"ref": "H001", "city": "Paris"}, record("H002", rating=5)])
    assert state(database) == before


@pytest.mark.parametrize("bad", [[], [record("B", countries=["XX"])]])
def test_nothing_stays_staged(database: Database, bad: list[dict[str, Any]]) -> None:
    run(database, [FULL, *filler(), *bad])
    assert (count(database, StagedExpert), count(database, StagedReview)) == (0, 0)


def test_every_fault_of_every_line_is_listed_in_order(database: Database) -> None:
    bare = {"ref": "H003", "name": "A"}
    outcome = run(
        database,
        [
            bare,
            record("H001", countries=["XX"], languages=["zz"]),
            record("H002"),
            {**bare, "ref": "H004", "headline": "B"},
            *filler(),
            record("H002"),
            {**bare, "ref": "H005", "headline": "B"},
            record("H006", shoe_size=44),
        ],
    )
    told = [": ".join(line.split(": ")[:2]) for line in said(outcome)]
    last = 4 + imports.CHUNK
    assert told == [
        "line 1: headline",
        "line 1: summary",
        "line 2: countries.0",
        "line 2: languages.0",
        "line 4: summary",
        f"line {last + 1}: ref",
        f"line {last + 2}: summary",
        f"line {last + 3}: shoe_size",
    ]


def test_a_ref_that_comes_twice_is_refused_and_its_first_line_named(database: Database) -> None:
    outcome = run(database, [record("H001"), record("H002"), record("H001")])
    assert said(outcome) == ["line 3: ref: 'H001' is on line 1 already"]


def test_skipping_invalid_lines_imports_the_others(database: Database) -> None:
    bad = [
        record("H002", countries=["XX"], city=3),
        {"ref": "H003", "name": "A"},
        record("H001", city="Lyon"),
    ]
    outcome = run(database, [record("H001"), *bad, *filler()], skip_invalid=True)
    assert (outcome.is_published, outcome.created, outcome.skipped) == (True, imports.CHUNK + 1, 3)
    assert count(database, Expert) == imports.CHUNK + 1
    assert expert(database).city is None


# Lines


def test_empty_lines_and_a_byte_order_mark_are_no_content(database: Database) -> None:
    good = list(lines([record("H001"), record("H002")]))
    text = [b"\xef\xbb\xbf" + good[0], b"\n", b"  \t\r\n", good[1].rstrip() + b"\r\n", b"\n"]
    assert imports.run(database, text, at=MONDAY).created == 2


def test_empty_lines_count_in_line_numbers(database: Database) -> None:
    outcome = imports.run(database, [b"\n", b"\n", b"oops\n"], at=MONDAY)
    assert [fault.line for fault in outcome.faults] == [3]


def test_a_byte_order_mark_in_the_middle_is_a_fault(database: Database) -> None:
    (good,) = lines([record("H001")])
    outcome = imports.run(database, [b"\n", b"\xef\xbb\xbf" + good], at=MONDAY)
    assert [fault.line for fault in outcome.faults] == [2]


def test_an_empty_file_imports_nothing_and_is_no_fault(database: Database) -> None:
    outcome = imports.run(database, [], at=MONDAY)
    assert (outcome.is_published, outcome.created) == (True, 0)


def test_progress_tells_every_byte(database: Database) -> None:
    text = list(lines([record("H001"), record("H002")]))
    seen: list[int] = []
    imports.run(database, text, at=MONDAY, progress=seen.append)
    assert sum(seen) == sum(map(len, text))


# Unchanged


def test_importing_the_same_again_changes_nothing(database: Database) -> None:
    run(database, [FULL])
    before, owed_before = state(database), owed(database)
    outcome = run(database, [FULL], at=TUESDAY)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 0, 1)
    assert state(database) == before
    assert owed(database) == owed_before


def test_only_who_changed_is_owed_to_the_index(database: Database) -> None:
    run(database, [record("H001"), record("H002")])
    before = len(owed(database))
    run(database, [record("H001"), record("H002", city="Lyon")])
    assert owed(database)[before:] == [expert(database, "H002").id]


def test_a_new_review_alone_is_a_change(database: Database) -> None:
    run(database, [record("H001")])
    run(database, [{"ref": "H001", "reviews": [REVIEW]}])
    assert (expert(database).version, len(owed(database))) == (2, 2)


# Reviews


def test_a_review_is_published_on_the_day_of_its_import(database: Database) -> None:
    run(database, [FULL], at=MONDAY)
    (found,) = reviews(database)
    assert (found.published_on, found.experienced_on) == (MONDAY.date(), date(2026, 3, 14))


def test_a_review_that_was_there_keeps_its_date_of_publication_and_its_id(database: Database) -> None:
    run(database, [FULL], at=MONDAY)
    (before,) = reviews(database)
    run(database, [{"ref": "H001", "reviews": [OTHER_REVIEW, REVIEW]}], at=TUESDAY)
    kept, new = reviews(database)
    assert kept.model_dump() == before.model_dump()
    assert (new.skill, new.published_on) == ("Vente", TUESDAY.date())


def test_a_review_that_is_no_longer_in_the_record_goes(database: Database) -> None:
    run(database, [{**FULL, "reviews": [REVIEW, OTHER_REVIEW]}])
    run(database, [{"ref": "H001", "reviews": [OTHER_REVIEW]}])
    assert [review.skill for review in reviews(database)] == ["Vente"]


def test_two_equal_reviews_are_two_reviews(database: Database) -> None:
    run(database, [{**FULL, "reviews": [REVIEW, REVIEW]}])
    assert len(reviews(database)) == 2
    assert run(database, [{**FULL, "reviews": [REVIEW, REVIEW]}]).unchanged == 1
    run(database, [{**FULL, "reviews": [REVIEW]}])
    assert len(reviews(database)) == 1


def earn_review(database: Database) -> str:
    """Give the expert a review of a mission that was validated here."""
    earned = Review(
        expert_id=expert(database).id,
        skill="Douane",
        rating=4,
        experienced_on=date(2026, 5, 1),
        published_on=date(2026, 5, 2),
        origin=ReviewOrigin.MISSION.value,
    )
    with database.writing() as session:
        session.add(earned)
    return earned.id


@pytest.mark.parametrize("wanted", [None, [], [OTHER_REVIEW], [REVIEW]])
def test_a_review_earned_here_is_never_touched(database: Database, wanted: Any) -> None:
    run(database, [FULL])
    earned = earn_review(database)
    run(database, [{"ref": "H001", "reviews": wanted, "city": "Paris"}])
    assert earned in {review.id for review in reviews(database)}
    assert len(reviews(database)) == 1 + len(wanted or [])


def test_a_record_cannot_bring_reviews_of_missions(database: Database) -> None:
    run(database, [{**FULL, "reviews": [{**REVIEW, "origin": "mission"}]}])
    assert reviews(database) == []


# What happens between staging and publishing


def meanwhile(database: Database, first: dict[str, Any], change: Callable[[], object]) -> Outcome:
    """Import a record, and change something after it was staged and before it is published."""

    def feed() -> Iterator[bytes]:
        yield from lines([first, *filler()])
        change()
        yield from lines([record("LAST")])

    outcome = imports.run(database, feed(), at=clock.now())
    assert outcome.is_published
    return outcome


def test_a_change_made_while_an_import_runs_is_kept(database: Database) -> None:
    run(database, [FULL, {**FULL, "ref": "H002"}])

    def show() -> None:
        with database.writing() as session:
            experts.show(session, "H001", at=clock.now())

    meanwhile(database, {"ref": "H001", "city": "Paris"}, show)
    found = expert(database)
    assert (found.is_visible, found.city, found.version) == (True, "Paris", 3)


def test_an_expert_created_while_an_import_runs_is_updated_by_it(database: Database) -> None:
    def create() -> None:
        import_all(database, [{**FULL, "reviews": []}])

    new = {"ref": "H001", "name": "A", "headline": "B", "summary": "C", "reviews": [OTHER_REVIEW]}
    meanwhile(database, new, create)
    found = expert(database)
    assert (found.name, found.city, found.version) == ("A", "Lyon", 2)
    assert [review.skill for review in reviews(database)] == ["Vente"]


def test_an_expert_deleted_while_an_import_runs_is_created_by_it(database: Database) -> None:
    run(database, [FULL])

    def delete() -> None:
        with database.writing() as session:
            experts.remove(session, ["H001"])

    meanwhile(database, {**FULL, "city": "Paris", "reviews": [REVIEW, OTHER_REVIEW]}, delete)
    assert (expert(database).city, len(reviews(database))) == ("Paris", 2)


def test_what_is_merged_at_the_last_moment_is_owed_to_the_index_by_its_real_id(database: Database) -> None:
    meanwhile(database, record("H001", city="Paris"), lambda: import_all(database, [record("H001")]))
    assert owed(database).count(expert(database).id) == 2
    with database.reading() as session:
        assert len(experts.load(session, set(owed(database)))) == len(set(owed(database)))


def test_nobody_sees_an_import_before_all_of_it_is_published(database: Database) -> None:
    seen: list[int] = []
    meanwhile(database, record("H001"), lambda: seen.append(count(database, Expert)))
    assert seen == [0]
    assert count(database, Expert) == imports.CHUNK + 2


def test_lines_are_staged_as_they_come(database: Database) -> None:
    behind: list[int] = []

    def feed() -> Iterator[bytes]:
        for number, line in enumerate(lines(filler(5_000))):
            if number % 1_000 == 999:
                behind.append(number - count(database, StagedExpert))
            yield line

    imports.run(database, feed(), at=MONDAY)
    assert len(behind) == 5
    assert max(behind) <= imports.CHUNK


def stage(database: Database, batch: str) -> None:
    """Leave what an import that died has staged."""
    with database.writing() as session:
        session.add(
            StagedExpert(
                ref="H009",
                slug="s",
                name="A",
                headline="B",
                created_at=MONDAY,
                updated_at=MONDAY,
                batch=batch,
                line="{}",
            )
        )


def test_what_an_import_that_died_had_staged_is_swept_by_a_later_one(database: Database) -> None:
    stage(database, f"{MONDAY.isoformat()}/dead")
    run(database, [record("H001")], at=MONDAY + timedelta(days=2))
    assert count(database, StagedExpert) == 0


def test_imports_side_by_side_leave_each_others_stage_alone(database: Database) -> None:
    stage(database, f"{MONDAY.isoformat()}/alive")
    run(database, [record("H001")], at=MONDAY + timedelta(hours=1))
    assert count(database, StagedExpert) == 1
    with database.reading() as session:
        assert outbox.count(session, EXPERT_CHANGED) == 1


def test_imports_and_edits_side_by_side_lose_nothing(database: Database) -> None:
    refs = [f"E{number:03}" for number in range(60)]
    import_all(database, map(record, refs))
    changes: list[dict[str, Any]] = [{"city": "Lyon"}, {"languages": ["fr", "en"]}, {"soft_skills": ["Écoute"]}]

    def hide() -> None:
        for ref in reversed(refs):
            with database.writing() as session:
                experts.hide(session, ref, at=clock.now())

    with ThreadPoolExecutor(len(changes) + 1) as pool:
        doing = [pool.submit(import_all, database, [record(ref, **change) for ref in refs]) for change in changes]
        for done in [*doing, pool.submit(hide)]:
            done.result()
    with database.reading() as session:
        found = session.execute(select(Expert)).scalars().all()
    assert {(one.city, tuple(one.languages), tuple(one.soft_skills), one.is_visible, one.version) for one in found} == {
        ("Lyon", ("fr", "en"), ("Écoute",), False, 5)
    }


def test_imports_of_the_same_newcomers_side_by_side_make_each_once(database: Database) -> None:
    refs = [f"E{number:03}" for number in range(60)]
    with ThreadPoolExecutor(3) as pool:
        doing = [pool.submit(import_all, database, [record(ref, city=city) for ref in refs]) for city in "ABC"]
        for done in doing:
            done.result()
    with database.reading() as session:
        assert sorted(session.execute(select(col(Expert.ref))).scalars()) == refs
