"""The addresses where operators find people, look at one, and act: suspend, lift, sign out, help with signing in.

What a look shows is personal: each one is an entry of the audit log.
"""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import accounts, people, registrations, second_factors, sign_ins, suspensions
from accounts.models.accounts import AccountKind
from accounts.models.experts import Expert
from accounts.people import Person
from accounts.sign_ins import SignedIn
from foundation import audits, clock, mails
from foundation.errors import Conflict, Fault, Invalid, NotFound
from web import audit_lines, forms, operator_desk, privacy
from web.forms import Form
from web.mails import subject_of
from web.operator_desk import PAGE
from web.pages import departures
from web.rendering import language_of

PATH = f"{operator_desk.PATH}/people"
UNOWNED = "unowned"
"""The kind of what is listed without an account: profiles that were imported."""
LOOKED_AT = "looked_at"
SHOWN = 30
"""Mails and audit entries on a person's page."""
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def find(request: Request) -> Response:
    """List people, the newest first, or those that are looked for; profiles that nobody owns where they are meant."""
    operator = operator_desk.operator(request)
    asked = {name: request.query_params.get(name, "") for name in ("q", "kind", "state", "after")}
    after, is_unowned = asked["after"].replace("\0", ""), asked["kind"] == UNOWNED
    is_sought = bool(asked["q"].strip()) and not (asked["kind"] or asked["state"] or after)
    found, profiles = list[Person](), list[Expert]()
    with operator_desk.database(request).writing() as session:
        if not is_unowned:
            kind = asked["kind"] if asked["kind"] in set(AccountKind) else ""
            found = people.find(session, query=asked["q"], kind=kind, state=asked["state"], after=after, limit=PAGE + 1)
        if is_unowned or is_sought:
            profiles = list(people.find_unowned(session, query=asked["q"], after=after, limit=PAGE + 1))
        shown = len(found[:PAGE]) + len(profiles[:PAGE])
        audits.record(session, operator.actor, LOOKED_AT, "accounts", "", at=clock.now(), shown=shown)
    context: dict[str, Any] = {
        "people": found[:PAGE],
        "profiles": profiles[:PAGE],
        "form": asked,
        "kinds": [*AccountKind, UNOWNED],
        "states": people.STATES,
        "next_after": found[PAGE - 1].account.id if len(found) > PAGE else None,
        "next_profile": profiles[PAGE - 1].id if len(profiles) > PAGE else None,
    }
    return operator_desk.page(request, "people.html", "people", context)


@router.get("/{account_id}")
def show(request: Request, account_id: str) -> Response:
    """Show one person."""
    return _person_page(request, account_id, {}, {})


@router.post("/{account_id}/suspend")
def suspend(request: Request, account_id: str, form: Form) -> Response:
    """Suspend an account, for reasons that its owner gets."""
    operator, at = operator_desk.operator(request), clock.now()
    try:
        statement = suspensions.check(form, language_of(request), today=at.date())
    except Invalid as error:
        return _person_page(request, account_id, form, _prefixed("suspend", error), status=422)

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            suspensions.suspend(session, operator_desk.known(account_id), statement, operator.actor, at=at)

    return operator_desk.act(f"{PATH}/{account_id}", "suspended", work)


@router.post("/{account_id}/{action}")
def do(request: Request, account_id: str, action: str, form: Form) -> Response:
    """Lift or uphold a suspension, sign out everywhere, mail the confirmation anew, reset the second factor."""
    operator = operator_desk.operator(request)
    if action not in _ACTIONS:
        raise NotFound("there is no such action")
    faults: list[Fault] = []
    reason = suspensions.read_text(form, "reason", suspensions.LONGEST_TEXT, language_of(request), faults)
    if faults:
        return _person_page(request, account_id, form, _prefixed(action, Invalid(faults)), status=422)
    return operator_desk.act(
        f"{PATH}/{account_id}", action, lambda: _act(request, operator, account_id, action, reason)
    )


def _act(request: Request, operator: SignedIn, account_id: str, action: str, reason: str) -> None:
    actor, at = operator.actor, clock.now()
    with operator_desk.database(request).writing() as session:
        account = accounts.take(session, operator_desk.known(account_id))
        if action == "lift":
            suspensions.lift(session, account_id, reason, actor, at=at)
        elif action == "uphold":
            suspensions.uphold(session, account_id, reason, actor, at=at)
        elif action == "sign-out":
            sign_ins.end_all(session, account_id)
        elif action == "confirm":
            if account.email_confirmed_at:
                raise Conflict("this address is confirmed already")
            registrations.ask_to_confirm(session, account, at=at)
        elif account.second_factor_since:
            second_factors.remove(session, account_id, actor, at=at)
            sign_ins.end_all(session, account_id)
        else:
            raise Conflict("there is no second factor")
        if _ACTIONS[action]:
            audits.record(session, actor, _ACTIONS[action], accounts.KIND, account_id, at=at, reason=reason)


_ACTIONS = {
    "lift": "",
    "uphold": "",
    "sign-out": "signed_out_by_operator",
    "confirm": "confirmation_sent_again",
    "second-factor": "second_factor_reset",
}
"""What the audit log calls each; empty where the use case says so itself."""


def _person_page(
    request: Request, account_id: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    operator, at = operator_desk.operator(request), clock.now()
    with operator_desk.database(request).writing() as session:
        person = people.get(session, operator_desk.known(account_id))
        if person is None:
            raise NotFound("there is no such account")
        audits.record(session, operator.actor, LOOKED_AT, accounts.KIND, account_id, at=at)
        email = person.account.email
        context: dict[str, Any] = {
            "person": person,
            "state": suspensions.state_of(person.account),
            "is_oneself": person.account.id == operator.account_id,
            "sign_ins": sign_ins.of_account(session, account_id, at=at),
            "mails": [(row, subject_of(row)) for row in mails.to_address(session, email, SHOWN)] if email else [],
            "entries": audit_lines.read(session, audits.about(session, account_id, accounts.KIND, limit=SHOWN)),
            "earliest_end": suspensions.earliest_end(at.date()),
            "ends_first": departures.unfinished(privacy.unfinished_of(session, account_id), language_of(request)),
        }
    return operator_desk.page(
        request, "person.html", "people", {**context, "form": form, "faults": faults}, status=status
    )


def _prefixed(action: str, error: Invalid) -> dict[str, str]:
    """Return faults by the fields of one of several forms on the page, and which form it was."""
    return {**forms.faults_by_field(error), "action": action}
