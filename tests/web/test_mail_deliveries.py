"""How mails leave: through the outbox, to a real server or into a folder."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from foundation import clock, mails, outbox, schedules
from foundation.database import Database
from foundation.mails import CLEARING_DUE, MAIL_WRITTEN, Mail, MailRow
from foundation.outbox import OutboxRow
from foundation.settings import Settings
from tests.builders import settings_in
from tests.mail_samples import LINK, NAME, TOKEN
from tests.mail_servers import Mailbox, in_folder, part, serving
from web import reactions
from web.mails import Mailer

TO = "anne@example.org"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def write(database: Database, key: str = "k", to: str = TO, template: str = "confirm_email", **values: Any) -> None:
    with database.writing() as session:
        mails.write(session, Mail(to, "fr", template, values or LINK), key=key, at=clock.now())


def deliver(database: Database, mailer: Mailer) -> None:
    """Deliver what is owed, also what waits to be tried again."""
    with database.writing() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now()))
    lane = next(lane for lane in reactions.mail_table(mailer) if lane.topic == MAIL_WRITTEN)
    outbox.drain(database, MAIL_WRITTEN, lane.reaction, batch=lane.batch)


def rows(database: Database) -> list[MailRow]:
    with database.reading() as session:
        return list(session.execute(select(MailRow).order_by(MailRow.recipient)).scalars())


def owed(database: Database) -> list[OutboxRow]:
    with database.reading() as session:
        return list(session.execute(select(OutboxRow).where(OutboxRow.topic == MAIL_WRITTEN)).scalars())


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with serving() as found:
        yield found


def mailer_to(box: Mailbox, settings: Settings, database: Database) -> Mailer:
    return Mailer(settings.model_copy(update={"smtp_url": f"smtp://{box.address}"}), database, pause_s=0)


def test_a_mail_leaves_once_and_its_link_is_forgotten(box: Mailbox, settings: Settings, database: Database) -> None:
    mailer = mailer_to(box, settings, database)
    write(database)
    deliver(database, mailer)
    (message,) = box.messages
    assert box.recipients == [TO]
    assert TOKEN in part(message)
    (row,) = rows(database)
    assert row.sent_at is not None
    assert TOKEN not in str(row.values)
    assert owed(database) == []
    mailer.deliver([row.id, "nobody’s"])
    assert len(box.messages) == 1


def test_a_recipient_who_is_refused_keeps_nobody_from_their_mail(
    box: Mailbox, settings: Settings, database: Database
) -> None:
    box.to_recipients["gone@example.org"] = ["550 5.1.1 No such user"] * 9
    for to in ("a@example.org", "gone@example.org", "z@example.org"):
        write(database, key=to, to=to)
    deliver(database, mailer_to(box, settings, database))
    assert sorted(box.recipients) == ["a@example.org", "z@example.org"]
    assert [row.failure for row in rows(database)] == [None, "550 5.1.1 No such user", None]
    assert TOKEN not in str(rows(database)[1].values)
    assert owed(database) == [], "it is not tried again"
    assert len(box.to_recipients["gone@example.org"]) == 8


def test_an_address_with_accents_is_written_to_by_a_server_and_into_the_folder(
    box: Mailbox, settings: Settings, database: Database
) -> None:
    write(database, "a", "zoë@example.org")
    deliver(database, mailer_to(box, settings, database))
    assert box.recipients == ["zoë@example.org"]
    assert box.messages[0]["To"] == "zoë@example.org"
    write(database, "b", "noël@münchen.de")
    deliver(database, Mailer(settings, database))
    (message,) = in_folder(settings.data_dir)
    assert message["To"] == "noël@münchen.de"
    assert TOKEN in part(message)
    assert owed(database) == []


def test_a_server_without_accents_refuses_for_good(settings: Settings, database: Database) -> None:
    with serving(enable_SMTPUTF8=False) as box:
        write(database, "a", "zoë@example.org")
        deliver(database, mailer_to(box, settings, database))
    (row,) = rows(database)
    assert "SMTPUTF8" in (row.failure or "")
    assert owed(database) == []


def test_what_is_refused_for_now_is_tried_again(box: Mailbox, settings: Settings, database: Database) -> None:
    box.to_recipients["busy@example.org"] = ["451 Later", "451 Later"]
    mailer = mailer_to(box, settings, database)
    for to in ("a@example.org", "busy@example.org", "z@example.org"):
        write(database, key=to, to=to)
    deliver(database, mailer)
    assert sorted(box.recipients) == ["a@example.org", "z@example.org"]
    (left,) = owed(database)
    assert (left.attempts, left.is_dead) == (1, False)
    assert "451" in (left.last_error or "")
    deliver(database, mailer)
    assert sorted(box.recipients) == ["a@example.org", "busy@example.org", "z@example.org"]
    assert [row.failure for row in rows(database)] == [None] * 3


def test_an_outage_counts_against_no_mail(settings: Settings, database: Database) -> None:
    box = Mailbox()
    mailer = mailer_to(box, settings, database)
    write(database, "a", "a@example.org")
    write(database, "b", "b@example.org")
    for _ in range(3):
        deliver(database, mailer)
    assert [(row.attempts, row.is_dead) for row in owed(database)] == [(0, False)] * 2
    with serving(box):
        deliver(database, mailer)
    assert sorted(box.recipients) == ["a@example.org", "b@example.org"]
    assert owed(database) == []


def test_a_server_that_hangs_up_half_way_gets_the_rest_later(
    box: Mailbox, settings: Settings, database: Database
) -> None:
    box.to_recipients["b@example.org"] = ["421 Enough for now"]
    mailer = mailer_to(box, settings, database)
    for to in ("a@example.org", "b@example.org", "c@example.org"):
        write(database, key=to, to=to)
    deliver(database, mailer)
    assert [row.attempts for row in owed(database)] == [0, 0, 0]
    deliver(database, mailer)
    assert sorted(box.recipients) == ["a@example.org", "b@example.org", "c@example.org"]


def test_a_mail_that_can_not_be_rendered_stays_for_whoever_repairs_it(
    box: Mailbox, settings: Settings, database: Database
) -> None:
    write(database, "bad", token="", lasts_minutes=1)
    write(database, "good")
    deliver(database, mailer_to(box, settings, database))
    assert len(box.messages) == 1
    (left,) = owed(database)
    assert "ValidationError" in (left.last_error or "")


def test_letters_of_every_kind_arrive(box: Mailbox, settings: Settings, database: Database) -> None:
    write(database, template="reset_password", **{**LINK, "name": NAME})
    write(database, "k2", template="operator_invitation", **{**LINK, "invited_by": f"{NAME} " * 5})
    deliver(database, mailer_to(box, settings, database))
    reset, invitation = sorted(box.messages, key=lambda message: str(message["Subject"]))
    assert f"Bonjour {NAME}," in part(reset)
    assert f"Bonjour {NAME}," in part(reset, "html")
    assert invitation["Subject"] == f"{f'{NAME} ' * 5}vous invite à administrer Portulan"


def test_without_a_server_mails_are_files(settings: Settings, database: Database) -> None:
    write(database)
    deliver(database, Mailer(settings, database))
    (message,) = in_folder(settings.data_dir)
    assert (message["To"], message["Subject"]) == (TO, "Confirmez votre adresse e-mail")


def test_a_month_later_rows_and_files_are_cleared(settings: Settings, database: Database) -> None:
    mailer = Mailer(settings, database)
    for key in ("old", "new", "forgotten"):
        write(database, key, f"{key}@example.org")
    deliver(database, mailer)
    with database.writing() as session:
        old_at = clock.now() - mails.KEPT_FOR - timedelta(days=1)
        session.execute(update(MailRow).where(MailRow.recipient == "old@example.org").values(sent_at=old_at))
        mails.forget(session, "forgotten@example.org")
    clearing = next(one for one in reactions.SCHEDULES if one.topic == CLEARING_DUE)
    assert clearing.every == timedelta(days=1)
    schedules.owe_due(database, [clearing], clock.now())
    lane = next(lane for lane in reactions.mail_table(mailer) if lane.topic == CLEARING_DUE)
    assert outbox.drain(database, CLEARING_DUE, lane.reaction) == 1
    assert [message["To"] for message in in_folder(settings.data_dir)] == ["new@example.org"]
    assert [row.recipient for row in rows(database)] == ["", "new@example.org"]
