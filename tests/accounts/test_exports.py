from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from accounts import exports, imports
from accounts.models.experts import Expert, LegalStatus, Review, ReviewOrigin
from foundation.database import Database
from foundation.outbox import OutboxRow
from tests.builders import database_of, import_all, record, settings_in

WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""Each example makes databases: a smaller failure isn't worth the minutes."""
MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)

letters = st.characters(exclude_categories=["Cs", "Cc"])
labels = st.text(letters, min_size=1, max_size=30).filter(str.strip)
days = st.dates(date(1990, 1, 1), date(2040, 1, 1)).map(date.isoformat)
listed = st.lists(labels, max_size=4)
reviews = st.fixed_dictionaries(
    {"skill": labels, "rating": st.integers(1, 5), "on": days},
    optional={"comment": st.none() | st.text(letters, max_size=40)},
)
contents = st.fixed_dictionaries(
    {"name": labels, "headline": labels, "summary": st.text(letters, max_size=60).map("Export ".__add__)},
    optional={
        "skills": st.none() | listed,
        "soft_skills": listed,
        "sectors": listed,
        "countries": st.lists(st.sampled_from(["FR", "CN", "VN", "MA", "US"]), max_size=5),
        "languages": st.lists(st.sampled_from(["fr", "en", "zh"]), max_size=3),
        "based_in": st.sampled_from([None, "FR", "MA"]),
        "city": st.none() | labels,
        "legal_status": st.none() | st.sampled_from([str(status) for status in LegalStatus]),
        "day_rate": st.none()
        | st.builds(
            lambda cents, currency: {"amount": cents / 100, "currency": currency},
            st.integers(1, 100_000_000),
            st.sampled_from(["EUR", "USD", "XOF"]),
        ),
        "available": st.none() | st.booleans(),
        "available_from": st.none() | days,
        "visible": st.booleans(),
        "boosted_until": st.none() | days,
        "references": st.lists(st.fixed_dictionaries({"client": labels, "text": labels}), max_size=3),
        "reviews": st.lists(reviews, max_size=4),
    },
)
directories = st.lists(contents, min_size=1, max_size=4).map(
    lambda found: [{"ref": f"H{number}", **item} for number, item in enumerate(found)]
)


def export(database: Database) -> list[bytes]:
    with database.reading() as session:
        return list(exports.lines(session))


def everything(database: Database) -> list[dict[str, Any]]:
    """Return every row that an import may touch."""
    with database.reading() as session:
        return [
            row.model_dump()
            for table in (Expert, Review, OutboxRow)
            for row in session.execute(select(table).order_by(table.id)).scalars()
        ]


def earn_reviews(database: Database) -> None:
    """Give everybody a review of a mission that was validated here."""
    with database.writing() as session:
        for expert_id in session.execute(select(Expert.id)).scalars():
            session.add(
                Review(
                    expert_id=expert_id,
                    skill="Douane",
                    rating=5,
                    experienced_on=date(2026, 5, 1),
                    published_on=date(2026, 5, 2),
                    origin=ReviewOrigin.MISSION.value,
                )
            )


def fresh(folder: str) -> Database:
    return database_of(settings_in(Path(folder)))


@given(directories)
@settings(max_examples=25, phases=WITHOUT_SHRINKING)
def test_importing_what_was_exported_changes_nothing(found: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        database = fresh(folder)
        import_all(database, found)
        earn_reviews(database)
        before = everything(database)
        outcome = imports.run(database, export(database), at=MONDAY + timedelta(days=400))
        after = everything(database)
        database.close()
    assert (outcome.unchanged, outcome.updated, outcome.faults) == (len(found), 0, [])
    assert after == before


@given(directories)
@settings(max_examples=10, phases=WITHOUT_SHRINKING)
def test_an_export_makes_the_same_directory_elsewhere(found: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        here, there = fresh(one), fresh(other)
        import_all(here, found)
        exported = export(here)
        assert imports.run(there, exported, at=MONDAY).is_published
        again = export(there)
        here.close()
        there.close()
    assert by_ref(again) == by_ref(exported)


def by_ref(exported: list[bytes]) -> dict[str, Any]:
    """Return records by ref; an export says nothing by the order of its lines or of reviews of one day."""
    found = [orjson.loads(line) for line in exported]
    for item in found:
        item["reviews"].sort(key=orjson.dumps)
    return {item["ref"]: item for item in found}


def test_an_export_marks_where_each_review_comes_from(database: Database) -> None:
    import_all(database, [record("H001", reviews=[{"skill": "Vente", "rating": 4, "on": "2026-03-14"}])])
    earn_reviews(database)
    (line,) = export(database)
    assert {review["origin"] for review in orjson.loads(line)["reviews"]} == {"imported", "mission"}


def test_hidden_and_unavailable_experts_are_exported_too(database: Database) -> None:
    import_all(database, [record("H001", visible=False), record("H002", available=False)])
    assert len(export(database)) == 2


def test_an_export_has_one_line_for_everybody_however_many(database: Database) -> None:
    import_all(database, [record(f"H{number}") for number in range(2 * exports.CHUNK + 1)])
    refs = [orjson.loads(line)["ref"] for line in export(database)]
    assert len(refs) == len(set(refs)) == 2 * exports.CHUNK + 1


def test_a_round_day_rate_is_exported_without_decimals(database: Database) -> None:
    import_all(database, [record("H001", day_rate={"amount": 650, "currency": "EUR"})])
    assert b'"amount":650,' in export(database)[0]


def test_an_exported_line_is_the_pinned_record(database: Database) -> None:
    import_all(database, [record("H001")])
    assert set(orjson.loads(export(database)[0])) == {
        *("ref", "name", "headline", "summary", "skills", "soft_skills", "sectors", "countries", "languages"),
        *("based_in", "city", "legal_status", "day_rate", "available", "available_from", "visible"),
        *("boosted_until", "reviews"),
    }
