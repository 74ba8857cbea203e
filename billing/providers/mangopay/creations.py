"""What Mangopay is asked to make: once, whatever is lost on the way.

A row is kept before the call (`provider_requests`), and the row's key goes along as `Idempotency-Key`. Mangopay
remembers keys for a day, also those of requests that failed, and answers 409 to one that it knows: what came of it then
stands at `/responses/{key}`. So:

- no answer: the next try carries the same key, and finds what the first one made;
- 4xx: nothing was made, the key is used up; `Declined`, and whoever asks again does so with another key;
- 5xx: the next try hears from `/responses` that the first one failed. Only after looking for what carries our key as
  its tag is another key used;
- nobody asked again for a day: the key is forgotten, so that it is looked for in the same way.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from billing.models.provider_requests import ProviderRequest
from billing.providers.mangopay.calls import Calls, Refused, Replayed, refusal
from billing.providers.mangopay.names import NAME, derived
from billing.providers.resources import Declined, Guarded
from foundation import clock
from foundation.database import Database, insert
from foundation.errors import Unreachable

REMEMBERED = timedelta(hours=23)
"""For how long keys are relied on; Mangopay keeps them for 24 hours."""
NOTHING = "-"
"""What was made has no id of its own."""
_MONEY = frozenset({"DebitedFunds", "Fees", "DebitedWalletId", "CreditedWalletId", "BankAccountId"})
_KEY = re.compile(r"[A-Za-z0-9-]{16,36}")
Lister = Callable[[], Iterator[Mapping[str, Any]]]
Finder = Callable[[], Mapping[str, Any] | None]

log = structlog.get_logger(__name__)


class Creations:
    """What is made, and kept track of."""

    def __init__(self, database: Database, calls: Calls) -> None:
        self._database, self._calls = database, calls

    def make(
        self,
        key: str,
        path: str,
        body: Mapping[str, Any],
        *,
        read: str,
        params: Mapping[str, str] | None = None,
        others: Lister | None = None,
        instead: Finder | None = None,
    ) -> dict[str, Any]:
        """Make something, or return what was made with the key before.

        `read` is where it stands by its id (`{}`), empty for what has none, with `params`; `others` lists what is like
        it, to look for what was made without our hearing of it; `instead` finds what stands in for it, so that none is
        made. Raises Declined and Unreachable.
        """
        row = self._keep(key, path, body)
        if row.provider_id is not None:
            return self._read(read, row.provider_id, params or {})
        if instead and (known := instead()):
            return self._note(key, known)
        if clock.now() - row.asked_at >= REMEMBERED:
            found = self._find(key, others)
            if found is not None:
                return self._note(key, found)
            row = self._begin_anew(row)
        try:
            answer = self._calls.post(path, body, _wire_key(row))
        except Replayed:
            answer = self._recover(row, others)
        except Refused as error:
            self._begin_anew(row)
            raise Declined(str(error)) from error
        return self._note(key, answer)

    def _recover(self, row: ProviderRequest, others: Lister | None) -> dict[str, Any]:
        """Return what was made by a request whose answer was lost; raise Declined where it was refused."""
        past = self._calls.get(f"/responses/{_wire_key(row)}")
        if past is None:
            raise Unreachable("Mangopay is still at it")
        status, content = int(past["StatusCode"]), past.get("Resource")
        if status < 400:
            log.info("found what was made before", path=row.path, key=row.key)
            return content or {}
        if status < 500:
            self._begin_anew(row)
            raise Declined(str(refusal(status, content)))
        found = self._find(row.key, others)
        if found is None:
            self._begin_anew(row)
            raise Unreachable(f"Mangopay failed ({status}); it is asked anew")
        return dict(found)

    def _find(self, key: str, others: Lister | None) -> dict[str, Any] | None:
        try:
            return next((dict(item) for item in others() if item.get("Tag") == key), None) if others else None
        except Guarded as error:
            raise Unreachable("Mangopay shows what was made only with its owner") from error

    def _read(self, read: str, provider_id: str, params: Mapping[str, str]) -> dict[str, Any]:
        try:
            found = self._calls.get(read.format(provider_id), **params) if read else {"Id": provider_id}
        except Guarded as error:
            raise Unreachable("Mangopay shows what was made only with its owner") from error
        if found is None:
            raise Unreachable("what Mangopay has made is not there")
        return found

    def _keep(self, key: str, path: str, body: Mapping[str, Any]) -> ProviderRequest:
        fingerprint = _fingerprint(path, body)
        fresh = ProviderRequest(key=key, provider=NAME, path=path, fingerprint=fingerprint, asked_at=clock.now())

        def keep(session: Session) -> ProviderRequest:
            session.execute(insert(session, ProviderRequest).values(**fresh.model_dump()).on_conflict_do_nothing())
            return session.get_one(ProviderRequest, key)

        row = self._database.write(keep)
        if row.fingerprint != fingerprint:
            raise ValueError(f"something else was asked with the key {key}")
        return row

    def _begin_anew(self, row: ProviderRequest) -> ProviderRequest:
        """Have the next try carry another key: it is sure that nothing was made with this one."""

        def begin(session: Session) -> ProviderRequest:
            found = session.get_one(ProviderRequest, row.key, with_for_update=True, populate_existing=True)
            if found.turn == row.turn:
                found.turn, found.asked_at = row.turn + 1, clock.now()
            session.flush()
            return found

        return self._database.write(begin)

    def _note(self, key: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        def note(session: Session) -> None:
            found = session.get_one(ProviderRequest, key, with_for_update=True, populate_existing=True)
            found.provider_id = found.provider_id or str(answer.get("Id") or NOTHING)

        self._database.write(note)
        return dict(answer)


def _fingerprint(path: str, body: Mapping[str, Any]) -> str:
    """Return what must stay the same whenever a key comes again: where it goes, and the money."""
    money = {name: value for name, value in body.items() if name in _MONEY}
    return hashlib.sha256(json.dumps([path, money], sort_keys=True).encode()).hexdigest()


def _wire_key(row: ProviderRequest) -> str:
    """Return the key as it is sent: 16 to 36 letters, digits and hyphens; another one for each turn."""
    return row.key if row.turn == 1 and _KEY.fullmatch(row.key) else derived(row.key, str(row.turn))
