"""Offers and their sheets: who may do what when, and who is told of it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, notifications
from accounts.models.accounts import AccountKind, Client, Role
from accounts.models.experts import Expert
from accounts.models.profiles import LegalIdentity
from accounts.shortlist_rows import Owner
from accounts.sign_ins import SignedIn
from booking import ndas, offer_desk, offer_rules, offers, sheets
from booking.lifecycle import OFFERS, Party, SheetState
from booking.models.sheets import NdaAcceptance, Offer, Sheet, SheetEdition
from booking.models.threads import Message, Thread
from booking.offer_rules import Reason, Refusal
from booking.offers import OfferOver
from booking.sheets import ChangedMeanwhile
from foundation import audits, lifecycles
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from foundation.lifecycles import Refused
from foundation.mails import MailRow
from tests import signed_in
from tests.booking import quoted, sheeted
from tests.booking.quoted import AT
from tests.booking.sheeted import CONTENT, drafted, proposed

DAY = timedelta(days=1)
NO = Refusal(Reason.DATES, "In March.")


@pytest.fixture
def berta(database: Database) -> SignedIn:
    return sheeted.client(database)


@pytest.fixture
def expert(database: Database) -> Expert:
    return sheeted.shown(database, "X1")


@pytest.fixture
def anna(database: Database, expert: Expert) -> SignedIn:
    return sheeted.owner(database, expert)


@pytest.fixture
def offer(database: Database, berta: SignedIn, expert: Expert, anna: SignedIn) -> Offer:
    del anna
    return proposed(database, berta, drafted(database, berta), expert)[0]


def told(database: Database, who: SignedIn | None = None) -> list[str]:
    """Return the news that were mailed, to everybody or to one, in the order of their codes."""
    with database.reading() as session:
        rows = session.execute(select(MailRow).where(col(MailRow.template) == "news")).scalars()
        return sorted((row.values or {})["code"] for row in rows if who is None or row.recipient == who.email)


def state_of(database: Database, offer: Offer) -> str:
    with database.reading() as session:
        return session.get_one(Offer, offer.id).state


def sheet_of(database: Database, offer: Offer) -> Sheet:
    with database.reading() as session:
        return session.get_one(Sheet, offer.sheet_id)


def faults(raised: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [f"{fault.field} {fault.code}" for fault in raised.value.faults]


def act(database: Database, work: Callable[..., Any], *values: Any, at: Any = AT) -> Any:
    with database.writing() as session:
        return work(session, *values, at=at)


def test_proposing_publishes_and_tells_whoever_has_an_account(database: Database, berta: SignedIn) -> None:
    claimed, unclaimed = sheeted.shown(database, "X1"), sheeted.shown(database, "X2")
    anna = sheeted.owner(database, claimed)
    sheet = drafted(database, berta)
    made = proposed(database, berta, sheet, claimed, unclaimed, text="Hello")
    assert [offer.state for offer in made] == ["sent", "sent"]
    assert all(offer.expires_at == AT + offer_rules.LASTS and offer.message == "Hello" for offer in made)
    assert told(database) == ["offer_received"]
    assert told(database, anna) == ["offer_received"]
    with database.reading() as session:
        assert session.get_one(Sheet, sheet.id).state == SheetState.PUBLISHED
        assert session.get_one(SheetEdition, (sheet.id, 1)).content["title"] == CONTENT.title
        assert [case.expert.ref for case in offer_desk.waiting(session, AT, limit=9)] == ["X2"]
        assert offer_desk.count_waiting(session, AT) == 1
        assert offer_desk.count_waiting(session, AT + 15 * DAY) == 0


def test_what_a_sheet_or_an_account_lacks_keeps_it_from_being_sent(
    database: Database, berta: SignedIn, expert: Expert
) -> None:
    empty = drafted(database, berta, context="", skills=(), answer_by=date(2026, 11, 30))
    with pytest.raises(Invalid) as refused:
        proposed(database, berta, empty, expert)
    assert faults(refused) == ["context missing", "skills missing", "answer_by past"]
    with pytest.raises(Invalid) as refused:
        proposed(database, berta, drafted(database, berta))
    assert faults(refused) == ["experts missing"]
    silent = sheeted.client(database, phone=None)
    with pytest.raises(Invalid) as refused:
        proposed(database, silent, drafted(database, silent), expert)
    assert faults(refused) == ["account no_phone"]
    with database.writing() as session:
        accounts.get(session, berta.account_id).email_confirmed_at = None
    with pytest.raises(Invalid) as refused:
        proposed(database, berta, drafted(database, berta), expert)
    assert faults(refused) == ["account email_unconfirmed"]
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(Offer)).scalar_one() == 0


@pytest.mark.parametrize("columns", [{"is_visible": False}, {"is_withheld": True}])
def test_who_is_not_shown_is_made_no_offer(
    database: Database, berta: SignedIn, expert: Expert, columns: dict[str, bool]
) -> None:
    with database.writing() as session:
        session.get_one(Expert, expert.id).sqlmodel_update(columns)
    for ids in ([expert.id], ["unknown"]):
        with pytest.raises(NotFound), database.writing() as session:
            offers.propose(session, berta, drafted(database, berta).id, ids, "", at=AT)


def test_nobody_makes_themselves_an_offer(database: Database, berta: SignedIn, expert: Expert) -> None:
    sheeted.owner(database, expert, phone="+33612345678")
    other = sheeted.shown(database, "X2")
    with database.writing() as session:
        session.get_one(Client, berta.client_id).registration_number = "732 829 320 00074"
        columns: dict[str, Any] = {"status": "sasu", "country": "FR", "legal_name": "L", "address": "A"}
        session.add(LegalIdentity(expert_id=other.id, registration_number="732829320", changed_at=AT, **columns))
    for same in (expert, other):
        with pytest.raises(Invalid) as refused:
            proposed(database, berta, drafted(database, berta), same)
        assert faults(refused) == ["experts oneself"]


def test_colleagues_who_only_read_and_other_companies_change_nothing(
    database: Database, berta: SignedIn, expert: Expert
) -> None:
    sheet, stranger = drafted(database, berta), sheeted.client(database)
    viewer = signed_in.make(database, AccountKind.COMPANY, "Vera", client_id=berta.client_id, role=Role.VIEWER)
    for who in (stranger, quoted.who(database, viewer)):
        with pytest.raises(NotFound):
            proposed(database, who, sheet, expert)
        with pytest.raises(NotFound), database.writing() as session:
            sheets.save_draft(session, sheets.author(who), sheet.id, CONTENT, sheets.mark(sheet), at=AT)
        with pytest.raises(NotFound), database.writing() as session:
            sheets.discard(session, sheets.author(who), sheet.id)


def test_a_sheet_goes_to_twenty_at_most(database: Database, berta: SignedIn) -> None:
    experts = [sheeted.shown(database, f"N{number}") for number in range(offer_rules.MOST_OFFERS + 1)]
    sheet = drafted(database, berta)
    assert len(proposed(database, berta, sheet, *experts[:-1])) == offer_rules.MOST_OFFERS
    assert proposed(database, berta, sheet, *experts[:-1]) == []
    with pytest.raises(Invalid) as refused:
        proposed(database, berta, sheet, experts[-1])
    assert faults(refused) == ["experts too_many"]


def test_seeing_is_noted_once_and_the_edition_each_time(database: Database, anna: SignedIn, offer: Offer) -> None:
    for later in (timedelta(0), DAY):
        act(database, offers.see, anna.expert_id, offer.id, anna.actor, at=AT + later)
    with database.reading() as session:
        kept = session.get_one(Offer, offer.id)
        assert (kept.state, kept.seen_at, kept.seen_edition) == ("seen", AT, 1)
        assert offers.count_unread(session, offer.expert_id, AT) == 0


def test_a_refusal_reaches_whoever_published_and_is_final(
    database: Database, berta: SignedIn, anna: SignedIn, expert: Expert, offer: Offer
) -> None:
    act(database, offers.refuse, anna.expert_id, offer.id, NO, anna.actor)
    assert told(database, berta) == ["offer_refused_dates"]
    with database.reading() as session:
        kept = session.get_one(Offer, offer.id)
        assert (kept.state, kept.refusal_reason, kept.refusal, kept.answered_at) == (
            "refused",
            "dates",
            "In March.",
            AT,
        )
        sheet = session.get_one(Sheet, offer.sheet_id)
    for again in (
        lambda: act(database, offers.refuse, anna.expert_id, offer.id, NO, anna.actor),
        lambda: act(database, offers.answer, anna.expert_id, offer.id, anna.actor),
    ):
        with pytest.raises(Refused):
            again()
    assert proposed(database, berta, sheet, expert) == []


def test_an_answer_is_noted_once_and_others_find_no_such_offer(
    database: Database, berta: SignedIn, anna: SignedIn, offer: Offer
) -> None:
    stranger = quoted.expert(database)
    for work in (offers.see, offers.answer):
        with pytest.raises(NotFound):
            act(database, work, stranger.expert_id, offer.id, stranger.actor)
    with pytest.raises(NotFound):
        act(database, offers.refuse, stranger.expert_id, offer.id, NO, stranger.actor)
    act(database, offers.answer, anna.expert_id, offer.id, anna.actor)
    act(database, offers.answer, anna.expert_id, offer.id, anna.actor, at=AT + DAY)
    with database.reading() as session:
        assert session.get_one(Offer, offer.id).answered_at == AT
        assert [change.event for change in lifecycles.changes(session, OFFERS.kind, [offer.id])] == ["answer"]
    assert told(database, berta) == []


def test_time_reminds_once_and_then_expires_whatever_the_sweep_does(
    database: Database, berta: SignedIn, anna: SignedIn, expert: Expert, offer: Offer
) -> None:
    offers.look_after(database, AT + 10 * DAY)
    assert told(database, anna) == ["offer_received"]
    for _ in range(2):
        offers.look_after(database, AT + 12 * DAY)
    assert told(database, anna) == ["offer_received", "offer_reminder"]
    late = AT + 14 * DAY
    with pytest.raises(OfferOver):
        act(database, offers.refuse, anna.expert_id, offer.id, NO, anna.actor, at=late)
    with pytest.raises(OfferOver):
        act(database, offers.answer, anna.expert_id, offer.id, anna.actor, at=late)
    assert state_of(database, offer) == "sent"
    offers.look_after(database, late)
    assert state_of(database, offer) == "expired"
    sheet = sheet_of(database, offer)
    assert [renewed.id for renewed in proposed(database, berta, sheet, expert, at=late + DAY)] == [offer.id]
    assert told(database, anna) == ["offer_received", "offer_received", "offer_reminder"]
    with database.reading() as session:
        kept = session.get_one(Offer, offer.id)
        assert (kept.state, kept.expires_at) == ("sent", late + 15 * DAY)


def test_the_thread_of_the_two_says_what_becomes_of_an_offer(
    database: Database, berta: SignedIn, anna: SignedIn, offer: Offer
) -> None:
    sheet = sheet_of(database, offer)
    changed = CONTENT.model_copy(update={"title": "Another title"})
    act(database, offers.edit, berta, sheet.id, changed, sheets.mark(sheet))
    act(database, offers.refuse, anna.expert_id, offer.id, NO, anna.actor)
    other = proposed(database, berta, drafted(database, berta), sheeted.shown(database, "X2"))[0]
    offers.look_after(database, AT + 15 * DAY)
    with database.reading() as session:
        statement = select(Thread.expert_id, Message.line, Message.line_values).join(Message).order_by(Message.position)
        said = [(expert_id, line, values["path"]) for expert_id, line, values in session.execute(statement)]
    own, others = f"/sheets/{offer.sheet_id}", f"/sheets/{other.sheet_id}"
    lines = [("offer_sent", own), ("offer_changed", own), ("offer_refused", own)]
    assert [(line, path) for expert_id, line, path in said if expert_id == offer.expert_id] == lines
    lines = [("offer_sent", others), ("offer_expired", others)]
    assert [(line, path) for expert_id, line, path in said if expert_id == other.expert_id] == lines


def test_whoever_claims_a_profile_hears_of_what_waits_there(
    database: Database, berta: SignedIn, expert: Expert
) -> None:
    proposed(database, berta, drafted(database, berta), expert)
    assert told(database) == []
    anna = sheeted.owner(database, expert)
    offers.look_after(database, AT + 12 * DAY)
    assert told(database, anna) == ["offer_received"]


def test_an_edit_tells_whoever_has_the_sheet_and_moves_the_end_of_the_wait(
    database: Database, berta: SignedIn, anna: SignedIn, offer: Offer
) -> None:
    refused = sheeted.shown(database, "X2")
    second = sheeted.owner(database, refused)
    sheet = sheet_of(database, offer)
    other = proposed(database, berta, sheet, refused)[0]
    act(database, offers.refuse, second.expert_id, other.id, NO, second.actor)
    changed = CONTENT.model_copy(update={"answer_by": date(2026, 12, 4), "title": "Another title"})
    mark = sheets.mark(sheet_of(database, offer))
    act(database, offers.edit, berta, sheet.id, changed, mark)
    assert told(database, anna) == ["offer_received", "sheet_changed"]
    assert told(database, second) == ["offer_received"]
    with database.reading() as session:
        kept = session.get_one(Sheet, sheet.id)
        assert (kept.edition, kept.title) == (2, "Another title")
        assert session.get_one(Offer, offer.id).expires_at.date() == date(2026, 12, 5)
        before = sheets.edition_at(session, sheet.id, AT - DAY)
        assert before is None
        assert session.get_one(SheetEdition, (sheet.id, 1)).content["title"] == CONTENT.title
    with pytest.raises(ChangedMeanwhile):
        act(database, offers.edit, berta, sheet.id, CONTENT, mark)
    mark = sheets.mark(sheet_of(database, offer))
    act(database, offers.edit, berta, sheet.id, changed, mark)
    with pytest.raises(Invalid):
        act(database, offers.edit, berta, sheet.id, changed.model_copy(update={"skills": ()}), mark)
    with database.reading() as session:
        assert session.get_one(Sheet, sheet.id).edition == 2


def test_closing_withdraws_what_waits_tells_everybody_and_can_be_undone(
    database: Database, berta: SignedIn, anna: SignedIn, expert: Expert, offer: Offer
) -> None:
    answering = sheeted.shown(database, "X2")
    second = sheeted.owner(database, answering)
    sheet = sheet_of(database, offer)
    other = proposed(database, berta, sheet, answering)[0]
    act(database, offers.answer, second.expert_id, other.id, second.actor)

    def closed(session: Session, at: datetime) -> None:
        taken = sheets.take(session, Owner(client_id=berta.client_id), sheet.id)
        offers.close(session, taken, Party.CLIENT, berta.actor, at=at)

    act(database, closed)
    assert (state_of(database, offer), state_of(database, other)) == ("withdrawn", "answered")
    assert told(database, anna) == ["offer_received", "sheet_closed"]
    assert told(database, second) == ["offer_received", "sheet_closed_answered"]
    with pytest.raises(Refused):
        act(database, closed)
    with pytest.raises(Conflict):
        proposed(database, berta, sheet, expert)
    with pytest.raises(Refused):
        act(database, offers.refuse, anna.expert_id, offer.id, NO, anna.actor)
    act(database, sheets.reopen, berta, sheet.id)
    assert state_of(database, offer) == "withdrawn"
    proposed(database, berta, sheet, expert, at=AT + DAY)
    assert state_of(database, offer) == "sent"


def test_the_desk_passes_on_and_refuses_but_only_for_profiles_without_an_owner(
    database: Database, berta: SignedIn, expert: Expert
) -> None:
    operator = audits.account(signed_in.make(database, AccountKind.OPERATOR, "Olga").id)
    [offer] = proposed(database, berta, drafted(database, berta), expert)
    act(database, offer_desk.note_passed_on, offer.id, operator)
    assert state_of(database, offer) == "seen"
    with pytest.raises(Refused):
        act(database, offer_desk.note_passed_on, offer.id, operator)
    act(database, offer_desk.refuse, offer.id, NO, operator)
    assert told(database, berta) == ["offer_refused_dates"]
    owned = sheeted.shown(database, "X2")
    sheeted.owner(database, owned)
    [other] = proposed(database, berta, drafted(database, berta), owned)
    for work, values in ((offer_desk.note_passed_on, [operator]), (offer_desk.refuse, [NO, operator])):
        with pytest.raises(NotFound):
            act(database, work, other.id, *values)


def test_who_wants_no_mails_about_offers_gets_none(
    database: Database, berta: SignedIn, anna: SignedIn, expert: Expert
) -> None:
    for who in (berta, anna):
        act(database, accounts.choose_notifications, who.account_id, set[str](), who.actor)
    [offer] = proposed(database, berta, drafted(database, berta), expert)
    act(database, offers.refuse, anna.expert_id, offer.id, NO, anna.actor)
    assert told(database) == []
    assert notifications.Topic.OFFERS in notifications.topics_of(anna.kind)


def test_an_agreement_is_kept_word_by_word_once_and_opens_what_is_confidential(
    database: Database, berta: SignedIn, anna: SignedIn, expert: Expert
) -> None:
    sheet = drafted(database, berta, needs_nda=True, title="Plan {client} {expert}")
    proposed(database, berta, sheet, expert)
    with database.reading() as session:
        assert not ndas.may_read(session, sheet, expert.id)
        agreement = ndas.text(session, sheet, expert, "fr")
    assert "Berta & Co" in agreement
    assert expert.name in agreement
    assert "« Plan {client} {expert} »" in agreement

    def accept(seen: str) -> None:
        with database.writing() as session:
            ndas.accept(session, anna, sheet, expert, "fr", seen, "192.0.2.1", at=AT)

    with pytest.raises(Conflict):
        accept("another hash")
    for _ in range(2):
        accept(ndas.hash_of(agreement))
    with database.reading() as session:
        assert ndas.may_read(session, sheet, expert.id)
        [kept] = session.execute(select(NdaAcceptance)).scalars()
        assert (kept.text, kept.text_hash) == (agreement, ndas.hash_of(agreement))
        assert (kept.account_id, kept.name, kept.address) == (anna.account_id, anna.name, "192.0.2.1")
        assert set(ndas.accepted(session, sheet.id)) == {expert.id}
    for change in ("UPDATE nda_acceptances SET name = 'x'", "DELETE FROM nda_acceptances"):
        with pytest.raises(DBAPIError), database.writing() as session:
            session.execute(text(change))
