"""Pages of documents of accounting: whose anybody may see, by mission, with what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import escrows
from billing.documents import listings
from billing.documents.contents import Kind
from billing.documents.listings import Listed, Wanted
from booking.models.missions import Mission
from foundation.errors import NotFound

PAGE = 30


@dataclass(frozen=True, slots=True)
class Group:
    """What was issued for one mission, or for one boost."""

    title: str
    number: str
    path: str
    """Of the mission's page; empty where there is none."""
    documents: Sequence[Listed]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a list."""

    groups: Sequence[Group]
    years: Sequence[int]
    next_after: str
    """The number after which the next page begins; empty on the last one."""


def theirs(who: SignedIn) -> Wanted:
    """Return which documents somebody may see; raise NotFound for who may see none."""
    if who.kind is AccountKind.OPERATOR:
        return Wanted()
    if who.expert_id is not None:
        return Wanted(expert_id=who.expert_id)
    if who.client_id is None or not escrows.may_pay(who):
        raise NotFound("this is for owners, buyers and accountants")
    return Wanted(client_id=who.client_id)


def asked(parameters: Mapping[str, str], whose: Wanted) -> Wanted:
    """Return what an address asks for; what makes no sense in it asks for nothing."""
    kind, year = parameters.get("kind", ""), parameters.get("year", "")
    return replace(
        whose,
        kind=kind if kind in set(Kind) else "",
        year=int(year) if year.isascii() and year.isdigit() and 2000 <= int(year[:5]) <= 2200 else None,
        query=parameters.get("q", "").replace("\0", "").strip()[: listings.LONGEST_QUERY],
        after=parameters.get("after", ""),
    )


def find(session: Session, wanted: Wanted) -> Found:
    """Return a page of a list, the newest first."""
    try:
        found = listings.find(session, wanted, limit=PAGE + 1)
    except NotFound:
        found = listings.find(session, replace(wanted, after=""), limit=PAGE + 1)
    shown = found[:PAGE]
    return Found(
        groups=_grouped(session, shown),
        years=listings.years(session, wanted),
        next_after=shown[-1].number if len(found) > PAGE else "",
    )


def of_mission(session: Session, who: SignedIn, mission_id: str) -> Sequence[Listed]:
    """Return what was issued for a mission, as far as somebody may see it, in the order of issue."""
    try:
        wanted = replace(theirs(who), reference=mission_id)
    except NotFound:
        return ()
    return list(reversed(listings.find(session, wanted, limit=PAGE)))


def context(found: Found, wanted: Wanted, path: str) -> dict[str, Any]:
    """Return what a list shows; `path` is its address."""
    form = {"q": wanted.query, "kind": wanted.kind, "year": str(wanted.year or "")}
    return {
        "path": path,
        "groups": found.groups,
        "years": found.years,
        "kinds": [kind.value for kind in Kind],
        "form": form,
        "is_filtered": any(form.values()) or bool(wanted.after),
        "next_page": {**form, "after": found.next_after} if found.next_after else None,
    }


def _grouped(session: Session, documents: Sequence[Listed]) -> Sequence[Group]:
    by_reference: dict[str, list[Listed]] = {}
    for document in documents:
        by_reference.setdefault(document.reference, []).append(document)
    is_one = col(Mission.id).in_(by_reference)
    missions = {mission.id: mission for mission in session.execute(select(Mission).where(is_one)).scalars()}
    return [_group(rows, missions.get(reference)) for reference, rows in by_reference.items()]


def _group(documents: Sequence[Listed], mission: Mission | None) -> Group:
    if mission:
        return Group(mission.title, mission.number, f"/missions/{mission.id}", documents)
    return Group(documents[0].title, documents[0].said_reference, "", documents)
