"""Reading mails as programs really write them: charsets, parts, files, machines, and what is no mail at all."""

from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import received_mails
from foundation.received_mails import Received, Unreadable

ME = "anna@acme.example"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def read(raw: bytes | EmailMessage, sender: str = ME) -> Received:
    return received_mails.read(raw if isinstance(raw, bytes) else raw.as_bytes(), envelope_sender=sender)


def plain(headers: str, body: bytes) -> bytes:
    return f"From: Anna <{ME}>\r\nMessage-ID: <1@x>\r\n{headers}\r\n\r\n".encode() + body


def letter(body: str = "Bonjour") -> EmailMessage:
    found = EmailMessage(policy=SMTP)
    found["From"], found["Subject"], found["Message-ID"] = f"Anna <{ME}>", "Re: x", "<1@x>"
    found.set_content(body)
    return found


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Type: text/plain; charset=utf-8", "Été à l’œuvre €".encode()),
        ("Content-Type: text/plain; charset=iso-8859-1", "Été à l’œuvre €".encode("cp1252")),
        ("Content-Type: text/plain; charset=iso-8859-1", "Été à l’œuvre €".encode()),  # says one thing, writes another
        ("Content-Type: text/plain; charset=us-ascii", "Été à l’œuvre €".encode("cp1252")),
        ("Content-Type: text/plain; charset=windows-1252", "Été à l’œuvre €".encode("cp1252")),
        ("Content-Type: text/plain; charset=x-unheard-of", "Été à l’œuvre €".encode()),
        ("Content-Type: text/plain", "Été à l’œuvre €".encode()),
        ("Content-Type: text/plain; charset=utf-16", "Été à l’œuvre €".encode("utf-16")),
        (
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
            b"=C3=89t=C3=A9 =C3=A0 l=E2=80=99=C5=93u=\r\nvre =E2=82=AC",
        ),
        (
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64",
            b"w4l0w6kgw6AgbOKAmcWTdXZyZSDigqw=",
        ),
        ("Content-Type: text/html; charset=utf-8", "<p>Été à l&rsquo;&oelig;uvre &euro;</p>".encode()),
    ],
)
def test_letters_are_what_their_author_typed(headers: str, body: bytes) -> None:
    assert read(plain(headers, body)).text.strip() == "Été à l’œuvre €"


def test_lines_that_were_broken_for_the_way_are_whole_again() -> None:
    body = b"A line that \r\ngoes on \r\nto here.\r\nAnother.\r\n> quoted \r\n> on\r\n-- \r\nAnna"
    found = read(plain("Content-Type: text/plain; format=flowed", body))
    assert found.text == "A line that goes on to here.\nAnother.\n> quoted on\n-- \nAnna"
    glued = read(plain("Content-Type: text/plain; format=flowed; delsp=yes", b"Donau \r\ndampf"))
    assert glued.text == "Donaudampf"


def test_parts_within_parts_give_one_text_and_the_files_that_were_meant() -> None:
    mail = letter("Voici.")
    mail.add_alternative('<p>Voici.</p><img src="cid:logo">', subtype="html")
    html = mail.get_payload()[1]  # pyright: ignore[reportIndexIssue]
    html.add_related(PNG, "image", "png", cid="<logo>", filename="logo.png", disposition="inline")  # pyright: ignore[reportAttributeAccessIssue]
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Étude du marché.pdf")
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="photo.png", disposition="inline")
    mail.add_attachment(b"x", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    mail.add_attachment(b"s", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
    mail.add_attachment(letter("inside"))
    found = read(mail)
    assert found.text.strip() == "Voici."
    assert [file.name for file in found.files] == ["Étude du marché.pdf", "photo.png"]
    assert len(found.left_out) == 1
    assert "inside" not in found.text
    assert (found.sender, found.is_automatic, found.bounce) == (ME, False, None)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Auto-Submitted", "auto-replied"),
        ("Auto-Submitted", "auto-generated; owner=x"),
        ("Precedence", "bulk"),
        ("Precedence", "auto_reply"),
        ("X-Autoreply", "yes"),
        ("List-Id", "<x.example.org>"),
        ("Subject", "Out of office: Re: x"),
        ("Subject", "Automatic reply: x"),
        ("Subject", "Réponse automatique : x"),
        ("Subject", "Absence du bureau"),
        ("Subject", "Abwesenheitsnotiz: x"),
        ("Subject", "Automatische Antwort: x"),
        ("Subject", "Undelivered Mail Returned to Sender"),
    ],
)
def test_what_a_machine_wrote_is_known_as_such(header: str, value: str) -> None:
    mail = letter()
    del mail[header]
    mail[header] = value
    assert read(mail).is_automatic


@pytest.mark.parametrize(
    "subject", ["Re: votre absence en août", "Automatic doors for Lyon", "Re: office in Oran", "Aw: x"]
)
def test_what_a_person_wrote_is_not_taken_for_a_machines(subject: str) -> None:
    mail = letter()
    del mail["Subject"]
    mail["Subject"] = subject
    mail["Auto-Submitted"] = "no"
    assert not read(mail).is_automatic


def test_a_mail_without_a_sender_to_answer_is_a_machines() -> None:
    assert read(letter(), sender="").is_automatic


def test_a_notice_that_a_mail_came_back_says_why_and_whether_for_good() -> None:
    def notice(action: str, status: str) -> Received:
        raw = (
            "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail\r\nMessage-ID: <b@x>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
            "Content-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            f"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {ME}\r\nAction: {action}\r\n"
            f"Status: {status}\r\nDiagnostic-Code: smtp; 550 5.1.1 no such\r\n mailbox\r\n\r\n--b--\r\n"
        )
        return read(raw.encode(), sender="")

    found = notice("failed", "5.1.1").bounce
    assert found is not None
    assert (found.is_final, found.reason) == (True, "smtp; 550 5.1.1 no such mailbox")
    assert notice("delayed", "4.4.1").bounce
    assert not notice("delayed", "4.4.1").bounce.is_final  # pyright: ignore[reportOptionalMemberAccess]


def test_a_mail_without_a_name_of_its_own_is_named_by_its_content() -> None:
    first, second = (read(f"From: {ME}\r\n\r\n{text}".encode()) for text in ("a", "b"))
    assert first.message_id
    assert first.message_id != second.message_id


def test_a_mail_of_too_many_parts_is_refused() -> None:
    part = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    with pytest.raises(Unreadable):
        read(plain("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b", (part * 300).encode() + b"--b--"))


def test_parts_nested_without_end_are_refused() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(5_000))
    with pytest.raises(Unreadable):
        read(b"From: a@b.example\r\n" + deep)


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    headers = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    for content in (raw, headers + raw, headers + b"\r\n--b\r\n" + raw):
        with suppress(Unreadable):
            assert "\0" not in received_mails.read(content, envelope_sender="a@b.example").text
