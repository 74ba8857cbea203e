"""Saved searches: kept by a client, run again, renamed, deleted and taken back (mission row B8)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from foundation.database import hold
from foundation.errors import Conflict, NotFound
from foundation.i18n import Language
from search_api.models import Frequency, SavedSearch
from search_api.requests import Parameters

MOST = 20
LONGEST_NAME = 120
KEPT_REMOVED = timedelta(days=1)
"""For how long a deletion can be taken back."""
_OF_A_PAGE = {"lang", "explain", "page", "size"}


class TooManySearches(Conflict):
    """An account has as many saved searches as it may."""


def essence(parameters: Parameters) -> dict[str, Any]:
    """Return what makes a search the same one on each of its pages, as JSON."""
    return parameters.model_dump(mode="json", exclude_defaults=True, exclude=_OF_A_PAGE)


def parameters_of(saved: SavedSearch, language: Language) -> Parameters:
    """Return what a saved search asks, for a reader of a language."""
    return Parameters.model_validate({**saved.parameters, "lang": language})


def save(
    session: Session,
    account_id: str,
    name: str,
    parameters: Parameters,
    frequency: Frequency,
    *,
    found_now: Sequence[str],
    at: datetime,
) -> str:
    """Keep a search and return its id; who is `found_now` will never be told as new. Raise TooManySearches."""
    hold(session, f"saved searches {account_id}")
    if count(session, account_id) >= MOST:
        raise TooManySearches(f"at most {MOST} searches can be saved")
    saved = SavedSearch(
        account_id=account_id,
        name=name,
        parameters=essence(parameters),
        frequency=frequency.value,
        saved_at=at,
        looked_at=at,
        told=list(found_now),
    )
    session.add(saved)
    return saved.id


def count(session: Session, account_id: str) -> int:
    """Count an account's saved searches."""
    statement = select(func.count()).where(
        col(SavedSearch.account_id) == account_id, col(SavedSearch.removed_at).is_(None)
    )
    return session.execute(statement).scalar_one()


def of_account(session: Session, account_id: str) -> Sequence[SavedSearch]:
    """Return an account's saved searches, the last saved first."""
    statement = (
        select(SavedSearch)
        .where(col(SavedSearch.account_id) == account_id, col(SavedSearch.removed_at).is_(None))
        .order_by(col(SavedSearch.saved_at).desc(), col(SavedSearch.id))
    )
    return session.execute(statement).scalars().all()


def get(
    session: Session, account_id: str, search_id: str, *, is_removed: bool = False, to_change: bool = False
) -> SavedSearch:
    """Return one of an account's saved searches; raise NotFound for anybody else's."""
    removed_at = col(SavedSearch.removed_at)
    statement = select(SavedSearch).where(
        col(SavedSearch.id) == search_id,
        col(SavedSearch.account_id) == account_id,
        removed_at.is_not(None) if is_removed else removed_at.is_(None),
    )
    saved = session.execute(statement.with_for_update() if to_change else statement).scalar_one_or_none()
    if saved is None:
        raise NotFound("there is no such saved search")
    return saved


def change(session: Session, account_id: str, search_id: str, *, name: str, frequency: Frequency) -> None:
    """Call a search something else, or have it mailed more or less often."""
    saved = get(session, account_id, search_id, to_change=True)
    saved.name, saved.frequency = name, frequency.value


def remove(session: Session, account_id: str, search_id: str, *, at: datetime) -> None:
    """Delete a search, such that it can be taken back."""
    get(session, account_id, search_id, to_change=True).removed_at = at


def restore(session: Session, account_id: str, search_id: str) -> None:
    """Take a deletion back; raise TooManySearches if others took the room."""
    hold(session, f"saved searches {account_id}")
    saved = get(session, account_id, search_id, is_removed=True, to_change=True)
    if count(session, account_id) >= MOST:
        raise TooManySearches(f"at most {MOST} searches can be saved")
    saved.removed_at = None


def find_mailed(session: Session, search_id: str, *, to_change: bool = False) -> SavedSearch:
    """Return the search that a mail was about, whoever opens its link; raise NotFound."""
    statement = select(SavedSearch).where(col(SavedSearch.id) == search_id)
    saved = session.execute(statement.with_for_update() if to_change else statement).scalar_one_or_none()
    if saved is None:
        raise NotFound("there is no such saved search")
    return saved


def stop(session: Session, search_id: str) -> None:
    """Mail nothing more about a search."""
    find_mailed(session, search_id, to_change=True).frequency = Frequency.OFF.value


def sweep(session: Session, *, at: datetime) -> None:
    """Drop for good what was deleted a while ago."""
    session.execute(delete(SavedSearch).where(col(SavedSearch.removed_at) < at - KEPT_REMOVED))


def forget(session: Session, account_id: str) -> None:
    """Drop all of an account's saved searches."""
    session.execute(delete(SavedSearch).where(col(SavedSearch.account_id) == account_id))
