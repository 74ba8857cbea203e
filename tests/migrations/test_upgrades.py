from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, TextClause, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col

from accounts.models.notices import HiddenReview, Notice
from billing.models.sandbox import SandboxDeclaration
from foundation.database import Database
from foundation.settings import ROOT
from indexer.models import Embedding
from migrations import tables, upgrades
from tests import databases
from tests.builders import database_of, import_all, record, settings_in

REVISIONS = [script.revision for script in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()]
OLDEST_ROW = text("INSERT INTO embeddings (encoder, text_hash, vector) VALUES ('e', 'h', :vector)")

DECIDED_NOTICE = text("""
    INSERT INTO notices (id, kind, ground, explanation, expert_id, review_id, content, notifier_email, language,
        sent_at, decision, decision_reason, decided_at)
    VALUES ('n', 'notice', 'fraud', 'x', 'e', 'r', 'c', :address, 'fr', :at, 'review_hidden', 'r', :at)
""")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """Return a database without any table."""
    address = settings_in(tmp_path).database_address
    databases.make_empty(address)
    found = Database(address)
    yield found
    found.close()


@pytest.fixture
def migrated(empty: Database) -> Database:
    """Return a database that went through every migration; other tests have a copy of such a one."""
    upgrades.run(empty)
    return empty


def schema(database: Database) -> list[str]:
    """Return all columns, keys, indexes and checks in words."""
    inspector = inspect(database.engine)
    return [
        f"{table}: {in_words(part)}"
        for table in sorted(inspector.get_table_names())
        for look in (
            inspector.get_columns,
            inspector.get_indexes,
            inspector.get_foreign_keys,
            inspector.get_unique_constraints,
            inspector.get_check_constraints,
        )
        for part in look(table)
    ]


def in_words(part: Any) -> Any:
    """Return what was found with the conditions of partial indexes as text: they print as their place in memory."""
    if isinstance(part, dict):
        return {name: in_words(value) for name, value in part.items()}
    return str(part) if isinstance(part, TextClause) else part


def differences(database: Database, metadata: MetaData) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def test_an_empty_database_is_not_current(empty: Database) -> None:
    assert not upgrades.is_current(empty)


def test_an_upgrade_makes_an_empty_database_current(empty: Database) -> None:
    upgrades.run(empty)
    assert upgrades.is_current(empty)


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_revision_can_be_upgraded_with_what_it_holds(empty: Database, revision: str) -> None:
    upgrades.run(empty, revision)
    with empty.writing() as session:
        session.execute(OLDEST_ROW, {"vector": b"\x01\x02"})
    upgrades.run(empty)
    assert upgrades.is_current(empty)
    assert differences(empty, tables.metadata) == []
    with empty.reading() as session:
        assert session.execute(select(col(Embedding.vector))).scalar_one() == b"\x01\x02"


@pytest.mark.parametrize("address", ["ben@example.org", ""])
def test_notices_keep_what_they_hid_while_their_table_is_made_anew(empty: Database, address: str) -> None:
    upgrades.run(empty, "0014")
    with empty.writing() as session:
        session.execute(DECIDED_NOTICE, {"address": address, "at": datetime(2026, 11, 30, tzinfo=UTC)})
        session.execute(text("INSERT INTO hidden_reviews (review_id, notice_id, is_whole) VALUES ('r', 'n', true)"))
    upgrades.run(empty)
    with empty.reading() as session:
        kept = session.get_one(Notice, "n")
        assert session.execute(select(col(HiddenReview.notice_id))).scalar_one() == "n"
    assert (kept.notifier_email, kept.sender_dropped_at is None) == (address or None, address != "")


def test_companies_that_the_sandbox_had_verified_stay_verified(empty: Database) -> None:
    upgrades.run(empty, "0037")
    user = text("INSERT INTO sandbox_users (id, key, role, made_at) VALUES (:id, :id, :role, :at)")
    known = text("""
        INSERT INTO provider_users (id, provider, role, party_id, provider_id, state, is_verified, made_at)
        VALUES (:id, 'sandbox', :role, :id, :id, 'active', :is_verified, :at)
    """)
    people = (("sasu", "business", True), ("eurl", "business", False), ("ei", "sole_trader", True))
    with empty.writing() as session:
        for name, role, is_verified in people:
            values = {"id": name, "role": role, "is_verified": is_verified, "at": datetime(2026, 12, 1, tzinfo=UTC)}
            session.execute(user, values)
            session.execute(known, values)
    upgrades.run(empty)
    with empty.reading() as session:
        [declared] = session.execute(select(SandboxDeclaration)).scalars()
    assert (declared.user_id, declared.state, declared.sealed) == ("sasu", "validated", None)


def test_processes_that_start_at_once_upgrade_once(empty: Database) -> None:
    def upgrade() -> None:
        other = Database(empty.engine.url.render_as_string(hide_password=False))
        upgrades.run(other)
        other.close()

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(upgrade) for _ in range(3)]:
            done.result()
    assert upgrades.is_current(empty)


def test_the_migrated_schema_is_the_one_that_the_models_say(migrated: Database) -> None:
    assert differences(migrated, tables.metadata) == []


def test_what_tests_have_instead_of_a_migrated_database_is_the_same(migrated: Database, tmp_path: Path) -> None:
    copy = database_of(settings_in(tmp_path / "copy"))
    # PostgreSQL writes a check that it reads again a little differently.
    assert [part.partition("'sqltext'")[0] for part in schema(copy)] == [
        part.partition("'sqltext'")[0] for part in schema(migrated)
    ]
    assert upgrades.is_current(copy)
    copy.close()


def test_every_check_of_the_models_is_in_the_migrated_schema(migrated: Database) -> None:
    inspector = inspect(migrated.engine)
    for table in SQLModel.metadata.sorted_tables:
        wanted = {
            str(constraint.name)
            for constraint in table.constraints
            if constraint.__visit_name__ == "check_constraint" and constraint.name
        }
        there = {check["name"] for check in inspector.get_check_constraints(table.name)}
        assert wanted <= there, table.name


def test_a_second_upgrade_changes_nothing(migrated: Database) -> None:
    import_all(migrated, [record("H001")])
    before = schema(migrated)
    upgrades.run(migrated)
    assert schema(migrated) == before
    with migrated.reading() as session:
        assert session.execute(text("SELECT count(*) FROM experts")).scalar_one() == 1


@pytest.mark.parametrize(
    "change",
    [
        "version = 0",
        "day_rate_cents = 0, day_rate_currency = 'EUR'",
        "day_rate_cents = 100",
        "legal_status = 'gmbh'",
        "name = NULL",
    ],
)
def test_the_database_itself_refuses_a_broken_expert(database: Database, change: str) -> None:
    import_all(database, [record("H001")])
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(text(f"UPDATE experts SET {change}"))


def test_the_database_itself_keeps_refs_apart(database: Database) -> None:
    import_all(database, [record("H001"), record("H002")])
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(text("UPDATE experts SET ref = 'H001'"))
