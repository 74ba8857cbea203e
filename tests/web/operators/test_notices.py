"""Anybody reports, an operator decides, and nothing vanishes without a word."""

import re

import pytest
from fastapi.testclient import TestClient

from accounts import experts
from accounts.models.accounts import Account, AccountKind
from foundation import mails
from foundation.database import Database
from tests import signed_in
from tests.builders import eventually

NOTICE = {
    "ground": "defamation",
    "explanation": "It insults.",
    "name": "Ben",
    "email": "ben@example.org",
    "good_faith": "yes",
}
VERDICT = {"reason": "Terms, section 5.", "facts": "It names no fact."}


@pytest.fixture
def profile(database: Database) -> tuple[str, str]:
    """Return the address of a profile, and the id of its worst review."""
    with database.reading() as session:
        (found,) = experts.load(session, [experts.get(session, "H001").id])
        return f"/experts/{found.expert.slug}", min(found.reviews, key=lambda review: review.rating).id


def waiting(client: TestClient) -> str:
    """Return the address of the only notice that waits."""
    (path,) = re.findall(r'<a href="(/operator/notices/[\w-]+)"', client.get("/operator/notices").text)
    return path


def templates(database: Database, address: str) -> list[str]:
    with database.reading() as session:
        return sorted(mail.template for mail in mails.to_address(session, address, 9))


def test_a_review_is_reported_hidden_counted_no_more_and_brought_back(
    client: TestClient, database: Database, profile: tuple[str, str]
) -> None:
    path, review = profile
    assert f"{path}/report?review={review}" in client.get(path).text
    assert "Faux." in client.get(f"{path}/report", params={"review": review}).text
    refused = client.post(f"{path}/report", data={**NOTICE, "review": review, "good_faith": "", "email": "x"})
    assert refused.status_code == 422
    assert refused.text.count('data-testid="fault-') == 2
    assert "It insults." in refused.text
    assert "Its number is" in client.post(f"{path}/report", data={**NOTICE, "review": review}).text
    assert templates(database, "ben@example.org") == ["notice_received"]

    signed_in.as_new(client, AccountKind.OPERATOR, "Olga")
    assert 'data-testid="card-notices"' in client.get("/operator").text
    notice = waiting(client)
    page = client.get(notice).text
    for told in ("It insults.", "Faux.", "Ben", "ben@example.org"):
        assert told in page
    assert client.post(f"{notice}/decide", data={**VERDICT, "decision": "suspended"}).status_code == 422
    assert client.post(f"{notice}/decide", data={"decision": "review_hidden"}).status_code == 422
    assert "Decided." in client.post(f"{notice}/decide", data={**VERDICT, "decision": "review_hidden"}).text
    assert "Somebody was quicker" in client.post(f"{notice}/decide", data={**VERDICT, "decision": "no_action"}).text
    assert templates(database, "ben@example.org") == ["notice_decided", "notice_received"]
    page = client.get(path).text
    assert "Faux." not in page
    assert "1 review was taken out by the operator" in page
    assert client.get(f"{path}/report", params={"review": review}).status_code == 404
    eventually(lambda: rating(client) == {"mean": 5.0, "count": 1})
    client.post(f"{notice}/undo")
    assert "Faux." in client.get(path).text
    eventually(lambda: rating(client) == {"mean": 3.0, "count": 2})


def rating(client: TestClient) -> dict[str, float]:
    (result,) = client.get("/api/v1/experts", params={"q": "douane"}).json()["results"]
    return result["rating"]


@pytest.mark.usefixtures("operator")
def test_a_comment_alone_can_be_taken_out(client: TestClient, profile: tuple[str, str]) -> None:
    path, review = profile
    client.post(f"{path}/report", data={**NOTICE, "review": review})
    client.post(f"{waiting(client)}/decide", data={**VERDICT, "decision": "comment_hidden"})
    page = client.get(path).text
    assert "Faux." not in page
    assert 'data-testid="muted"' in page
    assert page.count('data-testid="review"') == 2


@pytest.mark.usefixtures("operator")
def test_a_profile_that_is_hidden_is_gone_until_the_decision_is_taken_back(
    client: TestClient, profile: tuple[str, str]
) -> None:
    path, _ = profile
    client.post(f"{path}/report", data=NOTICE)
    notice = waiting(client)
    client.post(f"{notice}/decide", data={**VERDICT, "decision": "profile_hidden"})
    assert client.get(path).status_code == 404
    assert client.get("/api/v1/experts", params={"q": "douane"}).json()["results"] == []
    assert "Hide the profile" in client.get("/operator/notices", params={"state": "decided"}).text
    client.post(f"{notice}/undo")
    assert client.get(path).status_code == 200


def test_an_expert_objects_to_a_review_with_their_own_name(
    client: TestClient, database: Database, profile: tuple[str, str]
) -> None:
    path, review = profile
    with database.reading() as session:
        expert_id = experts.get(session, "H001").id
    zoe: Account = signed_in.as_new(client, AccountKind.EXPERT, "Zoe", expert_id=expert_id)
    page = client.get(f"{path}/report", params={"review": review}).text
    assert "Objection to a review" in page
    assert 'name="email"' not in page
    sent = {"ground": "false_review", "explanation": "Never met.", "good_faith": "yes", "review": review}
    client.post(f"{path}/report", data=sent)
    assert templates(database, zoe.email or "") == ["notice_received"]
    signed_in.as_new(client, AccountKind.OPERATOR, "Olga")
    assert "objection of the expert" in client.get("/operator/notices").text


def test_only_one_ground_lets_people_stay_nameless(client: TestClient, profile: tuple[str, str]) -> None:
    path, _ = profile
    nameless = {**NOTICE, "name": "", "email": ""}
    assert client.post(f"{path}/report", data=nameless).status_code == 422
    assert "Its number is" in client.post(f"{path}/report", data={**nameless, "ground": "child_abuse"}).text


def test_notices_have_a_limit_and_unknown_things_are_not_found(client: TestClient, profile: tuple[str, str]) -> None:
    path, _ = profile
    assert client.get("/experts/nobody/report").status_code == 404
    assert client.post(f"{path}/report", data={**NOTICE, "review": "x"}).status_code == 404
    assert client.post(f"{path}/report", data={**NOTICE, "explanation": "x" * 59_000}).status_code == 422
    answers = [client.post(f"{path}/report", data=NOTICE).status_code for _ in range(8)]
    assert answers[-1] == 429
    assert answers[0] == 200
