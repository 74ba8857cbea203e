"""Operators and people: finding, looking, suspending, helping back in; each look leaves an entry."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from accounts import accounts, experts, second_factors, sign_ins
from accounts.models.accounts import Account, AccountKind
from foundation import audits, clock, mails
from foundation.audits import SYSTEM
from foundation.database import Database
from tests import signed_in
from web.operator_desk import PAGE

SUSPENSION = {"reason": "Terms, section 5.", "facts": "Three reviews."}


@pytest.fixture
def zoe(client: TestClient, database: Database) -> Account:
    """Make an account for the expert who is found."""
    with database.reading() as session:
        expert_id = experts.get(session, "H001").id
    del client
    return signed_in.make(database, AccountKind.EXPERT, "Élodie Zoe", expert_id=expert_id)


def actions(database: Database, account: Account) -> list[str]:
    with database.reading() as session:
        return [entry.action for entry in audits.entries(session, object_kind=accounts.KIND, object_id=account.id)]


def found(client: TestClient, **asked: str) -> list[str]:
    page = client.get("/operator/people", params=asked).text
    return re.findall(r'desk__who"><a href="/operator/people/([\w-]+)"', page)


def test_people_are_found_by_name_address_ref_company_kind_and_state(
    client: TestClient, database: Database, zoe: Account, operator: Account
) -> None:
    company = signed_in.make(database, AccountKind.COMPANY, "Paul")
    unconfirmed = signed_in.make(database, AccountKind.PRIVATE_CLIENT, "Nora_%", email_confirmed_at=None)
    for query in ("élodie", "ZOE", zoe.email or "", "H001", "Le Goff", zoe.id):
        assert found(client, q=query) == [zoe.id], query
    assert found(client, q="paul & co") == [company.id]
    assert found(client, q="_%") == [unconfirmed.id]
    assert found(client, kind="operator") == [operator.id]
    assert found(client, state="unconfirmed") == [unconfirmed.id]
    assert found(client, state="suspended") == []
    assert set(found(client, state="nonsense", kind="nonsense")) == {zoe.id, company.id, unconfirmed.id, operator.id}


@pytest.mark.usefixtures("operator")
def test_a_long_list_is_walked_through_page_by_page(client: TestClient, database: Database) -> None:
    at = clock.now() - timedelta(days=1)
    made = {
        signed_in.make(database, AccountKind.EXPERT, "Many", created_at=at + timedelta(hours=number // 3)).id
        for number in range(PAGE + 5)
    }
    first = found(client, q="Many")
    second = found(client, q="Many", after=first[-1])
    assert (len(first), len(second)) == (PAGE, 5)
    assert {*first, *second} == made


def test_looking_at_somebody_leaves_an_entry_and_shows_no_mail_but_its_subject(
    client: TestClient, database: Database, zoe: Account, operator: Account
) -> None:
    client.post(f"/operator/people/{zoe.id}/suspend", data=SUSPENSION)
    with database.writing() as session:
        mail = mails.Mail(
            zoe.email or "", "en", "reset_password", {"name": "Zoe", "token": "s3cret-t0ken", "lasts_minutes": 60}
        )
        mails.write(session, mail, key="k", at=clock.now())
    page = client.get(f"/operator/people/{zoe.id}").text
    assert "Your account is suspended" in page
    assert "s3cret-t0ken" not in page
    with database.reading() as session:
        (entry, *_) = audits.entries(session, object_kind=accounts.KIND, object_id=zoe.id, action="looked_at")
    assert entry.actor_account_id == operator.id


def test_suspending_takes_reasons_hides_at_once_and_lifting_restores(
    client: TestClient, database: Database, zoe: Account, operator: Account
) -> None:
    page = f"/operator/people/{zoe.id}"
    refused = client.post(
        f"{page}/suspend", data={"reason": "", "facts": "Kept <b>text</b>", "terminates_on": "2020-01-01"}
    )
    assert refused.status_code == 422
    assert "Kept &lt;b&gt;text" in refused.text
    assert refused.text.count('data-testid="fault-') == 2
    with database.reading() as session:
        slug = experts.get(session, "H001").slug
    assert client.get(f"/experts/{slug}").status_code == 200
    assert "The account is suspended." in client.post(f"{page}/suspend", data=SUSPENSION).text
    assert client.get(f"/experts/{slug}").status_code == 404
    assert client.get("/api/v1/experts", params={"q": "douane"}).json()["results"] == []
    assert "Somebody was quicker" in client.post(f"{page}/suspend", data=SUSPENSION).text
    assert client.post(f"{page}/lift", data={"reason": ""}).status_code == 422
    assert "The suspension is over." in client.post(f"{page}/lift", data={"reason": "Proven."}).text
    assert client.get(f"/experts/{slug}").status_code == 200
    assert [name for name in actions(database, zoe) if name != "looked_at"] == ["suspension_lifted", "suspended"]
    assert "Somebody was quicker" in client.post(f"/operator/people/{operator.id}/suspend", data=SUSPENSION).text


def test_a_suspended_person_reads_why_complains_and_is_answered(
    client: TestClient, database: Database, zoe: Account
) -> None:
    olga = signed_in.as_new(client, AccountKind.OPERATOR, "Olga")
    client.post(f"/operator/people/{zoe.id}/suspend", data=SUSPENSION)
    signed_in.sign_in(client, zoe)
    assert client.post("/account/complaint", data={"complaint": " "}).status_code == 422
    page = client.post("/account/complaint", data={"complaint": "It was not me."}).text
    assert "Terms, section 5." in page
    assert "waits for its answer" in page
    signed_in.sign_in(client, olga)
    assert 'data-testid="card-complaints"' in client.get("/operator").text
    assert found(client, state="complaining") == [zoe.id]
    page = client.get(f"/operator/people/{zoe.id}").text
    assert "It was not me." in page
    client.post(f"/operator/people/{zoe.id}/uphold", data={"reason": "It was."})
    assert "It was not me." not in client.get(f"/operator/people/{zoe.id}").text
    assert "suspension_upheld" in actions(database, zoe)


@pytest.mark.usefixtures("operator")
def test_operators_sign_people_out_send_confirmations_again_and_reset_second_factors(
    client: TestClient, database: Database
) -> None:
    at = clock.now()
    bob = signed_in.make(database, AccountKind.EXPERT, "Bob", email_confirmed_at=None, second_factor_since=at)
    with database.writing() as session:
        token = sign_ins.open_for(session, bob, "a test", at=at)
        second_factors.renew_recovery_codes(session, bob.id, SYSTEM, at=at)
    page = f"/operator/people/{bob.id}"
    for action in ("sign-out", "confirm", "second-factor"):
        assert client.post(f"{page}/{action}").status_code == 422
    assert client.post(f"{page}/explode", data={"reason": "x"}).status_code == 404
    assert "Signed out everywhere." in client.post(f"{page}/sign-out", data={"reason": "Lost phone."}).text
    client.post(f"{page}/confirm", data={"reason": "Asked."})
    client.post(f"{page}/second-factor", data={"reason": "Lost phone."})
    with database.reading() as session:
        assert sign_ins.find(session, token, at=at) is None
        assert [mail.template for mail in mails.to_address(session, bob.email or "", 5)] == [
            "second_factor_changed",
            "confirm_email",
            "second_factor_changed",
        ]
        assert accounts.get(session, bob.id).second_factor_since is None
        assert second_factors.count_recovery_codes(session, bob.id) == 0
    kept = [name for name in actions(database, bob) if name != "looked_at"]
    assert kept == [
        "second_factor_reset",
        "second_factor_removed",
        "confirmation_sent_again",
        "signed_out_by_operator",
        "recovery_codes_renewed",
    ]
    assert "Somebody was quicker" in client.post(f"{page}/second-factor", data={"reason": "Again."}).text
