from datetime import timedelta
from pathlib import Path

import orjson

from accounts.models.accounts import Account
from foundation import clock
from foundation.database import Database
from tests.builders import settings_in
from tests.scripts.conftest import Portulan


def test_a_dry_run_says_what_is_due_and_the_run_drops_it(portulan: Portulan, tmp_path: Path) -> None:
    assert portulan("migrate").code == 0
    database = Database(settings_in(tmp_path).database_address)
    long_ago = clock.now() - timedelta(days=40)
    with database.writing() as session:
        session.add(Account(kind="expert", email="a@example.org", name="A", language="fr", created_at=long_ago))
    database.close()
    due = [_due(portulan("retention", "--json", *more).out)["accounts"] for more in (["--dry-run"], [], [])]
    assert due == [1, 1, 0]
    shown = portulan("retention", "--dry-run")
    assert (shown.code, "nothing dropped" in shown.out, "audit_entries" in shown.out) == (0, True, True)


def _due(out: str) -> dict[str, int]:
    return {item["table"]: item["due"] for item in orjson.loads(out)}
