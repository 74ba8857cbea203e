from billing.lifecycle import LIFECYCLES
from web import money_texts


def test_every_move_of_money_has_its_words() -> None:
    assert set(money_texts.DONE) == {(table.kind, event) for table in LIFECYCLES for _, event in table.moves}
