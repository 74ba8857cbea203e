"""A site that stands on the stand-in for Mangopay: each calls the other, over sockets."""

import re
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi.testclient import TestClient

from accounts.models.accounts import Account
from accounts.sign_ins import SignedIn
from billing import escrows
from billing.models.escrows import Escrow
from billing.providers.mangopay import adapter, hooks
from foundation import outbox
from foundation.database import Database
from foundation.settings import Settings
from tests import signed_in
from tests.builders import directory, eventually, settings_in
from tests.mangopay import server
from tests.mangopay.server import StandIn
from web import app, provider_site


@dataclass
class Place:
    """A site that listens, a browser at it, and the stand-in that calls it."""

    client: TestClient
    stand_in: StandIn
    settings: Settings

    @property
    def database(self) -> Database:
        return self.client.app.state.database  # pyright: ignore[reportFunctionMemberAccess]

    def be(self, who: SignedIn) -> None:
        """Have the browser be somebody's."""
        with self.database.reading() as session:
            account = session.get_one(Account, who.account_id)
        self.client.cookies.clear()
        signed_in.sign_in(self.client, account)

    def escrow(self, reference: str) -> Escrow:
        with self.database.reading() as session:
            return escrows.of(session, reference)

    def settle(self) -> None:
        """Wait until all that is owed about money has been delivered."""

        def owed() -> int:
            with self.database.reading() as session:
                topics = ("billing.wire_wanted", "billing.provider_event", "billing.refund_agreed")
                return sum(outbox.count(session, topic) for topic in topics)

        eventually(lambda: not owed())

    def register_hooks(self) -> None:
        """Register the site's hooks, as the command does."""
        url = f"{self.settings.site_address}{provider_site.hook_path(self.settings)}"
        assert list(hooks.register(adapter.calls_of(self.settings), url))

    def last_card(self) -> tuple[str, dict[str, Any]]:
        """Return the id of the card payment that was begun last, and what Mangopay has of it.

        Where to send a transfer is a payment as well, which is asked for whenever one has come.
        """
        payins = self.stand_in.state.items["payins"].items()
        return [(key, one) for key, one in payins if one["PaymentType"] == "CARD"][-1]

    def read(self, path: str, pattern: str) -> str:
        """Return what a page says at the first place of a pattern."""
        page = self.client.get(path)
        found = re.search(pattern, page.text)
        assert found, f"{page.status_code} {page.url}: {pattern}"
        return found[1].strip()

    def wire_reference(self, reference: str) -> str:
        """Return what a transfer for an escrow has to carry."""
        return self.read(f"/payments/{reference}", r'data-testid="wire-reference"[^>]*>([^<]+)<')


@contextmanager
def serving(folder: Path, records: Iterable[dict[str, Any]] = ()) -> Iterator[Place]:
    """Serve a directory's site while the block runs."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with server.serving() as stand_in:
        values: dict[str, Any] = {
            "mangopay_client_id": server.CLIENT,
            "mangopay_api_key": server.API_KEY,
            "mangopay_url": stand_in.url,
            "base_url": address,
        }
        settings = settings_in(folder, **values)
        with directory(settings.data_dir, records, encoder="none"):
            pass
        site = app.create(settings)
        running = uvicorn.Server(uvicorn.Config(site, log_config=None, lifespan="off"))
        with TestClient(site, base_url=address) as client:
            client.headers["Accept-Language"] = "en"
            thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
            thread.start()
            yield Place(client, stand_in, settings)
            running.should_exit = True
            thread.join()
