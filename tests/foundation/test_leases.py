import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from foundation import leases
from foundation.database import Database
from foundation.errors import Busy
from tests.builders import eventually

SHORT = timedelta(seconds=1.5)
HOLDER = """
import sys, time
from datetime import timedelta
from foundation import leases
from foundation.database import Database
with leases.held(Database(sys.argv[1]), "baking", lasts=timedelta(seconds=1.5)):
    print("held", flush=True)
    time.sleep(60)
"""


def is_free(database: Database) -> bool:
    try:
        leases.check(database, "baking")
    except Busy:
        return False
    return True


def test_one_at_a_time_and_the_others_hear_who_and_since_when(database: Database) -> None:
    with leases.held(database, "baking"):
        with pytest.raises(Busy, match=rf"^baking: process {os.getpid()} on .+ is at it, since 20\d\d-.+ UTC$"):
            leases.check(database, "baking")
        with pytest.raises(Busy), leases.held(database, "baking"):
            pass
        assert not is_free(database)
        with leases.held(database, "washing up"):
            pass
    with leases.held(database, "baking"):
        pass


def test_a_lease_lasts_as_long_as_its_holder_works(database: Database) -> None:
    with leases.held(database, "baking", lasts=SHORT):
        time.sleep(2 * SHORT.total_seconds())
        assert not is_free(database)


def test_the_lease_of_a_process_that_was_killed_ends(database: Database) -> None:
    address = database.engine.url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", HOLDER, address], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        assert not is_free(database)
        holder.kill()
    eventually(lambda: is_free(database))
