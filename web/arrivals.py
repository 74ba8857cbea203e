"""What happens when somebody has come in: the cookie, where they go on, what they had before is kept."""

from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from accounts import sign_ins as sign_ins_of_accounts
from accounts.models.accounts import Account, AccountKind
from accounts.sign_ins import SignedIn
from foundation.database import Database
from foundation.i18n import message
from web import arriving_drafts, forms, sheet_drafts, shortlists, sign_ins

TOO_OFTEN = message("Too many tries. Please wait a quarter of an hour.")
CODE_PATH = f"{sign_ins.PATH}/code"
HOMES = {
    AccountKind.EXPERT: "/my/profile",
    AccountKind.COMPANY: "/",
    AccountKind.PRIVATE_CLIENT: "/",
    AccountKind.OPERATOR: "/operator",
}
"""Where each kind of people begins."""


def agent_of(request: Request) -> str:
    """Return what a browser calls itself, for the list of sign-ins that its owner sees."""
    return request.headers.get("user-agent", "")


def open_sign_in(
    session: Session,
    request: Request,
    account: Account,
    before: SignedIn | None,
    *,
    at: datetime,
    is_half: bool = False,
) -> str:
    """Sign an account in, and end what this browser was signed in as `before`: its cookie is about to be replaced.

    `web.sign_ins.anyone` gives `before`; it has to be asked before the transaction, since it may write itself. Where
    the code of the second factor is still to come, `is_half`, nothing is open yet.
    """
    if before:
        sign_ins_of_accounts.end(session, before.account_id, before.sign_in_id)
    return sign_ins_of_accounts.open_for(session, account, agent_of(request), at=at, needs_second_factor=is_half)


def ask_for_code(request: Request, account: Account, token: str, **parameters: str) -> Response:
    """Lead somebody whose sign-in is half done to where the code of their second factor is asked for."""
    response = forms.lead_on(CODE_PATH, **parameters)
    sign_ins.remember(request, response, token, AccountKind(account.kind))
    return response


def welcome(request: Request, account: Account, token: str, *, next_path: str, is_new: bool = False) -> Response:
    """Lead somebody who has just signed in to where they wanted to go."""
    kind = AccountKind(account.kind)
    next_path = next_path or _waiting(request, account)
    path = sign_ins.safe_next(next_path) if next_path else HOMES[kind]
    response = RedirectResponse(f"{path}?welcome=1" if is_new and not next_path else path, status_code=303)
    sign_ins.remember(request, response, token, kind)
    shortlists.carry_over(request, response, account.id)
    draft_path = sheet_drafts.carry_over(request, response, account.id)
    if draft_path and not next_path:
        response.headers["location"] = draft_path
    return response


def _waiting(request: Request, account: Account) -> str:
    """Return where somebody was about to write to an expert before they came in."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return arriving_drafts.path_waiting(session, request, account)
