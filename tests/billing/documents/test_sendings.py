"""Whom documents are mailed to, and that each is mailed once."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import Account, AccountKind, Client, Membership, Role
from billing.documents import deliveries, issues, sendings
from billing.documents.sendings import PAUSE
from billing.events import DOCUMENT_RENDERED
from billing.models.documents import AccountingDocument
from foundation import outbox
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from foundation.mails import MailRow
from tests import signed_in
from tests.billing.documents import samples
from tests.billing.documents.issuing import AT, DRAFT, issue


class Sides:
    """An expert, and a company with its owner."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.expert = signed_in.make(database, AccountKind.EXPERT, "Eva", language="fr")
        self.owner = signed_in.make(database, AccountKind.COMPANY, "Olga")
        with database.reading() as session:
            self.client_id = session.get_one(Membership, self.owner.id).client_id

    def colleague(self, role: Role, name: str) -> Account:
        return signed_in.make(self.database, AccountKind.COMPANY, name, client_id=self.client_id, role=role)

    def issue(self, *, renders: bool = True, **about: object) -> AccountingDocument:
        values = {"expert_id": str(self.expert.expert_id), "client_id": self.client_id, **about}
        return issue(self.database, renders=renders, **values)  # pyright: ignore[reportArgumentType]

    def follow(self) -> None:
        """Deliver what is to be sent, twice: a repeated delivery changes nothing."""
        keys = outbox_keys(self.database)
        for _ in range(2):
            sendings.follow(self.database, keys, AT)

    def mails(self) -> Sequence[MailRow]:
        with self.database.reading() as session:
            rows = select(MailRow).where(col(MailRow.template) == "document").order_by(col(MailRow.written_at))
            return session.execute(rows).scalars().all()

    def recipients(self) -> set[str]:
        return {mail.recipient for mail in self.mails()}

    def states(self, document: AccountingDocument) -> Sequence[tuple[str, str]]:
        with self.database.reading() as session:
            return [(line.party, line.state) for line in deliveries.log(session, document.id)]


def outbox_keys(database: Database) -> Sequence[str]:
    with database.reading() as session:
        rows = select(col(outbox.OutboxRow.key)).where(col(outbox.OutboxRow.topic) == DOCUMENT_RENDERED)
        return session.execute(rows).scalars().all()


@pytest.fixture
def sides(database: Database) -> Sides:
    return Sides(database)


def test_an_invoice_goes_to_both_sides_once(sides: Sides) -> None:
    issued = sides.issue()
    sides.follow()
    by_recipient = {mail.recipient: mail for mail in sides.mails()}
    assert set(by_recipient) == {sides.owner.email, sides.expert.email}
    assert len(sides.mails()) == 2
    values = by_recipient[str(sides.owner.email)].values or {}
    assert (values["number"], values["cents"], values["party"]) == (issued.number, issued.gross_cents, "client")
    assert by_recipient[str(sides.expert.email)].language == "fr"
    assert sides.states(issued) == [("client", "queued"), ("expert", "queued")]


def test_accountants_come_before_owners_and_the_billing_contact_before_both(sides: Sides) -> None:
    sides.colleague(Role.BUYER, "Ben")
    accountants = {str(sides.colleague(Role.ACCOUNTANT, name).email) for name in ("Ada", "Abe")}
    sides.issue(reference="m1", client_id=sides.client_id)
    sides.follow()
    assert sides.recipients() - {sides.expert.email} == accountants
    with sides.database.writing() as session:
        session.get_one(Client, sides.client_id).billing_email = "Compta@Example.org"
    sides.issue(reference="m2")
    sides.follow()
    newest = {mail.recipient for mail in sides.mails() if (mail.values or {})["party"] == "client"} - accountants
    assert newest == {"Compta@example.org"}


@pytest.mark.parametrize("kind", ["commission", "boost"])
def test_what_the_operator_charges_goes_to_the_expert_alone(kind: str, sides: Sides) -> None:
    issued = sides.issue(content=samples.SAMPLES[kind]())
    sides.follow()
    assert sides.recipients() == {sides.expert.email}
    assert sides.states(issued) == [("expert", "queued")]


def test_what_reaches_nobody_waits_for_an_operator(sides: Sides) -> None:
    issued = sides.issue(client_id="gone")
    sides.follow()
    assert sides.states(issued) == [("expert", "queued"), ("client", "failed")]
    with sides.database.reading() as session:
        assert [(one.party, one.detail) for one in deliveries.waiting(session)] == [("client", sendings.NOBODY)]


def test_an_address_that_is_none_keeps_nobody_else_from_the_mail(sides: Sides) -> None:
    with sides.database.writing() as session:
        session.get_one(Client, sides.client_id).billing_email = "nonsense"
    issued = sides.issue()
    sides.follow()
    assert sides.recipients() == {sides.expert.email}
    assert sides.states(issued) == [("client", "failed"), ("expert", "queued")]
    with sides.database.reading() as session:
        assert [one.detail for one in deliveries.waiting(session)] == [sendings.BAD_ADDRESS]


def test_nothing_is_sent_before_its_file_is_made(sides: Sides) -> None:
    issued = sides.issue(renders=False)
    assert outbox_keys(sides.database) == []
    with pytest.raises(Conflict), sides.database.writing() as session:
        sendings.send_again(session, issued.id, ["client"], SYSTEM, at=AT)
    issues.render(sides.database, [issued.id], AT)
    assert outbox_keys(sides.database) == [issued.id]


def test_it_is_sent_again_to_whom_it_should_but_not_at_once(sides: Sides) -> None:
    issued = sides.issue()
    sides.follow()

    def send(minutes: int) -> None:
        with sides.database.writing() as session:
            sendings.send_again(session, issued.id, ["client"], SYSTEM, at=AT + timedelta(minutes=minutes))

    with pytest.raises(Conflict):
        send(1)
    send(PAUSE // timedelta(minutes=1))
    with pytest.raises(Conflict):
        send(PAUSE // timedelta(minutes=1) + 1)
    assert sides.states(issued) == [("client", "queued"), ("expert", "queued"), ("client", "queued")]
    assert len(sides.mails()) == 3
    with pytest.raises(NotFound), sides.database.writing() as session:
        sendings.send_again(session, "nothing", ["client"], SYSTEM, at=AT)


def test_the_log_names_nobody(sides: Sides) -> None:
    issued = sides.issue(content=DRAFT)
    sides.follow()
    with sides.database.reading() as session:
        said = " ".join(str(line.model_dump()) for line in deliveries.log(session, issued.id))
    for word in (str(sides.owner.email), str(sides.expert.email), "Olga", "Eva"):
        assert word not in said
