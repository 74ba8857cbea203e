from booking import missions
from foundation.database import Database
from tests.booking.carried_out import PORTAGE, Stage, operator


def test_a_mission_goes_from_the_signed_quote_to_its_end(database: Database) -> None:
    stage = Stage(database).accept()
    assert stage.mission.state == "awaiting_funds"
    assert stage.pay().mission.state == "funded"
    assert stage.start().mission.state == "in_progress"
    assert stage.report().mission.state == "reported"
    assert stage.validate().mission.state == "closed"


def test_in_portage_the_operator_confirms_and_validation_closes(database: Database) -> None:
    stage = Stage(database).accept(**PORTAGE)
    with database.writing() as session:
        missions.confirm_portage(session, operator(database), stage.id, at=stage.now())
    assert stage.start().report().validate().mission.state == "closed"
