import pytest

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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTULAN_PORT", "abc"),
        ("PORTULAN_PORT", "70000"),
        ("PORTULAN_ENCODER", "gpt"),
        ("PORTULAN_SEARCH_PER_SECOND", "0"),
        ("PORTULAN_LOG_LEVEL", "[loud]"),
    ],
)
def test_a_bad_setting_is_named_and_ends_with_2(
    portulan: Portulan, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    outcome = portulan("index", "status")
    assert outcome.code == 2
    assert outcome.err.startswith(f"{name}: ")


def test_migrating_can_be_repeated(portulan: Portulan) -> None:
    assert [portulan("migrate").code for _ in range(2)] == [0, 0]
