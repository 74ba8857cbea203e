"""The addresses where operators decide on declarations of who owns a company, in the place of a payment provider."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from billing.declaration_texts import SANDBOX_REASONS
from billing.models.provider_parties import ProviderUser
from billing.models.sandbox import SandboxDeclaration
from billing.provider_states import DeclarationState
from billing.providers import sandbox_declarations
from foundation import audits, clock
from foundation.errors import NotFound
from web import operator_desk, operator_papers_site
from web.forms import Form
from web.operator_desk import known

OUTCOMES = {"refuse": DeclarationState.REFUSED, "incomplete": DeclarationState.INCOMPLETE}
router = APIRouter(
    prefix=f"{operator_papers_site.PATH}/declarations",
    include_in_schema=False,
    default_response_class=HTMLResponse,
)


@router.post("/{sandbox_declaration_id}/validate")
def validate(request: Request, sandbox_declaration_id: str) -> Response:
    """Validate a declaration."""
    return _decide(request, sandbox_declaration_id, DeclarationState.VALIDATED, "declaration_validated")


@router.post("/{sandbox_declaration_id}/refuse")
def refuse(request: Request, sandbox_declaration_id: str, form: Form) -> Response:
    """Send a declaration back, for a reason that the expert is mailed: refused, or incomplete."""
    operator_desk.operator(request)
    faults, explanation = operator_papers_site.check_refusal(request, form, SANDBOX_REASONS)
    if faults:
        return operator_papers_site.page(request, {**form, "id": sandbox_declaration_id}, faults, status=422)
    state = OUTCOMES.get(form.get("outcome", ""), DeclarationState.REFUSED)
    return _decide(request, sandbox_declaration_id, state, "declaration_refused", form["reason"], explanation)


def _decide(
    request: Request,
    sandbox_declaration_id: str,
    state: DeclarationState,
    done: str,
    reason: str | None = None,
    explanation: str = "",
) -> Response:
    operator = operator_desk.operator(request)

    def decide() -> None:
        with operator_desk.database(request).writing() as session:
            found = _find(session, sandbox_declaration_id)
            user = session.get(ProviderUser, sandbox_declarations.owner_key(session, found))
            expert_id = user.party_id if user else found.user_id
            sandbox_declarations.decide(session, found.id, state, reason=reason, explanation=explanation)
            outcome = reason or state.value
            audits.record(
                session,
                operator.actor,
                operator_papers_site.DECIDED,
                "expert",
                expert_id,
                at=clock.now(),
                kind="declaration",
                outcome=outcome,
            )

    return operator_desk.act(operator_papers_site.PATH, done, decide)


def _find(session: Session, sandbox_declaration_id: str) -> SandboxDeclaration:
    found = session.get(SandboxDeclaration, known(sandbox_declaration_id))
    if found is None:
        raise NotFound("there is no such declaration")
    return found
