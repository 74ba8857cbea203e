"""Mail that comes in over a socket: what is taken, what is refused and how, and that nothing is taken twice."""

import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from accounts.models.accounts import Account
from accounts.models.experts import Expert
from booking import mail_replies, reply_tokens
from booking.models.threads import MessageFile, ReceivedMail
from booking.thread_rules import TOLD_EVERY
from foundation import clock, keys, received_mails
from foundation.errors import Conflict
from foundation.files import StoredFile
from tests import conversations
from tests.conversations import DOMAIN, Talk, mail, send


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """Return two people, of whom the client has written."""
    with conversations.talking(tmp_path) as found:
        found.write(found.client, "Bonjour, connaissez-vous le Maroc ?")
        yield found


@pytest.fixture
def port(talk: Talk) -> Iterator[int]:
    """Return where mail is taken."""
    with conversations.listening(talk) as found:
        yield found


def bodies(talk: Talk) -> list[str]:
    """Return what was said after the client's question."""
    return [message.body for message in talk.messages()[1:]]


def received(talk: Talk) -> list[tuple[str, str]]:
    """Return what became of mails, with reasons."""
    with talk.database.reading() as session:
        rows = session.execute(select(ReceivedMail).order_by(col(ReceivedMail.received_at))).scalars()
        return [(row.outcome, row.reason) for row in rows]


def test_a_reply_to_the_notification_lands_in_the_thread(talk: Talk, port: int) -> None:
    talk.tell()
    [told] = talk.mails()
    assert (told.recipient, told.language) == ("emile@expert.example", "fr")
    assert told.values is not None
    address = reply_tokens.address(told.values["reply_token"], DOMAIN)
    assert len(address.partition("@")[0]) <= 64
    reply = mail(
        address, body="Oui, volontiers.\n\nÉmile\n\nLe 01/12/2026 à 09:12, Portulan a écrit :\n> Bonjour\n> x\n> y"
    )
    assert send(port, reply, address) == (250, "")
    said = talk.messages()[1]
    assert (said.side, said.via, said.body) == ("expert", "mail", "Oui, volontiers.\n\nÉmile")
    assert said.author_account_id == talk.expert.id
    talk.tell()
    assert [row.recipient for row in talk.mails()] == ["emile@expert.example", "anna@acme.example"]


def test_the_same_mail_is_posted_once_however_often_it_comes(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    reply = mail(address)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send(port, reply, address), range(4)))
    assert answers == [(250, "")] * 4
    assert bodies(talk) == ["Oui, volontiers."]
    # An address may change its capitals on the way.
    assert send(port, reply, address.upper()) == (250, "")
    assert send(port, mail(address, body="Encore."), address.upper()) == (250, "")
    assert bodies(talk) == ["Oui, volontiers.", "Encore."]


def test_only_a_token_of_ours_names_a_recipient_and_only_for_a_time(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    token = reply_tokens.token_of(address)
    forged = [
        f"someone@{DOMAIN}",
        f"reply+@{DOMAIN}",
        f"reply+{token[:-1]}{'b' if token[-1] != 'b' else 'c'}x@{DOMAIN}",
        f"reply+{token[:20]}{'a' if token[20] != 'a' else 'b'}{token[21:]}@{DOMAIN}",
        f"reply+{'é' * 10}@{DOMAIN}",
    ]
    for wrong in forged[:4]:
        assert send(port, mail(wrong), wrong)[0] == 550, wrong
    secret = keys.derived(talk.settings, reply_tokens.PURPOSE)
    with pytest.raises(reply_tokens.Forged):
        reply_tokens.read(secret, "é" * 10, clock.now())
    old = reply_tokens.make(secret, "00" * 8, clock.now() - reply_tokens.LASTS - timedelta(days=2))
    assert send(port, mail(forged[0]), f"reply+{old}@{DOMAIN}") == (
        550,
        "5.7.1 This reply address is too old: please write on the site instead",
    )
    unknown = reply_tokens.make(secret, "00" * 8, clock.now())
    assert send(port, mail(forged[0]), f"reply+{unknown}@{DOMAIN}")[0] == 550
    assert bodies(talk) == []


def test_a_mail_from_another_address_is_held_and_its_owner_asked(talk: Talk, port: int) -> None:
    address, who = talk.reply_address(talk.expert), talk.who(talk.expert)
    for body in ("De chez moi.", "Encore de chez moi."):
        assert send(port, mail(address, "emile@home.example", body), address) == (250, "")
    assert bodies(talk) == []
    assert [row.recipient for row in talk.mails("reply_held")] == ["emile@expert.example"]
    with talk.database.reading() as session:
        first, second = mail_replies.held(session, who.account_id, talk.thread_id)
        assert mail_replies.held(session, talk.client.id, talk.thread_id) == []
        raw = mail_replies.read_held(session, who, first.id)[1]
    reply = mail_replies.prepare(received_mails.read(raw, envelope_sender="x"))
    with talk.database.writing() as session:
        mail_replies.release(session, who, first.id, reply, at=clock.now())
        mail_replies.discard(session, who, second.id)
    assert bodies(talk) == ["De chez moi."]
    with talk.database.reading() as session:
        assert session.execute(select(StoredFile)).all() == []
    assert [outcome for outcome, _ in received(talk)] == ["posted", "discarded"]


def test_what_nobody_decides_about_goes_after_a_month(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    send(port, mail(address, "emile@home.example"), address)
    with talk.database.writing() as session:
        mail_replies.sweep(session, clock.now() + mail_replies.HELD_FOR - timedelta(hours=1))
    assert received(talk) == [("held", "")]
    with talk.database.writing() as session:
        mail_replies.sweep(session, clock.now() + mail_replies.HELD_FOR + timedelta(hours=1))
    assert received(talk) == [("discarded", "")]
    with talk.database.writing() as session:
        mail_replies.sweep(session, clock.now() + mail_replies.KEPT_FOR + timedelta(hours=1))
    assert received(talk) == []


def test_machines_are_noted_and_not_posted(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    assert send(port, mail(address, body="Absent.", Auto_Submitted="auto-replied"), address) == (250, "")
    assert send(port, mail(address, body="Nobody."), address, sender="") == (250, "")
    assert bodies(talk) == []
    assert [outcome for outcome, _ in received(talk)] == ["automatic", "automatic"]


def test_a_mail_that_came_back_marks_the_address_until_it_writes(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    notice = (
        "From: MAILER-DAEMON@mx.example\r\nMessage-ID: <b@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; "
        "report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 gone\r\n\r\n--b--"
    )
    assert send(port, notice.encode(), address, sender="") == (250, "")
    assert received(talk) == [("bounced", "smtp; 550 gone")]
    talk.tell()
    assert talk.mails() == []  # nothing goes to an address from which mails come back
    with talk.database.reading() as session:
        assert session.get_one(Account, talk.expert.id).mail_failure == "smtp; 550 gone"
    assert send(port, mail(address), address) == (250, "")
    with talk.database.reading() as session:
        assert session.get_one(Account, talk.expert.id).mail_failed_at is None


def test_files_come_along_if_their_content_is_what_they_say(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    reply = mail(address, body="Voici.")
    reply.add_attachment(b"nom;prix\n", maintype="text", subtype="csv", filename="../../Étude.csv")
    reply.add_attachment(b"MZ\x90", maintype="application", subtype="pdf", filename="facture.pdf")
    reply.add_attachment(b"MZ\x90", maintype="application", subtype="octet-stream", filename="virus.exe")
    assert send(port, reply, address) == (250, "")
    [said] = talk.messages()[1:]
    assert said.left_out == ["facture.pdf", "virus.exe"]
    with talk.database.reading() as session:
        [file] = session.execute(select(MessageFile)).scalars()
        kept = session.get_one(StoredFile, file.file_id)
        assert (file.name, kept.media_type, kept.content.strip()) == ("Étude.csv", "text/csv", b"nom;prix")


def test_what_says_nothing_is_refused_so_that_its_author_learns_of_it(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    code, reason = send(port, mail(address, body="Le 01/12/2026 à 09:12, Portulan a écrit :\n> Bonjour\n"), address)
    assert (code, "No text" in reason) == (550, True)
    assert received(talk) == []


def test_who_can_not_write_any_more_is_refused(talk: Talk, port: int) -> None:
    address, theirs = talk.reply_address(talk.expert), talk.reply_address(talk.client)
    with talk.database.writing() as session:
        session.get_one(Expert, talk.expert.expert_id).is_withheld = True
    assert send(port, mail(theirs, "anna@acme.example"), theirs, "anna@acme.example")[0] == 550
    with talk.database.writing() as session:
        account = session.get_one(Account, talk.expert.id)
        account.suspended_at, account.suspension_reason = clock.now(), "Spam"
    assert send(port, mail(address), address)[0] == 550
    assert bodies(talk) == []


def test_a_mail_that_is_too_large_is_refused_before_it_is_sent_and_while(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as server:
        server.ehlo()
        assert server.esmtp_features["size"] == "36000000"
        assert server.docmd("MAIL", "FROM:<emile@expert.example> SIZE=40000000")[0] == 552
    huge = mail(address).as_bytes() + b"x" * 900 + b"\r\n" * 18_100_000
    assert send(port, huge, address)[0] == 552
    assert bodies(talk) == []


def test_a_line_longer_than_may_be_is_taken(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    raw = b"From: emile@expert.example\r\nMessage-ID: <1@x>\r\n\r\n" + b"mot " * 3_000
    assert send(port, raw, address) == (250, "")
    assert len(bodies(talk)[0]) > 10_000


def test_one_recipient_at_a_time(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as server:
        server.ehlo()
        server.mail("emile@expert.example")
        assert server.rcpt(address)[0] == 250
        assert server.rcpt(talk.reply_address(talk.client))[0] == 452
        assert server.docmd("VRFY", address)[0] == 252


def test_nothing_is_lost_while_the_database_is_away(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    reply = mail(address)
    with talk.database.writing() as session:
        session.execute(text("ALTER TABLE received_mails RENAME TO away"))
    assert send(port, reply, address)[0] == 451
    with talk.database.writing() as session:
        session.execute(text("ALTER TABLE away RENAME TO received_mails"))
    assert bodies(talk) == []
    assert send(port, reply, address) == (250, "")
    assert bodies(talk) == ["Oui, volontiers."]


def test_machines_that_answer_each_other_are_put_off(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    answers = [send(port, mail(address, body=f"Réponse {i}"), address)[0] for i in range(mail_replies.MOST_AN_HOUR + 1)]
    assert answers == [250] * mail_replies.MOST_AN_HOUR + [450]


def test_the_listener_speaks_smtp_too(talk: Talk) -> None:
    address = talk.reply_address(talk.expert)
    with conversations.listening(talk, protocol="smtp") as port, smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
        assert server.sendmail("emile@expert.example", [address], mail(address).as_bytes()) == {}
    assert bodies(talk) == ["Oui, volontiers."]


def test_a_second_listener_says_that_the_address_is_taken(talk: Talk, port: int) -> None:
    with pytest.raises(Conflict, match=str(port)), conversations.listening(talk):
        pass


def test_garbage_is_refused_for_good(talk: Talk, port: int) -> None:
    address = talk.reply_address(talk.expert)
    part = b"--b\r\n\r\nx\r\n"
    raw = b"From: emile@expert.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    assert send(port, raw + part * 300, address)[0] == 554
    assert bodies(talk) == []


def test_in_five_minutes_one_mail_tells_of_all(talk: Talk) -> None:
    for body in ("Un", "Deux"):
        talk.write(talk.client, body)
    talk.tell()
    talk.write(talk.client, "Trois")
    talk.tell()
    first, at = talk.mails(), clock.now()
    assert [[said["text"] for said in (row.values or {})["messages"]] for row in first] == [
        ["Bonjour, connaissez-vous le Maroc ?", "Un", "Deux"]
    ]
    talk.tell(at + TOLD_EVERY)
    assert [said["text"] for said in (talk.mails()[1].values or {})["messages"]] == ["Trois"]
    talk.tell(at + 2 * TOLD_EVERY)
    assert len(talk.mails()) == 2
