"""Missions whose release waits, since their invoices break a rule: who can mend it is told which, and how (row S24)."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.documents import checks
from billing.documents.checks import Breach, Failure
from booking import mission_news, missions, news
from booking.events import MISSION_VALIDATED
from booking.models.invoices import InvoiceHold
from booking.models.missions import Mission
from foundation import audits, outbox
from foundation.audits import Actor
from foundation.errors import Fault, Invalid, NotFound
from foundation.i18n import LANGUAGES, Language, message, translate

_RATE = re.compile(r"\d{1,5}(\.\d{1,6})?")
SELLER, BUYER = "seller", "buyer"


@dataclass(frozen=True, slots=True)
class Held:
    """A rule that one of a mission's documents breaks."""

    document: str
    """Kind of it."""
    breach: Breach


def put(session: Session, mission_id: str, held: Sequence[Held], *, at: datetime) -> None:
    """Have a mission's release wait, and tell who can mend what; the same again is told once."""
    mission = missions.take_any(session, mission_id)
    kept = [{"document": one.document, **asdict(one.breach)} for one in held]
    found = session.get(InvoiceHold, mission_id)
    if found is None:
        found = InvoiceHold(mission_id=mission_id, breaches=kept, held_at=at, tried_at=at)
        session.add(found)
        audits.record(session, audits.SYSTEM, "invoices_held", "mission", mission_id, at=at)
    found.breaches, found.tried_at = kept, at
    key = ",".join(sorted({one.breach.rule for one in held}))
    about = {"title": mission.title, "number": mission.number, "path": "/operator/invoices"}
    names = {"counterpart": mission_news.expert_name(session, mission)}
    news.tell_operators(
        session, "invoices_held", key=f"{mission_id} {key}", at=at, notes=_in_words(held), **about, **names
    )
    if ours := [one for one in held if one.breach.side == SELLER]:
        mission_news.tell_expert(session, mission, "invoice_details_wanted", key=key, at=at, notes=_in_words(ours))
    if ours := [one for one in held if one.breach.side == BUYER]:
        mission_news.tell_client(
            session, mission, "invoice_details_wanted_client", key=key, at=at, notes=_in_words(ours)
        )


def end(session: Session, mission_id: str, *, at: datetime) -> None:
    """Note that the invoices of a mission were issued, where they were held up."""
    if found := session.get(InvoiceHold, mission_id):
        found.ended_at = at


def of(session: Session, mission_id: str) -> InvoiceHold | None:
    """Return why a mission's release waits, if it does."""
    found = session.get(InvoiceHold, mission_id)
    return None if found is None or found.ended_at else found


def waiting(session: Session, *, limit: int) -> Sequence[tuple[InvoiceHold, Mission]]:
    """Return what waits, the longest first."""
    statement = (
        select(InvoiceHold, Mission)
        .join(Mission, col(Mission.id) == col(InvoiceHold.mission_id))
        .where(col(InvoiceHold.ended_at).is_(None))
        .order_by(col(InvoiceHold.held_at), col(InvoiceHold.mission_id))
    )
    return [(hold, mission) for hold, mission in session.execute(statement.limit(limit))]


def count_waiting(session: Session) -> int:
    """Count them."""
    return session.execute(
        select(func.count()).select_from(InvoiceHold).where(col(InvoiceHold.ended_at).is_(None))
    ).scalar_one()


def try_again(
    session: Session, mission_id: str, actor: Actor, *, units_per_euro: Decimal | None = None, at: datetime
) -> None:
    """Have the invoices of a mission that waits be made anew; raise NotFound where it doesn't.

    `units_per_euro` says what a euro was worth, see `InvoiceHold.units_per_euro`.
    """
    found = of(session, mission_id)
    if found is None:
        raise NotFound("no invoice of this mission waits")
    if units_per_euro is not None:
        found.units_per_euro = str(units_per_euro)
    outbox.record(session, MISSION_VALIDATED, [mission_id])
    rate = {} if units_per_euro is None else {"units_per_euro": str(units_per_euro)}
    audits.record(session, actor, "invoices_tried", "mission", mission_id, at=at, **rate)


def units_per_euro(session: Session, mission_id: str) -> Decimal | None:
    """Return what somebody said that a euro was worth for a mission's documents."""
    found = session.get(InvoiceHold, mission_id)
    return Decimal(found.units_per_euro) if found and found.units_per_euro else None


def read_rate(given: str, language: Language) -> Decimal | None:
    """Return what was typed as the worth of a euro, None where nothing was; raise Invalid. Pure."""
    text = given.strip().replace(",", ".")
    if not text:
        return None
    if not _RATE.fullmatch(text) or not Decimal(text):
        said = message(
            "Please write what one euro was worth, such as 1.0842, as the European Central Bank published it."
        )
        raise Invalid([Fault("units_per_euro", "bad_rate", translate(language, said))])
    return Decimal(text)


def needs_rate(hold: InvoiceHold) -> bool:
    """Tell whether a hold ends once somebody says what a euro was worth. Pure."""
    return any(row["rule"] == "tax_in_euros" for row in hold.breaches)


def failures(hold: InvoiceHold, language: Language, *, side: str = "") -> list[Failure]:
    """Return the rules that are broken with their fixes, each once, in the reader's language. Pure.

    `side` leaves those that the seller, or the buyer, can mend.
    """
    kept = [row for row in hold.breaches if not side or row["side"] == side]
    breaches = [Breach(**{name: value for name, value in row.items() if name != "document"}) for row in kept]
    return _said(breaches, language)


def _in_words(held: Sequence[Held]) -> dict[str, str]:
    """Return what is wrong and how to mend it, each once, by language."""
    said = {language: _said([one.breach for one in held], language) for language in LANGUAGES}
    return {language: "\n".join(f"{one.text} {one.fix}" for one in found) for language, found in said.items()}


def _said(breaches: Sequence[Breach], language: Language) -> list[Failure]:
    return list(dict.fromkeys(checks.said(breach, language) for breach in breaches))
