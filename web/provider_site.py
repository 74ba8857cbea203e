"""The address that payment providers call when something changed. Such a call proves nothing: see the port."""

import secrets

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from billing.events import PROVIDER_EVENT
from billing.providers.mangopay import hooks
from foundation import keys, outbox
from foundation.errors import NotFound
from foundation.settings import Settings

PATH = "/providers/mangopay"
_PURPOSE = "mangopay hooks"
router = APIRouter(prefix=PATH, include_in_schema=False)


def hook_path(settings: Settings) -> str:
    """Return the path that Mangopay calls, with its word that nobody guesses."""
    return f"{PATH}/{keys.derived(settings, _PURPOSE).hex()[:32]}"


@router.get("/{word}")
def hear(request: Request, word: str) -> Response:
    """Note that something changed, and answer at once: Mangopay waits for two seconds."""
    settings: Settings = request.app.state.settings
    expected = hook_path(settings).rpartition("/")[2]
    if not settings.mangopay_client_id or not secrets.compare_digest(word.encode(), expected.encode()):
        raise NotFound("nobody is called here")
    resource = hooks.read_hook(request.query_params)
    if resource is not None:
        with request.app.state.database.writing() as session:
            outbox.record(session, PROVIDER_EVENT, [resource.key])
    return PlainTextResponse("")
