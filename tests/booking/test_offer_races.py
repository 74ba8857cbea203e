"""Offers whatever happens in which order, and when two act at once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.experts import Expert
from accounts.shortlist_rows import Owner
from accounts.sign_ins import SignedIn
from booking import offer_desk, offer_rules, offers, sheets
from booking.lifecycle import OFFERS, OfferEvent, OfferState, Party, SheetState
from booking.models.sheets import Offer, Sheet
from booking.offer_rules import Reason, Refusal
from foundation import audits, lifecycles
from foundation.database import Database
from foundation.errors import DomainError
from foundation.lifecycles import StateChange
from foundation.mails import MailRow
from tests import builders
from tests.booking import sheeted
from tests.booking.quoted import AT
from tests.booking.sheeted import CONTENT, drafted, proposed

NO = Refusal(Reason.NO_TIME)
COMMANDS = ("propose", "see", "refuse", "answer", "edit", "close", "reopen", "look", "desk_refuse", "desk_pass")


class Table:
    """A client with two experts at the table, one of whom has no account; each sheet starts anew."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.berta = sheeted.client(database)
        self.claimed, self.unclaimed = sheeted.shown(database, "X1"), sheeted.shown(database, "X2")
        self.anna = sheeted.owner(database, self.claimed)
        self.owner = Owner(client_id=self.berta.client_id)
        self.titles = count()

    def act(self, command: str, sheet_id: str, at: datetime) -> None:
        """Try a command; what is refused changes nothing."""
        if command == "look":
            offers.look_after(self.database, at)
            return
        try:
            with self.database.writing() as session:
                getattr(self, command)(session, sheets.take(session, self.owner, sheet_id), at)
        except DomainError:
            pass

    def offer_to(self, session: Session, sheet: Sheet, expert: Expert) -> str:
        return next((made.id for made in offers.of_sheet(session, sheet.id) if made.expert_id == expert.id), "none")

    def propose(self, session: Session, sheet: Sheet, at: datetime) -> None:
        offers.propose(session, self.berta, sheet.id, [self.claimed.id, self.unclaimed.id], "", at=at)

    def edit(self, session: Session, sheet: Sheet, at: datetime) -> None:
        changed = CONTENT.model_copy(update={"title": f"Title {next(self.titles)}"})
        offers.edit(session, self.berta, sheet.id, changed, sheets.mark(sheet), at=at)

    def close(self, session: Session, sheet: Sheet, at: datetime) -> None:
        offers.close(session, sheet, Party.CLIENT, self.berta.actor, at=at)

    def reopen(self, session: Session, sheet: Sheet, at: datetime) -> None:
        sheets.reopen(session, self.berta, sheet.id, at=at)

    def see(self, session: Session, sheet: Sheet, at: datetime) -> None:
        offers.see(session, self.claimed.id, self.offer_to(session, sheet, self.claimed), self.anna.actor, at=at)

    def refuse(self, session: Session, sheet: Sheet, at: datetime) -> None:
        offer_id = self.offer_to(session, sheet, self.claimed)
        offers.refuse(session, self.claimed.id, offer_id, NO, self.anna.actor, at=at)

    def answer(self, session: Session, sheet: Sheet, at: datetime) -> None:
        offers.answer(session, self.claimed.id, self.offer_to(session, sheet, self.claimed), self.anna.actor, at=at)

    def desk_refuse(self, session: Session, sheet: Sheet, at: datetime) -> None:
        offer_desk.refuse(session, self.offer_to(session, sheet, self.unclaimed), NO, audits.SYSTEM, at=at)

    def desk_pass(self, session: Session, sheet: Sheet, at: datetime) -> None:
        offer_desk.note_passed_on(session, self.offer_to(session, sheet, self.unclaimed), audits.SYSTEM, at=at)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    database = builders.database_of(builders.settings_in(Path(tmp_path_factory.mktemp("table"))))
    yield Table(database)
    database.close()


@settings(max_examples=25)
@given(steps=st.lists(st.tuples(st.sampled_from(COMMANDS), st.integers(0, 9)), max_size=14))
def test_whatever_happens_in_any_order_and_time_the_table_holds(table: Table, steps: list[tuple[str, int]]) -> None:
    sheet_id, at = drafted(table.database, table.berta).id, AT
    refused: set[str] = set()
    for command, days in [("propose", 0), *steps]:
        at += timedelta(days=days)
        table.act(command, sheet_id, at)
        with table.database.reading() as session:
            sheet, made = session.get_one(Sheet, sheet_id), offers.of_sheet(session, sheet_id)
            changes = lifecycles.changes(session, OFFERS.kind, [offer.id for offer in made])
        assert len({offer.expert_id for offer in made}) == len(made) <= 2
        for offer in made:
            assert_chain([change for change in changes if change.object_id == offer.id], offer)
            assert offer.sent_at <= offer.expires_at <= offer.sent_at + offer_rules.LASTS
            assert offer.id not in refused or offer.state == OfferState.REFUSED
            assert sheet.state != SheetState.CLOSED or offer.state not in offer_rules.OPEN
            if command == "look":
                assert offer_rules.state_at(offer.state, offer.expires_at, at) == offer.state
        refused |= {offer.id for offer in made if offer.state == OfferState.REFUSED}
    for offer in made:
        rounds = 1 + sum(change.event == "renew" and change.object_id == offer.id for change in changes)
        codes = told_of(table.database, offer)
        assert codes["offer_received"] == (rounds if offer.expert_id == table.claimed.id else 0)
        assert codes["offer_reminder"] <= rounds


def told_of(database: Database, offer: Offer) -> Counter[str]:
    with database.reading() as session:
        news = session.execute(select(MailRow.values).where(col(MailRow.template) == "news")).scalars()
        return Counter(values["code"] for values in news if values and values["path"] == f"/offers/{offer.id}")


def assert_chain(changes: list[StateChange], offer: Offer) -> None:
    """Each move began where the one before ended, and is one that the table lists for that party."""
    states = ["sent", *(change.after for change in changes)]
    assert states[-1] == offer.state
    for (before, after), change in zip(pairwise(states), changes, strict=True):
        assert (change.before, change.after) == (before, after)
        move = OFFERS.moves[OfferState(before), OfferEvent(change.event)]
        assert (move.to, change.party in move.by) == (after, True)


def at_once(*works: Callable[[], object]) -> list[str]:
    """Do things at the same moment; return what came of each, in order."""
    start, said = threading.Barrier(len(works), timeout=20), [""] * len(works)

    def do(place: int, work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
            said[place] = "done"
        except DomainError as error:
            said[place] = type(error).__name__

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return said


@pytest.fixture
def berta(database: Database) -> SignedIn:
    return sheeted.client(database)


@pytest.fixture
def expert(database: Database) -> Expert:
    return sheeted.shown(database, "X1")


@pytest.mark.parametrize("attempt", range(3))
def test_of_refusing_and_closing_at_once_one_wins_and_the_other_is_told(
    database: Database, berta: SignedIn, expert: Expert, attempt: int
) -> None:
    del attempt
    anna = sheeted.owner(database, expert)
    sheet = drafted(database, berta)
    [offer] = proposed(database, berta, sheet, expert)

    def refuse() -> None:
        with database.writing() as session:
            offers.refuse(session, expert.id, offer.id, NO, anna.actor, at=AT)

    def close() -> None:
        with database.writing() as session:
            taken = sheets.take(session, Owner(client_id=berta.client_id), sheet.id)
            offers.close(session, taken, Party.CLIENT, berta.actor, at=AT)

    said = at_once(refuse, close)
    with database.reading() as session:
        state = session.get_one(Offer, offer.id).state
        changes = lifecycles.changes(session, OFFERS.kind, [offer.id])
    assert (state, said) in [("refused", ["done", "done"]), ("withdrawn", ["Refused", "done"])]
    assert [change.after for change in changes] == [state]


def test_of_two_who_publish_at_once_both_are_served_and_each_expert_gets_one_offer(
    database: Database, berta: SignedIn, expert: Expert
) -> None:
    anna, other = sheeted.owner(database, expert), sheeted.shown(database, "X2")
    sheet = drafted(database, berta)
    said = at_once(
        lambda: proposed(database, berta, sheet, expert, other),
        lambda: proposed(database, berta, sheet, expert),
    )
    assert said == ["done", "done"]
    with database.reading() as session:
        made = offers.of_sheet(session, sheet.id)
        mails = session.execute(select(MailRow).where(col(MailRow.recipient) == anna.email)).scalars().all()
        published = lifecycles.changes(session, "sheet", [sheet.id])
    assert sorted(offer.expert_id for offer in made) == sorted([expert.id, other.id])
    assert len(mails) == 1
    assert [change.event for change in published] == ["publish"]


def test_of_two_who_save_at_once_the_later_one_is_told(database: Database, berta: SignedIn) -> None:
    sheet = drafted(database, berta)
    mark = sheets.mark(sheet)

    def save(title: str) -> None:
        with database.writing() as session:
            content = CONTENT.model_copy(update={"title": title})
            sheets.save_draft(session, sheets.author(berta), sheet.id, content, mark, at=AT + timedelta(minutes=1))

    assert sorted(at_once(lambda: save("one"), lambda: save("two"))) == ["ChangedMeanwhile", "done"]
