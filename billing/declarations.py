"""Declarations of who owns an expert's company, which its provider has to know before it pays one (mission row S26).

Whom one names waits here sealed until the provider has it, and is gone then, as with papers (`identity_papers`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import experts
from accounts.sign_ins import SignedIn
from billing import identity_paper_mails as mails
from billing import identity_papers, owner_rules, owners
from billing.declaration_texts import reason_of
from billing.events import DECLARATION_GIVEN
from billing.identity_paper_texts import NEVER_ARRIVED, NOT_TAKEN
from billing.models.declarations import OPEN, OwnershipDeclaration
from billing.models.provider_parties import ProviderUser
from billing.owners import Stage, Standing
from billing.provider_states import DeclarationState, OwnerKind
from billing.providers import declarations, sandbox, sandbox_declarations
from billing.providers.interface import BeneficialOwner, Declaration, DeclarationRequest, Declined, Provider
from foundation import audits, keys, outbox
from foundation.database import Database
from foundation.errors import Conflict, Unreachable

KEPT_FOR = timedelta(days=7)
"""How long people wait for a provider that does not answer."""
_DECLARING = frozenset({Stage.CONFIRMING, Stage.PROVING, Stage.VERIFIED})
_MAILED = {
    DeclarationState.REFUSED: "identity_declaration_refused",
    DeclarationState.INCOMPLETE: "identity_declaration_incomplete",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """How far an expert is with declaring."""

    last: OwnershipDeclaration | None
    is_wanted: bool
    """The provider pays nothing before one is validated."""
    is_possible: bool
    """One may be given now."""
    waits_for_papers: bool
    """It is compared with papers, which have to be sent first."""


def latest(session: Session, user_id: str) -> OwnershipDeclaration | None:
    """Return the declaration of an owner that counts."""
    statement = select(OwnershipDeclaration).where(col(OwnershipDeclaration.user_id) == user_id)
    newest_first = (col(OwnershipDeclaration.given_at).desc(), col(OwnershipDeclaration.id).desc())
    return session.execute(statement.order_by(*newest_first).limit(1)).scalars().first()


def is_validated(session: Session, owner: ProviderUser) -> bool:
    """Tell whether it is known who owns an owner, or need not be."""
    if not owner_rules.declares(OwnerKind(owner.role)):
        return True
    last = latest(session, owner.id)
    return last is not None and last.state == DeclarationState.VALIDATED


def step(session: Session, found: Standing) -> Step | None:
    """Return how far an expert is; None for who has nothing to declare, or is not known to the provider yet."""
    if (
        found.kind is None
        or found.user is None
        or found.stage not in _DECLARING
        or not owner_rules.declares(found.kind)
    ):
        return None
    last = latest(session, found.user.id)
    sent = identity_papers.latest(session, found.user.id)
    waits = not set(owner_rules.needed(found.kind)) <= set(sent)
    is_done = last is not None and last.state in {*OPEN, DeclarationState.VALIDATED}
    # Whom the provider verified before it was asked for, or has verified by itself, is asked for nothing.
    is_wanted = last is not None or found.stage is not Stage.VERIFIED
    return Step(last, is_wanted, is_wanted and not is_done and not waits, waits)


def put(
    session: Session,
    who: SignedIn,
    provider: str,
    people: Sequence[BeneficialOwner],
    key: bytes,
    *,
    at: datetime,
) -> OwnershipDeclaration:
    """Seal a declaration, checked (`declaration_forms.check`), and have it sent.

    Raises Conflict where none is wanted, one waits or is valid, or papers have to be sent first.
    """
    expert_id = str(who.expert_id)
    experts.take(session, expert_id)
    found = owners.standing(session, provider, expert_id)
    where = step(session, found)
    if where is None or not where.is_possible or found.user is None:
        raise Conflict("no declaration is wanted now")
    declaration = OwnershipDeclaration(
        expert_id=expert_id,
        user_id=found.user.id,
        people=len(people),
        sealed=keys.seal(key, declarations.write(people)),
        given_at=at,
        changed_at=at,
    )
    session.add(declaration)
    session.flush()
    outbox.record(session, DECLARATION_GIVEN, [declaration.id])
    audits.record(session, who.actor, "declared_owners", "expert", expert_id, at=at, people=len(people))
    return declaration


def send(database: Database, provider: Provider, key: bytes, declaration_ids: Sequence[str], at: datetime) -> None:
    """Send declarations to the provider; then whom they name is gone. May be repeated; raises Unreachable."""
    for declaration_id in declaration_ids:
        with database.reading() as session:
            request = _request(session, provider.name, declaration_id, key)
        if request is None:
            continue
        if not request.people:
            database.write(lambda session, name=declaration_id: _give_up(session, name, NEVER_ARRIVED, at))
            continue
        try:
            said = provider.declare(request)
        except Declined as error:
            log.warning("a provider does not take a declaration", provider=provider.name, code=str(error))
            database.write(lambda session, name=declaration_id: _give_up(session, name, NOT_TAKEN, at))
            continue
        _apply(database, provider, declaration_id, said, at)
        if said.state is DeclarationState.CREATED:
            raise Unreachable("the provider does not look at the declaration yet")


def hear_of(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    """Ask a provider how a declaration stands, and apply it; one that waits for nothing changes nothing.

    Which of ours it is about is found out before the provider is asked: an incomplete one that is taken up again has
    the same id there, and what was said of it before must not be taken for what is said of the next one.
    """
    with database.reading() as session:
        asked = _asked(session, provider.name, provider_id)
    said = provider.fetch_declaration(provider_id) if asked else None
    if asked and said is None:
        log.warning("a declaration that its provider does not have", provider=provider.name, provider_id=provider_id)
    elif asked and said is not None:
        _apply(database, provider, asked, said, at)


def outdate(session: Session, user_id: str, changed_at: datetime, at: datetime) -> bool:
    """Ask anew for what was valid under another legal status; tell whether there was such a declaration."""
    last = latest(session, user_id)
    if last is None or last.state != DeclarationState.VALIDATED or last.given_at >= changed_at:
        return False
    last.state, last.changed_at = DeclarationState.OUTDATED.value, at
    audits.record(session, audits.SYSTEM, "ownership_declaration_outdated", "expert", last.expert_id, at=at)
    return True


def look_after(database: Database, provider: Provider, at: datetime) -> None:
    """Ask what became of declarations: what is told may get lost."""
    with database.reading() as session:
        statement = _of_provider(provider.name).where(col(OwnershipDeclaration.state) == DeclarationState.ASKED.value)
        rows = session.execute(statement.order_by(col(OwnershipDeclaration.given_at))).scalars().all()
    for row in rows:
        hear_of(database, provider, str(row.provider_id), at)


def forget(session: Session, expert_ids: Sequence[str]) -> None:
    """Drop what the simulated provider still keeps of experts who are erased; a real one has its own duties."""
    theirs = select(col(ProviderUser.id)).where(
        col(ProviderUser.provider) == sandbox.NAME, col(ProviderUser.party_id).in_(list(expert_ids))
    )
    sandbox_declarations.forget_of(session, session.execute(theirs).scalars().all())


def is_late(at: datetime) -> ColumnElement[bool]:
    """Return the condition that people have waited for too long."""
    return col(OwnershipDeclaration.sealed).is_not(None) & (col(OwnershipDeclaration.given_at) < at - KEPT_FOR)


def sweep(session: Session, at: datetime) -> None:
    """Give up declarations that have waited for too long, and ask for them anew."""
    for declaration_id in session.execute(select(col(OwnershipDeclaration.id)).where(is_late(at))).scalars().all():
        _give_up(session, declaration_id, NEVER_ARRIVED, at)


def _request(session: Session, provider: str, declaration_id: str, key: bytes) -> DeclarationRequest | None:
    found = session.get(OwnershipDeclaration, declaration_id)
    if found is None or found.state != DeclarationState.CREATED:
        return None
    user = session.get_one(ProviderUser, found.user_id)
    if user.provider != provider or user.provider_id is None:
        return None
    content = keys.unseal(key, found.sealed) if found.sealed else None
    return DeclarationRequest(found.id, user.provider_id, declarations.read(content) if content else ())


def _apply(database: Database, provider: Provider, declaration_id: str, said: Declaration, at: datetime) -> None:
    """Note what a provider says of a declaration, and what follows for the expert. May be repeated."""
    expert_id = database.write(lambda session: _take_in(session, declaration_id, said, at))
    if expert_id and said.state is DeclarationState.VALIDATED:
        owners.look_up(database, provider, expert_id, at)


def _take_in(session: Session, declaration_id: str, said: Declaration, at: datetime) -> str | None:
    found = session.get(OwnershipDeclaration, declaration_id, with_for_update=True, populate_existing=True)
    if found is None:
        return None
    if found.state in OPEN and said.state is not DeclarationState.CREATED:
        found.provider_id, found.sealed = said.provider_id, None
        if found.state != said.state:
            _set(session, found, said.state, said.reason, said.explanation, at)
    session.flush()
    return found.expert_id


def _give_up(session: Session, declaration_id: str, reason: str, at: datetime) -> None:
    found = session.get(OwnershipDeclaration, declaration_id, with_for_update=True, populate_existing=True)
    if found is not None and found.state == DeclarationState.CREATED:
        found.sealed = None
        _set(session, found, DeclarationState.REFUSED, reason, "", at)


def _set(
    session: Session,
    found: OwnershipDeclaration,
    state: DeclarationState,
    reason: str | None,
    explanation: str,
    at: datetime,
) -> None:
    found.state, found.reason, found.explanation, found.changed_at = state.value, reason, explanation, at
    session.flush()
    audits.record(session, audits.SYSTEM, "ownership_declaration_" + state.value, "expert", found.expert_id, at=at)
    if code := _MAILED.get(state):
        note = reason_of(reason, explanation, mails.language_of(session, found.expert_id))
        mails.tell(session, found.expert_id, code, key=found.id, at=at, note=note)


def _of_provider(provider: str) -> Select[OwnershipDeclaration]:
    is_ours = (col(ProviderUser.provider) == provider, col(OwnershipDeclaration.provider_id).is_not(None))
    joined = select(OwnershipDeclaration).join(ProviderUser, col(ProviderUser.id) == col(OwnershipDeclaration.user_id))
    return joined.where(*is_ours)


def _asked(session: Session, provider: str, provider_id: str) -> str | None:
    is_it = (
        col(OwnershipDeclaration.provider_id) == provider_id,
        col(OwnershipDeclaration.state) == DeclarationState.ASKED.value,
    )
    found = session.execute(_of_provider(provider).where(*is_it)).scalars().first()
    return found.id if found else None
