"""The owner's edits of one's own profile: saved as one types, taken back, told to the index, never half."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, experts, merges, profile_forms
from accounts.merges import Row
from accounts.models.accounts import Account
from accounts.models.experts import Expert
from accounts.models.profiles import ProfileVersion
from accounts.profile_forms import FIELDS, RECORD_FIELDS, Form
from foundation import audits
from foundation.audits import Actor
from foundation.errors import Conflict, Fault, Invalid
from taxonomy.wordlists import Wordlists

KEPT_VERSIONS = 30
BURST = timedelta(minutes=2)
"""Edits of the same fields within this time of each other are one to take back: typing saves every second."""
_DATES = ("available_from",)


class ChangedMeanwhile(Conflict):
    """Fields were changed elsewhere since the form was read: nothing was saved, and nothing overwritten."""

    def __init__(self, fields: list[str]) -> None:
        self.fields = fields
        super().__init__(f"changed meanwhile: {', '.join(fields)}")


@dataclass(frozen=True, slots=True)
class Saved:
    """An expert after a save, and the fields that it changed."""

    expert: Expert
    fields: tuple[str, ...]


def save(session: Session, expert_id: str, form: Form, wordlists: Wordlists, *, actor: Actor, at: datetime) -> Saved:
    """Save the fields that a form has and that differ; raise Invalid with every fault, or ChangedMeanwhile.

    `seen` in the form holds the marks of the fields as they were read: what its owner left as it was never undoes
    what happened elsewhere meanwhile.
    """
    expert = experts.take(session, expert_id)
    row = experts.columns(expert)
    reading = profile_forms.read(form, row, wordlists, at=at)
    faults = list(reading.faults)
    seen, present = profile_forms.load_marks(form.get("seen", "")), profile_forms.marks(row)
    changed, stale = dict[str, Row](), list[str]()
    for name, values in reading.values.items():
        posted = profile_forms.mark(values)
        if posted == present[name] or posted == seen.get(name):
            continue
        changed[name] = values
        if seen.get(name, present[name]) != present[name]:
            stale.append(name)
    new = row | {column: value for values in changed.values() for column, value in values.items()}
    faults.extend(unpublishable(new, is_asked="visible" in changed))
    if faults:
        raise Invalid(faults)
    if stale:
        raise ChangedMeanwhile(stale)
    confirmed = {"availability_confirmed_on": at.date()} if "availability" in reading.values else {}
    _keep(session, expert, changed, new | confirmed, actor=actor, at=at)
    return Saved(expert, tuple(changed))


def undo(session: Session, expert_id: str, *, actor: Actor, at: datetime) -> Saved:
    """Take the latest edit back; raise Conflict where there is none. A profile that then says too little is hidden."""
    expert = experts.take(session, expert_id)
    version = latest(session, expert_id)
    if version is None:
        raise Conflict("there is no edit to take back")
    row = experts.columns(expert)
    before = {name: _from_json(name, value) for name, value in version.replaced.items()}
    new = row | before
    if merges.missing(new):
        before["is_visible"] = False
    session.delete(version)
    fields = tuple(name for name, columns in FIELDS.items() if set(columns) & set(before))
    experts.apply(session, expert, before, at=at)
    audits.record(session, actor, "took_back_edit", "expert", expert_id, at=at, fields=list(fields))
    return Saved(expert, fields)


def latest(session: Session, expert_id: str) -> ProfileVersion | None:
    """Return what the latest edit replaced."""
    statement = (
        select(ProfileVersion)
        .where(col(ProfileVersion.expert_id) == expert_id)
        .order_by(col(ProfileVersion.version).desc())
        .limit(1)
    )
    return session.execute(statement).scalar_one_or_none()


def unpublishable(row: Row, *, is_asked: bool) -> list[Fault]:
    """Return what a profile that is to be shown lacks; `is_asked` where that is what its owner just ticked."""
    wanting = merges.missing(row) if row["is_visible"] else []
    faults = [Fault(fault.field, "needed_to_be_shown", "") for fault in wanting]
    return [*faults, Fault("visible", "says_too_little", "")] if faults and is_asked else faults


def claim(session: Session, account: Account, ref: str, *, at: datetime) -> Expert:
    """Give an imported profile to its expert's account, unless somebody has it; raise Conflict or NotFound.

    From now on it can lapse, and imports leave alone what its owner edits.
    """
    expert = experts.take(session, experts.get(session, ref).id)
    if account.expert_id == expert.id:
        return expert
    accounts.give_profile(session, account, expert.id)
    experts.apply(session, expert, {"availability_confirmed_on": at.date()}, at=at)
    actor = audits.account(account.id)
    audits.record(session, actor, "claimed_profile", "expert", expert.id, at=at)
    return expert


def _keep(
    session: Session, expert: Expert, changed: Mapping[str, Row], new: Row, *, actor: Actor, at: datetime
) -> None:
    row = experts.columns(expert)
    values = {name: value for name, value in new.items() if row[name] != value}
    if not values:
        return
    owned = {part for name in changed for part in RECORD_FIELDS.get(name, (name,))}
    values["owned_fields"] = sorted(owned.union(expert.owned_fields))
    replaced = {column: _to_json(row[column]) for columns in changed.values() for column in columns}
    experts.apply(session, expert, values, at=at)
    if not changed:
        return
    if not _continues(session, expert, replaced, at):
        session.add(ProfileVersion(expert_id=expert.id, version=expert.version, replaced=replaced, edited_at=at))
        audits.record(session, actor, "edited_profile", "expert", expert.id, at=at, fields=sorted(changed))
    theirs = col(ProfileVersion.expert_id) == expert.id
    kept = select(col(ProfileVersion.version)).where(theirs).order_by(col(ProfileVersion.version).desc())
    oldest = session.execute(kept.offset(KEPT_VERSIONS - 1).limit(1)).scalar_one_or_none()
    if oldest is not None:
        session.execute(delete(ProfileVersion).where(theirs, col(ProfileVersion.version) < oldest))


def _continues(session: Session, expert: Expert, replaced: Row, at: datetime) -> bool:
    """Tell whether an edit goes on with the one before: what that one replaced is then kept for both."""
    before = latest(session, expert.id)
    if before is None or before.replaced.keys() != replaced.keys() or at - before.edited_at > BURST:
        return False
    before.edited_at = at
    session.add(before)
    return True


def _to_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _from_json(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name in _DATES and value else value
