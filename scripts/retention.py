"""`portulan retention`: what is kept for how long, and dropping what was kept for long enough."""

from typing import Annotated

import typer

from foundation import clock
from foundation.settings import Settings
from scripts import databases, tables
from scripts.tables import AsJson
from web import retention as rules
from web.mails import Mailer
from web.sms import Texter


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is due; drop nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Drop what was kept for long enough, and list each rule with what it found due. Serving does so daily."""
    settings, at = Settings(), clock.now()
    database = databases.opened(settings)
    found = rules.standings(database, at)
    if not dry_run:
        rules.sweep_all(database, Mailer(settings, database), Texter(settings, database), at)
    if as_json:
        tables.put_json(
            [
                {
                    "table": item.rule.table_name,
                    "kept_days": item.rule.kept_for.days,
                    "why": item.rule.why,
                    "due": item.due,
                    "oldest": item.oldest,
                }
                for item in found
            ]
        )
        return
    tables.put(
        ("table", "kept days#", "due#", "oldest", "why"),
        [(item.rule.table_name, item.rule.kept_for.days, item.due, item.oldest, item.rule.why) for item in found],
        title="Due, nothing dropped" if dry_run else "Dropped what was due",
    )
