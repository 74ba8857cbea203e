"""What becomes of suspended accounts when their term has come."""

from datetime import timedelta

from accounts import experts, suspensions
from accounts.models.accounts import Account, AccountKind, Membership, Role
from accounts.suspensions import Statement
from foundation import audits, clock
from foundation.audits import SYSTEM
from foundation.database import Database
from tests import signed_in
from web import terminations


def suspended(database: Database, account: Account) -> None:
    at = clock.now() - timedelta(days=40)
    with database.writing() as session:
        statement = Statement("Section 5.", "Facts.", suspensions.earliest_end(at.date()))
        suspensions.suspend(session, account.id, statement, SYSTEM, at=at)


def test_an_account_is_erased_at_its_term_with_its_profile(database: Database) -> None:
    zoe = signed_in.make(database, AccountKind.EXPERT, "Zoe")
    suspended(database, zoe)
    for _ in range(2):
        terminations.run(database, clock.now())
    with database.reading() as session:
        gone = session.get_one(Account, zoe.id)
        assert (gone.email, gone.name, gone.suspension_reason) == (None, "", None)
        assert gone.erased_at
        assert experts.load(session, [zoe.expert_id or ""]) == []
        found = audits.about(session, zoe.id, "account", limit=9)
    assert [(entry.action, entry.actor_kind) for entry in found if entry.action != "suspended"] == [
        ("erased", "system"),
        ("terminated", "system"),
    ]


def test_who_alone_runs_a_company_with_colleagues_is_closed_and_erased_once_another_does(database: Database) -> None:
    anna = signed_in.make(database, AccountKind.COMPANY, "Anna")
    ben = signed_in.make(database, AccountKind.COMPANY, "Ben")
    with database.writing() as session:
        company = session.get_one(Membership, anna.id).client_id
        session.get_one(Membership, ben.id).client_id = company
        session.get_one(Membership, ben.id).role = Role.BUYER.value
    suspended(database, anna)
    terminations.run(database, clock.now())
    with database.reading() as session:
        assert list(suspensions.to_erase(session)) == [anna.id]
    with database.writing() as session:
        session.get_one(Membership, ben.id).role = Role.OWNER.value
    terminations.run(database, clock.now())
    with database.reading() as session:
        assert session.get_one(Account, anna.id).erased_at
        assert list(suspensions.to_erase(session)) == []
