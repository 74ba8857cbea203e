from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import colleagues
from accounts.colleagues import Position
from accounts.models.accounts import Account, AccountKind, Membership, Role
from accounts.sign_ins import SignedIn
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from tests import signed_in

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
MOVES = st.sampled_from(["owner", "buyer", "viewer", "remove"])


def host_of(database: Database, account: Account) -> SignedIn:
    with database.reading() as session:
        found = session.get_one(Membership, account.id)
    return SignedIn(
        "s", account.id, AccountKind.COMPANY, account.name, "", "en", client_id=found.client_id, role=Role(found.role)
    )


def join(database: Database, host: SignedIn, position: Position) -> Account:
    """Make a colleague of a host."""
    account = signed_in.make(database, AccountKind.PRIVATE_CLIENT)
    with database.writing() as session:
        session.delete(session.get_one(Membership, account.id))
        session.flush()
        invitation = colleagues.Invitation("", position, AT, host.client_id or "")
        colleagues.join(session, account, invitation, at=AT)
    return account


@given(limit=st.one_of(st.none(), st.integers(0, 10**9)), amount=st.integers(0, 10**10), role=st.sampled_from(Role))
def test_only_owners_and_buyers_approve_and_never_above_their_limit(limit: int | None, amount: int, role: Role) -> None:
    may = colleagues.may_approve(Position(role, limit), amount)
    assert may == (role in {Role.OWNER, Role.BUYER} and (limit is None or amount <= limit))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(MOVES, st.integers(0, 3)), max_size=12))
def test_whatever_is_done_a_company_keeps_an_owner(database: Database, moves: list[tuple[str, int]]) -> None:
    first = signed_in.make(database, AccountKind.COMPANY)
    host = host_of(database, first)
    people = [first, *(join(database, host, Position(Role.VIEWER, None)) for _ in range(3))]
    for move, index in moves:
        with suppress(Conflict, NotFound), database.writing() as session:
            if move == "remove":
                colleagues.remove(session, host, people[index].id, at=AT)
            else:
                colleagues.change_position(session, host, people[index].id, Position(Role(move), None), at=AT)
    with database.reading() as session:
        left = [membership.role for _, membership in colleagues.members(session, host.client_id or "")]
    assert Role.OWNER in left


def test_only_owners_change_anything_and_only_in_their_company(database: Database) -> None:
    host = host_of(database, signed_in.make(database, AccountKind.COMPANY))
    stranger = host_of(database, signed_in.make(database, AccountKind.COMPANY))
    buyer = join(database, host, Position(Role.BUYER, 500_000))
    position = Position(Role.OWNER, None)
    for who in (stranger, host_of(database, buyer)):
        with pytest.raises(NotFound), database.writing() as session:
            colleagues.change_position(session, who, buyer.id, position, at=AT)
        with pytest.raises(NotFound), database.writing() as session:
            colleagues.remove(session, who, buyer.id, at=AT)
    with pytest.raises(NotFound), database.writing() as session:
        colleagues.invite(session, host_of(database, buyer), {"email": "x@example.org", "role": "owner"}, "en", at=AT)


def test_an_invitation_is_listed_until_it_is_withdrawn_and_taken_addresses_are_not_invited(database: Database) -> None:
    host = host_of(database, signed_in.make(database, AccountKind.COMPANY))
    other = signed_in.make(database, AccountKind.COMPANY)
    form = {"email": "New@Example.org", "role": "buyer", "limit": "5 000,50"}
    with database.writing() as session:
        colleagues.invite(session, host, form, "en", at=AT)
        (listed,) = colleagues.invitations(session, host.client_id or "", at=AT)
        assert (listed.email, listed.position) == ("new@example.org", Position(Role.BUYER, 500_050))
        with pytest.raises(Invalid):
            colleagues.invite(session, host, {**form, "email": other.email or ""}, "en", at=AT)
        colleagues.withdraw(session, host_of(database, other), "new@example.org", at=AT)
        assert colleagues.invitations(session, host.client_id or "", at=AT)
        colleagues.withdraw(session, host, "new@example.org", at=AT)
        assert colleagues.invitations(session, host.client_id or "", at=AT) == []


@pytest.mark.parametrize("limit", ["-1", "1e30", "NaN", "much", "0.001", "10000001"])
def test_a_limit_that_is_no_amount_is_refused(limit: str) -> None:
    with pytest.raises(Invalid) as refused:
        colleagues.read_position({"role": "buyer", "limit": limit}, "en")
    assert [fault.field for fault in refused.value.faults] == ["limit"]


def test_an_owner_has_no_limit() -> None:
    assert colleagues.read_position({"role": "owner", "limit": "5"}, "en") == Position(Role.OWNER, None)
