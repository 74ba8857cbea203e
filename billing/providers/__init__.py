"""Payment providers: who really holds the money, behind one port."""

from billing.providers.interface import Provider
from billing.providers.sandbox import Sandbox
from billing.providers.sandbox_papers import PURPOSE as SANDBOX_PAGES
from foundation import keys
from foundation.database import Database
from foundation.settings import Settings


def choose(database: Database, settings: Settings) -> Provider:
    """Return the provider of an installation: Mangopay where the settings name an account there, else the sandbox."""
    if not settings.mangopay_client_id:
        return Sandbox(database, keys.derived(settings, SANDBOX_PAGES))
    from billing.providers.mangopay import adapter  # noqa: PLC0415 - most processes never need the SDK

    return adapter.connect(database, settings)
