"""What both sides and operators hear when a bank takes the price of a mission back: each once, and what it means."""

from collections import Counter

import pytest
from sqlalchemy import select
from sqlmodel import col

from billing import chargebacks
from billing.lifecycle import ChargebackState
from billing.models.escrows import Payment
from billing.providers.interface import Disputed
from booking import reports
from booking.funds import FundsLack
from foundation.database import Database
from foundation.mails import MailRow
from tests.booking import carried_out
from tests.booking.carried_out import Stage

PRICE = 480_000


def say(stage: Stage, state: ChargebackState, back_cents: int = 0) -> None:
    """Have the provider say how a chargeback of the whole price stands."""
    with stage.database.writing() as session:
        payment_id = session.execute(select(col(Payment.id))).scalar_one()
        disputed = Disputed("d1", "p1", state, PRICE, "EUR", stage.at, back_cents)
        chargebacks.take_in(session, payment_id, disputed, at=stage.now())
    stage.hear()


def told(stage: Stage) -> Counter[str]:
    with stage.database.reading() as session:
        rows = session.execute(select(MailRow)).scalars()
        return Counter(str((row.values or {}).get("code")) for row in rows if "charge" in str(row.values))


def test_both_sides_and_operators_hear_that_a_bank_took_the_price_back(database: Database) -> None:
    carried_out.operator(database)
    stage = Stage(database).accept().pay().start()
    say(stage, ChargebackState.TAKEN)
    assert told(stage) == {"charged_back": 1, "charged_back_client": 1, "charged_back_operator": 1}
    stage.report()
    with pytest.raises(FundsLack), database.writing() as session:
        reports.validate(session, stage.client, stage.id, at=stage.now())
    say(stage, ChargebackState.WON, PRICE)
    assert told(stage)["charge_returned"] == 2
    assert stage.validate().mission.state == "closed"


def test_what_was_released_concerns_operators_alone(database: Database) -> None:
    carried_out.operator(database)
    stage = Stage(database).accept().pay().start().report().validate()
    say(stage, ChargebackState.TAKEN)
    say(stage, ChargebackState.LOST)
    assert told(stage) == {"charged_back_operator": 1}
