"""Who reacts to what: the one table from event to task, and what is due by the clock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from accounts import audience_days, availabilities, imports, shortlists, vat_numbers
from accounts.events import (
    AUDIENCE_FOLD_DUE,
    AVAILABILITY_DUE,
    EXPERT_CHANGED,
    IDENTITY_VAT_NUMBER_GIVEN,
    PRIORS_DUE,
    RETENTION_DUE,
    SHORTLIST_SWEEP_DUE,
    STATUS_CHANGED,
    SUSPENSIONS_DUE,
    SWEEP_DUE,
    VAT_NUMBER_GIVEN,
)
from billing import (
    boost_calls,
    boost_invoices,
    boost_renewals,
    declarations,
    identity_files,
    identity_papers,
    owner_changes,
    owners,
    payee_calls,
    platforms,
    proposals,
    provider_calls,
    providers,
    reconciliations,
    refunds,
    tax_detail_requests,
    tax_details,
)
from billing.documents import archives, deliveries, deposits, issues, sendings
from billing.events import (
    ARCHIVE_DUE,
    BOOST_CARD_DROPPED,
    BOOST_CHARGE_WANTED,
    BOOST_PAID,
    BOOSTS_DUE,
    DECLARATION_GIVEN,
    DOCUMENT_DEPOSIT_WANTED,
    DOCUMENT_ISSUED,
    DOCUMENT_RENDERED,
    DOCUMENTS_DUE,
    LEDGER_DUE,
    OWNER_GIVEN,
    PAPER_GIVEN,
    PAPERS_DUE,
    PAYEE_DUE,
    PAYOUTS_DUE,
    PLATFORM_DUE,
    PROPOSALS_DUE,
    PROVIDER_EVENT,
    REFUND_AGREED,
    REFUND_REMINDERS_DUE,
    SANDBOX_DUE,
    TAX_DETAILS_DUE,
    WIRE_WANTED,
)
from billing.platforms.interface import Platform
from billing.providers.interface import Provider
from booking import (
    duty_mails,
    invoices,
    message_mails,
    mission_reactions,
    offers,
    quote_deadlines,
    referral_rewards,
    reminders,
    reply_tokens,
    series_reminders,
)
from booking.events import (
    DUTIES_DUE,
    INVOICES_DUE,
    MESSAGE_WRITTEN,
    MISSION_CANCELLED,
    MISSION_CLOSED,
    MISSION_FUNDED,
    MISSION_VALIDATED,
    MISSIONS_DUE,
    OFFERS_DUE,
    QUOTE_SIGNED,
    QUOTES_DUE,
    REVIEW_CHANGED,
    SERIES_DUE,
)
from foundation import clock, keys, sms
from foundation.database import Database
from foundation.mails import CLEARING_DUE, MAIL_WRITTEN
from foundation.schedules import Schedule
from foundation.settings import Operator, Settings
from indexer.events import PURGE_DUE, REBUILD_REQUESTED, VECTOR_MISSING
from indexer.indexes import Index
from search_api.events import ALERT_DUE, DAILY_ALERTS_DUE, SAVED_SEARCH_SWEEP_DUE, WEEKLY_ALERTS_DUE
from search_api.models import Frequency
from taxonomy.events import SKILLS_CHANGED
from web import retention, terminations
from web.alerts import Alerter
from web.deliveries import Lane
from web.mails import Mailer
from web.sms import Texter

Now = Callable[[], datetime]
"""Tells the time, which some reactions decide by."""


def table(index: Index) -> list[Lane]:
    """Return the table event → task."""
    return [
        Lane(EXPERT_CHANGED, index.refresh, batch=1_000),
        Lane(VECTOR_MISSING, index.embed, batch=16),
        Lane(REBUILD_REQUESTED, lambda _: index.rebuild(), batch=100),
        Lane(SKILLS_CHANGED, lambda _: index.follow_words(), batch=100),
        Lane(PURGE_DUE, lambda _: index.purge(), batch=100),
        Lane(PRIORS_DUE, lambda _: index.renew_priors(clock.now()), batch=100),
        Lane(SWEEP_DUE, lambda _: imports.sweep(index.database, clock.now()), batch=100),
        Lane(AUDIENCE_FOLD_DUE, lambda _: audience_days.fold(index.database, clock.now()), batch=100),
        Lane(SHORTLIST_SWEEP_DUE, lambda _: _sweep_shortlists(index.database), batch=100),
        Lane(SUSPENSIONS_DUE, lambda _: terminations.run(index.database, clock.now()), batch=100),
    ]


def mail_table(mailer: Mailer) -> list[Lane]:
    """Return the same for mails, which commands about the index leave to whoever serves."""
    return [
        Lane(MAIL_WRITTEN, mailer.deliver, batch=20),
        Lane(CLEARING_DUE, lambda _: mailer.clear(clock.now()), batch=100),
    ]


def sms_table(texter: Texter) -> list[Lane]:
    """Return the same for SMS."""
    return [
        Lane(sms.SMS_WRITTEN, texter.deliver, batch=20),
        Lane(sms.CLEARING_DUE, lambda _: texter.clear(clock.now()), batch=100),
    ]


def money_table(provider: Provider, database: Database, now: Now = clock.now) -> list[Lane]:
    """Return the same for money: what providers say and are asked."""
    return [
        Lane(WIRE_WANTED, lambda keys: provider_calls.open_wires(database, provider, keys, now()), batch=20),
        Lane(OWNER_GIVEN, lambda ids: owners.make_known(database, provider, ids, now()), batch=20),
        Lane(PROVIDER_EVENT, lambda keys: provider_calls.hear(database, provider, keys, now()), batch=20),
        Lane(BOOST_CHARGE_WANTED, lambda ids: boost_calls.send(database, provider, ids, now()), batch=20),
        Lane(BOOST_CARD_DROPPED, lambda ids: boost_calls.drop_cards(database, provider, ids), batch=20),
        Lane(REFUND_AGREED, lambda ids: provider_calls.send_refunds(database, provider, ids, now()), batch=20),
        Lane(REFUND_REMINDERS_DUE, lambda _: refunds.remind_due(database, now()), batch=100),
        Lane(PROPOSALS_DUE, lambda _: proposals.expire_due(database, now()), batch=100),
        Lane(PAYEE_DUE, lambda ids: payee_calls.go_on(database, provider, ids, now()), batch=20),
        Lane(PAYOUTS_DUE, lambda _: payee_calls.look_after(database, now()), batch=100),
        Lane(SANDBOX_DUE, lambda _: provider_calls.let_sandbox_wires_arrive(database, now()), batch=100),
        Lane(LEDGER_DUE, lambda _: reconciliations.look_after(database, provider, now()), batch=100),
    ]


def invoice_table(operator: Operator, database: Database, now: Now = clock.now) -> list[Lane]:
    """Return the same for invoices: what is validated or paid gets its own."""
    return [
        Lane(MISSION_VALIDATED, lambda ids: invoices.issue(database, operator, ids, now()), batch=5),
        Lane(INVOICES_DUE, lambda _: invoices.look_after(database, operator, now()), batch=100),
        Lane(BOOST_PAID, lambda ids: boost_invoices.issue(database, operator, ids, now()), batch=5),
    ]


def document_table(platform: Platform | None, database: Database, now: Now = clock.now) -> list[Lane]:
    """Return the same for documents of accounting, from their issue on."""
    has_platform = platform is not None
    return [
        Lane(DOCUMENT_ISSUED, lambda ids: issues.render(database, ids, now()), batch=20),
        Lane(
            DOCUMENT_RENDERED,
            lambda ids: sendings.follow(database, ids, now(), has_platform=has_platform),
            batch=20,
        ),
        Lane(DOCUMENT_DEPOSIT_WANTED, lambda keys: deposits.deposit(database, platform, keys, now()), batch=20),
        Lane(DOCUMENTS_DUE, lambda _: _miss_documents(database, now()), batch=100),
        Lane(ARCHIVE_DUE, lambda _: archives.look_after(database, now()), batch=100),
        Lane(PLATFORM_DUE, lambda _: deposits.fetch(database, platform, now()), batch=100),
    ]


def paper_table(settings: Settings, provider: Provider, database: Database, now: Now = clock.now) -> list[Lane]:
    """Return the same for papers that prove to the provider who is paid."""
    key, tax_key = identity_files.key_of(settings), tax_details.key_of(settings)
    return [
        Lane(PAPER_GIVEN, lambda ids: identity_papers.send(database, provider, key, ids, now()), batch=5),
        Lane(DECLARATION_GIVEN, lambda ids: declarations.send(database, provider, key, ids, now()), batch=5),
        Lane(STATUS_CHANGED, lambda ids: owner_changes.follow_status(database, provider, ids, now()), batch=20),
        Lane(PAPERS_DUE, lambda _: _look_after_proofs(database, provider, now()), batch=100),
        Lane(TAX_DETAILS_DUE, lambda _: tax_detail_requests.look_after(database, tax_key, now()), batch=100),
    ]


def alert_table(alerter: Alerter) -> list[Lane]:
    """Return the same for alerts, which need an index that searches can be made in."""
    return [
        Lane(DAILY_ALERTS_DUE, partial(alerter.owe, Frequency.DAILY), batch=100),
        Lane(WEEKLY_ALERTS_DUE, partial(alerter.owe, Frequency.WEEKLY), batch=100),
        Lane(ALERT_DUE, alerter.deliver, batch=20),
        Lane(SAVED_SEARCH_SWEEP_DUE, lambda _: alerter.sweep(clock.now()), batch=100),
    ]


def mission_table(settings: Settings, database: Database, now: Now = clock.now) -> list[Lane]:
    """Return the same for missions. What nobody reacts to yet is delivered to nobody, and so doesn't pile up."""
    unheard = (MISSION_FUNDED, MISSION_CANCELLED, REVIEW_CHANGED)
    return [
        *(
            Lane(topic, partial(mission_reactions.react, database, topic, now), batch=20)
            for topic in mission_reactions.FOLLOWS
        ),
        *(Lane(topic, lambda _: None, batch=100) for topic in unheard),
        Lane(MISSION_CLOSED, lambda ids: referral_rewards.follow(database, settings, ids, now()), batch=20),
        Lane(SERIES_DUE, lambda _: series_reminders.look_after(database, settings.reminders, now()), batch=100),
        Lane(MISSIONS_DUE, lambda _: reminders.look_after(database, settings.reminders, now()), batch=100),
        Lane(QUOTES_DUE, lambda _: quote_deadlines.look_after(database, now()), batch=100),
        Lane(OFFERS_DUE, lambda _: offers.look_after(database, now()), batch=100),
        Lane(QUOTE_SIGNED, lambda ids: duty_mails.follow_signing(database, settings, ids, now()), batch=20),
        Lane(DUTIES_DUE, lambda _: duty_mails.remind(database, settings, now()), batch=100),
    ]


def whole_table(settings: Settings, index: Index) -> list[Lane]:
    """Return everything that whoever delivers reacts to."""
    ask = vat_numbers.vies(settings)
    secret = keys.derived(settings, reply_tokens.PURPOSE)
    provider = providers.choose(index.database, settings)
    return [
        *table(index),
        *mail_table(Mailer(settings, index.database)),
        *sms_table(Texter(settings, index.database)),
        *money_table(provider, index.database),
        *invoice_table(settings.operator, index.database),
        *paper_table(settings, provider, index.database),
        *document_table(platforms.choose(settings), index.database),
        Lane(
            BOOSTS_DUE, lambda _: boost_renewals.look_after(index.database, settings, provider.name, clock.now()), 100
        ),
        *alert_table(Alerter(settings, index)),
        *mission_table(settings, index.database),
        Lane(AVAILABILITY_DUE, lambda _: availabilities.look_after(index.database, settings, clock.now()), batch=100),
        Lane(RETENTION_DUE, lambda _: retention.sweep(index.database, clock.now()), batch=100),
        Lane(MESSAGE_WRITTEN, lambda ids: message_mails.tell(index.database, secret, ids, at=clock.now()), batch=20),
        Lane(VAT_NUMBER_GIVEN, lambda ids: vat_numbers.check(index.database, ask, ids), batch=1),
        Lane(IDENTITY_VAT_NUMBER_GIVEN, lambda ids: vat_numbers.check_experts(index.database, ask, ids), batch=1),
    ]


ALERTS_AT = timedelta(hours=5)
"""Time of day, in UTC, of alerts: in Europe they are there before work begins."""
MONDAY = timedelta(days=4)
"""Weeks are counted from a Thursday."""
QUOTES_AT = timedelta(hours=1)
"""Time of day, in UTC: the last day is over in Europe."""
LEDGER_AT = timedelta(hours=2)
"""Time of day, in UTC: the day's late events are in."""
ARCHIVE_AT = timedelta(hours=2, minutes=30)
"""Time of day, in UTC: hardly anybody asks for something else."""
PLATFORM_EVERY = timedelta(minutes=10)
SCHEDULES = [
    Schedule("imports.sweep", every=timedelta(days=1), topic=SWEEP_DUE),
    Schedule("reviews.priors", every=timedelta(days=7), topic=PRIORS_DUE),
    Schedule("audience.fold", every=timedelta(days=1), topic=AUDIENCE_FOLD_DUE),
    Schedule("offers", every=timedelta(hours=1), topic=OFFERS_DUE),
    Schedule("duties", every=timedelta(days=1), topic=DUTIES_DUE, offset=ALERTS_AT),
    Schedule("availability", every=timedelta(days=1), topic=AVAILABILITY_DUE),
    Schedule("index.purge", every=retention.PURGED_EVERY, topic=PURGE_DUE),
    Schedule("quotes.deadlines", every=timedelta(days=1), topic=QUOTES_DUE, offset=QUOTES_AT),
    Schedule("retention", every=timedelta(days=1), topic=RETENTION_DUE),
    Schedule("suspensions.end", every=timedelta(days=1), topic=SUSPENSIONS_DUE),
    Schedule("mails.clear", every=timedelta(days=1), topic=CLEARING_DUE),
    Schedule("sms.clear", every=timedelta(days=1), topic=sms.CLEARING_DUE),
    Schedule("refunds.remind", every=timedelta(days=1), topic=REFUND_REMINDERS_DUE, offset=ALERTS_AT),
    Schedule("proposals.expire", every=timedelta(hours=1), topic=PROPOSALS_DUE),
    Schedule("boosts", every=timedelta(hours=1), topic=BOOSTS_DUE),
    Schedule("ledger", every=timedelta(days=1), topic=LEDGER_DUE, offset=LEDGER_AT),
    Schedule("invoices", every=timedelta(hours=1), topic=INVOICES_DUE),
    Schedule("payouts", every=timedelta(hours=1), topic=PAYOUTS_DUE),
    Schedule("papers", every=timedelta(hours=6), topic=PAPERS_DUE),
    Schedule("tax_details", every=timedelta(days=1), topic=TAX_DETAILS_DUE, offset=ALERTS_AT),
    Schedule("sandbox.wires", every=timedelta(hours=1), topic=SANDBOX_DUE),
    Schedule("documents", every=timedelta(hours=1), topic=DOCUMENTS_DUE),
    Schedule("documents.archive", every=timedelta(days=1), topic=ARCHIVE_DUE, offset=ARCHIVE_AT),
    Schedule("platform", every=PLATFORM_EVERY, topic=PLATFORM_DUE),
    Schedule("shortlists.sweep", every=timedelta(days=1), topic=SHORTLIST_SWEEP_DUE),
    Schedule("saved_searches.sweep", every=timedelta(days=1), topic=SAVED_SEARCH_SWEEP_DUE),
    Schedule("alerts.daily", every=timedelta(days=1), topic=DAILY_ALERTS_DUE, offset=ALERTS_AT),
    Schedule("missions", every=timedelta(days=1), topic=MISSIONS_DUE, offset=ALERTS_AT),
    Schedule("series", every=timedelta(days=1), topic=SERIES_DUE, offset=ALERTS_AT),
    Schedule("alerts.weekly", every=timedelta(days=7), topic=WEEKLY_ALERTS_DUE, offset=MONDAY + ALERTS_AT),
]


def _look_after_proofs(database: Database, provider: Provider, at: datetime) -> None:
    identity_papers.look_after(database, provider, at)
    declarations.look_after(database, provider, at)


def _miss_documents(database: Database, at: datetime) -> None:
    archives.look_for_files(database, at)
    database.write(lambda session: deliveries.miss_late(session, at=at))


def _sweep_shortlists(database: Database) -> None:
    database.write(lambda session: shortlists.sweep(session, at=clock.now()))
