"""A reduction goes with the quote that is accepted first, is used when that is paid, and comes back when it is not."""

import pytest

from billing import reductions
from booking import missions
from foundation.database import Database
from foundation.settings import Settings
from tests.booking.carried_out import Stage
from tests.booking.quoted import AT


def kept(stage: Stage) -> tuple[bool, bool]:
    """Tell whether a reduction is kept for a stage's quote, and whether it is used."""
    with stage.database.reading() as session:
        found = reductions.held(session, stage.quote_id)
    return found is not None, found is not None and found.used_at is not None


@pytest.fixture
def stages(database: Database) -> tuple[Stage, Stage]:
    """Return two missions to be, of one expert, both reckoned with one referral's reduction."""
    first = Stage(database)
    with database.writing() as session:
        found = reductions.grant_referral(session, str(first.expert.expert_id), "r1", AT, settings=Settings())
    second = Stage(database, reduction_id=found.id)
    first.columns, second.expert = second.columns, first.expert
    return first, second


def test_one_that_holds_once_goes_with_the_quote_that_is_accepted_first(stages: tuple[Stage, Stage]) -> None:
    first, second = stages
    first.accept()
    assert kept(first) == (True, False)
    second.accept()
    assert kept(second) == (False, False)
    assert (kept(first.pay()), kept(second.pay())) == ((True, True), (False, False))


def test_a_mission_that_is_called_off_gives_it_back(stages: tuple[Stage, Stage]) -> None:
    first, second = stages
    first.accept()
    with first.database.writing() as session:
        missions.cancel(session, first.client, first.id, at=first.now())
    assert kept(first) == (False, False)
    assert kept(second.accept().pay()) == (True, True)
