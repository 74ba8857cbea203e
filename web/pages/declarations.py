"""Who owns an expert's company, where the expert says it, and where operators of the sandbox compare it with papers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from accounts.models.experts import Expert
from billing import declaration_forms
from billing.declaration_texts import reason_of
from billing.declarations import Step
from billing.models.identity_papers import OwnerDetails
from billing.models.provider_parties import ProviderUser
from billing.models.sandbox import SandboxDeclaration
from billing.provider_states import DeclarationState
from billing.providers import sandbox_declarations
from billing.providers.interface import BeneficialOwner
from foundation.i18n import Language, message, translate

STATES: Mapping[DeclarationState, str] = {
    DeclarationState.CREATED: message("On its way"),
    DeclarationState.ASKED: message("Being looked at"),
    DeclarationState.VALIDATED: message("In order"),
    DeclarationState.REFUSED: message("To be declared again"),
    DeclarationState.INCOMPLETE: message("To be completed"),
    DeclarationState.OUTDATED: message("No longer valid"),
}
MISSING = message("To be declared")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A declaration that an operator is to look at."""

    declaration: SandboxDeclaration
    expert: Expert | None
    business: OwnerDetails | None
    people: tuple[BeneficialOwner, ...]


_BACK = frozenset({DeclarationState.REFUSED, DeclarationState.INCOMPLETE})


def context(step: Step | None, given: Mapping[str, str], language: Language) -> dict[str, Any]:
    """Return the template's value; `given` is what fills the form."""
    if step is None or not step.is_wanted:
        return {"declaring": None}
    state = DeclarationState(step.last.state) if step.last else None
    came_back = step.last if state in _BACK else None
    return {
        "declaring": {
            "last": step.last,
            "state": state.value if state else "missing",
            "state_name": translate(language, STATES[state] if state else MISSING),
            "reason": reason_of(came_back.reason, came_back.explanation, language) if came_back else "",
            "may_declare": step.is_possible,
            "waits_for_papers": step.waits_for_papers,
            "people": range(1, declaration_forms.count(given) + 1),
            "may_add": declaration_forms.count(given) < declaration_forms.MOST_PEOPLE,
        }
    }


def waiting(session: Session, page_key: bytes, most: int) -> list[Waiting]:
    """Return the declarations of the sandbox that wait to be looked at, with what they have to agree with."""
    found = sandbox_declarations.waiting(session, limit=most)
    return [_waiting(session, declaration, page_key) for declaration in found]


def _waiting(session: Session, declaration: SandboxDeclaration, page_key: bytes) -> Waiting:
    user = session.get(ProviderUser, sandbox_declarations.owner_key(session, declaration))
    expert = session.get(Expert, user.party_id) if user else None
    business = session.get(OwnerDetails, user.party_id) if user else None
    return Waiting(declaration, expert, business, sandbox_declarations.people(declaration, page_key))
