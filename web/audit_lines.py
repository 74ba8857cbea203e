"""Entries of the audit log as people read them: names instead of ids, and links to what they are about."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Account
from accounts.models.experts import Expert
from foundation import spreadsheets
from foundation.audits import AuditEntry
from web.rendering import PARIS

COLUMNS = ("id", "when", "by", "account", "name", "action", "object", "object_id", "details")


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what its ids mean now."""

    entry: AuditEntry
    who: str
    """The account's name, or the command's login; empty for the system and for erased accounts."""
    about: str
    """What the object is called, or its id."""
    link: str | None


def read(session: Session, entries: Sequence[AuditEntry]) -> list[Line]:
    """Return entries with names and links."""
    account_ids = {entry.actor_account_id for entry in entries} | _ids(entries, "account")
    accounts = _names(session, Account, account_ids)
    experts = _names(session, Expert, _ids(entries, "expert"))
    return [_line(entry, accounts, experts) for entry in entries]


def csv_text(lines: Iterable[Line]) -> str:
    """Return lines as CSV that no spreadsheet takes for formulas (OWASP, CSV injection)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in lines:
        entry = line.entry
        cells = (
            entry.id,
            local(entry.acted_at).isoformat(timespec="seconds"),
            entry.actor_kind,
            entry.actor_account_id or "",
            line.who,
            entry.action,
            entry.object_kind,
            entry.object_id,
            orjson.dumps(entry.details).decode() if entry.details else "",
        )
        writer.writerow([spreadsheets.safe(cell) for cell in cells])
    return text.getvalue()


def local(at: datetime) -> datetime:
    """Return an instant as clocks in France show it."""
    return at.astimezone(PARIS)


def _line(entry: AuditEntry, accounts: dict[str, tuple[str, str]], experts: dict[str, tuple[str, str]]) -> Line:
    who = accounts.get(entry.actor_account_id or "", ("", ""))[0] or entry.actor_name
    about, link = entry.object_id, None
    if entry.object_kind == "account" and entry.object_id in accounts:
        about, link = accounts[entry.object_id][0], f"/operator/people/{entry.object_id}"
    elif entry.object_kind == "expert" and entry.object_id in experts:
        about, link = experts[entry.object_id][0], f"/experts/{experts[entry.object_id][1]}"
    elif entry.object_kind == "notice":
        about, link = entry.object_id[:8].upper(), f"/operator/notices/{entry.object_id}"
    elif entry.object_kind == "skill":
        link = "/operator/skills"
    return Line(entry, who, about, link)


def _ids(entries: Iterable[AuditEntry], kind: str) -> set[str | None]:
    return {entry.object_id for entry in entries if entry.object_kind == kind}


def _names(session: Session, table: type[Account] | type[Expert], ids: set[str | None]) -> dict[str, tuple[str, str]]:
    """Return name and slug (none for accounts) of those that exist, by id."""
    second = col(Expert.slug) if table is Expert else col(Account.kind)
    wanted = sorted(item for item in ids if item)
    statement = select(col(table.id), col(table.name), second).where(col(table.id).in_(wanted))
    return {row[0]: (row[1], row[2]) for row in session.execute(statement)}
