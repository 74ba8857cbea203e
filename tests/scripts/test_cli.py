import socket
import subprocess
import sys
from pathlib import Path

import pytest

from foundation.database import Database
from foundation.settings import ROOT
from migrations import upgrades
from tests import databases
from tests.builders import settings_in
from tests.scripts.conftest import Portulan

COMMANDS = [
    (),
    ("serve",),
    ("worker",),
    ("migrate",),
    ("demo",),
    ("experts",),
    *(("experts", name) for name in ("import", "export", "show", "hide", "available", "unavailable", "delete")),
    ("index",),
    *(("index", name) for name in ("rebuild", "status", "verify")),
    ("ranking",),
    *(("ranking", name) for name in ("evaluate", "tune", "judgments")),
    *(("ranking", "judgments", name) for name in ("import", "export", "list")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(portulan: Portulan, command: tuple[str, ...]) -> None:
    outcome = portulan(*command, "--help")
    assert outcome.code == 0
    usage = outcome.out.strip().splitlines()[0]
    assert usage.startswith("Usage: ")
    assert " ".join(("", *command, "[OPTIONS]")) in usage


@pytest.mark.parametrize(
    "command",
    [("nonsense",), ("experts", "nonsense"), ("index", "status", "--nonsense"), ("experts", "hide")],
)
def test_bad_usage_ends_with_2(portulan: Portulan, command: tuple[str, ...]) -> None:
    assert portulan(*command).code == 2


def test_a_command_that_nobody_has_is_led_to_those_that_look_like_it(portulan: Portulan) -> None:
    assert "Did you mean 'promote'?" in portulan("ranking", "promot").err


def test_a_command_imports_only_what_it_needs() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "scripts.cli", "experts", "hide", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr
    imported = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    assert "accounts.experts" in imported
    assert not imported & {"web", "fastapi", "search_api", "indexer"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTULAN_PORT", "abc"),
        ("PORTULAN_PORT", "70000"),
        ("PORTULAN_ENCODER", "gpt"),
        ("PORTULAN_SEARCH_PER_SECOND", "0"),
        ("PORTULAN_LOG_LEVEL", "[loud]"),
        ("PORTULAN_DATA_DIR", "/dev/null"),
        ("PORTULAN_DATABASE_URL", "garbage"),
        ("PORTULAN_DATABASE_URL", "mysql://user:secret@host/portulan"),
    ],
)
def test_a_bad_setting_is_named_and_ends_with_2(
    portulan: Portulan, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    outcome = portulan("index", "status")
    assert outcome.code == 2
    assert outcome.err.startswith(f"{name}: ")
    assert "secret" not in outcome.err
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("field", "address", "why"),
    [
        ("opensearch_url", "localhost:9200", "https://user@host:9200"),
        ("opensearch_url", "ftp://me:hidden@host", "https://user@host:9200"),
        ("opensearch_url", "https://me:hidden@host:port", "https://user@host:9200"),
        ("opensearch_url", "https://", "https://user@host:9200"),
        ("opensearch_url", "https://me:hid/den@host:9200", "%2F"),
        ("opensearch_url", "https://me:1#hid@host:9200", "%2F"),
        ("opensearch_url", "https://me:p@hid/den@host:9200", "%40"),
        ("redis_url", "redis:6379", "redis://host:6379/0"),
        ("redis_url", "http://me:hidden@host", "redis://host:6379/0"),
        ("smtp_url", "mail.example.org", "smtp://user@host:587?starttls"),
        ("smtp_url", "smtp://me:hid/den@host:587?starttls", "%2F"),
        ("smtp_url", "smtp://me:hidden@host", "in the clear"),
        ("smtp_url", "smtp://host?hidden=1", "?starttls"),
        ("sms_url", "sms.example.org/hidden", "https://host/sms"),
        ("sms_url", "http://sms.example.org/hidden", "in the clear"),
        ("mangopay_url", "http://hidden.example.org", "https://api.mangopay.com"),
        ("smtp_url", "smtps://host/hidden", "?starttls"),
        ("mail_from", "hidden", "Portulan <no-reply@example.org>"),
        ("mail_from", "hid\nBcc: <all@example.org>", "one line"),
    ],
)
def test_an_address_that_is_none_is_said_by_its_setting_and_not_shown(
    portulan: Portulan, monkeypatch: pytest.MonkeyPatch, field: str, address: str, why: str
) -> None:
    name = f"PORTULAN_{field.upper()}"
    monkeypatch.setenv(name, address)
    outcome = portulan("index", "status")
    assert outcome.code == 2
    assert outcome.err.startswith(f"{name}: ")
    assert why in outcome.err
    assert "hid" not in outcome.out + outcome.err


def test_a_database_that_cannot_be_used_is_said_in_a_line_and_ends_with_1(
    portulan: Portulan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, this is no database.")
    monkeypatch.setenv("PORTULAN_DATABASE_URL", f"sqlite:///{path}")
    outcome = portulan("migrate")
    assert (outcome.code, outcome.err) == (1, "the database can't be used: file is not a database\n")


def test_an_address_that_is_taken_is_named_before_anything_else_happens(portulan: Portulan, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        outcome = portulan("serve", "--port", address.partition(":")[2])
    assert outcome.code == 1
    assert f"can't listen on {address}" in outcome.err
    assert "--port" in outcome.err
    assert not list((tmp_path / "index").glob("generation-*"))


@pytest.mark.parametrize("command", [("migrate",), ("ranking", "list")])
def test_the_first_command_of_all_makes_the_tables_and_can_be_repeated(
    portulan: Portulan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    new = settings_in(tmp_path / "new")
    databases.make_empty(new.database_address)
    monkeypatch.setenv("PORTULAN_DATA_DIR", str(new.data_dir))
    monkeypatch.setenv("PORTULAN_DATABASE_URL", new.database_url)
    assert [portulan(*command).code for _ in range(2)] == [0, 0]
    database = Database(new.database_address)
    assert upgrades.is_current(database)
    database.close()
