"""Mail that comes in over a socket: what is taken, what is refused and how, and that nothing is taken twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import conversations
from tests.conversations import Talk, mail, send


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """Return two people, of whom the client has written."""
    with conversations.talking(tmp_path) as found:
        found.write(found.client, "Bonjour, connaissez-vous le Maroc ?")
        yield found


def test_a_reply_to_the_notification_lands_in_the_thread(talk: Talk) -> None:
    talk.tell()
    [told] = talk.mails()
    assert (told.recipient, told.language) == ("emile@expert.example", "fr")
    address = talk.reply_address(talk.expert)
    with conversations.listening(talk) as port:
        assert send(port, mail(address, body="Oui, volontiers.\n\nÉmile"), address) == (250, "")
    said = talk.messages()
    assert [(message.side, message.via, message.body) for message in said] == [
        ("client", "site", "Bonjour, connaissez-vous le Maroc ?"),
        ("expert", "mail", "Oui, volontiers.\n\nÉmile"),
    ]
    assert said[1].author_account_id == talk.expert.id
