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
from billing.documents import archives, deliveries, deposits, listings
from billing.documents.contents import Kind
from billing.documents.listings import Listed, Wanted
from billing.models.deliveries import Way
from billing.platforms.interface import Platform
from booking.models.missions import Mission
from foundation.errors import NotFound, Unreachable
from foundation.i18n import Language
from web import document_texts

PAGE = 30


@dataclass(frozen=True, slots=True)
class Row:
    """A document with what became of it, in words."""

    document: Listed
    lines: Sequence[tuple[str, bool]]
    """Each with whether it went wrong."""
    may_deposit: bool
    """Something went wrong with it at the platform."""


@dataclass(frozen=True, slots=True)
class Group:
    """What was issued for one mission, or for one boost."""

    title: str
    number: str
    path: str
    """Of the mission's page; empty where there is none."""
    documents: Sequence[Row]


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


def find(session: Session, wanted: Wanted, language: Language, *, has_archive: bool = False) -> Found:
    """Return a page of a list, the newest first; `has_archive` where what is damaged is to be seen too."""
    try:
        found = listings.find(session, wanted, limit=PAGE + 1)
    except NotFound:
        found = listings.find(session, replace(wanted, after=""), limit=PAGE + 1)
    shown = found[:PAGE]
    return Found(
        groups=_grouped(session, _rows(session, shown, language, has_archive=has_archive)),
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


def waiting(session: Session, language: Language, platform: Platform | None) -> dict[str, Any]:
    """Return what operators have to see to: the oldest first, numbers that are missing, what the platform said."""
    unread = unread_of(platform)
    found = deliveries.waiting(session)
    ids = list(dict.fromkeys(one.document_id for one in found))[:PAGE]
    rows = _rows(session, listings.by_ids(session, ids), language, has_archive=True)
    return {
        "waiting": sorted(rows, key=lambda row: ids.index(row.document.id)),
        "waiting_count": len({one.document_id for one in found}),
        "missing": [finding.number for finding in archives.gaps(session)],
        "put_aside": unread or (),
        "is_platform_away": unread is None,
    }


def unread_of(platform: Platform | None) -> Sequence[str] | None:
    """Return which of a platform's messages wait for operators; None where it is away."""
    try:
        return platform.unread() if platform else ()
    except (Unreachable, OSError):
        return None


def count_waiting(session: Session, platform: Platform | None) -> int:
    """Return how many documents, series and messages operators have to see to; a platform that is away is one."""
    unread = unread_of(platform)
    documents = {one.document_id for one in deliveries.waiting(session)}
    return len(documents) + len(archives.broken_series(session)) + (1 if unread is None else len(unread))


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


def _rows(session: Session, documents: Sequence[Listed], language: Language, *, has_archive: bool) -> Sequence[Row]:
    standings = deliveries.standings(session, [document.id for document in documents])
    return [
        Row(
            document,
            [
                (document_texts.text(one, language), one.state in deliveries.WRONG)
                for one in standings[document.id]
                if has_archive or one.way is not Way.ARCHIVE
            ],
            any(deposits.went_wrong(one) for one in standings[document.id]),
        )
        for document in documents
    ]


def _grouped(session: Session, rows: Sequence[Row]) -> Sequence[Group]:
    by_reference: dict[str, list[Row]] = {}
    for row in rows:
        by_reference.setdefault(row.document.reference, []).append(row)
    is_one = col(Mission.id).in_(by_reference)
    missions = {mission.id: mission for mission in session.execute(select(Mission).where(is_one)).scalars()}
    return [_group(rows, missions.get(reference)) for reference, rows in by_reference.items()]


def _group(rows: Sequence[Row], mission: Mission | None) -> Group:
    if mission:
        return Group(mission.title, mission.number, f"/missions/{mission.id}", rows)
    return Group(rows[0].document.title, rows[0].document.said_reference, "", rows)
