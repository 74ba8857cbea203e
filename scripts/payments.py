"""`portulan payments`: what the payment provider has to know of this installation."""

import typer

from foundation.errors import Conflict
from foundation.settings import Settings
from scripts import tables
from scripts.tables import AsJson

app = typer.Typer(help="The payment provider.", no_args_is_help=True)


@app.callback()
def payments() -> None:
    """Say what stands in the group, also while it has one command."""


@app.command()
def hooks(as_json: AsJson = False) -> None:
    """Have Mangopay call this site about every event that it listens to; again after PORTULAN_BASE_URL has changed."""
    from billing.providers.mangopay import adapter  # noqa: PLC0415 - the SDK takes a while to load
    from billing.providers.mangopay import hooks as events  # noqa: PLC0415
    from web import provider_site  # noqa: PLC0415

    settings = Settings()
    if not settings.mangopay_client_id:
        raise Conflict(
            "set PORTULAN_MANGOPAY_CLIENT_ID and PORTULAN_MANGOPAY_API_KEY first: the sandbox needs no hooks"
        )
    url = f"{settings.site_address}{provider_site.hook_path(settings)}"
    found = list(events.register(adapter.calls_of(settings), url))
    if as_json:
        tables.put_json([{"event": event, "was": was} for event, was in found])
        return
    tables.put(("event", "was"), found, title="Hooks")
