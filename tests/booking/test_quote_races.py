"""Two at once about one quote: one wins, the other is told, and nothing is half done (mission row S15)."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import Account
from billing import reductions
from billing.models.escrows import Escrow
from booking import quote_drafts, quote_versions, quotes, signatures
from booking.models.missions import Mission
from booking.models.quotes import Quote, QuoteVersion, Side, Signature
from booking.quote_drafts import For
from booking.signatures import Consent
from foundation.database import Database
from foundation.errors import DomainError
from foundation.settings import Settings
from tests.booking import quoting
from tests.booking.quoting import AT, who

Act = Callable[[Session], object]


@dataclass
class Pair:
    """An expert and a client with a quote between them."""

    database: Database
    expert: Account
    client: Account
    quote: Quote

    def at_once(self, *acts: Act) -> list[str]:
        """Do things at the same moment, each in a transaction; return what came of each, in order."""
        start, said = threading.Barrier(len(acts), timeout=20), [""] * len(acts)

        def do(place: int, act: Act) -> None:
            start.wait()
            try:
                self.database.write(act)
                said[place] = "done"
            except DomainError as error:
                said[place] = type(error).__name__

        threads = [threading.Thread(target=do, args=pair) for pair in enumerate(acts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return said

    def accept(self, number: int = 1) -> Act:
        signed = who(self.database, self.client)
        with self.database.reading() as session:
            version = session.get_one(QuoteVersion, (self.quote.id, number))
        consent = Consent(number, version.content_hash, has_read_terms=True)
        return lambda session: signatures.accept(
            session, signed, self.quote.id, consent, address="::1", language="en", at=AT
        )

    def decline(self) -> Act:
        signed = who(self.database, self.client)
        return lambda session: signatures.decline(session, signed, self.quote.id, "No", at=AT)

    def withdraw(self) -> Act:
        signed = who(self.database, self.expert)
        return lambda session: quotes.withdraw(session, signed, self.quote.id, at=AT)

    def issue(self) -> Act:
        """Send what a page shows, as it was when it was opened."""
        sending = quoting.sending(self.database, self.expert)
        edition = self.state().draft_edition
        return lambda session: quote_versions.issue(session, self.quote.id, edition, "More work", sending)

    def save(self, **form: str) -> Act:
        signed, row = who(self.database, self.expert), self.state()
        return lambda session: quote_drafts.save(
            session, signed, row.id, {**row.draft, **form}, row.draft_edition, at=AT
        )

    def state(self) -> Quote:
        with self.database.reading() as session:
            return session.get_one(Quote, self.quote.id)

    def count(self, table: Any) -> int:
        with self.database.reading() as session:
            return session.execute(select(func.count()).select_from(table)).scalar_one()

    def check(self) -> None:
        """See that versions are numbered without gaps, each signed by the expert, and missions those of signed ones."""
        row = self.state()
        with self.database.reading() as session:
            numbers = [version.number for version in quotes.versions(session, row.id)]
            sides = [(row.version, row.side) for row in session.execute(select(Signature)).scalars()]
        assert numbers == list(range(1, row.latest_version + 1))
        assert sorted(number for number, side in sides if side == Side.EXPERT) == numbers
        signed = {number for number, side in sides if side == Side.CLIENT}
        assert (row.accepted_version in signed) == bool(signed)
        assert self.count(Mission) == self.count(Escrow) == bool(signed)


@pytest.fixture
def drafted(database: Database) -> Pair:
    expert, client = quoting.expert(database), quoting.client(database)
    offer = quoting.offered(database, client, expert)
    return Pair(database, expert, client, quoting.drafted(database, expert, For(offer_id=offer.id)))


@pytest.fixture
def sent(drafted: Pair) -> Pair:
    quoting.send(drafted.database, drafted.expert, drafted.quote)
    return drafted


@pytest.fixture
def changed(sent: Pair) -> Pair:
    """Return a quote of which another version is ready to be sent."""
    quoting.save(sent.database, sent.expert, sent.quote, title="Customs audit, in depth")
    return sent


def test_a_draft_that_two_tabs_send_at_once_is_sent_once(drafted: Pair) -> None:
    said = drafted.at_once(drafted.issue(), drafted.issue())
    assert sorted(said) == ["Invalid", "done"]  # nothing differs from what the other one sent
    assert drafted.state().latest_version == 1
    drafted.check()


def test_an_amendment_that_two_tabs_send_at_once_is_sent_once(changed: Pair) -> None:
    said = changed.at_once(changed.issue(), changed.issue())
    assert sorted(said) == ["Invalid", "done"]
    assert changed.state().latest_version == 2
    changed.check()


def test_what_is_sent_in_one_tab_while_another_saves_is_what_was_seen(changed: Pair) -> None:
    said = changed.at_once(changed.issue(), changed.save(title="Another title"))
    assert said in (["done", "done"], ["ChangedMeanwhile", "done"])
    with changed.database.reading() as session:
        titles = [version.content["title"] for version in quotes.versions(session, changed.quote.id)]
    assert titles == ["Customs audit", "Customs audit, in depth"][: 1 + (said[0] == "done")]
    changed.check()


@pytest.mark.parametrize("attempt", range(3))
def test_of_an_acceptance_and_an_amendment_at_once_the_later_one_is_told(changed: Pair, attempt: int) -> None:
    del attempt
    said = changed.at_once(changed.accept(), changed.issue())
    row = changed.state()
    assert (said, row.state, row.accepted_version, row.latest_version) in [
        (["done", "done"], "amended", 1, 2),  # the amendment of what was signed waits for its own signature
        (["NewerVersion", "done"], "sent", None, 2),
    ]
    changed.check()


@pytest.mark.parametrize("attempt", range(3))
def test_of_an_acceptance_and_a_withdrawal_at_once_one_wins(sent: Pair, attempt: int) -> None:
    del attempt
    said = sent.at_once(sent.accept(), sent.withdraw())
    assert (said, sent.state().state) in [(["done", "Refused"], "accepted"), (["Refused", "done"], "withdrawn")]
    sent.check()


def test_of_the_acceptance_of_an_amendment_and_its_withdrawal_at_once_one_wins(changed: Pair) -> None:
    changed.database.write(changed.accept())
    changed.database.write(changed.issue())
    said = changed.at_once(changed.accept(2), changed.withdraw())
    row = changed.state()
    assert (said, row.state, row.accepted_version) in [
        (["done", "Refused"], "accepted", 2),
        (["Refused", "done"], "accepted", 1),
    ]
    changed.check()


def test_a_quote_that_is_accepted_twice_at_once_is_signed_once(sent: Pair) -> None:
    said = sent.at_once(sent.accept(), sent.accept())
    assert sorted(said) == ["Refused", "done"]
    sent.check()


def test_of_an_amendment_and_a_decline_at_once_the_latest_word_stands(changed: Pair) -> None:
    said = changed.at_once(changed.issue(), changed.decline())
    row = changed.state()
    assert (said, row.state, row.latest_version) in [
        (["done", "done"], "declined", 2),
        (["Refused", "done"], "declined", 1),
    ]
    changed.check()


def test_two_quotes_that_are_sent_at_once_get_a_reduction_that_holds_once_between_them(drafted: Pair) -> None:
    database, expert = drafted.database, drafted.expert
    with database.writing() as session:
        reductions.grant_referral(session, str(expert.expert_id), "r1", AT, settings=Settings())
    client = quoting.client(database)
    offer = quoting.offered(database, client, expert)
    second = Pair(database, expert, client, quoting.drafted(database, expert, For(offer_id=offer.id)))
    said = drafted.at_once(drafted.issue(), second.issue())
    with database.reading() as session:
        statement = select(QuoteVersion.commission_rate_bp).order_by(col(QuoteVersion.commission_rate_bp))
        rates = list(session.execute(statement).scalars())
    assert (sorted(said), rates) in [(["done", "done"], [500, 1_000]), (["ChangedMeanwhile", "done"], [500])]
