"""A mission's page and the list of missions: what state each is in, in words, and the one thing to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.audience_days import ZONE
from accounts.models.accounts import Client
from accounts.models.experts import Expert, Review
from accounts.sign_ins import SignedIn
from billing.documents.listings import Listed
from booking import (
    agreements,
    disagreements,
    duties,
    first_days,
    funds,
    invoice_holds,
    mission_news,
    missions,
    report_files,
    reports,
    reviews,
    thread_lists,
    threads,
)
from booking.lifecycle import MISSIONS, QUOTES, MissionState, Party, QuoteEvent
from booking.models.invoices import InvoiceHold
from booking.models.missions import Mission
from booking.models.quotes import QuoteVersion
from booking.models.reports import Outcome, Report, ReportFile
from booking.models.reviews import MissionReview
from booking.thread_lists import Shown
from foundation import lifecycles
from foundation.i18n import Language, message, translate
from foundation.lifecycles import StateChange
from web import lifecycle_texts
from web.pages import documents
from web.pages.mission_steps import next_step, waits_for
from web.rendering import long_date

SHOWN_SIGNS = 200
"""Of a message, in the timeline; the rest stands in the thread."""
FINISHED = frozenset({MissionState.VALIDATED, MissionState.CLOSED, MissionState.CANCELLED})


@dataclass(frozen=True, slots=True)
class View:
    """All that a mission's page shows, read in one transaction."""

    mission: Mission
    party: Party
    may_act: bool
    counterpart: str
    version: QuoteVersion
    versions: Sequence[QuoteVersion]
    changes: Sequence[StateChange]
    reports: Sequence[Report]
    files: Sequence[ReportFile]
    """Of all reports, those of the last one first."""
    reviews: Mapping[str, tuple[MissionReview, Review]]
    lacking_cents: int
    held_cents: int
    taken_cents: int
    """What the payer's bank took of what was held."""
    refund_id: str
    """The refund that the client asked for and that is not over; empty where there is none."""
    raised_by: Party | None
    slug: str
    """Of the expert's page; empty where it is not shown."""
    thread_id: str
    """Where the two write to each other; empty where they have not begun."""
    messages: Sequence[Shown]
    documents: Sequence[Listed]
    """What was issued for it, as far as the reader may see that."""
    is_company: bool
    first_day: date | None
    """From which on the work may begin; None where it may at once."""
    hold: InvoiceHold | None
    """Why its invoices wait, and with them the release."""


def read(session: Session, who: SignedIn, mission_id: str) -> View:
    """Read a mission for one of its sides, or an operator; raise NotFound."""
    mission, party = missions.get(session, who, mission_id)
    bound = reviews.of_mission(session, mission.id)
    own = threads.find(session, mission.client_id, mission.expert_id, mission_id=mission.id)
    thread = own or threads.find(session, mission.client_id, mission.expert_id)
    return View(
        mission=mission,
        party=party,
        may_act=missions.may_act(mission, who),
        counterpart=counterpart_of(session, mission, party),
        version=missions.accepted_version(session, mission),
        versions=missions.versions(session, mission),
        changes=[
            *lifecycles.changes(session, QUOTES.kind, [mission.quote_id]),
            *lifecycles.changes(session, MISSIONS.kind, [mission.id]),
        ],
        reports=reports.all_of(session, mission.id),
        files=report_files.of_mission(session, mission.id),
        reviews={skill: (row, session.get_one(Review, row.review_id)) for skill, row in bound.items()},
        lacking_cents=funds.lacking_cents(session, mission),
        held_cents=funds.held_cents(session, mission),
        taken_cents=funds.taken_cents(session, mission),
        refund_id=asked.id if (asked := disagreements.refund_in_question(session, mission)) else "",
        raised_by=disagreements.raised_by(session, mission),
        slug=expert.slug if (expert := session.get(Expert, mission.expert_id)) and expert.is_shown else "",
        thread_id=thread.id if thread else "",
        messages=thread_lists.messages(session, own.id)[0] if own else (),
        documents=documents.of_mission(session, who, mission.id),
        is_company=not session.get_one(Client, mission.client_id).is_person,
        first_day=first_days.of(session, mission),
        hold=invoice_holds.of(session, mission.id),
    )


def counterpart_of(session: Session, mission: Mission, party: Party) -> str:
    """Return whom a side of a mission has to do with; an operator is told both."""
    names = {Party.EXPERT: mission_news.client_name, Party.CLIENT: mission_news.expert_name}
    if party in names:
        return names[party](session, mission)
    return f"{mission_news.client_name(session, mission)} · {mission_news.expert_name(session, mission)}"


def context(
    view: View,
    language: Language,
    *,
    at: datetime,
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what the page shows."""
    mission, party = view.mission, view.party
    is_early = view.first_day is not None and duties.day_of(at) < view.first_day
    step = next_step(mission, party, view.lacking_cents, is_early=is_early)
    possible = _possible(view) - ({"start"} if is_early else set())
    last = view.reports[0] if view.reports else None
    return {
        "mission": mission,
        "party": party.value,
        "counterpart": view.counterpart,
        "documents": view.documents,
        "version": view.version,
        "next": {
            "title": translate(language, step.title),
            "text": translate(language, step.text, day=long_date(view.first_day, language) if view.first_day else ""),
            "action": translate(language, step.action) if step.action and view.may_act else "",
            "anchor": step.anchor,
        },
        "possible": possible,
        "has_rare": not possible.isdisjoint(_RARE),
        "may_act": view.may_act,
        "slug": view.slug,
        "thread_id": view.thread_id,
        "is_company": view.is_company,
        "lacking_cents": view.lacking_cents,
        "held_cents": view.held_cents,
        "taken_cents": view.taken_cents,
        "refund_id": view.refund_id,
        "hold": _hold(view, language),
        "is_finished": MissionState(mission.state) in FINISHED,
        "uses_escrow": funds.uses_escrow(mission),
        "reports": view.reports,
        "last_report": last,
        "report_files": view.files,
        "objectives": agreements.objectives(view.version),
        "outcomes": [(outcome.value, _OUTCOMES[outcome]) for outcome in Outcome],
        "outcome_names": {outcome.value: translate(language, text) for outcome, text in _OUTCOMES.items()},
        "roadmap": agreements.roadmap(view.version),
        "skills": _skills(view, at),
        "timeline": timeline(view, language),
        "form": {**_report_values(last), **(form or {})},
        "faults": dict(faults or {}),
    }


def _hold(view: View, language: Language) -> dict[str, Any] | None:
    """Return why the invoices wait, as far as who looks can mend it."""
    if view.hold is None:
        return None
    side = {Party.EXPERT: invoice_holds.SELLER, Party.CLIENT: invoice_holds.BUYER}.get(view.party, "")
    path = _DETAILS.get(view.party, "/operator/invoices")
    return {"failures": invoice_holds.failures(view.hold, language, side=side), "path": path}


_DETAILS: Mapping[Party, str] = {Party.EXPERT: "/my/identity", Party.CLIENT: "/account/company"}
"""Where each side completes its details."""
_OUTCOMES: Mapping[Outcome, str] = {
    Outcome.REACHED: message("Reached"),
    Outcome.PARTLY: message("Partly reached"),
    Outcome.MISSED: message("Not reached"),
}


_TOLD_BY_VERSIONS = (QuoteEvent.SEND, QuoteEvent.AMEND)


def timeline(view: View, language: Language) -> list[dict[str, Any]]:
    """Return what happened, the latest first: moves of the quote and the mission, with who made them and why."""
    entries = [
        {
            "at": change.moved_at,
            "text": lifecycle_texts.done(change.kind, change.event, language),
            "party": change.party,
            "note": change.reason or "",
        }
        for change in view.changes
        if change.event not in _TOLD_BY_VERSIONS
    ]
    if view.mission.ended_at:
        text = translate(language, message("The work was declared done: the quote is frozen"))
        entries.append({"at": view.mission.ended_at, "text": text, "party": "", "note": ""})
    entries += [
        {
            "at": version.sent_at,
            "text": translate(language, message("Version %(number)s of the quote sent"), number=version.number),
            "party": Party.EXPERT.value,
            "note": version.reason,
        }
        for version in view.versions
    ]
    entries += [
        {
            "at": shown.message.sent_at,
            "text": translate(language, message("Message")),
            "party": shown.message.side,
            "note": shown.message.body[:SHOWN_SIGNS] + ("…" if len(shown.message.body) > SHOWN_SIGNS else ""),
        }
        for shown in view.messages
        if shown.message.line is None
    ]
    return sorted(entries, key=lambda entry: entry["at"])[::-1]


def listed(
    session: Session, who: SignedIn, language: Language, *, at: datetime
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return somebody's missions in three groups: what waits for them, what runs, what is finished."""
    today = at.astimezone(ZONE).date()
    groups: dict[str, list[dict[str, Any]]] = {"waiting": [], "running": [], "finished": []}
    for mission in missions.of(session, who):
        party = missions.party_of(mission, who) or Party.CLIENT
        step = next_step(mission, party, funds.lacking_cents(session, mission))
        is_waiting = party in waits_for(mission, today)
        if mission.series_id and not is_waiting:
            continue  # Its series has a line of its own.
        name = "finished" if MissionState(mission.state) in FINISHED else "waiting" if is_waiting else "running"
        groups[name].append(
            {
                "mission": mission,
                "counterpart": counterpart_of(session, mission, party),
                "state": translate(language, step.title),
                "action": translate(language, step.action) if step.action and is_waiting else "",
            }
        )
    return list(groups.items())


def queue(session: Session, language: Language) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return what operators see: where the sides don't agree, and what waits for a portage company."""
    groups = {"cases": disagreements.cases(session), "portage": missions.awaiting_portage(session)}
    return [
        (
            name,
            [
                {
                    "mission": mission,
                    "counterpart": counterpart_of(session, mission, Party.OPERATOR),
                    "state": translate(language, next_step(mission, Party.OPERATOR, 0).title),
                    "action": "",
                }
                for mission in found
            ],
        )
        for name, found in groups.items()
    ]


_RARE = frozenset({"end", "dispute", "ask_refund", "cancel"})
"""What may be done besides the one thing that a mission waits for."""


def _possible(view: View) -> set[str]:
    """Return what the reader may do: the moves, and what is no move."""
    mission, party = view.mission, view.party
    if not view.may_act:
        return set()
    found = {event.value for event in MISSIONS.possible(MissionState(mission.state), party)}
    if mission.state == MissionState.DISPUTED and party not in {view.raised_by, Party.OPERATOR}:
        found -= {event.value for event in disagreements.SETTLING}
    if party is Party.OPERATOR:
        return found
    if mission.state == MissionState.IN_PROGRESS and not mission.ended_at:
        found.add("end")
    if party is Party.CLIENT and mission.state in {MissionState.VALIDATED, MissionState.CLOSED}:
        found.add("review")
    return found


def _skills(view: View, at: datetime) -> list[dict[str, Any]]:
    """Return the skills that the mission used, with what was said of each and whether it may be said now."""
    found: list[dict[str, Any]] = []
    for place, skill in enumerate(agreements.skills(view.version)):
        row, review = view.reviews.get(skill, (None, None))
        found.append(
            {
                "place": place,
                "skill": skill,
                "row": row,
                "review": review,
                "may_write": view.mission.state == MissionState.REPORTED or reviews.may_write(view.mission, row, at=at),
            }
        )
    return found


def _report_values(last: Report | None) -> dict[str, str]:
    """Return a report that was sent back as the form of the next one holds it."""
    if last is None or last.returned_at is None:
        return {}
    values = {"summary": last.summary}
    for place, said in enumerate(last.objectives):
        values |= {f"outcome-{place}": said["outcome"], f"comment-{place}": said["comment"]}
    return values
