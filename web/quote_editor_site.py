"""The addresses of an expert's drafts: beginning, editing, looking at what would be sent, sending."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from accounts.models.accounts import AccountKind, Client
from accounts.sign_ins import SignedIn
from booking import legal_mentions, offers, quote_documents, quote_drafts, quote_forms, quote_versions, quotes
from booking.missions import Frozen
from booking.models.quotes import Quote, QuoteKind
from booking.quote_documents import Sending
from booking.quote_drafts import ChangedMeanwhile, For
from booking.quote_versions import SentTogether
from foundation import clock
from foundation.database import Database
from foundation.errors import Fault, Invalid
from foundation.i18n import message, translate
from foundation.lifecycles import Refused
from web import attempts, forms, quote_site
from web import sign_ins as edge
from web.forms import Form
from web.pages import quotes as pages
from web.pages import series as series_pages
from web.quote_site import PATH, sending_of
from web.rendering import language_of, private, render
from web.space_site import wants_json


async def read_form(request: Request) -> dict[str, str]:
    """Return the editor's fields; of the ticked mentions, all ids apart by spaces."""
    fields = await forms.read_all_long(request)
    chosen = [value for name, value in fields if name == quote_forms.CHOSEN_MENTIONS]
    return {**dict(fields), quote_forms.CHOSEN_MENTIONS: " ".join(chosen)}


QuoteForm = Annotated[dict[str, str], Depends(read_form)]
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)
EXPERT = AccountKind.EXPERT


@router.get("/new")
def show_beginning(request: Request) -> Response:
    """Ask which kind of quote it is to be, and for whom where no offer and no client says so."""
    return _beginning(request, edge.required(request, EXPERT), dict(request.query_params), ())


@router.post("/new")
def begin(request: Request, form: Form) -> Response:
    """Make a draft and open it."""
    who, language = edge.required(request, EXPERT), language_of(request)
    to = For(*(form.get(name, "") for name in ("offer", "client", "client_name", "client_email")))
    kind = QuoteKind.SCOPING if form.get("kind") == QuoteKind.SCOPING else QuoteKind.MISSION
    try:
        with _database(request).writing() as session:
            quote = quote_drafts.start(session, who, to, kind, language, at=clock.now())
    except Invalid as error:
        return _beginning(request, who, form, error.faults, status=422)
    return forms.lead_on(f"{PATH}/{quote.id}/edit")


@router.get("/{quote_id}/edit")
def show_editor(request: Request, quote_id: str) -> Response:
    """Show the editor."""
    who = edge.required(request, EXPERT)
    return _editor(request, who, quote_id, (), added=request.query_params.get("add", ""))


@router.post("/{quote_id}/edit")
def save(request: Request, quote_id: str, form: QuoteForm) -> Response:
    """Keep what was typed, then do what the button says; a script gets the figures instead of a page."""
    who, language = edge.required(request, EXPERT), language_of(request)
    seen = _edition(form)
    try:
        edition = _database(request).write(
            partial(quote_drafts.save, who=who, quote_id=quote_id, form=form, seen_edition=seen, at=clock.now())
        )
    except ChangedMeanwhile:
        reason = message(
            "This draft was saved elsewhere meanwhile. What you typed is still here: save again to keep it."
        )
        fault = Fault("form", "changed_meanwhile", translate(language, reason))
        if wants_json(request):
            return _json({"errors": [{"field": "form", "message": fault.message}]}, 409)
        return _editor(request, who, quote_id, [fault], typed=form, status=409)
    except (Refused, Frozen) as error:
        return quote_site.refused(request, who, quote_id, error)
    if wants_json(request):
        return _json({"edition": edition, "aside": _aside(request, who, quote_id)}, 200)
    return _next(quote_id, form.get("do", ""))


@router.get("/{quote_id}/preview")
def show_preview(request: Request, quote_id: str) -> Response:
    """Show the version as it would be sent; where something is missing, the editor with what it is."""
    return _preview(request, edge.required(request, EXPERT), quote_id, ())


@router.post("/{quote_id}/send")
def send(request: Request, quote_id: str, form: Form) -> Response:
    """Send the draft, signed by being sent; what was sent before is amended, with a reason."""
    who = edge.required(request, EXPERT)
    sending = sending_of(request, who)
    if not _may_mail(request, who, quote_id):
        reason = message("Too many tries with this address. Please wait an hour.")
        fault = Fault("form", "too_many", translate(sending.language, reason))
        return _preview(request, who, quote_id, [fault], status=429)
    seen, why = _edition(form), form.get("reason", "")
    try:
        with _database(request).writing() as session:
            quote_versions.issue(session, quote_id, seen, why, sending)
    except Invalid as error:
        return _preview(request, who, quote_id, error.faults, reason=why, status=422)
    except ChangedMeanwhile:
        reason = message("The draft has changed since this preview. Please look at it again before you sign.")
        return _preview(
            request, who, quote_id, [Fault("form", "changed", translate(sending.language, reason))], status=409
        )
    except SentTogether:
        return _preview(request, who, quote_id, (), status=409)
    except (Refused, Frozen) as error:
        return quote_site.refused(request, who, quote_id, error)
    return forms.lead_on(f"{PATH}/{quote_id}", done="sent")


def _beginning(
    request: Request, who: SignedIn, form: dict[str, str], faults: Sequence[Fault], *, status: int = 200
) -> Response:
    with _database(request).reading() as session:
        expert_id, offer, client = quotes.expert_of(who), None, None
        if form.get("offer"):
            offer, _ = offers.get(session, expert_id, form["offer"])
            client = session.get_one(Client, offer.client_id)
        elif form.get("client"):
            client = quote_drafts.known_client(session, expert_id, form["client"])
    context = {"client": client, "form": form, "faults": pages.by_field(faults), "offer": offer}
    return private(render(request, "quotes/new.html", language_of(request), context, status=status))


def _editor(
    request: Request,
    who: SignedIn,
    quote_id: str,
    faults: Sequence[Fault],
    *,
    typed: dict[str, str] | None = None,
    added: str = "",
    status: int = 200,
) -> Response:
    language = language_of(request)
    with _database(request).reading() as session:
        quote = quotes.get(session, who, quote_id)
        if fault := quotes.why_fixed(session, quote):
            return quote_site.refused(request, who, quote_id, fault)
        context: dict[str, Any] = {
            **pages.editor(
                quote, legal_mentions.of(session, quote.expert_id), faults, language, typed=typed, added=added
            ),
            "figures": _figures(session, quote, sending_of(request, who)),
            "counterpart": quotes.counterpart_of(session, quote),
            "client": session.get(Client, quote.client_id) if quote.client_id else None,
            "accepted": quote_documents.accepted_version(session, quote),
            "needs": quote_documents.unmet(session, quote.expert_id),
            "advice": series_pages.advice(quote),
            "saved": request.query_params.get("saved", ""),
        }
    return private(render(request, "quotes/edit.html", language, context, status=status))


def _aside(request: Request, who: SignedIn, quote_id: str) -> str:
    language = language_of(request)
    with _database(request).reading() as session:
        quote = quotes.get(session, who, quote_id)
        figures = _figures(session, quote, sending_of(request, who))
        needs = quote_documents.unmet(session, quote.expert_id)
        context = {"figures": figures, "needs": needs, "advice": series_pages.advice(quote)}
    return bytes(render(request, "quotes/_aside.html", language, context).body).decode()


def _preview(
    request: Request, who: SignedIn, quote_id: str, faults: Sequence[Fault], *, reason: str = "", status: int = 200
) -> Response:
    language, sending = language_of(request), sending_of(request, who)
    with _database(request).reading() as session:
        quote = quotes.get(session, who, quote_id)
        if fault := quotes.why_fixed(session, quote):
            return quote_site.refused(request, who, quote_id, fault)
        try:
            ready = quote_documents.prepare(session, quote, sending)
        except Invalid as error:
            return _editor(request, who, quote_id, [*error.faults, *faults], status=422)
        context = {
            **pages.document(ready.document, language),
            "quote": quote,
            "share": ready.share,
            "rate_percent": ready.rate_bp / 100,
            "changes": quote_versions.changes_since(session, quote, ready.document),
            "counterpart": quotes.counterpart_of(session, quote),
            "reason": reason,
            "faults": pages.by_field(faults),
        }
    return private(render(request, "quotes/preview.html", language, context, status=status))


def _next(quote_id: str, what: str) -> Response:
    """Return where a button of the editor leads once the draft is saved."""
    if what == "preview":
        return forms.lead_on(f"{PATH}/{quote_id}/preview")
    if what == "months":
        return forms.lead_on(f"{PATH}/{quote_id}/months")
    kind = what.removeprefix("add_")
    if kind in quote_forms.ROWS:
        return RedirectResponse(f"{PATH}/{quote_id}/edit?add={kind}#{kind}", status_code=303)
    return forms.lead_on(f"{PATH}/{quote_id}/edit", saved="yes")


def _figures(session: Session, quote: Quote, sending: Sending) -> dict[str, Any]:
    estimate = quote_documents.estimate(session, quote, sending)
    return pages.figures(estimate, quote.draft, sending.settings.commission_bp)


def _may_mail(request: Request, who: SignedIn, quote_id: str) -> bool:
    """Count a mail to an own client without account, whose address the expert chose."""
    with _database(request).reading() as session:
        quote = quotes.get(session, who, quote_id)
    return bool(quote.client_id) or attempts.may_mail(request, quote.client_email or "")


def _edition(form: dict[str, str]) -> int:
    typed = form.get("edition", "")
    return int(typed[:9]) if typed.isascii() and typed.isdecimal() else -1


def _json(body: dict[str, Any], status: int) -> Response:
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


def _database(request: Request) -> Database:
    return request.app.state.database
