"""`portulan mail-in` as a process: it listens, refuses what is not for us, and ends when it is told to."""

import os
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.backends import ports
from tests import builders


def test_the_command_listens_until_it_is_told_to_end(tmp_path: Path) -> None:
    settings, port = builders.settings_in(tmp_path), ports.any_free()
    builders.database_of(settings).close()
    environment = {
        **os.environ,
        "PORTULAN_DATA_DIR": str(tmp_path),
        "PORTULAN_DATABASE_URL": settings.database_url,
    }
    command = [sys.executable, "-m", "scripts.cli", "mail-in", "--port", str(port), "--smtp"]
    process = subprocess.Popen(command, env=environment)
    try:
        builders.eventually(lambda: _answers(port), seconds=60)
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                server.sendmail("a@example.org", ["reply+forged@example.org"], "Subject: x\r\n\r\nx")
            assert refused.value.recipients["reply+forged@example.org"][0] == 550
    finally:
        process.terminate()
    assert process.wait(timeout=120) == 0


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
