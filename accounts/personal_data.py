"""What `accounts` holds of people: what of it they may take with them, and how they leave (GDPR, articles 15 to 20)."""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, audience_days, experts, notices, shortlist_rows, sign_ins
from accounts.models.accounts import (
    Acceptance,
    Account,
    Client,
    MailedLink,
    Membership,
    RecoveryCode,
    Role,
    SignIn,
)
from accounts.models.audiences import AudienceDay, Impression, ResultPage, View
from accounts.models.experts import Expert, Review, StagedExpert, StagedReview
from accounts.models.notices import Notice
from accounts.models.profiles import LegalIdentity, PortraitFile, ProfileVersion, ReferenceLetter
from accounts.models.shortlists import Shortlist, ShortlistComment, ShortlistItem
from foundation import files
from foundation.database import hold
from foundation.errors import Conflict
from foundation.personal_data import Erasure, Holding, Subject
from taxonomy import texts

ACCOUNT, EMAIL, CLIENT, EXPERT, REF = "account", "email", "client", "expert", "expert_ref"
"""The kinds of keys that mean somebody."""
_FIRST, _LAST = date(1970, 1, 1), date(9000, 1, 1)

_OPENS = "what it holds would let a reader into the account"
_OF_OPERATORS = frozenset({"decided_by"})
_STAGED = "an import that waits for its publication: it is in the profile afterwards, or swept within a day"


def _audience(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    days = [day for expert_id in subject.of(EXPERT) for day in audience_days.by_day(session, expert_id, _FIRST, _LAST)]
    return [day.model_dump(exclude={"expert_id"}) for day in days]


def _shortlists(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    statement = select(Shortlist).where(col(Shortlist.client_id).in_(subject.of(CLIENT)))
    return [
        {
            "name": shortlist.name,
            "made_at": shortlist.made_at,
            "used_at": shortlist.used_at,
            "share_ends_at": shortlist.share_ends_at,
            "experts": [asdict(pick) for pick in shortlist_rows.read(session, shortlist.id)],
            "removed": shortlist.removed,
            "left_out": shortlist.left_out,
        }
        for shortlist in session.execute(statement).scalars()
    ]


def _portrait(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    statement = select(PortraitFile).where(col(PortraitFile.expert_id).in_(subject.of(EXPERT)))
    found = session.execute(statement.order_by(col(PortraitFile.size_px).desc()).limit(1)).scalars().all()
    return [{"size_px": row.size_px, **_file(session, row.file_id)} for row in found]


def _letters(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    statement = select(ReferenceLetter).where(col(ReferenceLetter.expert_id).in_(subject.of(EXPERT)))
    found = session.execute(statement.order_by(col(ReferenceLetter.place))).scalars().all()
    return [row.model_dump(exclude={"expert_id", "file_id"}) | _file(session, row.file_id) for row in found]


def _file(session: Session, file_id: str) -> dict[str, Any]:
    file = files.get(session, file_id)
    return {"media_type": file.media_type, "content_base64": base64.b64encode(file.content).decode()}


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
    Holding(Membership, "account_id", ACCOUNT, Erasure.DELETED, "membership"),
    Holding(Shortlist, "client_id", CLIENT, Erasure.DELETED, "shortlists", read=_shortlists),
    Holding(
        ShortlistItem,
        "expert_id",
        EXPERT,
        Erasure.BY_USE_CASE,
        why="whose lists one is on is theirs; an empty place stays there, so that they see that somebody is gone",
    ),
    Holding(ShortlistComment, "expert_id", EXPERT, Erasure.DELETED, why="what others say among themselves"),
    Holding(Client, "id", CLIENT, Erasure.BY_USE_CASE, "company"),
    Holding(AudienceDay, "expert_id", EXPERT, Erasure.DELETED, "audience", read=_audience),
    Holding(Impression, "expert_id", EXPERT, Erasure.DELETED, why="exported as sums by day; single ones are visitors'"),
    Holding(View, "expert_id", EXPERT, Erasure.DELETED, why="exported as sums by day; single ones are visitors'"),
    Holding(Review, "expert_id", EXPERT, Erasure.DELETED, "reviews"),
    Holding(StagedReview, "expert_id", EXPERT, Erasure.DELETED, why=_STAGED),
    Holding(StagedExpert, "ref", REF, Erasure.DELETED, why=_STAGED),
    Holding(ProfileVersion, "expert_id", EXPERT, Erasure.DELETED, "profile-before"),
    Holding(LegalIdentity, "expert_id", EXPERT, Erasure.DELETED, "legal-identity"),
    Holding(PortraitFile, "expert_id", EXPERT, Erasure.BY_USE_CASE, "portrait", read=_portrait),
    Holding(ReferenceLetter, "expert_id", EXPERT, Erasure.BY_USE_CASE, "letters", read=_letters),
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


def names_of(session: Session, subject: Subject) -> frozenset[str]:
    """Return the ways to write somebody's full name, by which searches for them are known; a first name is none."""
    written = [session.get(Account, account_id) for account_id in subject.of(ACCOUNT)]
    shown = [session.get(Expert, expert_id) for expert_id in subject.of(EXPERT)]
    names = [" ".join(found.name.split()) for found in (*written, *shown) if found is not None]
    return frozenset(form for name in names if " " in name for form in (name, name.casefold(), texts.fold(name)))


def forget_mentions(session: Session, names: Collection[str]) -> None:
    """Keep pages of results without the query, where it names somebody."""
    if names:
        column = col(ResultPage.query)
        mentioning = or_(*(column.icontains(name, autoescape=True) for name in sorted(names)))
        statement = update(ResultPage).where(mentioning).values(query=None)
        session.execute(statement.execution_options(synchronize_session=False))


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
        account.complaint = account.complained_at = None
        account.erased_at = at
        session.add(account)
    session.flush()


def _blank_client(client: Client, at: datetime) -> None:
    client.name = ""
    client.country = client.address = client.legal_form = client.registration_number = None
    client.vat_number = client.vat_proof = client.iban = None
    client.billing_name = client.billing_email = client.billing_phone = None
    client.erased_at = at
