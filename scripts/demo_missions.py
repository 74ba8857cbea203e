"""Missions of a demonstration, one in each state that there is something to see of, dated from the day of loading.

They come about by the use cases that pages call, at instants of the past, and are paid by the sandbox's cards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import legal_identities
from accounts.models.accounts import Account, AccountKind, Client, Membership, Role
from accounts.sign_ins import SignedIn
from billing import mandates
from billing.providers import sandbox_payouts
from booking import (
    disagreements,
    invoices,
    missions,
    quote_drafts,
    quote_versions,
    reports,
    reviews,
    signatures,
    threads,
)
from booking.models.quotes import Quote, QuoteKind, QuoteVersion
from booking.quote_documents import Sending
from booking.quote_drafts import For
from booking.signatures import Consent
from foundation import audits, i18n
from foundation.database import Database
from foundation.mails import MAIL_WRITTEN, MailRow
from foundation.outbox import OutboxRow
from foundation.settings import Settings
from foundation.sms import SMS_WRITTEN, SmsRow
from scripts import demo_deals, demo_papers, demo_payouts, demo_series
from scripts.demo_payments import pay
from web.demo_people import PEOPLE

DAY = timedelta(days=1)
STEPS = ("drafted", "sent", "accepted", "funded", "started", "reported", "validated")
IDENTITY = {
    "status": "sasu",
    "country": "FR",
    "legal_name": "Pralognan Conseil",
    "address": "12 rue de la République\n69002 Lyon",
    "registration_number": "73282932000074",
    "vat_number": "FR44732829320",
}

BORN_ON = date(1971, 3, 8)
"""When the demonstration's expert was."""


@dataclass(frozen=True, slots=True)
class Story:
    """A mission: what it is about, its first day from today on, how long it lasts, and how far it has come."""

    title: str
    objectives: str
    deliverables: str
    starts_in: int
    lasts: int
    days: str
    until: str
    ends: str = ""
    """What else happened: `cancelled`, `disputed`, `refund`."""

    def reaches(self, step: str) -> bool:
        """Tell whether the mission has come as far."""
        return STEPS.index(step) <= STEPS.index(self.until)


STORIES: Sequence[Story] = (
    Story(
        "Étude du marché japonais du cidre",
        "Mesurer le marché\nClasser dix importateurs",
        "Une étude de 40 pages",
        -110,
        35,
        "12",
        "validated",
    ),
    Story(
        "Rendez-vous d’importateurs à Tokyo",
        "Obtenir six rendez-vous\nPréparer l’argumentaire",
        "Un carnet d’adresses",
        -32,
        29,
        "8,5",
        "reported",
    ),
    Story(
        "Étiquetage et douane pour le Japon", "Valider les étiquettes", "Un dossier douanier", -9, 30, "6", "started"
    ),
    Story(
        "Salon Foodex : préparation",
        "Réserver le stand\nInviter vingt acheteurs",
        "Un plan du salon",
        8,
        40,
        "10",
        "funded",
    ),
    Story("Contrat de distribution", "Négocier le contrat", "Un projet de contrat", 20, 25, "5", "accepted"),
    Story("Cadrage : et la Corée ?", "Dire si la Corée vaut le voyage", "Une note de 5 pages", 30, 10, "2", "sent"),
    Story("Traduction du catalogue", "Traduire 20 pages", "Un catalogue", 10, 15, "3", "accepted", "cancelled"),
    Story(
        "Enquête auprès de bars à Osaka", "Interroger quinze bars", "Un rapport", -40, 30, "7", "started", "disputed"
    ),
    Story("Dégustation à Kyoto", "Organiser une dégustation", "Un compte rendu", -20, 30, "4", "started", "refund"),
    # The last one: a draft for the same client that is begun after it would be this one.
    Story(
        "Suivi commercial au printemps", "Suivre les premières commandes", "Un bilan par mois", 60, 60, "9", "drafted"
    ),
)


def add(settings: Settings, database: Database, at: datetime) -> None:
    """Make the missions of the demonstration's company and expert, if they have none yet."""
    with database.writing() as session:
        pair = _pair(session)
        if pair is None or _have_quotes(session, pair[1]):
            return
        _prepare(session, *pair, settings, at - 130 * DAY)
    client, expert = pair
    demo_papers.verify(settings, database, expert, BORN_ON, at - 129 * DAY)
    demo_papers.add_others(settings, database, at - DAY / 4)
    months = demo_series.add(settings, database, client, expert, at)
    demo_payouts.change_account(settings, database, expert, sandbox_payouts.AT_ONCE, at - 100 * DAY)
    for story in STORIES:
        _tell(settings, database, story, client, expert, at)
    demo_deals.add(settings, database, at)
    for month in months:
        if month.last <= at:
            _send_back(settings, database, expert, demo_series.finish(settings, database, client, expert, month))
    database.write(lambda session: _drop_old_mail(session, at - DAY))


def _send_back(settings: Settings, database: Database, expert: SignedIn, released_at: datetime) -> None:
    """Have what was released be paid to an account that is closed: it came back, and waits for another one."""
    demo_payouts.change_account(settings, database, expert, sandbox_payouts.RETURNS, released_at)
    demo_payouts.pay_out(database, expert, released_at)
    demo_payouts.let_come_back(database, expert, released_at + 4 * DAY)


def _pair(session: Session) -> tuple[SignedIn, SignedIn] | None:
    """Return the demonstration's company and expert, as if they were signed in, where they have met."""
    found: dict[AccountKind, SignedIn] = {}
    for person in PEOPLE:
        account = session.execute(select(Account).where(col(Account.email) == person.email)).scalar_one_or_none()
        if account is None:
            return None
        membership = session.get(Membership, account.id)
        found[person.kind] = SignedIn(
            "", account.id, person.kind, account.name, person.email, account.language, account.expert_id,
            membership.client_id if membership else None, Role(membership.role) if membership else None,
        )  # fmt: skip
    client, expert = found[AccountKind.COMPANY], found[AccountKind.EXPERT]
    have_met = client.client_id and expert.expert_id and threads.find(session, client.client_id, expert.expert_id)
    return (client, expert) if have_met else None


def _have_quotes(session: Session, expert: SignedIn) -> bool:
    return session.execute(select(Quote).where(col(Quote.expert_id) == expert.expert_id)).first() is not None


def _prepare(session: Session, client: SignedIn, expert: SignedIn, settings: Settings, at: datetime) -> None:
    """Say who both are, as contracts have to, and give the mandate."""
    legal_identities.save(session, str(expert.expert_id), IDENTITY, actor=audits.SYSTEM, at=at)
    text = mandates.CURRENT
    fingerprint = text.sha256[i18n.known(expert.language)]
    mandates.accept(session, expert, text.version, fingerprint, "", at, operator=settings.operator)
    found = session.get_one(Client, client.client_id)
    found.address, found.iban = "3 quai du Port\n35400 Saint-Malo", "FR7630006000011234567890189"
    found.registration_number, found.vat_number = "99900012800010", "FR29999000128"
    found.billing_email = "comptabilite@demo.example"
    session.add(found)


def _tell(
    settings: Settings, database: Database, story: Story, client: SignedIn, expert: SignedIn, at: datetime
) -> None:
    """Have a mission come as far as its story says."""
    first = at + story.starts_in * DAY
    sent_at = min(first, at) - 9 * DAY
    with database.writing() as session:
        quote = quote_drafts.start(
            session, expert, For(client_id=str(client.client_id)), _kind(story), "fr", at=sent_at
        )
        form = _form(story, first, sent_at)
        quote_drafts.save(session, expert, quote.id, form, quote.draft_edition, at=sent_at)
        if not story.reaches("sent"):
            return
        quote_versions.send(session, quote.id, Sending(expert, "", "fr", settings, sent_at))
        if not story.reaches("accepted"):
            return
        version = session.get_one(QuoteVersion, (quote.id, 1))
        consent = Consent(1, version.content_hash, has_read_terms=True, order_number=f"BC-{quote.number[-4:]}")
        signed_at = sent_at + 3 * DAY
        mission_id = signatures.accept(session, client, quote.id, consent, address="", language="fr", at=signed_at).id
        if story.ends == "cancelled":
            missions.cancel(session, client, mission_id, at=signed_at + DAY, reason="Notre catalogue change cet été.")
            return
    if story.reaches("funded"):
        pay(database, client, mission_id, signed_at + DAY)
        with database.writing() as session:
            _carry_out(session, story, client, expert, mission_id, first)
        if story.reaches("validated"):
            done_at = first + (story.lasts + 2) * DAY
            invoices.issue(database, settings.operator, [mission_id], done_at)
            with database.writing() as session:
                _conclude(session, client, mission_id, done_at)
            demo_payouts.pay_out(database, expert, done_at)


def _carry_out(
    session: Session, story: Story, client: SignedIn, expert: SignedIn, mission_id: str, first: datetime
) -> None:
    """Have the work begin, be reported and validated, as far as it has come."""
    last = first + story.lasts * DAY
    if story.reaches("started"):
        missions.start(session, expert, mission_id, at=first)
    if story.ends == "disputed":
        disagreements.dispute(session, client, mission_id, "Seuls six bars ont été interrogés.", at=last + DAY)
    if story.ends == "refund":
        reason = "La salle n’est plus libre : arrêtons-nous là."
        disagreements.ask_refund(session, client, mission_id, 100_000, reason, at=first + 9 * DAY)
    if story.reaches("reported"):
        form = {f"outcome-{place}": "reached" for place in range(len(story.objectives.splitlines()))}
        summary = "Tout est fait comme convenu, et les contacts sont entre vos mains."
        reports.send(session, expert, mission_id, {**form, "summary": summary}, "fr", at=last)
    if story.reaches("validated"):
        reports.validate(session, client, mission_id, at=last + 2 * DAY)


def _conclude(session: Session, client: SignedIn, mission_id: str, done_at: datetime) -> None:
    """Close a mission that was paid, and have the client say what they think of it."""
    missions.close(session, mission_id, at=done_at)
    rated = {"rating-0": "5", "review-0": "Une étude claire, et des contacts qui répondent.", "place": "Bretagne"}
    skills = reviews.skills_of(session, missions.take_any(session, mission_id))
    reviews.write(session, client, mission_id, reviews.check(rated, skills, "fr"), at=done_at + DAY)


def _drop_old_mail(session: Session, before: datetime) -> None:
    """Owe nobody a mail or an SMS about what happened long ago."""
    for table, topic in ((MailRow, MAIL_WRITTEN), (SmsRow, SMS_WRITTEN)):
        old = session.execute(select(col(table.id)).where(col(table.written_at) < before)).scalars().all()
        session.execute(delete(OutboxRow).where(col(OutboxRow.topic) == topic, col(OutboxRow.key).in_(old)))
        session.execute(delete(table).where(col(table.id).in_(old)))


def _kind(story: Story) -> QuoteKind:
    return QuoteKind.SCOPING if story.title.startswith("Cadrage") else QuoteKind.MISSION


def _form(story: Story, first: datetime, sent_at: datetime) -> dict[str, str]:
    """Return what the expert typed."""
    last = first + story.lasts * DAY
    middle = first + story.lasts // 2 * DAY
    return {
        "kind": _kind(story).value,
        "title": story.title,
        "objectives": story.objectives,
        "deliverables": story.deliverables,
        "terms": "Un point par semaine en visio.",
        "skills": "Développement commercial à l’international",
        "starts_on": first.date().isoformat(),
        "ends_on": last.date().isoformat(),
        "valid_until": (max(sent_at + 20 * DAY, first)).date().isoformat(),
        "currency": "EUR",
        "day_rate": "650",
        "days_1_label": "Conseil",
        "days_1_number": story.days,
        "step_1_name": "Préparation",
        "step_1_from": first.date().isoformat(),
        "step_1_until": middle.date().isoformat(),
        "step_2_name": "Réalisation",
        "step_2_from": middle.date().isoformat(),
        "step_2_until": last.date().isoformat(),
    }
