"""What happens when somebody has come in: the cookie, where they go on, what they had before is kept."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from accounts.models.accounts import Account, AccountKind
from foundation.i18n import message
from web import shortlists, sign_ins

TOO_OFTEN = message("Too many tries. Please wait a quarter of an hour.")
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


def welcome(request: Request, account: Account, token: str, *, next_path: str, is_new: bool = False) -> Response:
    """Lead somebody who has just signed in to where they wanted to go."""
    kind = AccountKind(account.kind)
    path = sign_ins.safe_next(next_path) if next_path else HOMES[kind]
    response = RedirectResponse(f"{path}?welcome=1" if is_new and not next_path else path, status_code=303)
    sign_ins.remember(request, response, token, kind)
    shortlists.carry_over(request, response, account.id)
    return response
