"""What spans packages of privacy: everything held of somebody as one file, and erasing them everywhere."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts
from accounts import personal_data as accounts_data
from accounts.personal_data import ACCOUNT, CLIENT, EMAIL, EXPERT
from billing import declarations, identity_papers, mandates
from billing import personal_data as billing_data
from booking import departures, paper_data, report_files, sheet_data, thread_data, unfinished
from booking import personal_data as booking_data
from booking.unfinished import NotFinished, Unfinished
from foundation import audits, i18n, mails, personal_data, sms
from foundation.audits import Actor, AuditEntry
from foundation.database import Database
from foundation.errors import Conflict
from foundation.i18n import Language, message, translate
from foundation.mails import Mail, MailRow
from foundation.outbox import OutboxRow
from foundation.personal_data import Erasure, Holding, Subject
from foundation.settings import Settings
from foundation.sms import SmsRow
from indexer import personal_data as index_data
from indexer.personal_data import TEXT
from search_api import personal_data as search_data
from web.mails import render

IN_MEMORY_BYTES = 4 << 20
"""An export that is larger waits in a file without a name until it has been sent."""


def _mails(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    statement = select(MailRow).where(col(MailRow.recipient).in_(subject.of(EMAIL))).order_by(col(MailRow.written_at))
    return [
        {"template": row.template, "language": row.language, "written_at": row.written_at, "sent_at": row.sent_at}
        | {"subject": None if row.values is None else _subject(row)}
        for row in session.execute(statement).scalars()
    ]


def _subject(row: MailRow) -> str:
    language = i18n.known(row.language)
    return render(row.template, language, dict(row.values or {}), Settings())[0]


_AUDIT = "the log of who did what names accounts by an id only, which leads to nobody once the account is blank"
_DELIVERY = "a delivery that is owed: it holds nothing but an id, and is gone once it is made"

HOLDINGS: tuple[Holding, ...] = (
    Holding(MailRow, "recipient", EMAIL, Erasure.DELETED, "mails", read=_mails),
    Holding(SmsRow, "account_id", ACCOUNT, Erasure.DELETED, "sms", secret=frozenset({"key"})),
    Holding(OutboxRow, "key", EXPERT, Erasure.DELETED, why=_DELIVERY),
    Holding(AuditEntry, "actor_account_id", ACCOUNT, Erasure.KEPT, "acts", _AUDIT),
    Holding(
        AuditEntry,
        "object_id",
        ACCOUNT,
        Erasure.KEPT,
        "acts-about-you",
        _AUDIT,
        secret=frozenset({"actor_account_id", "actor_name"}),
    ),
    *search_data.HOLDINGS,
    *index_data.HOLDINGS,
    *booking_data.HOLDINGS,
    *billing_data.HOLDINGS,
    *accounts_data.HOLDINGS,
)
NOT_PERSONAL: Mapping[str, str] = {
    "leases": "which process does something",
    "schedules": "what was due when",
    "skill_decisions": "words of the trade, by the logins of those who run commands",
    "imported_sources": "words of other classifications, by the logins of those who run commands",
    "imported_concepts": "words of other classifications",
    **search_data.NOT_PERSONAL,
    **booking_data.NOT_PERSONAL,
    **billing_data.NOT_PERSONAL,
    **accounts_data.NOT_PERSONAL,
}
PARTS: Mapping[str, str] = {
    "account": message("your account: name, address, telephone, language, what may be mailed, and dates"),
    "membership": message("for whom you act, and as what"),
    "company": message("whom you act for: the company’s or your own details for orders and invoices"),
    "profile": message("your profile as an expert"),
    "profile-before": message("what your latest edits replaced, so that they can be taken back"),
    "portrait": message("your portrait; its files are in the folder “files”"),
    "letters": message("your reference letters; their files are in the folder “files”"),
    "legal-identity": message("under which legal identity you work"),
    "reviews": message("the reviews on your profile"),
    "audience": message("how often your profile was shown and opened, by day and kind of visitor"),
    "shortlists": message("your shortlist, with your notes"),
    "approaches": message("whom you approached, and the words and the place by which a search had shown them to you"),
    "mission-sheets": message("your mission sheets; their files are in the folder “files/mission-sheets”"),
    "agreements": message("which non-disclosure agreements were accepted, word by word"),
    "offers": message("offers that were made to you, or by you, and what became of them"),
    "quotes": message("your quotes"),
    "legal-mentions": message("your legal mentions for quotes"),
    "signatures": message("what you signed, and when"),
    "missions": message("your missions"),
    "end-reports": message("the end reports that you sent; their files are in the folder “files/end-reports”"),
    "mission-reviews": message("which missions you rated, and how you are described beside it"),
    "series-of-missions": message("long and recurring missions, which are carried out month by month"),
    "papers": message("your papers; their files are in the folder “files/papers”"),
    "withdrawals": message("from which contracts you withdrew, and when"),
    "other-clients": message("when you stated that you work for other clients too"),
    "escrows": message("what was held for your missions"),
    "payments": message("what was paid, and how"),
    "payment-users": message("under which names payment providers know you"),
    "owner-details": message("who you are, as the payment provider was told"),
    "identity-papers": message("which papers you sent to the payment provider, and what it said; we keep no copies"),
    "ownership-declarations": message(
        "when you told the payment provider who owns your company, and what it said; we keep no names"
    ),
    "tax-details": message(
        "when you gave tax details, and how often you were asked; they stand on your page of tax details"
    ),
    "boost-subscriptions": message("your Boost subscriptions"),
    "boost-charges": message("what your card was charged for them, with the periods and taxes"),
    "refunds": message("what went back, or was asked back, and who agreed"),
    "transfers": message("what was released to you, less the commission"),
    "bank-accounts": message(
        "the accounts that you gave to be paid to: country, last four signs of the number, and when"
    ),
    "payouts": message("what was paid out to you, when, and what came back"),
    "documents": message("the invoices and credit notes that you issued or received here, word for word"),
    "document-contests": message("which of the documents in your name you contested, why, and what was decided"),
    "ledger": message("what was posted to your accounts in the ledger: what is held, is yours, or was paid out"),
    "steps": message("what you moved on in missions, quotes and offers, and when"),
    "saved-searches": message("your saved searches, and whom their mails told you of"),
    "grades": message("how well operators find that your profile suits queries, from 0 to 3"),
    "notices": message("what you reported here as unlawful or untrue, and what was decided"),
    "notices-by-mail": message("the same, where you were not signed in"),
    "mandates": message("billing mandates that you gave, and when"),
    "promo-code": message("the promo code that you pass on"),
    "referrals": message("when somebody signed up with your promo code, and what came of it"),
    "referred-by": message("that you signed up with a promo code, and what came of it"),
    "reductions": message("reductions of the commission that you earned, and what they were used for"),
    "messages": message("your conversations with all messages; their files are in the folder “files/messages”"),
    "message-drafts": message("what you wrote to an expert and have not sent"),
    "received-mails": message("mails that came from you as replies, and what became of them"),
    "sign-ins": message("where you are signed in"),
    "links": message("links that were mailed to you and work once"),
    "terms": message("which versions of the terms you accepted, and when"),
    "mails": message("mails that we wrote to you; what they said is dropped after a month"),
    "sms": message("SMS that we sent to you; what they said is dropped after a month"),
    "acts": message("what you did here that is logged"),
    "acts-about-you": message("what was done to your account and is logged"),
}
"""The files of an export in the order of its README, with what each holds."""


def subject_of(session: Session, account_id: str) -> Subject:
    """Return all keys that mean the owner of an account."""
    found = accounts_data.subject_of(session, account_id)
    return Subject({**found.keys, TEXT: index_data.texts_of(session, found.of(EXPERT))})


def parts_of(session: Session, account_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return what is held of the owner of an account, by part."""
    subject = subject_of(session, account_id)
    found: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    for holding in HOLDINGS:
        if holding.part is not None:
            known = found[holding.part]
            known.extend(row for row in personal_data.read(session, holding, subject) if row not in known)
    return found


def unfinished_of(session: Session, account_id: str) -> Sequence[Unfinished]:
    """Return what has to end before the owner of an account can be erased; nothing where colleagues go on."""
    try:
        goes = accounts_data.clients_that_go(session, account_id)
    except Conflict:
        goes = frozenset[str]()
    return unfinished.of(session, experts=subject_of(session, account_id).of(EXPERT), clients=goes)


def export(database: Database, account_id: str, language: Language, *, at: datetime) -> IO[bytes]:
    """Return everything that is held of the owner of an account as a ZIP archive, to be read from its start."""
    archive: IO[bytes] = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - whoever sends it closes it
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written, database.reading() as session:
        kept = {part: rows for part, rows in parts_of(session, account_id).items() if rows}
        subject = subject_of(session, account_id)
        for package in (accounts_data, thread_data, sheet_data, paper_data, report_files):
            for name, content in package.files_of(session, subject):
                written.writestr(f"files/{name}", content)
        written.writestr("README.txt", _readme(kept, language, at))
        for part, rows in kept.items():
            written.writestr(f"{part}.json", orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    archive.seek(0)
    return archive


def erase(session: Session, account_id: str, *, at: datetime, actor: Actor | None = None) -> None:
    """Erase the owner of an account, and mail them that it is done; `actor` is who did, if it was not the owner.

    What is in the index goes through the outbox. Raises Conflict where a company would be left without an owner,
    NotFinished while a mission is under way or money is held, and NotFound where the account is gone already.
    """
    account = accounts.take(session, account_id)
    goes = accounts_data.clients_that_go(session, account_id)
    whole = subject_of(session, account_id)
    # First what could still become a mission, which takes the quotes: whoever is just accepting one is waited for.
    departures.end_all(session, experts=whole.of(EXPERT), clients=goes, at=at)
    if found := unfinished.of(session, experts=whole.of(EXPERT), clients=goes):
        raise NotFinished(found)
    names = accounts_data.names_of(session, whole)
    subject = Subject({**whole.keys, CLIENT: goes})
    language = i18n.known(account.language)
    last = Mail(account.email or "", language, "account_erased", {"name": account.name})
    addresses = accounts_data.addresses_of(session, whole)
    for address in addresses:
        mails.forget(session, address)
    mails.forget_mentions(session, addresses | names)
    sms.forget_mentions(session, names)
    search_data.forget_author(session, account_id, account.name)
    search_data.forget_mentions(session, names)
    accounts_data.forget_mentions(session, names)
    thread_data.forget_mentions(session, names)
    thread_data.forget(session, subject)
    paper_data.forget(session, subject)
    identity_papers.forget(session, subject.of(EXPERT))
    declarations.forget(session, subject.of(EXPERT))
    mandates.end_of_erased(session, subject.of(EXPERT), at)
    sheet_data.forget(session, subject)
    personal_data.erase(session, HOLDINGS, subject)
    accounts_data.blank(session, subject, at=at)
    mails.write(session, last, key=f"account_erased {account_id}", at=at)
    actor = actor or audits.account(account_id)
    audits.record(session, actor, "erased", accounts.KIND, account_id, at=at)


def _readme(parts: Mapping[str, Any], language: Language, at: datetime) -> str:
    """Say in the reader's language what is in the archive, and what is not."""

    def said(text: str, **values: object) -> str:
        return translate(language, text, **values)

    lead = said(message("What Portulan holds about you, on %(date)s."), date=f"{at:%Y-%m-%d %H:%M} UTC")
    files = [f"- {part}.json: {said(PARTS[part])}" for part in parts]
    left_out = said(
        message(
            "Not in here: fingerprints of your password and codes, which open your account. "
            "Files are JSON, in UTF-8; instants are in UTC, amounts in cents."
        )
    )
    return "\n".join([lead, "", *files, "", left_out, ""])
