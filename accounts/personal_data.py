"""What `accounts` holds of people: what of it they may take with them, and how they leave (GDPR, articles 15 to 20)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, approaches, audience_days, experts, findings, notices, sign_ins
from accounts.models.accounts import (
    Acceptance,
    Account,
    Client,
    MailedLink,
    Membership,
    Purpose,
    RecoveryCode,
    Role,
    SignIn,
)
from accounts.models.audiences import AudienceDay, Impression, ResultPage, View
from accounts.models.experts import Expert, Review, StagedExpert, StagedReview
from accounts.models.findings import Approach
from accounts.models.notices import Notice
from accounts.models.profiles import LegalIdentity, PortraitFile, ProfileVersion, ReferenceLetter
from accounts.models.shortlists import Shortlist, ShortlistComment, ShortlistItem
from foundation.database import hold
from foundation.errors import Conflict
from foundation.files import StoredFile
from foundation.personal_data import Erasure, Holding, Subject
from taxonomy import texts

ACCOUNT, EMAIL, CLIENT, EXPERT, REF = "account", "email", "client", "expert", "expert_ref"
"""The kinds of keys that mean somebody."""
_FIRST, _LAST = date(1970, 1, 1), date(9000, 1, 1)

_OPENS = "what it holds would let a reader into the account"
_OTHERS_LIST = "what a client notes of experts is the client's; an erased expert leaves an empty place"
_OF_OPERATORS = frozenset({"decided_by"})
_STAGED = "an import that waits for its publication: it is in the profile afterwards, or swept within a day"


def _audience(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    days = [day for expert_id in subject.of(EXPERT) for day in audience_days.by_day(session, expert_id, _FIRST, _LAST)]
    return [day.model_dump(exclude={"expert_id"}) for day in days]


def _shortlists(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    """Return clients' lists with what stands on them."""
    found = session.execute(select(Shortlist).where(col(Shortlist.client_id).in_(subject.of(CLIENT)))).scalars()
    return [
        shortlist.model_dump(exclude={"token_hash", "share_id", "share_hash"})
        | {
            "experts": _dumped(session, ShortlistItem, shortlist.id),
            "comments": _dumped(session, ShortlistComment, shortlist.id),
        }
        for shortlist in found
    ]


def _dumped(
    session: Session, table: type[ShortlistItem] | type[ShortlistComment], shortlist_id: str
) -> list[dict[str, Any]]:
    rows = session.execute(select(table).where(col(table.shortlist_id) == shortlist_id)).scalars()
    return [row.model_dump(exclude={"shortlist_id"}) for row in rows]


HOLDINGS = (
    Holding(SignIn, "account_id", ACCOUNT, Erasure.DELETED, "sign-ins", secret=frozenset({"token_hash"})),
    Holding(RecoveryCode, "account_id", ACCOUNT, Erasure.DELETED, why=_OPENS),
    Holding(MailedLink, "account_id", ACCOUNT, Erasure.DELETED, "links", secret=frozenset({"token_hash"})),
    Holding(
        MailedLink,
        "subject",
        EMAIL,
        Erasure.DELETED,
        why="links to an address are in the mails that it got; who invited it is not the reader's data",
        holds_among_others=True,
    ),
    Holding(
        MailedLink,
        "subject",
        REF,
        Erasure.DELETED,
        why="invitations to own a profile hold others' addresses",
        holds_among_others=True,
    ),
    Holding(Acceptance, "account_id", ACCOUNT, Erasure.DELETED, "terms"),
    Holding(Shortlist, "client_id", CLIENT, Erasure.DELETED, "shortlists", read=_shortlists),
    Holding(ShortlistItem, "expert_id", EXPERT, Erasure.BY_USE_CASE, why=_OTHERS_LIST),
    Holding(ShortlistComment, "expert_id", EXPERT, Erasure.BY_USE_CASE, why=_OTHERS_LIST),
    Holding(Approach, "client_id", CLIENT, Erasure.DELETED, "approaches"),
    Holding(Approach, "expert_id", EXPERT, Erasure.DELETED, why="what a client had searched for is the client's"),
    Holding(Membership, "account_id", ACCOUNT, Erasure.DELETED, "membership"),
    Holding(Client, "id", CLIENT, Erasure.BY_USE_CASE, "company"),
    Holding(AudienceDay, "expert_id", EXPERT, Erasure.DELETED, "audience", read=_audience),
    Holding(Impression, "expert_id", EXPERT, Erasure.DELETED, why="exported as sums by day; single ones are visitors'"),
    Holding(View, "expert_id", EXPERT, Erasure.DELETED, why="exported as sums by day; single ones are visitors'"),
    Holding(Review, "expert_id", EXPERT, Erasure.DELETED, "reviews"),
    Holding(StagedReview, "expert_id", EXPERT, Erasure.DELETED, why=_STAGED),
    Holding(StagedExpert, "ref", REF, Erasure.DELETED, why=_STAGED),
    Holding(ProfileVersion, "expert_id", EXPERT, Erasure.DELETED, "profile-before"),
    Holding(PortraitFile, "expert_id", EXPERT, Erasure.BY_USE_CASE, "portrait"),
    Holding(ReferenceLetter, "expert_id", EXPERT, Erasure.BY_USE_CASE, "letters"),
    Holding(LegalIdentity, "expert_id", EXPERT, Erasure.DELETED, "legal-identity"),
    Holding(Notice, "account_id", ACCOUNT, Erasure.BY_USE_CASE, "notices", secret=_OF_OPERATORS),
    Holding(Notice, "notifier_email", EMAIL, Erasure.BY_USE_CASE, "notices-by-mail", secret=_OF_OPERATORS),
    Holding(Notice, "expert_id", EXPERT, Erasure.DELETED, why="it names who sent it; what was decided is in the mails"),
    Holding(Expert, "id", EXPERT, Erasure.BY_USE_CASE, "profile"),
    Holding(
        Account,
        "id",
        ACCOUNT,
        Erasure.BY_USE_CASE,
        "account",
        secret=frozenset({"password_hash", "second_factor_secret", "second_factor_step"}),
    ),
)
NOT_PERSONAL = {
    "stored_files": "bytes that portraits and letters point to: they are taken along, and go, with those",
    "hidden_reviews": "which reviews are not shown, by the notice that it was decided about",
    "visitor_salts": "a day's secret, without which no visitor key can be made again",
    "result_pages": "under a key that leads to nobody once its day is over; a query that names an erased person goes",
    "sector_ratings": "means over all reviews of a sector",
}


def subject_of(session: Session, account_id: str) -> Subject:
    """Return the keys that mean the owner of an account; clients are those that they act for."""
    account = accounts.get(session, account_id)
    expert = session.get(Expert, account.expert_id) if account.expert_id else None
    clients = select(col(Membership.client_id)).where(col(Membership.account_id) == account_id)
    return Subject(
        {
            ACCOUNT: frozenset({account.id}),
            EMAIL: frozenset({account.email} if account.email else ()),
            CLIENT: frozenset(session.execute(clients).scalars()),
            EXPERT: frozenset({expert.id} if expert else ()),
            REF: frozenset({expert.ref} if expert else ()),
        }
    )


def files_of(session: Session, subject: Subject) -> Iterator[tuple[str, bytes]]:
    """Yield the files that somebody has sent, under names that tell what they are."""
    experts_of = subject.of(EXPERT)
    portraits = select(PortraitFile).where(col(PortraitFile.expert_id).in_(experts_of))
    letters = select(ReferenceLetter).where(col(ReferenceLetter.expert_id).in_(experts_of))
    named = [
        *((f"portrait-{row.size_px}", row.file_id) for row in session.execute(portraits).scalars()),
        *((f"letter-{row.place}", row.file_id) for row in session.execute(letters).scalars()),
    ]
    for name, file_id in sorted(named):
        file = session.get_one(StoredFile, file_id)
        yield f"{name}.{file.media_type.rpartition('/')[2]}", file.content
        session.expunge(file)


def addresses_of(session: Session, subject: Subject) -> frozenset[str]:
    """Return the addresses that mails about an account may have gone to: its own, and those that it was to have.

    One that is another account's by now is that one's.
    """
    wanted = select(col(MailedLink.subject)).where(
        col(MailedLink.account_id).in_(subject.of(ACCOUNT)), col(MailedLink.purpose) == Purpose.CHANGE_EMAIL.value
    )
    asked = set(session.execute(wanted).scalars()) - set(subject.of(EMAIL))
    taken = session.execute(select(col(Account.email)).where(col(Account.email).in_(sorted(asked)))).scalars()
    return frozenset(asked - set(taken)) | frozenset(subject.of(EMAIL))


def names_of(session: Session, subject: Subject) -> frozenset[str]:
    """Return the ways to write somebody's full name, by which searches for them are known; a first name is none."""
    written = [session.get(Account, account_id) for account_id in subject.of(ACCOUNT)]
    shown = [session.get(Expert, expert_id) for expert_id in subject.of(EXPERT)]
    names = [" ".join(found.name.split()) for found in (*written, *shown) if found is not None]
    return frozenset(form for name in names if " " in name for form in (name, name.casefold(), texts.fold(name)))


def forget_mentions(session: Session, names: Collection[str]) -> None:
    """Drop queries that name somebody, on pages of results and beside what clients did, and so named authors."""
    approaches.forget_mentions(session, names)
    findings.forget_mentions(session, ShortlistItem, names)
    if names:
        column = col(ResultPage.query)
        mentioning = or_(*(column.icontains(name, autoescape=True) for name in sorted(names)))
        statement = update(ResultPage).where(mentioning).values(query=None)
        session.execute(statement.execution_options(synchronize_session=False))
        signed = update(ShortlistComment).where(col(ShortlistComment.author).in_(sorted(names))).values(author="–")
        session.execute(signed.execution_options(synchronize_session=False))


def clients_that_go(session: Session, account_id: str) -> frozenset[str]:
    """Return the clients that nobody acts for once an account is gone.

    Raises Conflict where colleagues would be left without an owner: somebody else has to become one first.
    """
    membership = session.get(Membership, account_id)
    if membership is None:
        return frozenset()
    hold(session, f"client {membership.client_id}")
    others = select(func.count()).where(
        col(Membership.client_id) == membership.client_id, col(Membership.account_id) != account_id
    )
    if not session.execute(others).scalar_one():
        return frozenset({membership.client_id})
    owners = others.where(col(Membership.role) == Role.OWNER.value)
    if membership.role == Role.OWNER and not session.execute(owners).scalar_one():
        raise Conflict("a company needs an owner: make somebody else one first")
    return frozenset()


def blank(session: Session, subject: Subject, *, at: datetime) -> None:
    """Take everything personal off an account and off the clients that go with it; remove the profile.

    The rows stay: invoices and the audit log point to them. What `HOLDINGS` says is deleted is so already.
    """
    experts.remove(session, subject.of(REF))
    for client_id in subject.of(CLIENT):
        client = session.get(Client, client_id)
        if client is not None:
            _blank_client(client, at)
            session.add(client)
    for account_id in subject.of(ACCOUNT):
        sign_ins.end_all(session, account_id)
        account = accounts.take(session, account_id)
        notices.forget(session, account_id, account.email)
        account.email = account.phone = account.password_hash = account.expert_id = None
        account.name, account.notifications = "", {}
        account.second_factor_secret = account.second_factor_since = account.email_confirmed_at = None
        account.second_factor_step = 0
        account.suspended_at = account.suspension_reason = account.suspension_facts = account.terminates_on = None
        account.complaint = account.complained_at = account.mail_failed_at = account.mail_failure = None
        account.erased_at = at
        session.add(account)
    session.flush()


def _blank_client(client: Client, at: datetime) -> None:
    client.name = ""
    client.country = client.address = client.legal_form = client.registration_number = None
    client.vat_number = client.vat_proof = client.iban = None
    client.billing_name = client.billing_email = client.billing_phone = None
    client.erased_at = at
