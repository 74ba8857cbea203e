from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import lifecycle
from booking.lifecycle import LIFECYCLES, MISSIONS, QUOTES, MissionEvent, MissionState, Party, QuoteEvent, QuoteState
from foundation.lifecycles import Lifecycle, Refused
from foundation.settings import ROOT


@pytest.mark.parametrize("table", LIFECYCLES, ids=lambda table: table.kind)
def test_every_pair_of_state_and_event_is_in_the_table_or_refused(table: Lifecycle) -> None:
    events = {type(event) for _, event in table.moves}.pop()
    for state, event, party in product(type(table.first), events, Party):
        move = table.moves.get((state, event))
        if move and party in move.by:
            assert table.after(state, event, party) in type(table.first)
        else:
            with pytest.raises(Refused) as refused:
                table.after(state, event, party)
            assert event not in refused.value.possible


@pytest.mark.parametrize("table", LIFECYCLES, ids=lambda table: table.kind)
def test_every_state_can_be_reached(table: Lifecycle) -> None:
    reached, seen = {table.first}, 0
    while len(reached) > seen:
        seen = len(reached)
        reached |= {move.to for (state, _), move in table.moves.items() if state in reached}
    assert reached == set(type(table.first))


@given(st.lists(st.tuples(st.sampled_from(MissionEvent), st.sampled_from(Party)), max_size=30))
def test_no_way_leads_into_work_without_funds_or_confirmation_nor_to_validation_without_report(
    steps: list[tuple[MissionEvent, Party]],
) -> None:
    state, seen = MissionState.AWAITING_FUNDS, [MissionState.AWAITING_FUNDS]
    for event, party in steps:
        if MISSIONS.allows(state, event, party):
            state = MissionState(MISSIONS.after(state, event, party))
            seen.append(state)
    if MissionState.IN_PROGRESS in seen:
        assert MissionState.FUNDED in seen[: seen.index(MissionState.IN_PROGRESS)]
    if MissionState.VALIDATED in seen:
        assert seen[seen.index(MissionState.VALIDATED) - 1] is MissionState.REPORTED


@pytest.mark.parametrize("state", MissionState)
def test_a_right_that_only_some_clients_have_is_offered_to_nobody_by_the_table(state: MissionState) -> None:
    assert MissionEvent.WITHDRAW not in MISSIONS.possible(state, Party.CLIENT)
    if state not in {MissionState.VALIDATED, MissionState.CLOSED, MissionState.CANCELLED}:
        assert MISSIONS.allows(state, MissionEvent.WITHDRAW, Party.CLIENT)


def test_only_clients_accept_and_validate_and_only_experts_send_and_report() -> None:
    for table, event, parties in (
        (QUOTES, QuoteEvent.ACCEPT, {Party.CLIENT}),
        (QUOTES, QuoteEvent.SEND, {Party.EXPERT}),
        (QUOTES, QuoteEvent.AMEND, {Party.EXPERT}),
        (MISSIONS, MissionEvent.VALIDATE, {Party.CLIENT}),
        (MISSIONS, MissionEvent.REPORT, {Party.EXPERT}),
        (MISSIONS, MissionEvent.HOLD_FUNDS, {Party.SYSTEM}),
        (MISSIONS, MissionEvent.CONFIRM_PORTAGE, {Party.OPERATOR}),
    ):
        assert {party for (_, at), move in table.moves.items() if at is event for party in move.by} == parties


@pytest.mark.parametrize("event", QuoteEvent)
def test_whatever_becomes_of_an_amendment_what_was_signed_stands(event: QuoteEvent) -> None:
    move = QUOTES.moves.get((QuoteState.AMENDED, event))
    assert move is None or move.to in {QuoteState.ACCEPTED, QuoteState.AMENDED, QuoteState.CANCELLED}


def test_a_cancelled_quote_stays_cancelled() -> None:
    assert QUOTES.is_final(QuoteState.CANCELLED)


def test_the_documentation_shows_the_tables_as_they_are() -> None:
    assert (ROOT / "docs" / "missions.md").read_text() == lifecycle.documented()
