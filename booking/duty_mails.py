"""Mails about the duties around contracts: who is asked for papers, reminded of them, or warned, once each (B11, S28).

All of it may be run again: the key of each mail says what it is about.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Client
from accounts.models.experts import Expert
from booking import duties, news, papers, vigilance
from booking.cover import Policy
from booking.duties import OVER, Duties
from booking.lifecycle import MissionState
from booking.models.missions import Mission, Portage
from booking.models.papers import PaperKind, WorkPaper
from booking.models.quotes import Quote, QuoteVersion
from booking.vigilance import State
from foundation import mails
from foundation.database import Database
from foundation.mails import Mail
from foundation.settings import Settings

PATH = "/my/papers"
BEFORE_END = timedelta(days=30)
ASKED_AGAIN_AFTER = timedelta(days=7)
"""An expert who has not sent what a company needs is asked a second time in each period, then left alone."""


@dataclass(frozen=True, slots=True)
class Partner:
    """The portage company that employs experts who have none, and where it is asked."""

    name: str
    contact: str
    email: str
    answers_to: str


def partner_of(settings: Settings) -> Partner:
    """Return the partner of an installation; its operator stands in where it has no address."""
    email = settings.portage_partner_email or settings.operator.email
    return Partner(
        settings.portage_partner,
        settings.portage_partner_contact or settings.portage_partner,
        email,
        settings.operator.email,
    )


def policy_of(settings: Settings) -> Policy:
    """Return the policy of an installation."""
    return Policy(settings.rc_pro_insurer, settings.rc_pro_policy)


def follow_signing(database: Database, settings: Settings, mission_ids: Iterable[str], at: datetime) -> None:
    """Ask for what a contract that was just signed needs: the expert's papers, the partner's confirmation."""
    for mission_id in mission_ids:
        with database.writing() as session:
            mission = session.get_one(Mission, mission_id)
            if mission.portage == Portage.PARTNER:
                _ask_partner(session, mission, partner_of(settings), at)
            _look_after(session, mission, policy_of(settings), at)


def remind(database: Database, settings: Settings, at: datetime) -> None:
    """Tell everybody what is due today; a transaction for each mission and each expert."""
    with database.reading() as session:
        running = select(col(Mission.id)).where(col(Mission.state).not_in([state.value for state in OVER]))
        mission_ids = session.execute(running.order_by(col(Mission.id))).scalars().all()
        expert_ids = _with_papers(session)
    for mission_id in mission_ids:
        with database.writing() as session:
            _look_after(session, session.get_one(Mission, mission_id), policy_of(settings), at)
    for expert_id in expert_ids:
        with database.writing() as session:
            _tell_of_ends(session, expert_id, policy_of(settings), at)


def _look_after(session: Session, mission: Mission, policy: Policy, at: datetime) -> None:
    today = duties.day_of(at)
    found = duties.of_mission(session, mission, policy, on=today)
    if found.papers:
        _ask_for_papers(session, mission, found, today, at)
    if found.dependency and not found.dependency.is_quiet:
        key = f"{mission.client_id} {mission.expert_id} {found.dependency.since}"
        _tell_expert(session, mission, "long_relation_expert", key, f"{PATH}#clients", at)
        _tell_client(session, mission, "long_relation_client", key, at)


def _ask_for_papers(session: Session, mission: Mission, found: Duties, today: date, at: datetime) -> None:
    signed_on = duties.day_of(mission.made_at)
    period = vigilance.period(signed_on, today)
    key = f"{mission.id} {period}"
    if period:
        _tell_client(session, mission, "papers_due_again", key, at)
    if found.lacking:
        _tell_expert(session, mission, "papers_wanted", key, PATH, at)
        if today >= vigilance.period_begins(signed_on, period) + ASKED_AGAIN_AFTER:
            _tell_expert(session, mission, "papers_wanted", f"{key} again", PATH, at)


def _tell_of_ends(session: Session, expert_id: str, policy: Policy, at: datetime) -> None:
    """Tell an expert of papers that end soon: the certificate, and what a company with a contract needs."""
    today = duties.day_of(at)
    needed = {PaperKind.RC_PRO, *_needed(session, expert_id, policy, today)}
    for kind, paper in papers.of(session, expert_id).items():
        until = vigilance.holds_until(paper)
        if kind in needed and until is not None and today <= until <= today + BEFORE_END:
            code = "certificate_ends" if kind is PaperKind.RC_PRO else "paper_ends"
            key = f"{paper.id} {until}"
            news.tell_expert(session, expert_id, code, key=key, at=at, path=PATH, day=until.isoformat())


def _needed(session: Session, expert_id: str, policy: Policy, on: date) -> set[PaperKind]:
    running = (
        col(Mission.expert_id) == expert_id,
        col(Mission.state).not_in([state.value for state in OVER]),
    )
    found = session.execute(select(Mission).where(*running)).scalars().all()
    return {
        standing.kind
        for mission in found
        for standing in duties.of_mission(session, mission, policy, on=on).papers
        if standing.state is State.THERE
    }


def _with_papers(session: Session) -> Sequence[str]:
    expert_ids = select(col(WorkPaper.expert_id)).distinct().order_by(col(WorkPaper.expert_id))
    return session.execute(expert_ids).scalars().all()


def _ask_partner(session: Session, mission: Mission, partner: Partner, at: datetime) -> None:
    """Ask the partner company to employ the expert and contract with the client; an operator notes its answer."""
    if mission.state != MissionState.AWAITING_FUNDS:
        return
    quote = session.get_one(Quote, mission.quote_id)
    version = session.get_one(QuoteVersion, (quote.id, quote.accepted_version))
    client, expert = session.get(Client, mission.client_id), session.get(Expert, mission.expert_id)
    values = {
        "code": "portage_wanted",
        "name": partner.contact,
        "counterpart": client.name if client else "",
        "note": "\n".join(filter(None, (expert.name if expert else "", _dates(version), partner.answers_to))),
        "title": mission.title,
        "number": mission.number,
        "amount_cents": version.net_cents,
        "currency": version.currency,
        "path": "/help/portage",
    }
    mails.write(session, Mail(partner.email, "fr", "news", values), key=f"portage_wanted {mission.id}", at=at)


def _dates(version: QuoteVersion) -> str:
    return " – ".join(day.isoformat() for day in (version.starts_on, version.ends_on) if day)


def _tell_expert(session: Session, mission: Mission, code: str, key: str, path: str, at: datetime) -> None:
    client = session.get_one(Client, mission.client_id)
    values = {"counterpart": client.name, "title": mission.title, "number": mission.number, "path": path}
    news.tell_expert(session, mission.expert_id, code, key=key, at=at, **values)


def _tell_client(session: Session, mission: Mission, code: str, key: str, at: datetime) -> None:
    expert = session.get(Expert, mission.expert_id)
    path = f"/missions/{mission.id}#duties"
    values: dict[str, Any] = {"counterpart": expert.name if expert else "", "title": mission.title}
    news.tell_client(session, mission.client_id, code, key=key, at=at, path=path, number=mission.number, **values)
