import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from foundation import keys
from tests.builders import settings_in


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: keys.derived(settings, "links"), range(32)))
    assert len(found) == 1
    path = tmp_path / keys.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == [keys.FILE]


def test_each_purpose_has_its_own_key_and_a_setting_comes_before_the_file(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, secret_key="a-key-of-the-installation")
    assert keys.derived(settings, "links") != keys.derived(settings, "second factor")
    assert not (tmp_path / keys.FILE).exists()
    assert keys.derived(settings, "links") == keys.derived(
        settings_in(tmp_path / "x", secret_key="a-key-of-the-installation"), "links"
    )


def test_only_the_same_installation_and_purpose_read_what_was_encrypted(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    encrypted = keys.encrypt(settings, "second factor", "JBSWY3DP")
    assert "JBSWY3DP" not in encrypted
    assert keys.decrypt(settings, "second factor", encrypted) == "JBSWY3DP"
    assert keys.decrypt(settings, "links", encrypted) is None
    assert keys.decrypt(settings_in(tmp_path, secret_key="another-key-of-the-site"), "second factor", encrypted) is None


def test_only_what_this_installation_signed_for_a_purpose_is_read(tmp_path: Path) -> None:
    settings, other = settings_in(tmp_path), settings_in(tmp_path, secret_key="another-key-of-the-site")
    token = keys.signed(settings, "alerts", "id")
    assert keys.read_signed(settings, "alerts", token) == "id"
    assert keys.read_signed(settings, "availability", token) is None
    for wrong in (keys.signed(other, "alerts", "id"), token[:-1], "", ".", "é.é", "id", token.replace("id", "di")):
        assert keys.read_signed(settings, "alerts", wrong) is None


def test_only_who_has_the_key_reads_what_was_sealed(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    key = keys.derived(settings, "papers")
    sealed = keys.seal(key, b"it is me")
    assert b"it is me" not in sealed
    assert keys.unseal(key, sealed) == b"it is me"
    assert keys.unseal(keys.derived(settings, "others"), sealed) is None
    assert keys.unseal(key, sealed[:-1] + b"!") is None
