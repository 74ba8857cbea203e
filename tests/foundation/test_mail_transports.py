import os
import stat
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from foundation.errors import Unreachable
from foundation.mail_transports import Folder, Refused, Smtp
from foundation.settings import Settings
from tests import mail_servers
from tests.mail_servers import PASSWORD, USER, Mailbox, make_certificate, server_context, serving, serving_encrypted

TO = "anne@example.org"


def message(to: str = TO, subject: str = "Bonjour") -> EmailMessage:
    found = EmailMessage(policy=SMTP)
    found["From"], found["To"], found["Subject"] = "portulan@example.org", to, subject
    found.set_content("Zoë 🧭\n", cte="quoted-printable")
    return found


def smtp(url: str, **values: Any) -> Smtp:
    return Smtp(Settings.model_validate({"smtp_url": url, **values}), pause_s=0, login_pause_s=0)


def send(transport: Smtp, *messages: EmailMessage) -> None:
    with transport.connected() as send_one:
        for one in messages:
            send_one("id", one)


def test_several_mails_leave_on_one_connection() -> None:
    with serving() as box:
        send(smtp(f"smtp://{box.address}"), message(subject="Un"), message("bob@example.org", "Zoë 🧭 – deux"))
    assert box.recipients == [TO, "bob@example.org"]
    assert [one["Subject"] for one in box.messages] == ["Un", "Zoë 🧭 – deux"]
    assert mail_servers.part(box.messages[0]) == "Zoë 🧭\n"


def test_a_mail_that_can_not_be_delivered_goes_back_to_where_it_says() -> None:
    told = message()
    told["Return-Path"] = "<reply+token@replies.example.org>"
    with serving() as box:
        send(smtp(f"smtp://{box.address}"), told, message())
    assert box.senders[0] == "reply+token@replies.example.org"
    assert box.senders[1] == box.messages[1]["From"].addresses[0].addr_spec
    assert box.messages[0]["Return-Path"] is None


def test_a_server_that_asks_for_encryption_and_a_password_gets_both(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with serving_encrypted(certificate) as box:
        url = f"smtp://{USER}@{box.address}?starttls"
        send(smtp(url, smtp_password=PASSWORD, smtp_ca_file=certificate), message())
        send(smtp(f"smtp://{USER}:p%40ss%2Fword@{box.address}?starttls", smtp_ca_file=certificate), message())
        with pytest.raises(Unreachable, match="refuses our name or password") as refusal:
            send(smtp(url, smtp_password="wrong", smtp_ca_file=certificate), message())
        assert "wrong" not in str(refusal.value)
        with pytest.raises(Unreachable, match="ASCII") as refusal:
            send(smtp(url, smtp_password="wröng", smtp_ca_file=certificate), message())
        assert "ö" not in str(refusal.value)
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            send(smtp(url, smtp_password=PASSWORD), message())
    assert (len(box.messages), box.was_encrypted) == (2, True)


def test_a_server_that_can_not_encrypt_gets_nothing_in_the_clear() -> None:
    with serving() as box, pytest.raises(Unreachable, match="STARTTLS"):
        send(smtp(f"smtp://{box.address}?starttls"), message())
    assert box.messages == []


def test_encryption_from_the_start(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with serving(ssl_context=server_context(certificate)) as box:
        send(smtp(f"smtps://{box.address}", smtp_ca_file=certificate), message())
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            send(smtp(f"smtps://{box.address}"), message())
    assert len(box.messages) == 1


def test_a_refusal_for_good_says_why_and_the_connection_serves_the_next() -> None:
    box = Mailbox(to_recipients={TO: ["550 5.1.1 No such user"]})
    with serving(box), smtp(f"smtp://{box.address}").connected() as send_one:
        with pytest.raises(Refused, match=r"550 5\.1\.1 No such user"):
            send_one("id", message())
        send_one("id", message("bob@example.org"))
    assert box.recipients == ["bob@example.org"]


def test_a_content_that_is_refused_for_good_says_why() -> None:
    with serving(Mailbox(to_contents=["554 5.7.1 Spam"])) as box, pytest.raises(Refused, match=r"554 5\.7\.1 Spam"):
        send(smtp(f"smtp://{box.address}"), message())


@pytest.mark.parametrize("box", [Mailbox(to_recipients={TO: ["451 4.7.1 Later"]}), Mailbox(to_contents=["452 Full"])])
def test_a_refusal_for_now_is_neither_an_outage_nor_for_good(box: Mailbox) -> None:
    with serving(box):
        transport = smtp(f"smtp://{box.address}")
        with pytest.raises(Exception, match=r"45[12]") as refusal:
            send(transport, message())
        assert not isinstance(refusal.value, Unreachable | Refused)
        send(transport, message())
    assert box.recipients == [TO]


def test_a_server_that_closes_is_away() -> None:
    with serving(Mailbox(to_recipients={TO: ["421 Closing"]})) as box, pytest.raises(Unreachable, match="closes"):
        send(smtp(f"smtp://{box.address}"), message())


def test_an_address_that_the_server_can_not_write_to_is_refused_for_good() -> None:
    with serving(enable_SMTPUTF8=False) as box, pytest.raises(Refused, match="SMTPUTF8"):
        send(smtp(f"smtp://{box.address}"), message("zoë@example.org"))
    with serving() as box:
        send(smtp(f"smtp://{box.address}"), message("zoë@example.org"))
    assert box.recipients == ["zoë@example.org"]


def test_a_server_that_is_away_is_left_alone_for_a_while() -> None:
    box = Mailbox()
    transport = Smtp(Settings.model_validate({"smtp_url": f"smtp://{box.address}"}), pause_s=3_600)
    with pytest.raises(Unreachable, match="refused"):
        send(transport, message())
    with serving(box):
        with pytest.raises(Unreachable, match="refused"):
            send(transport, message())
        assert box.messages == []
        send(smtp(f"smtp://{box.address}"), message())
    assert len(box.messages) == 1


def test_without_a_server_mails_are_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data" / "mail")
    for subject in ("Un", "Deux"):
        with folder.connected() as send_one:
            send_one("m1", message(subject=subject))
    assert [path.name for path in (tmp_path / "data" / "mail").iterdir()] == ["m1.eml"]
    content = folder.read("m1")
    assert content is not None
    assert mail_servers.parsed(content)["Subject"] == "Deux"
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "data" / "mail" / "m1.eml").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "data" / "mail").stat().st_mode) == 0o700
    folder.drop(folder.list_kept())
    assert (folder.list_kept(), folder.read("m1")) == ([], None)
