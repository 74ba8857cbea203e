import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

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


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("opensearch_url", "https://me:a%2Fb%40c@[::1]:9200/below"),
        ("opensearch_url", "http://127.0.0.1:9200"),
        ("redis_url", "rediss://host"),
        ("redis_url", "unix:///run/redis.sock"),
        ("smtp_url", "smtp://localhost"),
        ("sms_url", "https://sms.example.org/v1/send"),
        ("sms_url", "http://127.0.0.1:8080/"),
        ("mangopay_url", "http://127.0.0.1:8080"),
        ("mangopay_url", "https://api.sandbox.mangopay.com"),
        ("sms_url", "http://gateway:8080/"),
        ("smtp_url", "smtp://me:a%2Fb@[::1]:587?starttls"),
        ("smtp_url", "smtps://me@host"),
    ],
)
def test_addresses_of_every_kind_are_taken(field: str, address: str) -> None:
    assert getattr(Settings.model_validate({field: address}), field) == address


@pytest.mark.parametrize(
    ("given", "sender"),
    [
        ({"mail_from": "Les experts <a@example.com>"}, ("Les experts", "a@example.com")),
        ({"mail_from": "a@example.com"}, ("Portulan", "a@example.com")),
        ({}, ("Portulan", "contact@example.org")),
    ],
)
def test_mails_come_from_who_is_named_or_from_the_operator(given: dict[str, str], sender: tuple[str, str]) -> None:
    assert Settings.model_validate(given).sender == sender


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "0.0.0.0", "port": 80}, "http://127.0.0.1:80"),  # noqa: S104 - nobody listens
        ({"host": "::"}, "http://[::1]:8000"),
        ({"host": "fe80::1"}, "http://[fe80::1]:8000"),
        ({"base_url": "https://portulan.example.org/"}, "https://portulan.example.org"),
    ],
)
def test_where_the_site_is_found_without_a_request(given: dict[str, object], address: str) -> None:
    assert Settings.model_validate(given).site_address == address


def test_a_client_id_of_mangopay_needs_its_key() -> None:
    with pytest.raises(ValidationError, match="PORTULAN_MANGOPAY_CLIENT_ID"):
        Settings.model_validate({"mangopay_client_id": "acme"})
    found = Settings.model_validate({"mangopay_client_id": "acme", "mangopay_api_key": "hidden-key"})
    assert "hidden-key" not in repr(found)
