from booking.lifecycle import LIFECYCLES
from web import lifecycle_texts


def test_every_state_and_event_of_the_tables_has_its_words() -> None:
    states = {(table.kind, state) for table in LIFECYCLES for state in type(table.first)}
    events = {(table.kind, event) for table in LIFECYCLES for _, event in table.moves}
    assert set(lifecycle_texts.STATES) == states
    assert set(lifecycle_texts.EVENTS) == events
