"""A long mission of a demonstration: a validated month, one in progress, one to accept and one further, from today on.

It comes about by the use cases that pages call, as the missions of `scripts.demo_missions` do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy.orm import Session

from accounts.sign_ins import SignedIn
from booking import invoices, missions, quote_drafts, reports, series, series_rows, signatures
from booking.models.quotes import QuoteKind
from booking.quote_documents import Sending
from booking.quote_drafts import For
from booking.series_plans import Plan
from booking.signatures import Consent
from foundation.database import Database
from foundation.settings import Settings
from scripts.demo_payments import pay

DAY = timedelta(days=1)
BEGAN = 41 * DAY
"""Before today: the second month is some ten days old."""
MONTHS = 4
FORM = {
    "title": "Veille des acheteurs japonais",
    "objectives": "Suivre vingt acheteurs\nSignaler chaque appel d’offres",
    "deliverables": "Une note par mois",
    "terms": "Un point par mois en visio.",
    "skills": "Développement commercial à l’international",
    "currency": "EUR",
    "day_rate": "650",
    "days_1_label": "Veille et relances",
    "days_1_number": "3,5",
}


@dataclass(frozen=True, slots=True)
class Month:
    """The mission of a month, and when it ends."""

    mission_id: str
    last: datetime


def add(settings: Settings, database: Database, client: SignedIn, expert: SignedIn, at: datetime) -> list[Month]:
    """Make a long mission between the demonstration's company and expert; return the months that have begun."""
    with database.writing() as session:
        series_id = _propose(session, settings, client, expert, at - BEGAN)
    return [_carry_out(database, client, expert, series_id, place) for place in (0, 1)]


def finish(settings: Settings, database: Database, client: SignedIn, expert: SignedIn, month: Month) -> datetime:
    """Have a month be reported and validated; return when."""
    validated_at = month.last - DAY
    with database.writing() as session:
        form = {"outcome-0": "reached", "outcome-1": "partly", "comment-1": "Un appel d’offres reste ouvert."}
        summary = "Vingt acheteurs suivis, deux appels d’offres signalés."
        reports.send(session, expert, month.mission_id, {**form, "summary": summary}, "fr", at=month.last - 3 * DAY)
        reports.validate(session, client, month.mission_id, at=validated_at)
    invoices.issue(database, settings.operator, [month.mission_id], validated_at)
    with database.writing() as session:
        missions.close(session, month.mission_id, at=validated_at)
    return validated_at


def _propose(session: Session, settings: Settings, client: SignedIn, expert: SignedIn, first: datetime) -> str:
    sent_at = first - 9 * DAY
    to = For(client_id=str(client.client_id))
    quote = quote_drafts.start(session, expert, to, QuoteKind.MISSION, "fr", at=sent_at)
    quote_drafts.save(session, expert, quote.id, FORM, quote.draft_edition, at=sent_at)
    made = series.split(session, expert, quote.id, Plan(MONTHS, first.date()), "fr", at=sent_at)
    seen = series.mark(series.drafts(session, made))
    series.send(session, expert, made.id, seen, Sending(expert, "", "fr", settings, sent_at))
    return made.id


def _carry_out(database: Database, client: SignedIn, expert: SignedIn, series_id: str, place: int) -> Month:
    """Have a month accepted and paid before it begins, and begun on its day."""
    with database.writing() as session:
        version = series_rows.months(session, series_id)[place].latest
        assert version and version.starts_on and version.ends_on  # noqa: S101, PT018 - as it was proposed
        first = datetime.combine(version.starts_on, time(9), tzinfo=UTC)
        last = datetime.combine(version.ends_on, time(9), tzinfo=UTC)
        consent = Consent(1, version.content_hash, has_read_terms=True)
        signed_at, quote_id = first - 5 * DAY, version.quote_id
        mission = signatures.accept(session, client, quote_id, consent, address="", language="fr", at=signed_at)
    pay(database, client, mission.id, signed_at + DAY)
    with database.writing() as session:
        missions.start(session, expert, mission.id, at=first)
    return Month(mission.id, last)
