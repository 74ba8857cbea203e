"""The addresses at which a client decides about quotes: accepting, declining, asking a colleague, comparing."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import accounts
from accounts.sign_ins import SignedIn
from booking import outdated_versions, signatures
from booking.duty_mails import policy_of
from booking.outdated_versions import Outdated
from booking.signatures import Consent, NewerVersion, NotApproved
from foundation import clock
from foundation.database import Database
from foundation.errors import Invalid
from foundation.http import address_of
from foundation.i18n import message, translate
from foundation.lifecycles import Refused
from web import forms, quote_site
from web.forms import Form
from web.pages import contracts
from web.pages import duties as duty_pages
from web.rendering import language_of, private, render
from web.sign_ins import required

MOST_COMPARED = 3
router = APIRouter(prefix=quote_site.PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/compare")
def compare(request: Request) -> Response:
    """Show up to three quotes side by side: those that are named, or those that answer one sheet."""
    who, language = _client(request), language_of(request)
    asked = request.query_params
    with _database(request).reading() as session:
        found = contracts.to_compare(session, who, asked.getlist("quote"), asked.get("sheet", ""), most=MOST_COMPARED)
        context = contracts.comparison(session, found, language, today=clock.today())
    return private(render(request, "quotes/compare.html", language, context))


@router.get("/{quote_id}/accept")
def ask(request: Request, quote_id: str) -> Response:
    """Show what is about to be signed, and ask for what that needs."""
    return _page(request, _client(request), quote_id, {}, {})


@router.post("/{quote_id}/accept")
def accept(request: Request, quote_id: str, form: Form) -> Response:
    """Sign; where something is in the way, say what, with everything that was typed."""
    who, language = _client(request), language_of(request)
    try:
        with _database(request).writing() as session:
            mission = signatures.accept(
                session, who, quote_id, _consent(form), address=address_of(request), language=language, at=clock.now()
            )
            mission_id = mission.id
    except Invalid as error:
        return _page(request, who, quote_id, form, forms.faults_by_field(error), status=422)
    except NewerVersion:
        reason = message("The expert has sent a newer version meanwhile. Please read it before you sign.")
        return _page(request, who, quote_id, {}, {"form": translate(language, reason)}, status=409)
    except Outdated as error:
        with _database(request).writing() as session:
            outdated_versions.ask_to_amend(session, who, quote_id, at=clock.now())
        said = " ".join(translate(language, contracts.OUTDATED[reason]) for reason in error.reasons)
        return _page(request, who, quote_id, form, {"form": said}, status=409)
    except NotApproved:
        return _page(request, who, quote_id, form, {}, status=403)
    except Refused as error:
        return quote_site.refused(request, who, quote_id, error)
    return forms.lead_on(f"/missions/{mission_id}", done="accepted")


@router.post("/{quote_id}/decline")
def decline(request: Request, quote_id: str, form: Form) -> Response:
    """Turn a quote down."""
    who = _client(request)
    try:
        with _database(request).writing() as session:
            signatures.decline(session, who, quote_id, form.get("reason", "").strip(), at=clock.now())
    except Refused as error:
        return quote_site.refused(request, who, quote_id, error)
    return forms.lead_on(f"{quote_site.PATH}/{quote_id}", done="declined")


@router.post("/{quote_id}/ask-approval")
def ask_approval(request: Request, quote_id: str) -> Response:
    """Ask the colleagues who may accept the amount."""
    who = _client(request)
    with _database(request).writing() as session:
        signatures.ask_approval(session, who, quote_id, at=clock.now())
    return forms.lead_on(f"{quote_site.PATH}/{quote_id}/accept", done="asked")


def _client(request: Request) -> SignedIn:
    return required(request, *quote_site.CLIENTS)


def _consent(form: Form) -> Consent:
    """Return what was posted; what is no version is none that was ever sent."""
    version = form.get("version", "")
    return Consent(
        version=int(version) if version.isdecimal() and len(version) < 9 else 0,
        content_hash=form.get("content_hash", ""),
        has_read_terms=bool(form.get("terms")),
        order_number=" ".join(form.get("order_number", "").split()),
        wants_early_start=bool(form.get("early_start")),
    )


def _page(
    request: Request, who: SignedIn, quote_id: str, form: dict[str, str], faults: dict[str, str], *, status: int = 200
) -> Response:
    language, today = language_of(request), clock.today()
    with _database(request).reading() as session:
        signing = signatures.prepare(session, who, quote_id, on=today)
        approvers = [accounts.get(session, account_id).name for account_id in signing.approvers]
        context = contracts.signing(signing, approvers)
        policy = policy_of(request.app.state.settings)
        context |= duty_pages.of_quote(session, who, signing.quote, signing.version, policy, language, today)
    context |= {"form": form, "faults": faults, "done": request.query_params.get("done", "")}
    if not signing.is_open:
        return forms.lead_on(f"{quote_site.PATH}/{quote_id}")
    return private(render(request, "quotes/accept.html", language, context, status=status))


def _database(request: Request) -> Database:
    return request.app.state.database
