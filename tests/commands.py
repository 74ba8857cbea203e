"""The command line as real processes, which can be killed."""

import os
import subprocess
from pathlib import Path

from foundation.settings import ROOT
from tests import databases
from tests.builders import settings_in
from tests.live import PORTULAN


def environment(folder: Path) -> dict[str, str]:
    """Return the settings of an installation in a folder, without encoder."""
    settings = settings_in(folder)
    databases.provide(settings.database_address)
    return {
        **os.environ,
        "PORTULAN_DATA_DIR": str(folder),
        "PORTULAN_DATABASE_URL": settings.database_url,
        "PORTULAN_ENCODER": "none",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "",  # the second start is the quick one
        "COLUMNS": "200",
    }


def start(folder: Path, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
    """Start a command."""
    return subprocess.Popen(
        [PORTULAN, *arguments],
        env=environment(folder) | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [PORTULAN, *arguments],
        env=environment(folder) | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
