"""End reports: the expert tells, objective by objective, what came of the work; the client validates (row S22).

Nobody but the client validates: silence never does, and nothing is released by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from booking import funds, mission_news, missions, report_files
from booking.agreements import objectives
from booking.attachments import Attachment
from booking.events import MISSION_VALIDATED
from booking.lifecycle import MISSIONS, MissionEvent, MissionState
from booking.models.missions import Mission
from booking.models.reports import Outcome, Report
from booking.thread_lines import Line
from foundation import outbox
from foundation.errors import Conflict, Fault, Invalid
from foundation.i18n import Language, message, translate
from foundation.lifecycles import move

LONGEST_COMMENT = 2_000
LONGEST_SUMMARY = 10_000


@dataclass(frozen=True, slots=True)
class Said:
    """What an expert says of one objective."""

    text: str
    outcome: Outcome
    comment: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A report that is in order."""

    objectives: tuple[Said, ...]
    summary: str


def check(form: dict[str, str], wanted: Sequence[str], language: Language) -> Draft:
    """Return what was posted about the objectives that were agreed, or raise Invalid with every fault. Pure."""
    faults: list[Fault] = []
    found: list[Said] = []
    for place, text in enumerate(wanted):
        outcome = next((item for item in Outcome if item == form.get(f"outcome-{place}")), None)
        comment = form.get(f"comment-{place}", "").strip()
        if outcome is None:
            said = message("Please say whether this objective was reached.")
            faults.append(Fault(f"outcome-{place}", "missing", translate(language, said)))
        elif outcome is not Outcome.REACHED and not comment:
            said = message("Please say in a sentence what was not reached, and why.")
            faults.append(Fault(f"comment-{place}", "missing", translate(language, said)))
        if len(comment) > LONGEST_COMMENT:
            faults.append(Fault(f"comment-{place}", "too_long", translate(language, message("This is too long."))))
        if outcome is not None:
            found.append(Said(text, outcome, comment))
    summary = form.get("summary", "").strip()
    if not summary:
        said = message("Please sum up the work in a few sentences.")
        faults.append(Fault("summary", "missing", translate(language, said)))
    if len(summary) > LONGEST_SUMMARY:
        faults.append(Fault("summary", "too_long", translate(language, message("This is too long."))))
    if faults:
        raise Invalid(faults)
    return Draft(tuple(found), summary)


def send(
    session: Session,
    who: SignedIn,
    mission_id: str,
    form: dict[str, str],
    language: Language,
    *,
    files: Sequence[Attachment] = (),
    at: datetime,
) -> Report:
    """Report the end of a mission, with files if need be; raise Invalid with every fault, or Refused."""
    mission, party = missions.take(session, who, mission_id)
    MISSIONS.after(MissionState(mission.state), MissionEvent.REPORT, party)
    draft = check(form, objectives(missions.accepted_version(session, mission)), language)
    previous = last(session, mission.id)
    missions.freeze(session, mission, actor=who.actor, at=at)
    move(session, MISSIONS, mission, MissionEvent.REPORT, party, actor=who.actor, at=at)
    report = Report(
        mission_id=mission.id,
        number=previous.number + 1 if previous else 1,
        objectives=[
            {"text": said.text, "outcome": said.outcome.value, "comment": said.comment} for said in draft.objectives
        ],
        summary=draft.summary,
        sent_by=who.account_id,
        sent_at=at,
    )
    session.add(report)
    session.flush()
    report_files.add(session, report, files, at=at)
    mission_news.say(session, mission, Line.MISSION_REPORTED, at=at)
    mission_news.tell_client(session, mission, "report_sent", key=report.id, at=at, anchor="report")
    return report


def send_back(session: Session, who: SignedIn, mission_id: str, reason: str, *, at: datetime) -> None:
    """Give a report back to the expert, who completes the work or the report."""
    mission, party = missions.take(session, who, mission_id)
    move(session, MISSIONS, mission, MissionEvent.RETURN_REPORT, party, actor=who.actor, at=at, reason=reason)
    report = _sent(session, mission)
    report.returned_at, report.return_reason = at, reason
    session.add(report)
    mission_news.tell_expert(session, mission, "report_returned", key=report.id, at=at, anchor="report", note=reason)


def validate(session: Session, who: SignedIn, mission_id: str, *, at: datetime) -> Mission:
    """Accept the report: what is held is released with the invoices of it, see `booking.invoices` (S24).

    Raise FundsLack while a top-up is missing.
    """
    mission, party = missions.take(session, who, mission_id)
    MISSIONS.after(MissionState(mission.state), MissionEvent.VALIDATE, party)
    funds.require_all(session, mission)
    move(session, MISSIONS, mission, MissionEvent.VALIDATE, party, actor=who.actor, at=at, validated_at=at)
    report = _sent(session, mission)
    report.validated_at = at
    session.add(report)
    outbox.record(session, MISSION_VALIDATED, [mission.id])
    mission_news.say(session, mission, Line.MISSION_VALIDATED, at=at)
    if funds.uses_escrow(mission):
        funds.approve(session, mission, at=at)
    else:
        missions.close(session, mission.id, at=at)
    mission_news.tell_expert(session, mission, "mission_validated", at=at)
    return mission


def all_of(session: Session, mission_id: str) -> Sequence[Report]:
    """Return the reports of a mission, the last one first."""
    statement = select(Report).where(col(Report.mission_id) == mission_id).order_by(col(Report.number).desc())
    return session.execute(statement).scalars().all()


def last(session: Session, mission_id: str) -> Report | None:
    """Return the report that was sent last."""
    return next(iter(all_of(session, mission_id)), None)


def _sent(session: Session, mission: Mission) -> Report:
    report = last(session, mission.id)
    if report is None or report.returned_at:
        raise Conflict("no report waits for an answer")
    return report
