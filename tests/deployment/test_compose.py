"""`compose.yaml` against the Compose Specification and against what the repository has."""

import json
import os
import re
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from foundation.settings import ROOT, Settings
from scripts import secrets
from scripts.backends import daemons, ports, redis
from scripts.backends.daemons import Launch
from scripts.mail_listeners import DEFAULT_PORT
from tests.live import PORTULAN

FILE = ROOT / "compose.yaml"
ONE_SHOT = {"secrets", "migrate"}
WRITABLE = {"opensearch"}
"""Whose image writes beside its own programs."""
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("portulan:")]

every = pytest.mark.parametrize("name", SERVICES)


def check(compose: dict[str, Any]) -> None:
    PyCompose.from_json(json.dumps(compose))


def test_it_follows_the_compose_specification() -> None:
    check(COMPOSE)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"reed_only": True}, "reed_only"),
        ({"depends_on": {"redis": {"condition": "service_happy"}}}, "service_happy"),
        ({"mem_limit": "much"}, "much"),
    ],
)
def test_the_specification_is_really_looked_at(fault: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check({**COMPOSE, "services": {**SERVICES, "web": {**SERVICES["web"], **fault}}})


def test_security_rules_hold() -> None:
    done = subprocess.run(
        [PORTULAN.parent / "compose-lint", "check", "--format", "json", "--fail-on", "low", str(FILE)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = {(one["rule_id"], one["service"]) for one in json.loads(done.stdout)["findings"]}
    # A digest would freeze security fixes of the three images out; ours is built here. OpenSearch: see `WRITABLE`.
    expected = {("CL-0019", name) for name in SERVICES} | {("CL-0007", name) for name in WRITABLE}
    assert found <= expected


def test_all_parts_are_there() -> None:
    assert set(SERVICES) == {"web", "worker", "beat", "mail-in", "postgres", "opensearch", "redis"} | ONE_SHOT


@every
def test_a_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), "not root"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", False) or name in WRITABLE
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert ":" in service["image"]
    assert not service["image"].endswith(":latest")


@every
def test_its_health_is_known(name: str) -> None:
    service = SERVICES[name]
    if name in ONE_SHOT:
        assert service["restart"] == "no"
        assert service["healthcheck"] == {"disable": True}
    elif name == "web":
        assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
    else:
        assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"])


@every
def test_what_it_waits_for_exists(name: str) -> None:
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert condition == {"condition": wanted}


@every
def test_volumes_and_networks_are_declared(name: str) -> None:
    service = SERVICES[name]
    assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(COMPOSE["volumes"])
    assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
    assert service.get("networks") or service.get("network_mode") == "none"


def test_only_the_site_and_mail_are_reached_from_outside_and_only_from_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"], "mail-in": [f"127.0.0.1:{DEFAULT_PORT}:{DEFAULT_PORT}"]}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert all(SERVICES[name]["networks"] == ["inside"] for name in ("postgres", "redis", "opensearch"))


@pytest.mark.parametrize("name", OURS)
def test_our_settings_and_commands_are_real(name: str) -> None:
    service = SERVICES[name]
    known = {f"PORTULAN_{field.upper()}" for field in Settings.model_fields}
    assert set(service["environment"]) <= known
    if "entrypoint" not in service:
        done = subprocess.run([PORTULAN, *service["command"], "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        made_up = subprocess.run(
            [PORTULAN, *service["command"], "--made-up", "--help"], capture_output=True, text=True, check=False
        )
        assert made_up.returncode == 2, "options are really looked at"


def test_workers_deliver_and_one_beat_wakes_them() -> None:
    settings = Settings.model_validate(
        {name.removeprefix("PORTULAN_").lower(): value for name, value in SERVICES["web"]["environment"].items()}
    )
    assert settings.has_workers
    assert (SERVICES["worker"]["command"], SERVICES["beat"]["command"]) == (["worker"], ["worker", "--beat"])
    assert SERVICES["worker"]["environment"] == SERVICES["beat"]["environment"] == SERVICES["web"]["environment"]


def test_settings_are_read_as_they_are_meant() -> None:
    given = SERVICES["web"]["environment"]
    settings = Settings.model_validate(
        {name.removeprefix("PORTULAN_").lower(): value for name, value in given.items()} | {"database_password": "x"}
    )
    assert settings.database_address == "postgresql+psycopg://portulan:x@postgres:5432/portulan"
    hosts = {re.sub(r".*[/@]([a-z]+):\d+.*", r"\1", value) for value in given.values()}
    assert hosts == {"postgres", "opensearch", "redis"} <= set(SERVICES)


def test_no_secret_is_in_the_environment() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or name.endswith("_FILE"), name
            assert not re.search(r"://[^/]*:[^/]*@", str(value)), name


def test_every_secret_that_is_read_is_made() -> None:
    folder, *made = SERVICES["secrets"]["command"]
    read = set(re.findall(rf"{folder}/(\w+)", FILE.read_text()))
    ours = {f"portulan_{name}" for name in Settings.model_fields if name.endswith("_password")}
    if SERVICES["opensearch"]["environment"]["DISABLE_SECURITY_PLUGIN"] == "true":
        # It asks nobody who they are: a password would be told to whom it does not concern.
        ours.remove("portulan_opensearch_password")
    # Whoever runs the mail server gives that password; one made up here would open nothing.
    ours.remove("portulan_smtp_password")
    assert read | ours == set(made)


def test_secrets_are_made_once(tmp_path: Path) -> None:
    names = ["portulan_a", "portulan_b"]
    assert secrets.make(tmp_path, names) == names
    before = {name: (tmp_path / name).read_text() for name in names}
    assert len(set(before.values())) == 2
    assert min(map(len, before.values())) >= 32
    assert secrets.make(tmp_path, [*names, "portulan_c"]) == ["portulan_c"]
    assert before == {name: (tmp_path / name).read_text() for name in names}


def test_the_command_of_redis_starts_one_that_asks_for_the_password(redis_address: str, tmp_path: Path) -> None:
    assert redis_address  # the fixture has seen to it that Redis is installed
    secrets.make(tmp_path, ["portulan_redis_password"])
    port = ports.any_free()

    def here(text: str) -> str:
        text = text.replace("$$", "$").replace("/run/secrets", str(tmp_path)).replace("/run/redis", str(tmp_path))
        return text.replace("redis-cli", f"redis-cli -p {port}")

    command = [here(part) for part in SERVICES["redis"]["command"]]
    command[-1] += f" --port {port}"
    launch = Launch(title="Redis", command=command, folder=tmp_path, address=f"redis://127.0.0.1:{port}/0")
    daemon = daemons.start(launch)
    try:
        kind, check_health = SERVICES["redis"]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        until = time.monotonic() + 60
        while subprocess.run(["sh", "-c", here(check_health)], check=False, capture_output=True).returncode:
            assert time.monotonic() < until, launch.log.read_text()
            time.sleep(0.1)
        assert not redis.is_ready(launch.address), "without the password nobody is answered"
        policy = subprocess.run(
            ["redis-cli", "-p", str(port), "config", "get", "maxmemory-policy"],
            env={**os.environ, "REDISCLI_AUTH": (tmp_path / "portulan_redis_password").read_text()},
            capture_output=True,
            text=True,
            check=True,
        )
        assert policy.stdout.split() == ["maxmemory-policy", "volatile-lru"]
    finally:
        daemons.stop(daemon, launch.stop_signal)


# The image


def packed(context: Path) -> list[Path]:
    """Return what of the repository goes into the image: `.dockerignore` names what is kept."""
    lines = (context / ".dockerignore").read_text().split("\n")
    kept = [line[1:] for line in lines if line.startswith("!")]
    assert "*" in lines
    tracked = subprocess.run(["git", "ls-files"], cwd=context, capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in tracked.splitlines() if line.partition("/")[0] in kept]


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_has_what_runs_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    held = {path.parts[0] for path in packed(ROOT)}
    assert held == packages | {"data", "alembic.ini", "pyproject.toml", "requirements.lock"}
    compiled = next(rest for name, rest in instructions() if name == "RUN" and "compileall" in rest)
    assert packages <= set(compiled.split())


def test_the_image_is_the_one_that_compose_names_and_not_roots() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"portulan:{version}"}
    said = instructions()
    assert [rest for name, rest in said if name == "USER"] == [SERVICES["web"]["user"]]
    assert said[-2:] == [("ENTRYPOINT", '["portulan"]'), ("CMD", json.dumps(SERVICES["web"]["command"]))]
    settings = {f"PORTULAN_{field.upper()}" for field in Settings.model_fields}
    set_here = {word.partition("=")[0] for name, rest in said if name == "ENV" for word in rest.split()}
    assert {name for name in set_here if name.startswith("PORTULAN_")} <= settings


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_steps_of_the_image_make_a_portulan_that_runs(tmp_path: Path) -> None:
    """Docker may not be there: the build stage's own commands run here, on exactly what the image would hold."""
    for path in packed(ROOT):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    stage = instructions()
    stage = stage[: next(at for at, (name, _) in enumerate(stage) if name == "FROM" and at)]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    python = Path(PORTULAN.parent / "python").resolve().parent
    environment["PATH"] = f"{python}:{environment['PATH']}"
    for name, rest in stage:
        if name == "RUN":
            subprocess.run(["sh", "-c", rest], cwd=tmp_path, env=environment, check=True)
    settings = {**environment, "PORTULAN_DATA_DIR": str(tmp_path / "var"), "PORTULAN_ENCODER": "none"}
    for arguments in (["migrate"], ["demo"], ["index", "verify"]):
        subprocess.run([tmp_path / ".venv/bin/portulan", *arguments], cwd=tmp_path, env=settings, check=True)
