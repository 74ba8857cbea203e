"""Telling the two sides of a mission what happened to it, and what each can do about it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.models.accounts import Client, Role
from accounts.models.experts import Expert
from booking import news, threads
from booking.models.missions import Mission
from booking.news import BUYERS
from booking.thread_lines import Line

PAYERS = (*BUYERS, Role.ACCOUNTANT)


def path_of(mission: Mission) -> str:
    """Return the address of a mission's page."""
    return f"/missions/{mission.id}"


def client_name(session: Session, mission: Mission) -> str:
    """Return what the expert knows the client as."""
    client = session.get(Client, mission.client_id)
    return client.name if client else ""


def expert_name(session: Session, mission: Mission) -> str:
    """Return what the client knows the expert as; empty once the profile is erased."""
    expert = session.get(Expert, mission.expert_id)
    return expert.name if expert else ""


def tell_client(
    session: Session,
    mission: Mission,
    code: str,
    *,
    at: datetime,
    key: str = "",
    roles: tuple[Role, ...] = BUYERS,
    anchor: str = "",
    **values: Any,
) -> int:
    """Mail the client's people of some roles, once for each code and key; return how many mails were written."""
    return news.tell_client(
        session,
        mission.client_id,
        code,
        key=f"{mission.id} {key}",
        at=at,
        roles=roles,
        **{"counterpart": expert_name(session, mission), **_about(mission, anchor), **values},
    )


def tell_expert(
    session: Session, mission: Mission, code: str, *, at: datetime, key: str = "", anchor: str = "", **values: Any
) -> int:
    """Mail the expert, once for each code and key; return how many mails were written."""
    return news.tell_expert(
        session,
        mission.expert_id,
        code,
        key=f"{mission.id} {key}",
        at=at,
        **{"counterpart": client_name(session, mission), **_about(mission, anchor), **values},
    )


def say(session: Session, mission: Mission, line: Line, *, at: datetime) -> None:
    """Have the system say what happened in the mission's thread, which begins with it."""
    thread = threads.between(session, mission.client_id, mission.expert_id, mission_id=mission.id, at=at)
    threads.say(session, thread.id, line, title=mission.title, path=path_of(mission), at=at)


def _about(mission: Mission, anchor: str) -> dict[str, Any]:
    path = path_of(mission) + (f"#{anchor}" if anchor else "")
    return {"title": mission.title, "number": mission.number, "path": path, "currency": mission.currency}
