"""The log of what became of documents, and how things stand by it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing.documents import deliveries
from billing.documents.deliveries import CLIENT, EXPERT, WRONG, Line, Standing
from billing.models.deliveries import DocumentDelivery, State, Way
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.errors import Conflict
from tests.billing.documents.issuing import AT, issue

PLATFORM = [State.DEPOSITED, State.RECEIVED, State.APPROVED, State.DISPUTED, State.REFUSED, State.REJECTED]


def note(database: Database, document_id: str, *states: State, sending: str = "s1", way: Way = Way.PLATFORM) -> None:
    """Note states, each a minute after the one before."""
    for n, state in enumerate(states):
        party = CLIENT if way is Way.MAIL else ""
        with database.writing() as session:
            deliveries.note(session, Line(document_id, sending, way, state, party), at=AT + timedelta(minutes=n))


def standing(database: Database, document_id: str) -> Standing:
    with database.reading() as session:
        (found,) = deliveries.standings(session, [document_id])[document_id]
    return found


def test_what_is_told_twice_is_noted_once(database: Database) -> None:
    issued = issue(database, renders=False)
    note(database, issued.id, State.QUEUED, State.HANDED_OVER, State.HANDED_OVER)
    with database.reading() as session:
        assert [line.state for line in deliveries.log(session, issued.id)] == ["queued", "handed_over"]


@pytest.mark.parametrize("attack", ["UPDATE document_deliveries SET state = 'sent'", "DELETE FROM document_deliveries"])
def test_the_log_is_only_added_to(attack: str, database: Database) -> None:
    issued = issue(database, renders=False)
    note(database, issued.id, State.QUEUED)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text(attack))
    assert standing(database, issued.id).state is State.QUEUED


def test_a_platforms_word_counts_whatever_its_clock_says(database: Database) -> None:
    issued = issue(database, renders=False)
    with database.writing() as session:
        for state, at in ((State.HANDED_OVER, AT), (State.REFUSED, AT - timedelta(hours=1))):
            deliveries.note(session, Line(issued.id, "s1", Way.PLATFORM, state), at=at)
        # Told late, and said before.
        deliveries.note(session, Line(issued.id, "s1", Way.PLATFORM, State.RECEIVED), at=AT - timedelta(hours=2))
    assert standing(database, issued.id).state is State.REFUSED


def test_one_of_several_readers_is_enough_and_the_newest_sending_counts(database: Database) -> None:
    issued = issue(database, renders=False)
    note(database, issued.id, State.QUEUED, State.SENT, State.FAILED, way=Way.MAIL)
    assert standing(database, issued.id).state is State.SENT
    note(database, issued.id, State.QUEUED, sending="s2", way=Way.MAIL)
    assert standing(database, issued.id).state is State.QUEUED


def test_what_went_wrong_waits_until_it_is_seen_to_or_goes_well(database: Database) -> None:
    first, second, third = (issue(database, reference=f"m{n}", renders=False) for n in range(3))
    note(database, first.id, State.QUEUED, State.FAILED, way=Way.MAIL)
    note(database, second.id, State.DEPOSITED, State.REJECTED)
    note(database, third.id, State.DEPOSITED)

    def waiting() -> set[str]:
        with database.reading() as session:
            return {one.document_id for one in deliveries.waiting(session)}

    assert waiting() == {first.id, second.id}
    note(database, first.id, State.QUEUED, State.SENT, sending="s2", way=Way.MAIL)
    assert waiting() == {second.id}
    with database.writing() as session:
        deliveries.settle(session, second.id, SYSTEM, at=AT)
    assert waiting() == set()
    with pytest.raises(Conflict), database.writing() as session:
        deliveries.settle(session, second.id, SYSTEM, at=AT)
    with database.writing() as session:
        later = Line(second.id, "s1", Way.PLATFORM, State.DISPUTED)
        deliveries.note(session, later, at=AT + timedelta(hours=1))
    assert waiting() == {second.id}


@given(st.lists(st.tuples(st.sampled_from(PLATFORM), st.integers(0, 20)), min_size=1, max_size=12))
def test_the_last_word_counts_in_whatever_order_words_come(said: list[tuple[State, int]]) -> None:
    lines = [
        DocumentDelivery(
            id=n, document_id="d", sending="s", way="platform", state=state, at=AT + timedelta(minutes=at), key=str(n)
        )
        for n, (state, at) in enumerate(said)
    ]
    (found,) = deliveries.judge(lines)
    latest = max(at for _, at in said)
    assert found.at == AT + timedelta(minutes=latest)
    assert found.state in {state for state, at in said if at == latest}
    assert found.waits == (found.state in WRONG)


def test_what_nothing_came_of_waits_until_it_goes_well_after_all(database: Database) -> None:
    stuck, sent, new = (issue(database, reference=f"m{n}", renders=False) for n in range(3))
    note(database, stuck.id, State.QUEUED, way=Way.MAIL)
    note(database, sent.id, State.QUEUED, State.SENT, way=Way.MAIL, sending="s2")
    with database.writing() as session:
        line = Line(new.id, "s3", Way.PLATFORM, State.QUEUED)
        deliveries.note(session, line, at=AT + timedelta(days=1))

    def look(days: int) -> set[str]:
        with database.writing() as session:
            deliveries.miss_late(session, at=AT + timedelta(days=days))
        with database.reading() as session:
            return {one.document_id for one in deliveries.waiting(session)}

    assert look(1) == set()
    assert look(2) == look(2) == {stuck.id}
    assert look(3) == {stuck.id, new.id}
    note(database, stuck.id, State.SENT, way=Way.MAIL)
    note(database, new.id, State.HANDED_OVER, sending="s3")
    assert look(4) == set()


def test_each_way_and_party_stands_by_itself() -> None:
    lines = [
        DocumentDelivery(id=n, document_id="d", sending=f"s{n}", way=way, party=party, state=state, at=AT, key=str(n))
        for n, (way, party, state) in enumerate(
            (
                ("archive", "", "damaged"),
                ("mail", EXPERT, "failed"),
                ("platform", "", "deposited"),
                ("mail", CLIENT, "sent"),
            )
        )
    ]
    assert [(one.way, one.party, one.waits) for one in deliveries.judge(lines)] == [
        (Way.MAIL, CLIENT, False),
        (Way.MAIL, EXPERT, True),
        (Way.PLATFORM, "", False),
        (Way.ARCHIVE, "", True),
    ]
