"""Conversations of a demonstration, some days old, on both sides of the table and at the operator's."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Account, Membership, Role
from accounts.models.experts import Expert
from booking import threads
from booking.models.threads import Side
from booking.threads import Draft
from foundation.database import Database
from scripts.demo_accounts import OWN_REF
from web.demo_people import PEOPLE

Said = tuple[Side, timedelta, str]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
_FIRST = """Bonjour,

nous produisons des cidres en Bretagne (12 salariés, 15 % à l’export) et cherchons des importateurs au Japon. \
Avez-vous déjà accompagné un producteur de boissons là-bas ?

Claire Fontaine"""
_ANSWER = """Bonjour Claire,

oui, deux fois ces trois dernières années. Tout dépend de vos volumes : pouvez-vous tenir une commande de 200 caisses, \
étiquetées en japonais ?

Hervé"""
WITH_EXPERT: Sequence[Said] = (
    (Side.CLIENT, 6 * DAY, _FIRST),
    (Side.EXPERT, 6 * DAY - 5 * HOUR, _ANSWER),
    (
        Side.CLIENT,
        5 * DAY,
        "Oui, à partir de mars. Je vous envoie nos tarifs. Pouvons-nous nous parler cette semaine ?",
    ),
    (Side.EXPERT, timedelta(), "Volontiers : jeudi à 10 h, en visio ? Je prépare une liste de dix importateurs."),
)
UNCLAIMED: Sequence[Said] = (
    (Side.CLIENT, 1 * DAY, "Bonjour, seriez-vous libre au printemps pour une étude de marché de trois semaines ?"),
)
UNCLAIMED_REF = "E002"


def add(database: Database, at: datetime) -> None:
    """Make the conversations that are not there yet; nobody is mailed about what was said days ago."""
    with database.writing() as session:
        people = {person.kind: person.email for person in PEOPLE}
        accounts = {
            account.kind: account
            for account in session.execute(select(Account).where(col(Account.email).in_(people.values()))).scalars()
        }
        client, expert = accounts.get("company"), accounts.get("expert")
        membership = session.get(Membership, client.id) if client else None
        if client is None or membership is None:
            return
        for ref, author, said in ((OWN_REF, expert, WITH_EXPERT), (UNCLAIMED_REF, None, UNCLAIMED)):
            with_expert = session.execute(select(Expert).where(col(Expert.ref) == ref)).scalar_one_or_none()
            if with_expert and threads.find(session, membership.client_id, with_expert.id) is None:
                _hold(
                    session, membership.client_id, with_expert.id, {Side.CLIENT: client, Side.EXPERT: author}, said, at
                )


def _hold(
    session: Session,
    client_id: str,
    expert_id: str,
    people: dict[Side, Account | None],
    said: Sequence[Said],
    at: datetime,
) -> None:
    thread = threads.between(session, client_id, expert_id, at=at - said[0][1])
    for side, ago, body in said:
        author = people[side]
        if author is None:
            return
        message = threads.post(session, thread, side, author.id, Role.OWNER, Draft(body), at=at - ago)
        for account in people.values():
            if account:
                mark = threads.mark_of(session, thread.id, account.id)
                mark.told_position, mark.told_at = message.position, at - ago
                session.add(mark)
