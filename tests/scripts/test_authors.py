"""Who typed a command: `--as`, the login, or a clear word where nobody is known; and what commands leave in the log."""

from pathlib import Path

import orjson
import pytest

from accounts.models.accounts import AccountKind
from foundation import audits
from foundation.audits import AuditEntry
from foundation.database import Database
from tests import signed_in
from tests.builders import record, settings_in
from tests.scripts.conftest import Portulan

ONE = orjson.dumps(record("T001", skills=["Maison"]))


def database(folder: Path) -> Database:
    return Database(settings_in(folder).database_address)


def entries(folder: Path) -> list[AuditEntry]:
    found = database(folder)
    with found.reading() as session:
        return list(audits.entries(session))[::-1]


def test_an_import_leaves_one_entry_with_counts_and_nothing_personal(portulan: Portulan, tmp_path: Path) -> None:
    assert portulan("experts", "import", "-", "--as", "anne", stdin=ONE).code == 0
    (entry,) = entries(tmp_path)
    assert (entry.actor_kind, entry.actor_name, entry.action) == ("command", "anne", "experts_imported")
    assert entry.details == {"created": 1, "updated": 0, "unchanged": 0, "skipped": 0, "faults": 0}
    assert portulan("experts", "import", "-", "--as", "anne", stdin=b"{}").code == 2
    assert len(entries(tmp_path)) == 1


def test_an_operators_address_stands_for_the_account_and_a_strangers_is_refused(
    portulan: Portulan, tmp_path: Path
) -> None:
    portulan("experts", "import", "-", "--as", "anne", stdin=ONE)
    olga = signed_in.make(database(tmp_path), AccountKind.OPERATOR, "Olga")
    zoe = signed_in.make(database(tmp_path), AccountKind.EXPERT, "Zoe")
    assert portulan("experts", "hide", "T001", "--as", (olga.email or "").upper()).code == 0
    entry = entries(tmp_path)[-1]
    assert (entry.actor_account_id, entry.actor_name, entry.action) == (olga.id, "", "expert_hidden")
    for address in (zoe.email or "", "nobody@example.org"):
        refused = portulan("experts", "show", "T001", "--as", address)
        assert (refused.code, "no operator has the address" in refused.err) == (2, True)
    assert entries(tmp_path)[-1].id == entry.id


@pytest.mark.parametrize(
    "command",
    [
        ("experts", "import", "-"),
        ("experts", "hide", "T001"),
        ("skills", "ignore", "Maison"),
        ("ranking", "set", "BOOST=0.05"),
        ("ranking", "rollback"),
        ("index", "rebuild"),
        ("index", "rollback"),
        ("ranking", "judgments", "import", "-"),
        ("operators", "create", "olga@example.org"),
    ],
)
def test_where_nobody_is_logged_in_a_name_is_asked_for(
    portulan: Portulan, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)
    refused = portulan(*command, stdin=b"")
    assert refused.code == 2
    assert "say who does it with --as" in refused.err


def test_what_commands_change_is_in_the_log(portulan: Portulan, tmp_path: Path) -> None:
    by = ("--as", "anne")
    portulan("experts", "import", "-", *by, stdin=ONE)
    portulan("experts", "unavailable", "T001", *by)
    portulan("skills", "name", "Maison", "--fr", "Maison", "--en", "House", *by)
    portulan("skills", "undo", "Maison", *by)
    made = orjson.loads(portulan("ranking", "set", "BOOST=0.05", "--json", *by).out)["id"]
    portulan("ranking", "promote", made, "--override", "judged by hand", *by)
    portulan("ranking", "shadow", "first", *by)
    portulan("ranking", "shadow", "--off", *by)
    portulan("ranking", "rollback", *by)
    assert portulan("index", "rebuild", *by).code == 0
    portulan("experts", "delete", "T001", "--yes", *by)
    found = entries(tmp_path)
    assert [entry.action for entry in found] == [
        "experts_imported",
        "expert_unavailable",
        "skill_named",
        "skill_decision_undone",
        "ranking_drafted",
        "ranking_promoted",
        "shadow_set",
        "shadow_ended",
        "ranking_rolled_back",
        "ranking_rolled_back",
        "index_rebuild_asked",
        "experts_deleted",
    ]
    assert {entry.actor_name for entry in found} == {"anne"}
