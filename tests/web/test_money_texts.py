from billing.lifecycle import BOOSTS, LIFECYCLES
from web import money_texts


def test_every_move_of_a_missions_money_has_its_words() -> None:
    # A boost is no mission's money: its own page says how it stands.
    tables = [table for table in LIFECYCLES if table is not BOOSTS]
    assert set(money_texts.DONE) == {(table.kind, event) for table in tables for _, event in table.moves}
