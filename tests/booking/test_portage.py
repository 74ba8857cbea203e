"""In portage the portage company contracts, invoices and collects: none of our money tables holds anything (S29)."""

import pytest
from sqlalchemy import func, select

from billing import escrows
from billing.models.escrows import Escrow, Payment, Refund
from billing.models.reductions import ReductionUse
from booking import missions
from booking.lifecycle import MissionState
from booking.models.quotes import QuoteVersion
from booking.quote_drafts import For
from foundation.database import Database
from foundation.errors import NotFound
from foundation.lifecycles import Refused
from foundation.outbox import OutboxRow
from tests.booking import quoting
from tests.booking.carried_out import Stage, operator

COMPANIES = [{"portage": "partner", "portage_company": "Partner"}, {"portage": "own", "portage_company": "ITG"}]
IN_PORTAGE = {"commission_rate_bp": 0, "commission_cents": 0}


@pytest.mark.parametrize("content", COMPANIES, ids=["partner", "own"])
def test_a_mission_in_portage_lives_on_here_without_any_money_of_ours(
    database: Database, content: dict[str, str]
) -> None:
    stage = Stage(database, **IN_PORTAGE).accept(**content)
    assert (stage.mission.state, stage.mission.portage_company) == ("awaiting_funds", content["portage_company"])
    for who in (stage.client, stage.expert):
        with database.writing() as session, pytest.raises(Refused):
            missions.confirm_portage(session, who, stage.id, at=stage.now())
    with database.writing() as session:
        missions.confirm_portage(session, operator(database), stage.id, at=stage.now())
    stage.hear().start().report().validate()
    assert stage.mission.state == MissionState.CLOSED
    with database.reading() as session:
        for table in (Escrow, Payment, Refund, ReductionUse):
            assert session.execute(select(func.count()).select_from(table)).scalar_one() == 0
        with pytest.raises(NotFound):
            escrows.of(session, stage.id)
        topics = set(session.execute(select(OutboxRow.topic)).scalars())
        assert not {topic for topic in topics if topic.startswith(("billing.", "escrow.", "refund."))}
        assert session.get_one(QuoteVersion, (stage.quote_id, 1)).commission_cents == 0


@pytest.mark.parametrize(("kind", "named"), [("partner", "Portage Exemple SAS"), ("own", "Typed & Co")])
def test_a_quote_names_the_portage_company_as_the_one_that_contracts(database: Database, kind: str, named: str) -> None:
    expert, client = quoting.expert(database), quoting.client(database)
    to = For(offer_id=quoting.offered(database, client, expert).id)
    form = {"portage": kind, "portage_company": "Typed & Co"}
    quote = quoting.drafted(database, expert, to, **form)
    version = quoting.send(database, expert, quote)
    assert (version.content["portage"], version.content["portage_company"]) == (kind, named)
    assert (version.commission_cents, version.tax_cents, version.content["payment"]) == (0, 0, "portage_company")
    assert quoting.accept(database, client, quote).portage_company == named


def test_no_confirmation_stands_in_for_money_outside_portage(database: Database) -> None:
    stage = Stage(database).accept()
    with database.writing() as session, pytest.raises(NotFound):
        missions.confirm_portage(session, operator(database), stage.id, at=stage.now())
    assert stage.mission.state == MissionState.AWAITING_FUNDS
