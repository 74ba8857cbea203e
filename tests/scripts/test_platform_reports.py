"""`portulan dac7`: what is reported, what is missing, and the file."""

import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import orjson
import pytest

from billing import tax_details
from foundation.database import Database
from foundation.settings import Settings
from tests.billing import selling
from tests.billing.selling import GIVEN, NET
from tests.builders import settings_in
from tests.scripts.conftest import Portulan


@pytest.fixture
def database(portulan: Portulan, tmp_path: Path) -> Database:
    del portulan  # it brings the database up
    return Database(settings_in(tmp_path).database_address)


def test_the_report_says_what_is_missing_and_is_whole_once_it_is_given(
    portulan: Portulan, database: Database, tmp_path: Path
) -> None:
    who = selling.seller(database)
    selling.release(database, str(who.expert_id), date(2026, 5, 1))
    told = portulan("dac7", "2026", "--json")
    said = orjson.loads(told.out)
    assert (told.code, said["due_on"]) == (1, "2027-01-31")
    (found,) = said["sellers"]
    assert found["missing"] == ["name", "born_on", "tin"]
    assert found["personal_services"] == [
        {
            "currency": "EUR",
            "quarters": [
                {
                    "consideration_cents": NET * is_second,
                    "activities": is_second,
                    "fees_cents": 40_000 * is_second,
                    "taxes_cents": 8_000 * is_second,
                }
                for is_second in (0, 1, 0, 0)
            ],
        }
    ]
    shown = portulan("dac7", "2026")
    assert all(word in shown.out for word in ("Anne Le Goff EI", "4,320.00", "born_on", "2027-01-31"))
    refused = portulan("dac7", "2026", "--out", str(tmp_path))
    assert (refused.code, "Anne Le Goff EI" in refused.err, list(tmp_path.glob("*.xml"))) == (2, True, [])
    assert portulan("dac7", "2026", "--out", str(tmp_path / "without.xml"), "--incomplete").code == 1
    assert "DPI403" in (tmp_path / "without.xml").read_text()
    key = tax_details.key_of(Settings())
    database.write(lambda session: tax_details.put(session, who, GIVEN, key, at=selling.NOON))
    assert portulan("dac7", "2026", "--out", str(tmp_path)).code == 0
    (file,) = tmp_path.glob("DPIDAC7_2026_493275291_001_*.xml")
    assert ET.parse(file).getroot().tag.endswith("DPI_OECD")  # noqa: S314 - our own
    assert GIVEN.tin in file.read_text()


def test_a_year_in_which_nothing_was_sold_is_whole(portulan: Portulan, database: Database) -> None:
    del database
    told = portulan("dac7", "2026", "--json")
    assert (told.code, orjson.loads(told.out)["sellers"]) == (0, [])
    assert portulan("dac7", "26").code == 2


def test_only_a_french_operator_writes_the_french_file(
    portulan: Portulan, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del database
    monkeypatch.setenv("PORTULAN_OPERATOR_COUNTRY", "BE")
    refused = portulan("dac7", "2026", "--out", str(tmp_path / "x.xml"))
    assert (refused.code, "PORTULAN_OPERATOR_COUNTRY" in refused.err) == (2, True)
