import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foundation import logs
from foundation.database import Database
from tests.builders import settings_in

ADDRESS = "zephyrine@quatrefages.example"


@pytest.fixture
def _configured(tmp_path: Path) -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    logs.configure(settings_in(tmp_path))
    yield
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 <anna.b+x@mail.example.org>: user unknown", "550 <…@…>: user unknown"),
        ("GET /confirm?token=AbC-_123&lang=fr", "GET /confirm?token=…&lang=fr"),
        ("postgresql://portulan:secret@db/portulan", "postgresql://portulan:…@…"),
        ("a = b, nobody @ home", "a = b, nobody @ home"),
        ("index rebuilt", "index rebuilt"),
    ],
)
def test_addresses_and_tokens_do_not_stand_in_logs(said: str, kept: str) -> None:
    assert logs.scrubbed(said).startswith(kept)


@pytest.mark.usefixtures("_configured")
def test_neither_our_logs_nor_those_of_libraries_name_anybody(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    try:
        int(ADDRESS)
    except ValueError as error:
        structlog.get_logger().exception("failed", error=repr(error), path="/confirm?token=secret-one")
        logging.getLogger("uvicorn.error").exception("failed for %s", ADDRESS)
    said = capsys.readouterr().out + caplog.text
    assert said.count("Traceback") == 2
    assert [found for found in ("quatrefages", "secret-one") if found in said] == []


def test_a_statement_that_fails_does_not_say_what_it_was_given(database: Database) -> None:
    with pytest.raises(DBAPIError) as raised, database.writing() as session:
        session.execute(text("INSERT INTO accounts (name) VALUES (:name)"), {"name": "Zoé\nQuatrefages"})
    for said in (str(raised.value), repr(raised.value)):
        assert "accounts" in logs.scrubbed(said)
        assert "Quatrefages" not in logs.scrubbed(said)
