"""PostgreSQL 15 or newer, from Debian's package, with a cluster of its own."""

import os
import pwd
import re
import shutil
import signal
import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from foundation.errors import Unavailable
from scripts.backends import daemons, packages, ports
from scripts.backends.daemons import Launch

OLDEST = 15
ROLE = "portulan"
CONNECTIONS = 300
"""Each process takes up to 40, and tests run several installations at once."""
INSTALLED = Path("/usr/lib/postgresql")
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/portulan.conf")


def prepare(folder: Path) -> Launch:
    """Make a cluster with our role and database; Debian's own one, if there is any, is left alone."""
    programs = _programs() or _installed()
    user = _unprivileged()
    if user is not None:
        shutil.chown(folder, user)
    cluster = folder / "cluster"
    # Who may read the trade of a throw-away cluster on the loopback address is whoever works on this machine.
    _run(user, folder, programs / "initdb", "-D", cluster, "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    _run(user, folder, programs / "postgres", "--single", "-D", cluster, "postgres", said=f"CREATE DATABASE {ROLE}\n")
    port = ports.any_free()
    options = {"listen_addresses": "127.0.0.1", "port": port, "max_connections": CONNECTIONS}
    options["unix_socket_directories"] = ""
    # Only a machine that loses its current could lose anything by this, and throw-away data with it.
    options["fsync"] = options["full_page_writes"] = "off"
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    version = _run(user, folder, programs / "postgres", "--version").split()[2]
    return Launch(
        title=f"PostgreSQL {version}",
        command=[str(programs / "postgres"), "-D", str(cluster), *settings],
        folder=folder,
        address=f"postgresql+psycopg://{ROLE}@127.0.0.1:{port}/{ROLE}",
        user=user,
        stop_signal=signal.SIGINT,  # ends without waiting for clients to leave
    )


def program(name: str) -> str:
    """Return where one of PostgreSQL's programs is, or its name where only the path may know."""
    programs = _programs()
    return str(programs / name) if programs else name


def is_ready(address: str) -> bool:
    """Tell whether connections are taken."""
    url = make_url(address)
    command = [program("pg_isready"), "-q", "-h", str(url.host)]
    return subprocess.run([*command, "-p", str(url.port)], check=False).returncode == 0  # noqa: S603


def _programs() -> Path | None:
    """Return where the newest installed version's programs are."""
    found = {int(path.name): path / "bin" for path in INSTALLED.glob("*") if re.fullmatch(r"\d+", path.name)}
    newest = max((version for version, path in found.items() if (path / "postgres").exists()), default=0)
    return found[newest] if newest >= OLDEST else None


def _installed() -> Path:
    if os.geteuid() == 0:
        # Debian would make a cluster at once and start it at every boot.
        NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        NO_CLUSTER.write_text("create_main_cluster = false\n")
    packages.install("postgresql")
    programs = _programs()
    if programs is None:
        raise Unavailable(f"this Debian's package postgresql is older than version {OLDEST}")
    return programs


def _unprivileged() -> str | None:
    """Return who runs PostgreSQL, which refuses to run as root; None is whoever we are."""
    if os.geteuid():
        return None
    return next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})


def _run(user: str | None, folder: Path, program: Path, *arguments: str | Path, said: str = "") -> str:
    done = subprocess.run(  # noqa: S603
        [program, *arguments],
        cwd=folder,
        input=said,
        capture_output=True,
        text=True,
        check=False,
        **daemons.as_user(user),
    )
    if done.returncode:
        raise Unavailable(f"{program.name} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
