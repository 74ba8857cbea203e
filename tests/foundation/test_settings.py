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
def test_an_address_that_is_none_is_said_by_its_setting_and_not_shown(field: str, address: str, why: str) -> None:
    name = f"PORTULAN_{field.upper()}"
    command = [sys.executable, "-m", "scripts.cli", "index", "status"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, name: address, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name}: ")
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert "hid" not in done.stdout + done.stderr


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
