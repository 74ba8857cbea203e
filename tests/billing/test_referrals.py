"""Referrals: a code, a sign-up, a first transaction, one reduction; whoever tries to cheat earns nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts import accounts
from accounts.models.accounts import Account, AccountKind, Client, Membership
from accounts.sign_ins import SignedIn
from billing import reductions, referrals
from billing.models.reductions import Reduction, Referral, Refusal
from foundation.audits import AuditEntry
from foundation.database import Database
from foundation.settings import Settings
from tests import signed_in
from tests.billing.identified import AT, expert, identify, who_is
from tests.billing.test_mandates import at_once

SIGNED_UP, COMPLETED = AT, AT + timedelta(days=40)
OTHER_SIREN = "493275291"


def code_of(database: Database, who: SignedIn) -> str:
    return database.write(lambda session: referrals.make_code(session, who, AT))


def refer(database: Database, sponsor: SignedIn, account: Account) -> Referral | None:
    """Have an account that was just made come by a sponsor's code, and its address be confirmed."""
    code = code_of(database, sponsor)
    with database.writing() as session:
        row = session.get_one(Account, account.id)
        row.email_confirmed_at, row.created_at = None, SIGNED_UP
        session.flush()
        noted = referrals.note(session, account.id, f" {code[:4]}-{code[4:].lower()} ", SIGNED_UP)
        row.email_confirmed_at = SIGNED_UP
        session.add(row)
    return noted


def new_expert(database: Database, siren: str = OTHER_SIREN, **columns: object) -> Account:
    account = signed_in.make(database, AccountKind.EXPERT, **columns)
    identify(database, account, registration_number=siren)
    return account


def new_client(database: Database, **columns: object) -> tuple[Account, str]:
    account = signed_in.make(database, AccountKind.COMPANY)
    with database.writing() as session:
        client = session.get_one(Client, session.get_one(Membership, account.id).client_id)
        client.sqlmodel_update({"created_at": SIGNED_UP, "country": "FR", **columns})
        session.add(client)
    return account, client.id


def complete(database: Database, expert_id: str | None, client_id: str, reference: str = "m1", **values: bool) -> None:
    with database.writing() as session:
        settings = Settings(**values)  # pyright: ignore[reportArgumentType]
        referrals.completed(
            session,
            expert_id=expert_id or "",
            client_id=client_id,
            reference=reference,
            at=COMPLETED,
            settings=settings,
        )


def state(database: Database) -> list[tuple[str | None, str | None]]:
    """Return by what each referral was completed, and why it was refused."""
    with database.reading() as session:
        found = session.execute(select(Referral).order_by(Referral.id)).scalars()  # pyright: ignore[reportArgumentType]
        return [(referral.completed_by, referral.refusal) for referral in found]


def earned(database: Database) -> list[str]:
    with database.reading() as session:
        return [reduction.expert_id for reduction in session.execute(select(Reduction)).scalars()]


@pytest.fixture
def sponsor(database: Database) -> SignedIn:
    return expert(database)


def test_the_first_transaction_of_a_referred_expert_earns_one_reduction(database: Database, sponsor: SignedIn) -> None:
    referred = new_expert(database)
    _, client_id = new_client(database)
    assert refer(database, sponsor, referred)
    assert state(database) == [(None, None)]
    for reference in ("m1", "m1", "m2"):
        complete(database, referred.expert_id, client_id, reference)
    assert state(database) == [("m1", None)]
    assert earned(database) == [sponsor.expert_id]
    with database.reading() as session:
        offered = reductions.best(session, sponsor.expert_id or "", client_id)
        assert offered is not None
        assert offered.share_bp == Settings().referral_reduction_bp
        actions = session.execute(select(AuditEntry.action).where(AuditEntry.object_kind == "referral")).scalars()
        assert list(actions) == ["referral_earned"]
        [outcome] = referrals.of(session, sponsor.expert_id or "")
    assert (outcome.kind, outcome.referral.completed_by) == (AccountKind.EXPERT, "m1")


def test_whether_a_company_earns_is_a_setting(database: Database, sponsor: SignedIn) -> None:
    seller = new_expert(database, "552100554")
    for place, (does_earn, siren, refusal) in enumerate(
        [(True, "404833048", None), (False, "542065479", Refusal.CLIENTS_EARN_NOTHING)]
    ):
        account, client_id = new_client(database, registration_number=siren)
        refer(database, sponsor, account)
        complete(database, seller.expert_id, client_id, f"m{place}", referred_clients_earn=does_earn)
        assert (f"m{place}", refusal) in state(database)
    assert len(earned(database)) == 1


def test_a_code_is_made_once_and_read_however_it_is_typed(database: Database, sponsor: SignedIn) -> None:
    code = code_of(database, sponsor)
    assert code_of(database, sponsor) == code
    with database.reading() as session:
        for typed in (code, code.lower(), f" {code[:4]} - {code[4:]}"):
            assert referrals.find_sponsor(session, typed) == sponsor.expert_id
        for wrong in ("", "X", code + "A", "é" * 1000):
            assert referrals.find_sponsor(session, wrong) is None


def test_whoever_has_an_account_is_not_referred_any_more(database: Database, sponsor: SignedIn) -> None:
    code = code_of(database, sponsor)
    there = [signed_in.make(database, AccountKind.EXPERT), signed_in.make(database, AccountKind.OPERATOR)]
    private = signed_in.make(database, AccountKind.PRIVATE_CLIENT, email_confirmed_at=None)
    with database.writing() as session:
        assert [referrals.note(session, account.id, code, AT) for account in (*there, private)] == [None] * 3
        assert referrals.note(session, "nobody", code, AT) is None
    assert state(database) == []


def test_the_same_business_under_a_new_account_was_here_before(database: Database, sponsor: SignedIn) -> None:
    new_expert(database, "404833048", created_at=SIGNED_UP - timedelta(days=1))
    again = new_expert(database, "40483304800022")
    refer(database, sponsor, again)
    _, client_id = new_client(database)
    complete(database, again.expert_id, client_id)
    assert state(database) == [("m1", "known_already")]


@pytest.mark.parametrize("columns", [{"created_at": SIGNED_UP - timedelta(days=1)}, {"vat_number": "FR83404833048"}])
def test_a_company_that_was_here_before_earns_nothing(
    database: Database, sponsor: SignedIn, columns: dict[str, object]
) -> None:
    new_client(database, created_at=SIGNED_UP - timedelta(days=9), registration_number="404833048")
    account, client_id = new_client(database, **columns)
    refer(database, sponsor, account)
    complete(database, new_expert(database).expert_id, client_id, referred_clients_earn=True)
    assert state(database) == [("m1", "known_already")]


def test_a_second_account_of_ones_own_business_earns_nothing(database: Database, sponsor: SignedIn) -> None:
    same = new_expert(database, "73282932000074")
    refer(database, sponsor, same)
    complete(database, same.expert_id, new_client(database)[1])
    assert state(database) == [("m1", "same_company")]
    assert earned(database) == []


def test_a_circle_earns_nothing(database: Database) -> None:
    one, two = new_expert(database, "404833048"), new_expert(database, "542065479")
    three = new_expert(database, "552100554")
    for sponsor, referred in ((one, two), (two, three), (three, one)):
        refer(database, who_is(sponsor), referred)
    complete(database, one.expert_id, new_client(database)[1])
    assert (("m1", "circular") in state(database), earned(database)) == (True, [])


def test_a_transaction_with_the_sponsor_counts_for_nothing_and_the_next_one_does(
    database: Database, sponsor: SignedIn
) -> None:
    referred = new_expert(database)
    refer(database, sponsor, referred)
    _, sponsors = new_client(database, registration_number="732829320")
    _, own = new_client(database, registration_number=OTHER_SIREN)
    for client_id in (sponsors, own):
        complete(database, referred.expert_id, client_id)
        assert state(database) == [(None, None)]
    complete(database, referred.expert_id, new_client(database)[1], "m2")
    assert state(database) == [("m2", None)]


def test_told_at_the_same_time_it_earns_once(database: Database, sponsor: SignedIn) -> None:
    referred = new_expert(database)
    refer(database, sponsor, referred)
    client_id = new_client(database)[1]
    at_once(lambda: complete(database, referred.expert_id, client_id))
    assert earned(database) == [sponsor.expert_id]


def test_an_address_that_nobody_confirmed_is_in_no_list(database: Database, sponsor: SignedIn) -> None:
    referred = new_expert(database)
    refer(database, sponsor, referred)
    with database.writing() as session:
        accounts.get(session, referred.id).email_confirmed_at = None
    with database.reading() as session:
        assert referrals.of(session, sponsor.expert_id or "") == []
