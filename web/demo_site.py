"""A demonstration's own pages: being one of its people, and reading its mails and SMS. No other installation has them.

Where the sample directory is loaded and no server takes mails, they are files, and whoever tries the site out finds
them here, whoever they were written to.
"""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from accounts import accounts
from foundation import clock, mails, sms
from foundation.database import Database
from foundation.errors import NotFound
from foundation.http import address_of
from foundation.mail_transports import Folder
from foundation.mails import MailRow
from foundation.settings import Settings
from web import arrivals
from web import sign_ins as edge
from web.demo_people import PASSWORD, PEOPLE
from web.forms import Form
from web.rendering import language_of, private, render

HOME = "/demo"
PATH = f"{HOME}/mail"
MOST = 100
OWN_MACHINE = frozenset({"127.0.0.1", "::1", "testclient"})
FRAMING = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src 'self'"
)
"""The policy of a page that holds a mail in a frame."""
FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-top-navigation-by-user-activation"
)
"""The policy of the mail in it: nothing runs or loads; a link that is followed leaves the frame."""
_ADDRESS = re.compile(r"(https?://\S+)")
router = APIRouter(prefix=HOME, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show_people(request: Request) -> HTMLResponse:
    """Show whom one may be."""
    _folder(request)
    return private(render(request, "demo.html", language_of(request), {"people": PEOPLE, "password": PASSWORD}))


@router.post("/sign-in")
def sign_in(request: Request, form: Form) -> Response:
    """Sign in as one of the demonstration's people: only where it runs on the visitor's own machine."""
    _folder(request)
    if address_of(request) not in OWN_MACHINE:
        raise NotFound
    email = next((person.email for person in PEOPLE if person.kind == form.get("kind")), "")
    before = edge.anyone(request)
    with _database(request).writing() as session:
        account = accounts.find_by_email(session, email)
        if account is None:
            raise NotFound
        token = arrivals.open_sign_in(session, request, account, before, at=clock.now())
    return arrivals.welcome(request, account, token, next_path="")


@router.get("/mail")
def list_mails(request: Request) -> HTMLResponse:
    """Show who was written what, the newest first."""
    folder = _folder(request)
    settings: Settings = request.app.state.settings
    with _database(request).reading() as session:
        rows = mails.newest(session, MOST)
        # With a gateway, SMS have really left: they are nobody else's to read.
        texts = [] if settings.sms_url else sms.newest(session, MOST)
    found = [_shown(row, message) for row in rows if (message := _read(folder, row))]
    context = {"mails": found, "sms": texts, "most": MOST}
    return private(render(request, "demo_mails.html", language_of(request), context))


@router.get("/mail/{mail_id}")
def show_mail(request: Request, mail_id: str) -> HTMLResponse:
    """Show a mail, its text and its HTML."""
    row, message = _find(request, mail_id)
    context = {"mail": {**_shown(row, message), "text": _with_links(_part(message, "plain"))}}
    response = private(render(request, "demo_mail.html", language_of(request), context))
    response.headers["Content-Security-Policy"] = FRAMING
    return response


@router.get("/mail/{mail_id}/html")
def show_html(request: Request, mail_id: str) -> HTMLResponse:
    """Give the HTML of a mail, for the frame."""
    _, message = _find(request, mail_id)
    # Links are to leave the frame: what they lead to may be in none.
    html = _part(message, "html").replace("<head>", '<head><base target="_top">', 1)
    response = private(HTMLResponse(html))
    response.headers["Content-Security-Policy"] = FRAMED
    return response


def _folder(request: Request) -> Folder:
    """Return where mails are; anywhere but in a demonstration there is nothing here."""
    settings: Settings = request.app.state.settings
    if settings.smtp_url or not request.app.state.holds_sample():
        raise NotFound
    return Folder(settings.mail_folder)


def _find(request: Request, mail_id: str) -> tuple[MailRow, EmailMessage]:
    folder = _folder(request)
    if "\0" in mail_id:
        raise NotFound
    with _database(request).reading() as session:
        row = session.get(MailRow, mail_id)
    message = _read(folder, row) if row else None
    if row is None or message is None:
        raise NotFound
    return row, message


def _read(folder: Folder, row: MailRow) -> EmailMessage | None:
    content = folder.read(row.id)
    return message_from_bytes(content, policy=default) if content else None  # pyright: ignore[reportArgumentType, reportReturnType]


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body else ""


def _with_links(text: str) -> Markup:
    parts = _ADDRESS.split(text)
    return Markup("").join(
        Markup('<a href="{0}">{0}</a>').format(part) if number % 2 else part for number, part in enumerate(parts)
    )


def _shown(row: MailRow, message: EmailMessage) -> dict[str, Any]:
    return {
        "url": f"{PATH}/{row.id}",
        "recipient": row.recipient,
        "sender": str(message["From"]),
        "subject": str(message["Subject"]),
        "language": row.language,
        "written_at": row.written_at,
    }


def _database(request: Request) -> Database:
    return request.app.state.database
