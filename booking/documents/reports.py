"""End reports on paper, objective by objective, with when the client validated them (mission row S22)."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from booking import missions, quote_documents, report_files, reports
from booking.documents import wordings
from booking.documents.contents import Entries, Entry, Kind, Points, Print, Text, said
from booking.models.missions import Mission
from booking.models.quotes import QuoteVersion
from booking.models.reports import Outcome, Report, ReportFile
from foundation.errors import NotFound
from foundation.i18n import Language, known, message, translate

PREFIX = "RF"
"""“Rapport de fin de mission”, in both languages: a number is no word."""
_OUTCOMES = {
    Outcome.REACHED: message("Reached"),
    Outcome.PARTLY: message("Partly reached"),
    Outcome.MISSED: message("Not reached"),
}


def find(session: Session, who: SignedIn, mission_id: str) -> Print:
    """Return the report of a mission that was sent last, for whoever sees the mission; raise NotFound."""
    mission, _ = missions.get(session, who, mission_id)
    report = reports.last(session, mission.id)
    if report is None:
        raise NotFound("nothing was reported yet")
    return _read(session, mission, report)


def all_of(session: Session) -> Iterator[Print]:
    """Yield every report, in the order of their numbers; those that were sent back, too."""
    for mission_id in session.execute(select(col(Mission.id)).order_by(col(Mission.number))).scalars().all():
        mission = session.get_one(Mission, mission_id)
        for report in reversed(reports.all_of(session, mission_id)):
            yield _read(session, mission, report)


def document_of(mission: Mission, version: QuoteVersion, report: Report, files: Sequence[ReportFile]) -> Print:
    """Return what a report says on paper, in the language of the quote. Pure."""
    language, agreed = known(version.language), quote_documents.of(version)
    answered_at = report.validated_at or report.returned_at
    return Print(
        kind=Kind.REPORT,
        name=translate(language, message("End report")),
        number=f"{PREFIX}-{mission.number}-{report.number}",
        language=language,
        title=mission.title,
        made_at=answered_at or report.sent_at,
        parties=(
            wordings.expert(agreed.parties.expert, language),
            wordings.client(agreed.parties.client, language),
        ),
        facts=tuple(_facts(mission, version, report, language)),
        parts=said(
            Text(title=translate(language, message("The client’s answer")), text=report.return_reason or ""),
            Text(title=translate(language, message("The work in a few sentences")), text=report.summary),
            Entries(
                title=translate(language, message("Objective by objective")),
                entries=tuple(_entry(one, language) for one in report.objectives),
            ),
            Points(
                title=translate(language, message("Files with the report")), items=tuple(file.name for file in files)
            ),
        ),
    )


def _read(session: Session, mission: Mission, report: Report) -> Print:
    files = [file for file in report_files.of_mission(session, mission.id) if file.report_id == report.id]
    return document_of(mission, missions.accepted_version(session, mission), report, files)


def _facts(mission: Mission, version: QuoteVersion, report: Report, language: Language) -> Iterator[tuple[str, str]]:
    yield translate(language, message("Mission")), mission.number
    number = quote_documents.of(version).number
    signed = message("%(quote)s, version %(version)s")
    yield translate(language, message("Quote")), translate(language, signed, quote=number, version=version.number)
    yield translate(language, message("Sent on")), wordings.day(report.sent_at, language)
    if report.validated_at:
        yield translate(language, message("Validated on")), wordings.day(report.validated_at, language)
    elif report.returned_at:
        yield translate(language, message("Sent back on")), wordings.day(report.returned_at, language)
    else:
        yield translate(language, message("Validated on")), translate(language, message("not yet"))


def _entry(one: dict[str, str], language: Language) -> Entry:
    mark = translate(language, _OUTCOMES[Outcome(one["outcome"])])
    return Entry(name=one["text"], mark=mark, text=one["comment"])
