"""Browsers at a site that the tests of a module share."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete

from accounts.models.accounts import Account, Client, Membership
from accounts.models.shortlists import Shortlist
from search_api.models import SavedSearch

_addresses = count()


@contextmanager
def alone(app: FastAPI) -> Iterator[TestClient]:
    """Give a browser at an address of its own; accounts, lists and saved searches are gone afterwards."""
    address = (str(next(_addresses)), 1)
    yield TestClient(app, client=address, base_url="http://testserver", headers={"Accept-Language": "en"})
    with app.state.database.writing() as session:
        for table in (SavedSearch, Shortlist, Membership, Account, Client):
            session.execute(delete(table))
