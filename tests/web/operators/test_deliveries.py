"""What is stuck is seen, tried again or dropped; mails that failed are sent again where that helps."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from foundation import audits, clock
from foundation.database import Database
from foundation.mails import MailRow
from foundation.outbox import OutboxRow
from foundation.sms import SmsRow

TOPIC = "test.nobody_reacts"


def stick(database: Database, key: str, *, attempts: int = 12, hours: int = 1) -> int:
    at = clock.now()
    with database.writing() as session:
        row = OutboxRow(
            topic=TOPIC,
            key=key,
            recorded_at=at - timedelta(hours=hours),
            due_at=at,
            attempts=attempts,
            is_dead=attempts >= 12,
            last_error="ValueError: <boom>" if attempts else None,
        )
        session.add(row)
        session.flush()
        return row.id or 0


def rows(database: Database) -> dict[str, OutboxRow]:
    with database.reading() as session:
        found = session.execute(select(OutboxRow).where(OutboxRow.topic == TOPIC)).scalars()  # pyright: ignore[reportArgumentType]
        return {row.key: row for row in found}


@pytest.mark.usefixtures("operator")
def test_dead_letters_are_seen_tried_again_and_dropped_with_a_reason(client: TestClient, database: Database) -> None:
    page = client.get("/operator/deliveries").text
    assert "Nothing is stuck." in page
    one, other, untried = stick(database, "one"), stick(database, "other"), stick(database, "untried", attempts=0)
    stick(database, "fresh", attempts=0, hours=0)
    assert 'data-testid="card-deliveries"' in client.get("/operator").text
    page = client.get("/operator/deliveries").text
    assert page.count('data-testid="delivery"') == 3
    assert "ValueError: &lt;boom&gt;" in page
    assert "1 hour" in page
    client.post("/operator/deliveries/retry", data={"id": str(one)})
    assert (rows(database)["one"].attempts, rows(database)["one"].is_dead) == (0, False)
    assert rows(database)["other"].is_dead
    assert client.post("/operator/deliveries/drop", data={"id": str(other)}).status_code == 422
    client.post("/operator/deliveries/drop", data={"id": str(other), "reason": "The profile is gone."})
    assert "other" not in rows(database)
    page = client.post("/operator/deliveries/drop", data={"id": str(untried), "reason": "Impatience."}).text
    assert "Somebody was quicker" in page
    assert "untried" in rows(database)
    with database.reading() as session:
        (entry,) = audits.entries(session, action="delivery_dropped")
    assert entry.details == {"topic": TOPIC, "key": "other", "reason": "The profile is gone."}


@pytest.mark.usefixtures("operator")
def test_all_of_a_topic_are_tried_again(client: TestClient, database: Database) -> None:
    for key in ("a", "b"):
        stick(database, key, attempts=5)
    client.post("/operator/deliveries/retry", data={"topic": TOPIC})
    assert {row.attempts for row in rows(database).values()} == {0}
    with database.reading() as session:
        (entry,) = audits.entries(session, action="delivery_retried")
    assert entry.details == {"topic": TOPIC, "deliveries": 2}


@pytest.mark.usefixtures("operator")
def test_a_mail_that_failed_is_sent_again_unless_its_link_is_gone(client: TestClient, database: Database) -> None:
    for name, template, values in (
        ("whole", "account_erased", {"name": "Zoe"}),
        ("blank", "reset_password", {"name": "Zoe", "token": "", "lasts_minutes": 60}),
    ):
        with database.writing() as session:
            session.add(
                MailRow(
                    id=name,
                    key=name,
                    recipient="zoe@example.org",
                    language="en",
                    template=template,
                    values=values,
                    written_at=clock.now(),
                    failure="550 no such user",
                )
            )
    page = client.get("/operator/deliveries").text
    assert page.count('data-testid="failed-mail"') == 2
    assert page.count('data-testid="resend"') == 1
    assert "The mail is on its way once more." in client.post("/operator/deliveries/mails/whole/resend").text
    assert "Somebody was quicker" in client.post("/operator/deliveries/mails/blank/resend").text
    assert client.post("/operator/deliveries/mails/none/resend").status_code == 404
    with database.reading() as session:
        whole = session.get(MailRow, "whole")
        assert whole
        assert whole.failure is None


@pytest.mark.usefixtures("operator")
def test_an_sms_that_was_refused_for_good_is_shown_with_its_reason_and_tried_again(
    client: TestClient, database: Database
) -> None:
    for name, text in (("whole", "Your quote is accepted."), ("blank", "")):
        with database.writing() as session:
            session.add(
                SmsRow(
                    id=name,
                    key=name,
                    account_id="somebody",
                    recipient="+33612345678" if text else "",
                    language="en",
                    text=text,
                    written_at=clock.now(),
                    failure="no such number",
                )
            )
    page = client.get("/operator/deliveries").text
    assert page.count('data-testid="failed-sms"') == 2
    assert page.count('data-testid="resend-sms"') == 1
    assert "no such number" in page
    assert "The SMS is on its way once more." in client.post("/operator/deliveries/sms/whole/resend").text
    assert "Somebody was quicker" in client.post("/operator/deliveries/sms/blank/resend").text
    assert client.post("/operator/deliveries/sms/none/resend").status_code == 404
    with database.reading() as session:
        (entry,) = audits.entries(session, action="sms_resent")
        assert entry.object_id == "whole"
