"""Referrals: an expert's promo code, who signed up with it, and what that earns (mission row S17).

The sponsor earns a reduction of the commission when whoever was referred completes a first transaction; each referral
counts once. What is refused, and why, is decided then: before, nothing is known of companies and their numbers.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import company_numbers
from accounts.models.accounts import Account, AccountKind, Client, Membership
from accounts.models.profiles import LegalIdentity
from accounts.sign_ins import SignedIn
from billing import reductions, referral_rules
from billing.models.reductions import PromoCode, Referral, Refusal
from billing.referral_rules import Known
from foundation import audits
from foundation.database import insert
from foundation.errors import NotFound
from foundation.settings import Settings

KIND = "referral"
_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that are taken for each other."""
_LENGTH = 8
_GENERATIONS = 50
"""How far back sponsors of sponsors are looked at."""
REFERABLE = (AccountKind.EXPERT, AccountKind.COMPANY)
"""Who may sign up with a code."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A referral in its sponsor's list: who it was is not said, as what they came is."""

    referral: Referral
    kind: AccountKind


def read_code(given: str) -> str:
    """Return a code as it is kept, however it was typed."""
    return "".join(sign for sign in given.upper() if sign.isalnum())[: _LENGTH * 2]


def make_code(session: Session, who: SignedIn, at: datetime) -> str:
    """Return an expert's code, a new one if there is none yet."""
    if who.expert_id is None:
        raise NotFound("codes are experts'")
    while (known := code_of(session, who.expert_id)) is None:
        code = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
        values = {"expert_id": who.expert_id, "code": code, "made_at": at}
        session.execute(insert(session, PromoCode).values(values).on_conflict_do_nothing())
    return known


def code_of(session: Session, expert_id: str) -> str | None:
    """Return an expert's code, if there is one."""
    found = session.get(PromoCode, expert_id)
    return found.code if found else None


def find_sponsor(session: Session, code: str) -> str | None:
    """Return the expert whose code was typed; None where it is nobody's."""
    statement = select(col(PromoCode.expert_id)).where(col(PromoCode.code) == read_code(code))
    return session.execute(statement).scalar_one_or_none()


def note(session: Session, account_id: str, code: str, at: datetime) -> Referral | None:
    """Keep that a new account was made with a code.

    None, and nothing is kept, where the code is nobody's, or the account was there before: whoever has one is not
    referred any more, and neither private persons nor operators are.
    """
    sponsor_expert_id = find_sponsor(session, code)
    account = session.get(Account, account_id)
    if sponsor_expert_id is None or account is None or account.email_confirmed_at or account.kind not in REFERABLE:
        return None
    new = Referral(sponsor_expert_id=sponsor_expert_id, referred_account_id=account_id, signed_up_at=at)
    session.execute(insert(session, Referral).values(new.model_dump()).on_conflict_do_nothing())
    return session.execute(select(Referral).where(col(Referral.referred_account_id) == account_id)).scalar_one()


def of(session: Session, expert_id: str) -> list[Outcome]:
    """Return what came of a sponsor's code, the latest first; addresses that nobody confirmed count for nothing."""
    statement = (
        select(Referral, col(Account.kind))
        .join(Account, col(Account.id) == col(Referral.referred_account_id))
        .where(col(Referral.sponsor_expert_id) == expert_id, col(Account.email_confirmed_at).is_not(None))
        .order_by(col(Referral.signed_up_at).desc(), col(Referral.id))
    )
    return [Outcome(referral, AccountKind(kind)) for referral, kind in session.execute(statement).all()]


def completed(
    session: Session, *, expert_id: str, client_id: str, reference: str, at: datetime, settings: Settings
) -> list[Referral]:
    """Decide what a completed transaction means for referrals of either side; return those that were decided now.

    To be told of every transaction, as often as one likes: only the first that counts does. One with the sponsor, or
    with oneself under another name, counts for nothing, and the referral waits on.
    """
    seller, buyer = _expert(session, expert_id), _client(session, client_id)
    decided: list[Referral] = []
    for referred, other_side in ((seller, buyer), (buyer, seller)):
        for referral in _waiting(session, referred.accounts):
            sponsor = _expert(session, referral.sponsor_expert_id)
            if referral_rules.counts(sponsor, referred, other_side):
                _decide(session, referral, sponsor, referred, reference=reference, at=at, settings=settings)
                decided.append(referral)
    return decided


def _decide(
    session: Session,
    referral: Referral,
    sponsor: Known,
    referred: Known,
    *,
    reference: str,
    at: datetime,
    settings: Settings,
) -> None:
    refusal = referral_rules.refuse(
        sponsor,
        referred,
        sponsors_before=_sponsors_before(session, sponsor),
        is_known_already=_is_known_already(session, referral, referred),
    )
    if refusal is None and referred.clients and not settings.referred_clients_earn:
        refusal = Refusal.CLIENTS_EARN_NOTHING
    referral.completed_at, referral.completed_by, referral.refusal = at, reference, refusal
    session.add(referral)
    if refusal is None:
        reductions.grant_referral(session, referral.sponsor_expert_id, referral.id, at, settings=settings)
    action = "referral_refused" if refusal else "referral_earned"
    audits.record(session, audits.SYSTEM, action, KIND, referral.id, at=at, **({"reason": refusal} if refusal else {}))


def _waiting(session: Session, accounts: frozenset[str]) -> Sequence[Referral]:
    waiting = select(Referral).where(
        col(Referral.referred_account_id).in_(sorted(accounts)), col(Referral.completed_at).is_(None)
    )
    return session.execute(waiting.order_by(col(Referral.id)).with_for_update()).scalars().all()


def _expert(session: Session, expert_id: str) -> Known:
    identity = session.get(LegalIdentity, expert_id)
    account = session.execute(select(Account).where(col(Account.expert_id) == expert_id)).scalar_one_or_none()
    return _known([account] if account else [], _numbers(identity) if identity else frozenset())


def _client(session: Session, client_id: str) -> Known:
    client = session.get_one(Client, client_id)
    members = (
        select(Account)
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(col(Membership.client_id) == client_id)
    )
    return _known(session.execute(members).scalars().all(), _numbers(client), frozenset({client_id}))


def _known(accounts: Sequence[Account], numbers: frozenset[str], clients: frozenset[str] = frozenset()) -> Known:
    return Known(
        accounts=frozenset(account.id for account in accounts),
        phones=frozenset(account.phone for account in accounts if account.phone),
        numbers=numbers,
        domains=frozenset(domain for account in accounts for domain in referral_rules.domains_of(account.email)),
        clients=clients,
    )


def _sponsors_before(session: Session, sponsor: Known) -> set[str]:
    """Return the accounts by whom a sponsor was referred, and those by whom they were."""
    found: set[str] = set()
    latest = set(sponsor.accounts)
    for _ in range(_GENERATIONS):
        statement = (
            select(col(Account.id))
            .join(Referral, col(Referral.sponsor_expert_id) == col(Account.expert_id))
            .where(col(Referral.referred_account_id).in_(sorted(latest)))
        )
        latest = set(session.execute(statement).scalars()) - found
        if not latest:
            break
        found |= latest
    return found


def _is_known_already(session: Session, referral: Referral, referred: Known) -> bool:
    """Tell whether a company that was referred, or an expert's, was here before the account that the code made."""
    since = referral.signed_up_at
    if referred.clients:
        joined = select(col(Client.id)).where(
            col(Client.id).in_(sorted(referred.clients)), col(Client.created_at) < since
        )
        if session.execute(joined).first():
            return True
        before = select(Client).where(col(Client.created_at) < since)
    else:
        before = (
            select(LegalIdentity)
            .join(Account, col(Account.expert_id) == col(LegalIdentity.expert_id))
            .where(col(Account.created_at) < since, col(Account.id).not_in(sorted(referred.accounts)))
        )
    table = Client if referred.clients else LegalIdentity
    alike = [
        condition
        for number in (number.partition(" ")[2] for number in sorted(referred.numbers))
        for condition in (
            company_numbers.plain_column(table.registration_number).startswith(number),
            company_numbers.plain_column(table.vat_number).endswith(number),
        )
    ]
    if not alike:
        return False
    return any(_numbers(one) & referred.numbers for one in session.execute(before.where(or_(*alike))).scalars())


def _numbers(one: Client | LegalIdentity) -> frozenset[str]:
    return company_numbers.numbers_of(one.country, one.registration_number, one.vat_number)
