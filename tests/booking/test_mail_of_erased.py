"""Somebody is erased while a mail of theirs comes in: neither waits for the other in a circle, and nobody writes on."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from booking import mail_replies, threads
from booking.mail_replies import CanNotWrite
from foundation import clock, received_mails
from tests import conversations
from tests.booking.quoted import AT
from tests.conversations import Talk, mail
from web import privacy


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with conversations.talking(tmp_path) as found:
        found.write(found.client, "Hello?")
        yield found


def test_a_mail_that_comes_in_while_its_author_is_erased_waits_and_is_refused(talk: Talk) -> None:
    raw = mail("x@example.org").as_bytes()
    reply = mail_replies.prepare(received_mails.read(raw, envelope_sender="emile@expert.example"))
    with talk.database.writing() as session:
        key = threads.mark_of(session, talk.thread_id, talk.expert.id).reply_key
        # What is erased with the account, so that both have more than one row to wait for.
        mail_replies.receive(session, key, reply, raw, at=clock.now())
    second = mail_replies.prepare(
        received_mails.read(mail("x@example.org", body="And?").as_bytes(), envelope_sender="")
    )
    came: list[BaseException | None] = []

    def receive() -> None:
        try:
            with talk.database.writing() as session:  # once: a circle is not to be cut by trying again
                mail_replies.receive(session, key, second, b"", at=clock.now())
            came.append(None)
        except BaseException as error:  # noqa: BLE001 - whatever it was is looked at below
            came.append(error)

    with talk.database.writing() as session:
        privacy.accounts.take(session, talk.expert.id)
        thread = threading.Thread(target=receive)
        thread.start()
        time.sleep(0.5)  # it has begun, and waits
        privacy.erase(session, talk.expert.id, at=AT)
    thread.join(timeout=60)
    assert [type(error) for error in came] == [CanNotWrite]
    assert [message.body for message in talk.messages()] == ["Hello?", "Oui, volontiers."]
