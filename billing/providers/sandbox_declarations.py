"""Declarations of who owns a business at the simulated provider: looked at by an operator, or judged by a first name.

If the first person is called `AcceptUBO`, `RefuseUBO` or `IncompleteUBO`, it is judged at once: Mangopay's own sandbox
goes by the same names (docs.mangopay.com, guides/users/verification/beneficial-owners/how-to). Every other declaration
waits until `decide` is called; whom it names is kept until then, sealed, for whoever looks at it.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.models.sandbox import SandboxDeclaration, SandboxUser
from billing.provider_states import DeclarationState, OwnerKind
from billing.providers import declarations
from billing.providers.declarations import BeneficialOwner, Declaration, DeclarationRequest
from billing.providers.resources import DECLARATION, USER, Declined
from billing.providers.sandbox_rows import find, tell
from foundation import clock, keys
from foundation.database import Database
from foundation.errors import Conflict, NotFound

OUTCOMES: Mapping[str, tuple[DeclarationState, str | None]] = {
    "AcceptUBO": (DeclarationState.VALIDATED, None),
    "RefuseUBO": (DeclarationState.REFUSED, "wrong_ubo_information"),
    "IncompleteUBO": (DeclarationState.INCOMPLETE, "missing_ubo"),
}
"""What becomes of a declaration whose first person is called so, and why."""
OTHER_REASON = "specific_case"


class SandboxDeclarations:
    """Declarations."""

    _database: Database
    _page_key: bytes

    def declare(self, request: DeclarationRequest) -> Declaration:
        """Take a declaration: a new one, or the one that is incomplete, once more."""
        if not request.people:
            raise Declined("no_ubo")
        return self._database.write(lambda session: self._declare(session, request))

    def _declare(self, session: Session, request: DeclarationRequest) -> Declaration:
        user = session.get(SandboxUser, request.user_id, with_for_update=True)
        if user is None or user.role != OwnerKind.BUSINESS:
            raise Declined("no_business")
        known = session.execute(
            select(SandboxDeclaration).where(col(SandboxDeclaration.key) == request.key)
        ).scalar_one_or_none()
        if known is not None:
            return _as_declaration(known)
        found = _unfinished(session, user.id) or SandboxDeclaration(
            key=request.key, user_id=user.id, state=DeclarationState.CREATED.value, made_at=clock.now()
        )
        if found.state == DeclarationState.ASKED:
            raise Declined("declaration_in_progress")
        state, reason = OUTCOMES.get(request.people[0].first_name, (DeclarationState.ASKED, None))
        is_kept = bool(self._page_key) and state is DeclarationState.ASKED
        found.key, found.state, found.reason, found.explanation = request.key, state.value, reason, ""
        found.sealed = keys.seal(self._page_key, declarations.write(request.people)) if is_kept else None
        session.add(found)
        session.flush()
        _tell(session, found)
        return _as_declaration(found)

    def fetch_declaration(self, provider_id: str) -> Declaration | None:
        """Return a declaration."""
        found = find(self._database, SandboxDeclaration, provider_id)
        return _as_declaration(found) if found else None


def waiting(session: Session, *, limit: int = 100) -> Sequence[SandboxDeclaration]:
    """Return the declarations that an operator is to look at, in play, the oldest first."""
    is_waiting = col(SandboxDeclaration.state) == DeclarationState.ASKED.value
    oldest_first = col(SandboxDeclaration.made_at)
    return (
        session.execute(select(SandboxDeclaration).where(is_waiting).order_by(oldest_first).limit(limit))
        .scalars()
        .all()
    )


def people(declaration: SandboxDeclaration, page_key: bytes) -> tuple[BeneficialOwner, ...]:
    """Return whom a declaration names that waits to be looked at; nobody where the key is another one by now."""
    content = keys.unseal(page_key, declaration.sealed) if declaration.sealed else None
    return declarations.read(content) if content else ()


def owner_key(session: Session, declaration: SandboxDeclaration) -> str:
    """Return under which key of ours whoever declared is known."""
    return session.get_one(SandboxUser, declaration.user_id).key


def decide(
    session: Session, declaration_id: str, state: DeclarationState, *, reason: str | None = None, explanation: str = ""
) -> None:
    """Validate a declaration, refuse it, or find it incomplete; raise Conflict where that was decided."""
    if session.get(SandboxDeclaration, declaration_id) is None:
        raise NotFound("there is no such declaration")
    found = session.get_one(SandboxDeclaration, declaration_id, with_for_update=True, populate_existing=True)
    if found.state != DeclarationState.ASKED:
        raise Conflict("this declaration was decided on")
    found.state, found.reason, found.explanation = state.value, reason, explanation
    found.sealed = None
    session.flush()
    _tell(session, found)


def forget_of(session: Session, owner_keys: Sequence[str]) -> None:
    """Drop the declarations of owners who are erased, as far as they wait."""
    is_theirs = col(SandboxUser.key).in_(list(owner_keys))
    is_waiting = col(SandboxDeclaration.state) == DeclarationState.ASKED.value
    statement = select(SandboxDeclaration).join(SandboxUser, col(SandboxUser.id) == col(SandboxDeclaration.user_id))
    for found in session.execute(statement.where(is_theirs, is_waiting)).scalars().all():
        found.state, found.reason, found.sealed = DeclarationState.REFUSED.value, OTHER_REASON, None


def _unfinished(session: Session, user_id: str) -> SandboxDeclaration | None:
    states = (DeclarationState.ASKED.value, DeclarationState.INCOMPLETE.value)
    is_it = (col(SandboxDeclaration.user_id) == user_id, col(SandboxDeclaration.state).in_(states))
    return session.execute(select(SandboxDeclaration).where(*is_it)).scalars().first()


def _tell(session: Session, found: SandboxDeclaration) -> None:
    tell(session, DECLARATION, found.id)
    tell(session, USER, found.user_id)


def _as_declaration(found: SandboxDeclaration) -> Declaration:
    return Declaration(found.id, DeclarationState(found.state), found.reason, found.explanation)
