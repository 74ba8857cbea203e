from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from accounts import links
from accounts.links import LinkEnded
from accounts.models.accounts import AccountKind, MailedLink, Purpose
from foundation.database import Database
from tests import signed_in

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
RESET = Purpose.RESET_PASSWORD


def test_a_link_works_once_and_its_token_is_not_kept(database: Database) -> None:
    account = signed_in.make(database, AccountKind.COMPANY)
    with database.writing() as session:
        token = links.make(session, RESET, account_id=account.id, at=AT)
        assert token not in str([row.model_dump() for row in session.execute(select(MailedLink)).scalars()])
    with database.writing() as session:
        assert links.use(session, RESET, token, at=AT).account_id == account.id
        with pytest.raises(LinkEnded):
            links.use(session, RESET, token, at=AT)


def test_a_link_ends_and_a_newer_one_replaces_it(database: Database) -> None:
    account = signed_in.make(database, AccountKind.COMPANY)
    with database.writing() as session:
        first = links.make(session, RESET, account_id=account.id, at=AT)
        second = links.make(session, RESET, account_id=account.id, at=AT)
        with pytest.raises(LinkEnded):
            links.get(session, RESET, first, at=AT)
        assert links.get(session, RESET, second, at=AT + timedelta(minutes=59))
        with pytest.raises(LinkEnded):
            links.get(session, RESET, second, at=AT + timedelta(hours=1))


def test_a_link_opens_nothing_but_what_it_was_made_for(database: Database) -> None:
    account, other = (signed_in.make(database, AccountKind.COMPANY) for _ in range(2))
    with database.writing() as session:
        token = links.make(session, RESET, account_id=account.id, at=AT)
        links.make(session, RESET, account_id=other.id, at=AT)
        links.make(session, Purpose.CHANGE_EMAIL, account_id=account.id, subject="new@example.org", at=AT)
        for purpose in set(Purpose) - {RESET}:
            with pytest.raises(LinkEnded):
                links.use(session, purpose, token, at=AT)
        assert links.use(session, RESET, token, at=AT).account_id == account.id


def test_what_ended_long_ago_is_swept(database: Database) -> None:
    account = signed_in.make(database, AccountKind.COMPANY)
    with database.writing() as session:
        links.make(session, RESET, account_id=account.id, at=AT)
    for later, left in ((timedelta(days=29), 1), (timedelta(days=31), 0)):
        with database.writing() as session:
            links.sweep(session, at=AT + later)
            assert len(session.execute(select(MailedLink)).all()) == left
