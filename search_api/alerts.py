"""Alerts: who is new among the first matches of a saved search, once for each due time.

Each search is owed its own look, so that one which fails holds up no other. A look searches outside of any
transaction; what it found is then told in one, if nobody else did meanwhile.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import experts
from accounts.models.accounts import Account
from accounts.notifications import Topic, wants
from foundation import i18n, outbox
from foundation.i18n import Language
from indexer.documents import Document
from search_api import requests, saved_searches
from search_api.events import ALERT_DUE
from search_api.models import Frequency, SavedSearch
from search_api.pointers import Pointers, Surface, surface_of
from search_api.requests import Parameters
from search_api.searches import Searcher

FIRST = 100
"""Who comes further down is no match to write home about."""
LISTED = 10
MOST_TOLD = 1_000


@dataclass(frozen=True, slots=True)
class Due:
    """That a search is to be looked at, for a due time."""

    search_id: str
    at: datetime

    @property
    def key(self) -> str:
        """Return it as the outbox holds it."""
        return f"{self.search_id} {self.at.isoformat()}"


@dataclass(frozen=True, slots=True)
class Alert:
    """New matches that somebody is to be told: the first ones of `total`."""

    search: SavedSearch
    recipient: Account
    experts: tuple[Document, ...]
    total: int


def parse(key: str) -> Due:
    """Return what a key of the outbox says."""
    search_id, _, at = key.partition(" ")
    return Due(search_id, datetime.fromisoformat(at))


def owe(session: Session, frequency: Frequency, due_at: datetime) -> None:
    """Owe a look to every search of a frequency; one that was missed and one that is due now are one look."""
    statement = select(col(SavedSearch.id)).where(
        col(SavedSearch.frequency) == frequency.value,
        col(SavedSearch.removed_at).is_(None),
        col(SavedSearch.looked_at) < due_at,
    )
    outbox.record(
        session, ALERT_DUE, [Due(search_id, due_at).key for search_id in session.execute(statement).scalars()]
    )


def find_due(session: Session, due: Due) -> tuple[SavedSearch, Account] | None:
    """Return a search that still is to be looked at, held, and who is to be told."""
    statement = (
        select(SavedSearch, Account)
        .join(Account, col(Account.id) == col(SavedSearch.account_id))
        .where(
            col(SavedSearch.id) == due.search_id,
            col(SavedSearch.removed_at).is_(None),
            col(SavedSearch.frequency) != Frequency.OFF.value,
            col(SavedSearch.looked_at) < due.at,
        )
        .with_for_update(of=SavedSearch)
    )
    row = session.execute(statement).one_or_none()
    return (row[0], row[1]) if row and may_be_told(row[1]) else None


def may_be_told(account: Account) -> bool:
    """Tell whether somebody gets alerts at all: the address is confirmed, nothing is suspended, none was refused."""
    is_open = account.email_confirmed_at is not None and account.suspended_at is None and account.erased_at is None
    return is_open and wants(account, Topic.ALERTS)


def look(searcher: Searcher, pointers: Mapping[Surface, Pointers], parameters: Parameters) -> tuple[Document, ...]:
    """Return the first matches of a search as the live profile ranks them; raise Invalid if it can't be asked."""
    asked = parameters.model_copy(update={"page": 1, "size": FIRST, "explain": False})
    request = requests.resolve(asked, searcher.wordlists)
    live = pointers[surface_of(request)].live
    found = replace(searcher, profile=live, arm="live", canary=None).find(request)
    return tuple(item.document for item in found.results)


def tell(session: Session, due: Due, found: Sequence[Document]) -> Alert | None:
    """Note a look that was done, and return what is to be mailed: nothing if nobody is new, or it was done before.

    The database has the last word on who may be shown: a profile may have been hidden since it was found.
    """
    row = find_due(session, due)
    if row is None:
        return None
    saved, account = row
    findable = experts.findable_among(session, [document.id for document in found])
    new = [document for document in new_among(found, saved.told) if document.id in findable]
    saved.looked_at = due.at
    saved.told = told_after(saved.told, [document.id for document in found if document.id in findable])
    if not new:
        return None
    saved.new_ids, saved.new_count, saved.new_at = [document.id for document in new[:LISTED]], len(new), due.at
    return Alert(saved, account, tuple(new[:LISTED]), len(new))


def new_among(found: Sequence[Document], told: Collection[str]) -> list[Document]:
    """Return who was found and never told."""
    known = set(told)
    return [document for document in found if document.id not in known]


def told_after(told: Sequence[str], found_ids: Sequence[str]) -> list[str]:
    """Return who is not new any more: bounded, those who were found longest ago are forgotten first."""
    found = set(found_ids)
    return [*(expert_id for expert_id in told if expert_id not in found), *found_ids][-MOST_TOLD:]


def parameters_of(saved: SavedSearch, account: Account) -> Parameters:
    """Return what a search asks, in the language of whoever is told."""
    return saved_searches.parameters_of(saved, language_of(account))


def language_of(account: Account) -> Language:
    """Return the language of an account's mails."""
    return i18n.known(account.language)
