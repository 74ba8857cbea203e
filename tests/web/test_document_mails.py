"""Documents as they leave by mail, with their files, and what the log says of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from billing.documents import deliveries, issues, sendings
from billing.documents.deliveries import Standing
from billing.models.deliveries import State
from foundation import clock, mails, outbox
from foundation.database import Database
from foundation.mails import MAIL_WRITTEN, MailRow
from foundation.outbox import OutboxRow
from foundation.settings import Settings
from tests.billing.documents.issuing import damage
from tests.billing.documents.test_sendings import Sides
from tests.builders import settings_in
from tests.mail_servers import Mailbox, part, serving
from web.mails import Mailer


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with serving() as found:
        yield found


@pytest.fixture
def sides(database: Database) -> Sides:
    return Sides(database)


def deliver(sides: Sides, box: Mailbox, settings: Settings) -> None:
    """Send what is owed, also what waits to be tried again."""
    mailer = Mailer(settings.model_copy(update={"smtp_url": f"smtp://{box.address}"}), sides.database, pause_s=0)
    with sides.database.writing() as session:
        session.execute(update(OutboxRow).values(due_at=clock.now()))
    outbox.drain(sides.database, MAIL_WRITTEN, mailer.deliver, batch=20)


def standings(sides: Sides, document_id: str) -> dict[str, Standing]:
    with sides.database.reading() as session:
        return {one.party: one for one in deliveries.standings(session, [document_id])[document_id]}


def test_the_file_goes_with_the_mail(box: Mailbox, settings: Settings, sides: Sides) -> None:
    issued = sides.issue()
    sides.follow()
    deliver(sides, box, settings)
    with sides.database.reading() as session:
        pdf = issues.file_of(session, issued.id)
    assert len(box.messages) == 2
    for message in box.messages:
        (attached,) = message.iter_attachments()
        assert attached.get_filename() == f"{issued.number}.pdf"
        assert attached.get_content_type() == "application/pdf"
        assert attached.get_content() == pdf
    english = next(message for message in box.messages if message["Content-Language"] == "en")
    assert english["Subject"] == f"Invoice {issued.number}: Entrer sur le marché ibérique"
    assert "/payments/documents" in part(english)
    assert "€10,245.16" in part(english)
    assert {one.state for one in standings(sides, issued.id).values()} == {State.SENT}


def test_a_refusal_is_noted_without_the_address_and_sending_anew_mends_it(
    box: Mailbox, settings: Settings, sides: Sides
) -> None:
    address = str(sides.owner.email)
    box.to_recipients[address] = [f"550 5.1.1 {address} is nobody"] * 9
    issued = sides.issue()
    sides.follow()
    deliver(sides, box, settings)
    found = standings(sides, issued.id)
    assert (found["client"].state, found["client"].detail) == (State.FAILED, "550")
    assert found["expert"].state is State.SENT
    box.to_recipients.clear()
    with sides.database.writing() as session:
        failed = session.execute(select(MailRow).where(col(MailRow.failure).is_not(None))).scalar_one()
        mails.resend(session, failed.id)
    deliver(sides, box, settings)
    assert standings(sides, issued.id)["client"].state is State.SENT


def test_a_damaged_file_is_never_sent(box: Mailbox, settings: Settings, sides: Sides) -> None:
    issued = sides.issue()
    sendings.follow(sides.database, [issued.id], clock.now())
    damage(sides.database, "UPDATE document_files SET sha256 = 'x'")
    deliver(sides, box, settings)
    assert box.messages == []
    assert {one.state for one in standings(sides, issued.id).values()} == {State.QUEUED}
