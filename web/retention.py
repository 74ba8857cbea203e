"""What is kept for how long, and why: the one table, its sweeping, and what is due by it (OWASP ASVS 5.0 §14.2.7).

What is kept as long as an account or a profile is theirs to erase (`web.privacy`), and stands in no rule.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from accounts import (
    approaches,
    audience_days,
    audiences,
    findings,
    imports,
    links,
    notices,
    registrations,
    shortlists,
    sign_ins,
)
from accounts.models.accounts import Account, MailedLink, SignIn
from accounts.models.audiences import Impression, ResultPage, View, VisitorSalt
from accounts.models.experts import StagedExpert, StagedReview
from accounts.models.findings import Approach
from accounts.models.notices import Notice
from accounts.models.shortlists import Shortlist, ShortlistItem
from billing import declarations, identity_papers, mandates, tax_details
from billing.models.declarations import OwnershipDeclaration
from billing.models.identity_papers import IdentityPage
from billing.models.mandates import Mandate
from billing.models.tax_details import TaxDetails
from booking import mail_replies, message_drafts, sheets
from booking.models.sheets import Sheet
from booking.models.threads import MessageDraft, ReceivedMail
from foundation import audits, leases, mails, schedules, sms
from foundation.audits import AuditEntry
from foundation.database import Database
from foundation.mails import MailRow
from foundation.schedules import ScheduleRow
from foundation.sms import SmsRow
from search_api import empties, saved_searches
from search_api.models import EmptySearchRow, SavedSearch
from web.mails import Mailer
from web.sms import Texter

SWEEPING = "sweeping what was kept for long enough"
PURGED_EVERY = timedelta(days=1)
"""How often what was deleted is also taken out of the files of index and database, where it lingers."""
Sweep = Callable[[Database, datetime], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """How long rows of a table are kept."""

    table: type[SQLModel]
    name: str
    """Of the privacy page's placeholder, without its unit."""
    kept_for: timedelta
    since: Any
    """The column that it counts from."""
    why: str
    is_due: Callable[[datetime], Any]
    sweep: Sweep | None = None
    """What drops them; None where a schedule of their own does."""

    @property
    def table_name(self) -> str:
        """Return the table's name."""
        return str(self.table.__tablename__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rule stands: how much is due, and since when the oldest row is there."""

    rule: Rule
    due: int
    oldest: str | None


def _in_one(work: Callable[[Session, datetime], object]) -> Sweep:
    """Return a sweep that is one transaction."""

    def sweep(database: Database, at: datetime) -> None:
        database.write(lambda session: work(session, at))

    return sweep


def _days_before(at: datetime, kept_for: timedelta) -> datetime:
    """Return the first instant of the oldest day that is kept."""
    return datetime.combine((at - kept_for).date(), time(), UTC)


def _is_old_audience(column: Any) -> Callable[[datetime], Any]:
    return lambda at: column < _days_before(at, audiences.KEPT_FOR)


def _is_abandoned(column: Any) -> Callable[[datetime], Any]:
    return lambda at: column < (at - imports.ABANDONED_AFTER).isoformat()


_PAGES_OF_IMPRESSIONS = select(col(ResultPage.shown_at)).where(col(ResultPage.id) == col(Impression.query_id))
_FOLDED = "single ones make sums by day, which are what an expert needs (GDPR, article 5(1)(e))"
_LED = "like the pages of results that led there"
_STAGED = "an import that died half-way"

RULES: Sequence[Rule] = (
    Rule(
        SignIn,
        "sign_in.idle",
        sign_ins.LIFETIME.idle,
        col(SignIn.seen_at),
        "who comes back signs in anew",
        sign_ins.is_over,
        _in_one(lambda session, at: sign_ins.sweep(session, at=at)),
    ),
    Rule(
        MailedLink,
        "links.kept",
        links.KEPT_FOR,
        col(MailedLink.ends_at),
        "whoever opens an old link is told that it is old",
        lambda at: col(MailedLink.ends_at) < at - links.KEPT_FOR,
        _in_one(lambda session, at: links.sweep(session, at=at)),
    ),
    Rule(
        Account,
        "unconfirmed.kept",
        registrations.UNCONFIRMED_KEPT_FOR,
        col(Account.created_at),
        "an address that nobody confirms may be a stranger's",
        registrations.is_forsaken,
        registrations.sweep,
    ),
    Rule(
        MailRow,
        "mails.kept",
        mails.KEPT_FOR,
        col(MailRow.written_at),
        "to answer whoever asks about a mail",
        lambda at: (
            col(MailRow.values).is_not(None)
            & (func.coalesce(MailRow.sent_at, MailRow.written_at) < at - mails.KEPT_FOR)
        ),
    ),
    Rule(
        SmsRow,
        "sms.kept",
        sms.KEPT_FOR,
        col(SmsRow.written_at),
        "to answer whoever asks about an SMS",
        lambda at: (col(SmsRow.text) != "") & (func.coalesce(SmsRow.sent_at, SmsRow.written_at) < at - sms.KEPT_FOR),
    ),
    Rule(
        ResultPage,
        "audience.kept",
        audiences.KEPT_FOR,
        col(ResultPage.shown_at),
        _FOLDED,
        _is_old_audience(col(ResultPage.shown_at)),
    ),
    Rule(
        Impression,
        "audience.kept",
        audiences.KEPT_FOR,
        _PAGES_OF_IMPRESSIONS.scalar_subquery(),
        _FOLDED,
        _is_old_audience(_PAGES_OF_IMPRESSIONS.scalar_subquery()),
    ),
    Rule(
        View, "audience.kept", audiences.KEPT_FOR, col(View.viewed_at), _FOLDED, _is_old_audience(col(View.viewed_at))
    ),
    Rule(
        Approach,
        "audience.kept",
        audiences.KEPT_FOR,
        col(Approach.found_on),
        _LED,
        lambda at: findings.is_old(col(Approach.found_on), at),
        _in_one(lambda session, at: approaches.sweep(session, at=at)),
    ),
    Rule(
        ShortlistItem,
        "audience.kept",
        audiences.KEPT_FOR,
        col(ShortlistItem.found_on),
        _LED,
        lambda at: findings.is_old(col(ShortlistItem.found_on), at),
        _in_one(lambda session, at: findings.sweep(session, ShortlistItem, at=at)),
    ),
    Rule(
        VisitorSalt,
        "salts.kept",
        audiences.SALTS_KEPT_FOR,
        col(VisitorSalt.used_on),
        "visitors are told apart on one day only",
        lambda at: col(VisitorSalt.used_on) < at.date() - audiences.SALTS_KEPT_FOR,
        _in_one(lambda session, at: audiences.sweep_salts(session, at.date())),
    ),
    Rule(
        EmptySearchRow,
        "empties.kept",
        timedelta(days=empties.KEPT_DAYS),
        col(EmptySearchRow.searched_on),
        "what the search lacks is mended within a season",
        lambda at: col(EmptySearchRow.searched_on) < at.date() - timedelta(days=empties.KEPT_DAYS),
        _in_one(lambda session, at: empties.sweep(session, at.date())),
    ),
    Rule(
        AuditEntry,
        "audit.kept",
        audits.KEPT_FOR,
        col(AuditEntry.acted_at),
        "claims lapse (French civil code, article 2224)",
        lambda at: col(AuditEntry.acted_at) < at - audits.KEPT_FOR,
        _in_one(lambda session, at: audits.drop_old(session, at=at)),
    ),
    Rule(
        StagedExpert,
        "staged.kept",
        imports.ABANDONED_AFTER,
        col(StagedExpert.batch),
        _STAGED,
        _is_abandoned(col(StagedExpert.batch)),
    ),
    Rule(
        StagedReview,
        "staged.kept",
        imports.ABANDONED_AFTER,
        col(StagedReview.batch),
        _STAGED,
        _is_abandoned(col(StagedReview.batch)),
    ),
    Rule(
        Notice,
        "senders.kept",
        notices.SENDERS_KEPT_FOR,
        col(Notice.decided_at),
        "senders can be told what came of complaints; then names, addresses and accounts go, and the notice stays",
        notices.is_settled,
        _in_one(lambda session, at: notices.sweep(session, at=at)),
    ),
    Rule(
        Shortlist,
        "shortlists.kept",
        shortlists.KEPT_UNUSED,
        col(Shortlist.used_at),
        "who comes back within a season finds the list again",
        lambda at: col(Shortlist.client_id).is_(None) & (col(Shortlist.used_at) < at - shortlists.KEPT_UNUSED),
        _in_one(lambda session, at: shortlists.sweep(session, at=at)),
    ),
    Rule(
        Sheet,
        "sheets.kept",
        sheets.KEPT_UNUSED,
        col(Sheet.changed_at),
        "who comes back within a season finds the draft again",
        sheets.is_abandoned,
        _in_one(lambda session, at: sheets.sweep(session, at=at)),
    ),
    Rule(
        SavedSearch,
        "saved_searches.removed",
        saved_searches.KEPT_REMOVED,
        col(SavedSearch.removed_at),
        "deleting can be taken back for a while",
        lambda at: col(SavedSearch.removed_at) < at - saved_searches.KEPT_REMOVED,
        _in_one(lambda session, at: saved_searches.sweep(session, at=at)),
    ),
    Rule(
        MessageDraft,
        "message_drafts.kept",
        message_drafts.KEPT_FOR,
        col(MessageDraft.written_at),
        "whoever signs up within a week finds their text again",
        lambda at: col(MessageDraft.written_at) < at - message_drafts.KEPT_FOR,
        _in_one(message_drafts.sweep),
    ),
    Rule(
        ReceivedMail,
        "received_mails.kept",
        mail_replies.KEPT_FOR,
        col(ReceivedMail.received_at),
        "a mail that comes twice is posted once; one that is held is thrown away after a month",
        mail_replies.is_old,
        _in_one(mail_replies.sweep),
    ),
    Rule(
        Mandate,
        "mandates.kept",
        mandates.KEPT_FOR,
        col(Mandate.ended_at),
        "invoices were issued under them (French commercial code, article L. 123-22)",
        mandates.is_old,
        _in_one(mandates.sweep),
    ),
    Rule(
        TaxDetails,
        "tax_details.kept",
        tax_details.KEPT_FOR,
        col(TaxDetails.given_at),
        "what was reported with them is kept for ten years (directive (EU) 2021/514, annex V, section III)",
        tax_details.is_old,
        _in_one(tax_details.sweep),
    ),
    Rule(
        IdentityPage,
        "identity_pages.kept",
        identity_papers.KEPT_FOR,
        col(IdentityPage.given_at),
        "a payment provider that answers has them within seconds; whoever sent them is asked anew after a week",
        lambda at: col(IdentityPage.given_at) < at - identity_papers.KEPT_FOR,
        _in_one(identity_papers.sweep),
    ),
    Rule(
        OwnershipDeclaration,
        "ownership_declarations.kept",
        declarations.KEPT_FOR,
        col(OwnershipDeclaration.given_at),
        "the same: whom a declaration names is gone once the payment provider has it, or after a week",
        declarations.is_late,
        _in_one(declarations.sweep),
    ),
    Rule(
        ScheduleRow,
        "schedules.kept",
        schedules.KEPT_FOR,
        col(ScheduleRow.due_at),
        "nothing personal; what was due when",
        lambda at: col(ScheduleRow.due_at) < at - schedules.KEPT_FOR,
        _in_one(schedules.sweep),
    ),
)


def sweep(database: Database, at: datetime) -> None:
    """Drop what was kept for long enough, but what has a schedule of its own."""
    with leases.held(database, SWEEPING):
        for rule in RULES:
            if rule.sweep is not None:
                rule.sweep(database, at)
    database.purge()


def sweep_all(database: Database, mailer: Mailer, texter: Texter, at: datetime) -> None:
    """Drop all that was kept for long enough."""
    sweep(database, at)
    imports.sweep(database, at)
    audience_days.fold(database, at)
    mailer.clear(at)
    texter.clear(at)


def standings(database: Database, at: datetime) -> list[Standing]:
    """Return how each rule stands."""
    with database.reading() as session:
        return [_standing(session, rule, at) for rule in RULES]


def _standing(session: Session, rule: Rule, at: datetime) -> Standing:
    due = session.execute(select(func.count()).select_from(rule.table).where(rule.is_due(at))).scalar_one()
    oldest = session.execute(
        select(rule.since).select_from(rule.table).order_by(rule.since).limit(1)
    ).scalar_one_or_none()
    return Standing(rule, int(due), oldest.isoformat() if isinstance(oldest, datetime | date) else oldest)
