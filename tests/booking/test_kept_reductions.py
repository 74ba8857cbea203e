"""A reduction goes with the quote that is sent first, is used when that is paid, and comes back when it is not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts.models.accounts import Account
from billing import reductions
from billing.models.reductions import ReductionUse
from booking import missions, quote_deadlines, quotes, signatures
from booking.models.quotes import Quote, QuoteVersion
from booking.quote_drafts import For
from foundation.database import Database
from foundation.settings import Settings
from tests.booking import quoting
from tests.booking.carried_out import Stage
from tests.booking.quoted import AT, who


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


def test_one_that_holds_once_goes_with_the_quote_that_is_sent_first(stages: tuple[Stage, Stage]) -> None:
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


@pytest.fixture
def rewarded(database: Database) -> Account:
    """Return an expert whom a referral lets off half a commission, once."""
    anne = quoting.expert(database)
    with database.writing() as session:
        reductions.grant_referral(session, str(anne.expert_id), "r1", AT, settings=Settings())
    return anne


def rates(database: Database, *of: Quote) -> list[int]:
    """Return the commission's rate in the latest version of quotes."""
    with database.reading() as session:
        kept = [session.get_one(Quote, quote.id) for quote in of]
        return [session.get_one(QuoteVersion, (row.id, row.latest_version)).commission_rate_bp for row in kept]


def sent(database: Database, by: Account) -> tuple[Quote, Account]:
    to = quoting.client(database)
    return quoting.sent(database, by, For(offer_id=quoting.offered(database, to, by).id)), to


def test_what_a_quote_says_of_the_commission_is_kept_for_it(database: Database, rewarded: Account) -> None:
    first, _ = sent(database, rewarded)
    second, _ = sent(database, rewarded)
    quoting.amend(database, rewarded, first, title="Customs audit, in depth")
    assert rates(database, first, second) == [500, 1_000]


@pytest.mark.parametrize("ends", ["declined", "withdrawn", "expired"])
def test_a_quote_that_comes_to_nothing_gives_it_back(database: Database, rewarded: Account, ends: str) -> None:
    first, client = sent(database, rewarded)
    if ends == "expired":
        quote_deadlines.look_after(database, AT + timedelta(days=60))
    else:
        with database.writing() as session:
            if ends == "declined":
                signatures.decline(session, who(database, client), first.id, "", at=AT)
            else:
                quotes.withdraw(session, who(database, rewarded), first.id, at=AT)
    second, _ = sent(database, rewarded)
    assert rates(database, second) == [500]


def test_a_declined_amendment_leaves_it_with_what_was_signed(database: Database, rewarded: Account) -> None:
    first, client = sent(database, rewarded)
    quoting.accept(database, client, first)
    quoting.amend(database, rewarded, first, title="Customs audit, in depth")
    with database.writing() as session:
        signatures.decline(session, who(database, client), first.id, "", at=AT)
    second, _ = sent(database, rewarded)
    assert rates(database, first, second) == [500, 1_000]


def uses(database: Database) -> list[str]:
    with database.reading() as session:
        return [row.reference for row in session.execute(select(ReductionUse)).scalars()]


def test_in_portage_there_is_no_commission_and_no_reduction_is_spent_on_it(
    database: Database, rewarded: Account
) -> None:
    client = quoting.client(database)
    first = quoting.sent(
        database, rewarded, For(offer_id=quoting.offered(database, client, rewarded).id), portage="partner"
    )
    assert (rates(database, first), uses(database)) == ([0], [])
    second, _ = sent(database, rewarded)
    assert (rates(database, second), uses(database)) == ([500], [second.id])


def test_a_quote_that_comes_to_be_in_portage_gives_its_reduction_back(database: Database, rewarded: Account) -> None:
    first, _ = sent(database, rewarded)
    assert uses(database) == [first.id]
    quoting.amend(database, rewarded, first, portage="partner")
    assert (rates(database, first), uses(database)) == ([0], [])
    quoting.amend(database, rewarded, first, portage="none")
    assert (rates(database, first), uses(database)) == ([500], [first.id])
