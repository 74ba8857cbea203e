import os
import subprocess
import sys
from pathlib import Path

import pytest

from foundation.settings import ROOT, Settings


def read_in(folder: Path, expression: str, **environment: str) -> str:
    """Return what a process whose secrets are in a folder reads."""
    done = subprocess.run(
        [sys.executable, "-c", f"from foundation.settings import Settings; print({expression})"],
        cwd=ROOT,
        env={**os.environ, "PORTULAN_SECRETS_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_passwords_come_from_files_and_go_into_addresses(tmp_path: Path) -> None:
    (tmp_path / "portulan_database_password").write_text("p@ss/word\n")
    (tmp_path / "portulan_redis_password").write_text("s:cret")
    urls = {"PORTULAN_DATABASE_URL": "postgresql+psycopg://portulan@db/portulan", "PORTULAN_REDIS_URL": "redis://r:1/0"}
    assert (
        read_in(tmp_path, "Settings().database_address", **urls)
        == "postgresql+psycopg://portulan:p%40ss%2Fword@db/portulan"
    )
    assert read_in(tmp_path, "Settings().redis_address", **urls) == "redis://default:s%3Acret@r:1/0"


def test_the_environment_wins_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "portulan_port").write_text("9000")
    assert read_in(tmp_path, "Settings().port") == "9000"
    assert read_in(tmp_path, "Settings().port", PORTULAN_PORT="9001") == "9001"


def test_a_password_is_not_shown_by_accident(tmp_path: Path) -> None:
    (tmp_path / "portulan_database_password").write_text("p4ssw0rd")
    assert "p4ssw0rd" not in read_in(tmp_path, "repr(Settings())")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, ""),
        ({"redis_url": "redis://r:1/0"}, "redis://r:1/0"),
        ({"redis_url": "redis://:own@r:1/0", "redis_password": "other"}, "redis://:own@r:1/0"),
    ],
)
def test_an_address_stays_as_it_is_without_a_password_of_ours(given: dict[str, str], address: str) -> None:
    assert Settings.model_validate(given).redis_address == address
