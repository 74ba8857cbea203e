from datetime import UTC, datetime, timedelta

import pytest

from accounts import sign_ins
from accounts.models.accounts import Account, AccountKind, SignIn
from accounts.sign_ins import LIFETIME, OPERATOR_LIFETIME
from foundation.database import Database
from tests import signed_in

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)


def found(database: Database, token: str, at: datetime) -> sign_ins.SignedIn | None:
    with database.reading() as session:
        answer = sign_ins.find(session, token, at=at)
    return answer[0] if answer else None


@pytest.mark.parametrize(
    ("kind", "lifetime"), [(AccountKind.COMPANY, LIFETIME), (AccountKind.OPERATOR, OPERATOR_LIFETIME)]
)
def test_a_sign_in_ends_unused_and_at_last(database: Database, kind: AccountKind, lifetime: sign_ins.Lifetime) -> None:
    account = signed_in.make(database, kind)
    with database.writing() as session:
        token = sign_ins.open_for(session, account, "Firefox", at=AT)
    tick = timedelta(seconds=1)
    assert found(database, token, AT + lifetime.idle - tick)
    assert found(database, token, AT + lifetime.idle) is None
    at = AT
    while at < AT + lifetime.whole:
        someone = found(database, token, at)
        assert someone
        with database.writing() as session:
            sign_ins.mark_seen(session, someone.sign_in_id, at=at)
        at += lifetime.idle - tick
    assert found(database, token, AT + lifetime.whole) is None


def test_the_token_is_not_in_the_database_and_no_other_opens(database: Database) -> None:
    account = signed_in.make(database, AccountKind.EXPERT)
    with database.writing() as session:
        token = sign_ins.open_for(session, account, "x" * 900, at=AT)
        row = session.get_one(SignIn, sign_ins.of_account(session, account.id, at=AT)[0].id)
        assert token not in str(row.model_dump())
        assert len(row.agent) == sign_ins.LONGEST_AGENT
        assert found(database, row.token_hash, AT) is None
    someone = found(database, token, AT)
    assert someone
    assert (someone.kind, someone.expert_id) == (AccountKind.EXPERT, account.expert_id)
    for wrong in ("", token[:-1], token.upper(), "é"):
        assert found(database, wrong, AT) is None


def test_signing_out_ends_one_or_all_others_and_nobody_elses(database: Database) -> None:
    account, other = (signed_in.make(database, AccountKind.COMPANY) for _ in range(2))
    with database.writing() as session:
        here, there, elsewhere, others = (
            sign_ins.open_for(session, who, "", at=AT) for who in (account, account, account, other)
        )
    mine, theirs = found(database, here, AT), found(database, others, AT)
    assert mine
    assert theirs
    with database.writing() as session:
        sign_ins.end(session, account.id, theirs.sign_in_id)
        sign_ins.end_all(session, account.id, except_id=mine.sign_in_id)
    assert [bool(found(database, token, AT)) for token in (here, there, elsewhere, others)] == [
        True,
        False,
        False,
        True,
    ]


def test_who_is_erased_is_signed_in_nowhere(database: Database) -> None:
    account = signed_in.make(database, AccountKind.COMPANY)
    with database.writing() as session:
        token = sign_ins.open_for(session, account, "", at=AT)
        row = session.get_one(Account, account.id)
        row.email, row.erased_at = None, AT
        session.add(row)
    assert found(database, token, AT) is None


def test_a_password_alone_waits_ten_minutes_for_its_code(database: Database) -> None:
    account = signed_in.make(database, AccountKind.OPERATOR)
    with database.writing() as session:
        token = sign_ins.open_for(session, account, "", at=AT, needs_second_factor=True)
        assert sign_ins.of_account(session, account.id, at=AT) == []
    waiting = found(database, token, AT + timedelta(minutes=9))
    assert waiting
    assert waiting.needs_second_factor
    assert found(database, token, AT + timedelta(minutes=10)) is None
