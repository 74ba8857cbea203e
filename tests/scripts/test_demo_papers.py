from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from accounts.models.experts import Expert
from billing import identity_papers, owners
from billing.owners import Stage
from billing.providers import sandbox_declarations, sandbox_papers
from foundation import keys
from foundation.database import Database
from scripts import demo_papers
from tests.billing import identified
from tests.builders import import_all, record, settings_in

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)


def standings(database: Database) -> dict[str, tuple[str, dict[str, str]]]:
    """Return how far the other experts are, with their papers."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    with database.reading() as session:
        experts = session.execute(select(Expert).where(col(Expert.ref).like("E%"))).scalars()
        for expert in experts:
            standing = owners.standing(session, "sandbox", expert.id)
            papers = identity_papers.latest(session, standing.user.id if standing.user else "")
            found[expert.ref] = standing.stage, {kind.value: paper.state for kind, paper in papers.items()}
    return found


def test_papers_and_a_declaration_wait_in_the_queue_and_one_paper_was_refused(
    database: Database, tmp_path: Path
) -> None:
    import_all(database, [record("E004"), record("E005"), record("E008")])
    for _ in range(2):
        demo_papers.add_others(settings_in(tmp_path), database, AT)
    assert standings(database) == {
        "E004": ("proving", {"identity": "validated", "registration": "refused"}),
        "E005": ("proving", {"identity": "asked", "registration": "asked"}),
        "E008": ("proving", dict.fromkeys(("identity", "registration", "articles"), "validated")),
    }
    with database.reading() as session:
        assert len(sandbox_papers.waiting(session)) == 2
        [declared] = sandbox_declarations.waiting(session)
        key = keys.derived(settings_in(tmp_path), sandbox_papers.PURPOSE)
        assert len(sandbox_declarations.people(declared, key)) == 1


@pytest.mark.parametrize("status", ["sasu", "micro_entrepreneur", "other"])
def test_an_expert_with_missions_is_verified(database: Database, tmp_path: Path, status: str) -> None:
    who = identified.expert(database, status=status)
    for _ in range(2):
        demo_papers.verify(settings_in(tmp_path), database, who, date(1971, 3, 8), AT)
    with database.reading() as session:
        assert owners.standing(session, "sandbox", str(who.expert_id)).stage is Stage.VERIFIED
