"""The provider as `billing` knows it, at Mangopay."""

from functools import lru_cache

from billing.providers.mangopay.calls import TIMEOUT_S, Calls, Credentials
from billing.providers.mangopay.creations import Creations
from billing.providers.mangopay.declarations import MangopayDeclarations
from billing.providers.mangopay.names import NAME
from billing.providers.mangopay.papers import MangopayPapers
from billing.providers.mangopay.parties import MangopayParties
from billing.providers.mangopay.parts import Means
from billing.providers.mangopay.payins import MangopayPayins
from billing.providers.mangopay.payouts import MangopayPayouts
from billing.providers.mangopay.statements import MangopayStatements
from billing.providers.mangopay.subscriptions import MangopaySubscriptions
from foundation.database import Database
from foundation.settings import Settings


class Mangopay(
    MangopayPayins,
    MangopayParties,
    MangopayPayouts,
    MangopayPapers,
    MangopayDeclarations,
    MangopaySubscriptions,
    MangopayStatements,
):
    """Mangopay, which holds the money."""

    name = NAME
    is_sandbox = False

    def __init__(self, database: Database, calls: Calls, site_address: str) -> None:
        self._means = Means(calls, Creations(database, calls), site_address)


def connect(database: Database, settings: Settings) -> Mangopay:
    """Return Mangopay as an installation's settings name it."""
    return Mangopay(database, calls_of(settings), settings.site_address)


def calls_of(settings: Settings) -> Calls:
    """Return the requests of an installation; one for a process, which has one token and heeds one limit."""
    credentials = Credentials(
        settings.mangopay_url, settings.mangopay_client_id, settings.mangopay_api_key.get_secret_value()
    )
    return _calls(credentials, TIMEOUT_S)


@lru_cache(maxsize=4)
def _calls(credentials: Credentials, timeout_s: float) -> Calls:
    return Calls(credentials, timeout_s=timeout_s)
