"""The addresses where operators look at papers in the place of a payment provider, and see what else waits there."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from accounts.models.experts import Expert
from billing import declaration_texts, identity_files, providers
from billing.identity_paper_texts import REASONS, SANDBOX_REASONS, name_of
from billing.models.identity_papers import OwnerDetails
from billing.models.provider_parties import ProviderUser
from billing.models.sandbox import SandboxPaper
from billing.providers import sandbox_papers
from foundation import audits, clock, keys
from foundation.errors import NotFound
from foundation.i18n import Language, message, translate
from web import audit_lines, operator_desk
from web.files_site import LETTER_POLICY
from web.forms import Form
from web.operator_desk import PAGE, known
from web.pages import declarations
from web.rendering import language_of

PATH = f"{operator_desk.PATH}/papers"
LONGEST_EXPLANATION = 500
RECENT = 10
DECIDED = "decided_identity_paper"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """List the papers that wait to be looked at, with whom they have to be about."""
    return page(request, {}, {})


@router.get("/{sandbox_paper_id}/pages/{place:int}")
def show_page(request: Request, sandbox_paper_id: str, place: int) -> Response:
    """Send a file of a paper that waits; who looked at it is logged."""
    operator, key = operator_desk.operator(request), _page_key(request)
    with operator_desk.database(request).writing() as session:
        paper = _find(session, sandbox_paper_id)
        content = sandbox_papers.page(session, paper.id, min(place, identity_files.MOST_FILES + 1), key)
        expert_id = _expert_id(session, paper)
        audits.record(
            session, operator.actor, "read_identity_paper", "expert", expert_id, at=clock.now(), kind=paper.kind
        )
    kind = identity_files.media_type(content) or "application/octet-stream"
    how = "inline" if kind in {identity_files.JPEG, identity_files.PNG} else "attachment"
    headers = {
        "Content-Disposition": f'{how}; filename="{paper.kind}-{place}.{kind.rpartition("/")[2]}"',
        "Content-Security-Policy": LETTER_POLICY,
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(content, media_type=kind, headers=headers)


@router.post("/{sandbox_paper_id}/validate")
def validate(request: Request, sandbox_paper_id: str) -> Response:
    """Validate a paper."""
    return _decide(request, sandbox_paper_id, "paper_validated")


@router.post("/{sandbox_paper_id}/refuse")
def refuse(request: Request, sandbox_paper_id: str, form: Form) -> Response:
    """Refuse a paper, for a reason that the expert is mailed."""
    operator_desk.operator(request)
    faults, explanation = check_refusal(request, form, SANDBOX_REASONS)
    if faults:
        return page(request, {**form, "id": sandbox_paper_id}, faults, status=422)
    return _decide(request, sandbox_paper_id, "paper_refused", form["reason"], explanation)


def check_refusal(request: Request, form: Mapping[str, str], reasons: Collection[str]) -> tuple[dict[str, str], str]:
    """Return what is wrong with a refusal, by field, and what it says in somebody's own words."""
    language, faults = language_of(request), dict[str, str]()
    explanation = " ".join(form.get("explanation", "").split())
    if form.get("reason") not in reasons:
        faults["reason"] = translate(language, message("Please choose a reason."))
    if len(explanation) > LONGEST_EXPLANATION:
        most = message("At most %(most)d characters, please.")
        faults["explanation"] = translate(language, most, most=LONGEST_EXPLANATION)
    return faults, explanation


def _decide(
    request: Request, sandbox_paper_id: str, done: str, reason: str | None = None, explanation: str = ""
) -> Response:
    operator = operator_desk.operator(request)

    def decide() -> None:
        with operator_desk.database(request).writing() as session:
            paper = _find(session, sandbox_paper_id)
            expert_id, kind = _expert_id(session, paper), paper.kind
            sandbox_papers.decide(session, paper.id, reason=reason, explanation=explanation)
            outcome = reason or "validated"
            audits.record(
                session, operator.actor, DECIDED, "expert", expert_id, at=clock.now(), kind=kind, outcome=outcome
            )

    return operator_desk.act(PATH, done, decide)


def _find(session: Session, sandbox_paper_id: str) -> SandboxPaper:
    found = session.get(SandboxPaper, known(sandbox_paper_id))
    if found is None:
        raise NotFound("there is no such paper")
    return found


def _expert_id(session: Session, paper: SandboxPaper) -> str:
    user = session.get(ProviderUser, sandbox_papers.owner_key(session, paper))
    return user.party_id if user else paper.user_id


def page(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    """Show what waits; a form that was refused is the one about `form["id"]`."""
    operator_desk.operator(request)
    language = language_of(request)
    provider = providers.choose(operator_desk.database(request), request.app.state.settings)
    with operator_desk.database(request).reading() as session:
        papers = sandbox_papers.waiting(session, limit=PAGE) if provider.is_sandbox else []
        declared = declarations.waiting(session, _page_key(request), PAGE) if provider.is_sandbox else []
        context: dict[str, Any] = {
            "rows": [_row(session, paper) | {"name": name_of(paper.kind, language)} for paper in papers],
            "done_before": audit_lines.read(session, audits.entries(session, action=DECIDED, limit=RECENT)),
        }
    context |= {
        "is_sandbox": provider.is_sandbox,
        "declared": declared,
        "reasons": _choices(SANDBOX_REASONS, REASONS, language),
        "declaration_reasons": _choices(declaration_texts.SANDBOX_REASONS, declaration_texts.REASONS, language),
        "form": form,
        "faults": faults,
    }
    return operator_desk.page(request, "papers.html", "papers", context, status=status)


def _choices(codes: Iterable[str], words: Mapping[str, str], language: Language) -> list[tuple[str, str]]:
    return [("", translate(language, message("Please choose")))] + [
        (code, translate(language, words[code])) for code in codes
    ]


def _page_key(request: Request) -> bytes:
    return keys.derived(request.app.state.settings, sandbox_papers.PURPOSE)


def _row(session: Session, paper: SandboxPaper) -> dict[str, Any]:
    expert_id = _expert_id(session, paper)
    return {
        "paper": paper,
        "expert": session.get(Expert, expert_id),
        "details": session.get(OwnerDetails, expert_id),
    }
